"""Bring what a Spark cluster built to where it is checked and published as always: the private warehouse.

The cluster writes each of these relations as Parquet into `<data>/cluster/<schema>/<name>/`, which every node must see
under the same path, as it must see the lake. In the private warehouse they are views, beside the lake.
"""

import json
from collections.abc import Container, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import ExpectedError
from dagster_project.load.lake import open_warehouse, register_lake
from dagster_project.models.dbt_build import LAKE_VIEWS, build_lake_views, target_path
from dagster_project.publish.models import PUBLISHED_SCHEMAS
from dagster_project.run_log import step
from dagster_project.settings import Settings
from dagster_project.spark_server import SparkServer, read_spark_server
from dagster_project.sql_text import sql_text

if TYPE_CHECKING:
    from pyhive.hive import Connection


class ClusterError(ExpectedError):
    """The cluster's Thrift server can't be reached."""


@contextmanager
def _open_cluster(server: SparkServer) -> Iterator["Connection"]:
    from pyhive import hive

    try:
        connection = hive.connect(host=server.host, port=server.port)
    except Exception as error:
        raise ClusterError(
            f"no Thrift server answers at {server.host}:{server.port} ({error}): "
            "set AFTERSALES_SPARK_HOST and AFTERSALES_SPARK_PORT"
        ) from error
    with closing(connection):
        yield connection


def bring_relations(settings: Settings, hash_key: str, built: Container[str]) -> None:
    """Make the private warehouse anew: of the lake, and of what the cluster built that is published or checked.

    Raises ClusterError when the cluster's Thrift server does not answer.
    """
    relations = [
        relation for relation in _read_relations(target_path(settings) / "manifest.json") if relation.name in built
    ]
    folder = settings.data / "cluster"
    with step("bring") as counted:
        _write_parquet(relations, folder)
        # Whatever stands in it was built by another engine, or by the run before.
        for file in (settings.warehouse, settings.warehouse.with_name(f"{settings.warehouse.name}.wal")):
            file.unlink(missing_ok=True)
        register_lake(settings.lake, settings.warehouse, hash_key, settings.as_of)
        build_lake_views(settings)
        with open_warehouse(settings.warehouse) as connection:
            for relation in relations:
                rows = sql_text(folder / relation.schema / relation.name / "*.parquet")
                connection.execute(f"create schema if not exists {relation.schema}")
                connection.execute(f"create view {relation} as select * from read_parquet({rows})")
        counted["relations"] = len(relations)


@dataclass(frozen=True)
class _Relation:
    """A table or view on the cluster."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def _read_relations(manifest: Path) -> list[_Relation]:
    """What is published, but for what shows the lake itself, and what the checks read: staging models and seeds."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return [
        _Relation(node["schema"], node["name"])
        for node in nodes
        if node["resource_type"] in ("model", "seed")
        and node["schema"] in (*PUBLISHED_SCHEMAS, "staging", "seeds")
        and node["name"] not in LAKE_VIEWS
    ]


def _write_parquet(relations: list[_Relation], folder: Path) -> None:
    with _open_cluster(read_spark_server()) as connection, closing(connection.cursor()) as cursor:
        for relation in relations:
            path = sql_text((folder / relation.schema / relation.name).as_uri())
            cursor.execute(f"insert overwrite directory {path} using parquet select * from {relation}")
