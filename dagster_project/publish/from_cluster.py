"""Bring what a Spark cluster built into the private warehouse, from which it is published as usual.

The cluster writes each relation as Parquet into `<data>/cluster/<schema>/<name>/`; like the lake, this folder must have
the same path on every node. In the private warehouse, models are views of these files.
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
from dagster_project.run.log import step
from dagster_project.settings import Settings
from dagster_project.spark_server import file_uri, open_spark, read_spark_server
from dagster_project.sql_text import sql_text


def bring_relations(settings: Settings, hash_key: str, built: Container[str]) -> None:
    """Rebuild the private warehouse from the lake and from the cluster's relations that publishing and checks read.

    `built` holds the names of the nodes that dbt has built. Raises NoSparkServer when the cluster's Thrift server
    does not answer.
    """
    relations = [
        relation for relation in _read_relations(target_path(settings) / "manifest.json") if relation.name in built
    ]
    with step("bring") as counted:
        # What is there was built by another engine, or by the previous run.
        for file in (settings.warehouse, settings.warehouse.with_name(f"{settings.warehouse.name}.wal")):
            file.unlink(missing_ok=True)
        shutil.rmtree(settings.cluster, ignore_errors=True)
        # Staging holds rows as delivered, with personal data: the folder is private, whatever modes the cluster sets.
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
    """A relation on the cluster; `kind` is what it becomes in the private warehouse, table or view."""

    schema: str
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def _read_relations(manifest: Path) -> list[_Relation]:
    """The published relations, without the lake's views; and staging and seeds, from which failing rows are listed."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return [
        # The next run may build on this machine: dbt replaces a view by a model's table, but not by a seed.
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
