"""The cluster that the other tests stand on: it computes on both workers, keeps tables, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.spark.cluster import Cluster
from tests.spark.conftest import Session

# Starts a cluster, tells its processes and fails.
FAILING = """
import sys
from pathlib import Path
from tests.spark.cluster import running_cluster
with running_cluster(Path(sys.argv[1])) as cluster:
    print(*(server.process.pid for server in cluster.servers), flush=True)
    raise ValueError("planted")
"""


def test_both_workers_compute_and_the_catalog_keeps_tables_and_views(cluster: Cluster, spark: Session) -> None:
    spark.do("create table default.numbers using iceberg as select id from range(0, 1000, 1, 4)")
    spark.do("create view default.few_numbers as select id from default.numbers where id < 10")
    assert spark.rows("select count(*), sum(id) from default.numbers") == [(1000, 499500)]
    assert spark.rows("select count(*) from default.few_numbers") == [(10,)]
    assert {tuple(row[:2]) for row in spark.rows("show tables in default")} == {("default", "numbers")}
    assert {tuple(row[:2]) for row in spark.rows("show views in default")} == {("default", "few_numbers")}
    spark.do("drop view default.few_numbers")
    spark.do("drop table default.numbers")
    executors = list((cluster.warehouse.parent / "work").glob("app-*/*"))
    assert len(executors) == len(cluster.workers)


def test_a_cluster_whose_test_fails_leaves_no_process(folder: Path) -> None:
    command = [sys.executable, "-c", FAILING, str(folder)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "planted" in finished.stderr, finished.stderr
    groups = [int(pid) for pid in finished.stdout.split()]
    assert len(groups) == 5
    for group in groups:
        with pytest.raises(ProcessLookupError):
            os.killpg(group, 0)
