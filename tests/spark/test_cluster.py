"""The cluster that the other tests rely on: it computes on both workers, keeps tables and leaves nothing behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from dagster_project.spark_server import read_spark_server
from dagster_project.upkeep.snapshots import expire_snapshots
from tests.spark.cluster import CATALOG, SECONDS_TO_START, Cluster
from tests.spark.conftest import Session

# Starts a cluster, prints its processes and fails.
FAILING = """
import sys
from pathlib import Path
from tests.spark.cluster import running_cluster
with running_cluster(Path(sys.argv[1])) as cluster:
    print(*(server.process.pid for server in cluster.servers), flush=True)
    raise ValueError("planted")
"""


def rows_kept(cluster: Cluster, table: str) -> int:
    """The number of rows in the files of a table, including those of older snapshots."""
    return sum(pq.read_metadata(file).num_rows for file in (cluster.warehouse / "default" / table).rglob("*.parquet"))


def test_both_workers_compute_and_the_catalog_keeps_tables_and_views(cluster: Cluster, spark: Session) -> None:
    spark.do("create table default.numbers using iceberg as select id from range(0, 1000, 1, 4)")
    spark.do("create view default.few_numbers as select id from default.numbers where id < 10")
    assert spark.rows("select count(*), sum(id) from default.numbers") == [(1000, 499500)]
    assert spark.rows("select count(*) from default.few_numbers") == [(10,)]
    assert {tuple(row[:2]) for row in spark.rows("show tables in default")} == {("default", "numbers")}
    assert {tuple(row[:2]) for row in spark.rows("show views in default")} == {("default", "few_numbers")}
    # Each executor has its own folder, which may appear later than the other.
    folder = "java_method('java.lang.System', 'getProperty', 'user.dir')"
    folders: set[tuple] = set()
    give_up_at = time.monotonic() + SECONDS_TO_START
    while len(folders) < len(cluster.workers):
        assert time.monotonic() < give_up_at, folders
        folders |= set(spark.rows(f"select distinct folder from (select {folder} as folder from range(0, 40, 1, 4))"))
    spark.do("drop view default.few_numbers")
    spark.do("drop table default.numbers")


def test_only_the_last_rows_of_a_replaced_table_are_kept(cluster: Cluster, spark: Session) -> None:
    catalog = SqlCatalog(CATALOG, uri=cluster.catalog_uri, warehouse=cluster.warehouse.as_uri())
    for last in (10, 20, 30):
        spark.do(f"create or replace table default.outgrown using iceberg as select id from range({last})")
        spark.do(f"create or replace table default.others using iceberg as select id from range({last})")
    server = read_spark_server(cluster.environment)
    assert expire_snapshots(server, catalog, ["default.outgrown"]) == ["default.outgrown"]
    assert spark.rows("select count(*) from default.outgrown") == [(30,)]
    assert rows_kept(cluster, "outgrown") == 30
    assert rows_kept(cluster, "others") == 60
    assert expire_snapshots(server, catalog, ["default.outgrown"]) == []
    for name in ("outgrown", "others"):
        spark.do(f"drop table default.{name} purge")
    catalog.close()


def test_a_cluster_whose_test_fails_leaves_no_process(folder: Path) -> None:
    command = [sys.executable, "-c", FAILING, str(folder)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "planted" in finished.stderr, finished.stderr
    groups = [int(pid) for pid in finished.stdout.split()]
    assert len(groups) == 5
    for group in groups:
        with pytest.raises(ProcessLookupError):
            os.killpg(group, 0)
