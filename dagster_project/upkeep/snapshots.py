"""Expire old snapshots of the cluster's tables: they hold replaced rows, those of forgotten people included."""

import json
import logging
from contextlib import closing
from pathlib import Path

from pyiceberg.catalog import Catalog

from dagster_project.load.iceberg import CATALOG, NAMESPACE, WRITTEN, open_catalog
from dagster_project.privacy.error_details import without_values
from dagster_project.run.log import step
from dagster_project.spark_server import SparkServer, in_own_words, open_spark, read_spark_server
from dagster_project.sql_text import sql_text

logger = logging.getLogger(__name__)


def delete_old_snapshots(manifest: Path) -> None:
    """Delete the snapshots that runs have replaced in their tables on the cluster; `manifest` is dbt's.

    A failure is logged and left to the next run: this one has published already.
    """
    try:
        expire_snapshots(read_spark_server(), open_catalog(), own_tables(manifest))
    except Exception as error:
        reason = without_values(in_own_words(str(error)))
        logger.warning("old snapshots of the cluster's tables are kept until the next run: %s", reason)


def own_tables(manifest: Path) -> list[str]:
    """The tables of the catalog that runs write: dbt's seeds and models, and the loader's copies."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    built = [node for node in nodes if node["resource_type"] in ("seed", "model")]
    tables = [f"{node['schema']}.{node['name']}" for node in built if node["config"]["materialized"] != "view"]
    return tables + [f"{NAMESPACE}.{name}" for name in WRITTEN]


def expire_snapshots(server: SparkServer, catalog: Catalog, tables: list[str]) -> list[str]:
    """Delete all snapshots of tables but the last, with their files; returns the tables that had more."""
    outgrown = [name for name in tables if len(catalog.load_table(name).snapshots()) > 1]
    with step("expire_snapshots", tables=len(outgrown)), open_spark(server) as connection:
        for name in outgrown:
            with closing(connection.cursor()) as cursor:
                cursor.execute(
                    f"call {CATALOG}.system.expire_snapshots(table => {sql_text(name)}, "
                    # A date far ahead, for the clocks of the nodes may differ.
                    "older_than => timestamp '9999-12-31 00:00:00', retain_last => 1)"
                )
    return outgrown
