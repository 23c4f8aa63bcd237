"""Bring what a Spark cluster built to where it is published as always: the private warehouse.

The cluster writes each of these relations as Parquet into `<data>/cluster/<schema>/<name>/`, which every node must see
under the same path, as it must see the lake. In the private warehouse models are views of it, beside the lake.
"""

import json
import shutil
from collections.abc import Container
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dagster_project.load.lake import open_warehouse, register_lake
from dagster_project.models.dbt_build import LAKE_VIEWS, build_lake_views, target_path
from dagster_project.publish.models import PUBLISHED_SCHEMAS
from dagster_project.run_log import step
from dagster_project.settings import Settings
from dagster_project.spark_server import file_uri, open_spark, read_spark_server
from dagster_project.sql_text import sql_text


def bring_relations(settings: Settings, hash_key: str, built: Container[str]) -> None:
    """Make the private warehouse anew: of the lake, and of what the cluster built that is published or listed.

    Raises NoSparkServer when the cluster's Thrift server does not answer.
    """
    relations = [
        relation for relation in _read_relations(target_path(settings) / "manifest.json") if relation.name in built
    ]
    with step("bring") as counted:
        # Whatever stands there was built by another engine, or by the run before.
        for file in (settings.warehouse, settings.warehouse.with_name(f"{settings.warehouse.name}.wal")):
            file.unlink(missing_ok=True)
        shutil.rmtree(settings.cluster, ignore_errors=True)
        # The rows of staging are as they were delivered: nobody else may enter, whatever the cluster's own modes are.
        settings.cluster.mkdir(mode=0o700)
        _write_parquet(relations, settings.cluster)
        register_lake(settings.lake, settings.warehouse, hash_key, settings.as_of)
        build_lake_views(settings)
        with open_warehouse(settings.warehouse) as connection:
            for relation in relations:
                rows = sql_text(settings.cluster / relation.schema / relation.name / "*.parquet")
                connection.execute(f"create schema if not exists {relation.schema}")
                connection.execute(f"create {relation.kind} {relation} as select * from read_parquet({rows})")
        counted["relations"] = len(relations)


@dataclass(frozen=True)
class _Relation:
    """A table or view on the cluster, and what it is in the private warehouse."""

    schema: str
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def _read_relations(manifest: Path) -> list[_Relation]:
    """What is published, but for what shows the lake; and staging and seeds, which failing rows are listed from."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return [
        # dbt replaces a view by a table, but not where a seed is to be: the next run may build on this machine.
        _Relation(node["schema"], node["name"], "table" if node["resource_type"] == "seed" else "view")
        for node in nodes
        if node["resource_type"] in ("model", "seed")
        and node["schema"] in (*PUBLISHED_SCHEMAS, "staging", "seeds")
        and node["name"] not in LAKE_VIEWS
    ]


def _write_parquet(relations: list[_Relation], folder: Path) -> None:
    with open_spark(read_spark_server()) as connection, closing(connection.cursor()) as cursor:
        for relation in relations:
            path = sql_text(file_uri(folder / relation.schema / relation.name))
            cursor.execute(f"insert overwrite directory {path} using parquet select * from {relation}")
