"""The whole job with the models on the cluster publishes what a local run publishes."""

import stat
from pathlib import Path

import duckdb
import pytest

from dagster_project import cli
from dagster_project.checks.results import CheckResult, last_results
from dagster_project.load.hash_key import read_hash_key
from dagster_project.settings import Settings
from tests.spark.building import compare_published
from tests.spark.cluster import Cluster
from tests.support.published import HISTORIES


@pytest.fixture
def on_cluster(cluster: Cluster, sample_run: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands find the cluster and use the hash key of the sample store's run."""
    for name, value in (cluster.environment | {"AFTERSALES_HASH_KEY": read_hash_key(sample_run.data)}).items():
        monkeypatch.setenv(name, value)


def check_of(result: CheckResult) -> tuple:
    """The check's name and its result."""
    where = result.system, result.dataset, result.check_name
    return (*where, result.passed, result.evaluated, result.failed, str(result.failing))


@pytest.mark.usefixtures("on_cluster")
def test_a_run_on_the_cluster_publishes_what_a_local_run_publishes(sample_run: Settings, tmp_path: Path) -> None:
    data = tmp_path / "数据 data"
    arguments = ["run", "--quiet", "--landing", str(sample_run.landing), "--as-of", sample_run.as_of.isoformat()]
    assert cli.main([*arguments, "--engine", "spark", "--data", str(data)]) == 0
    published = data / "published" / "aftersales.duckdb"
    compared = compare_published(sample_run.published / "aftersales.duckdb", published, HISTORIES)
    assert compared.differences == []
    assert compared.cells > 1_000_000
    found, expected = (last_results(folder / "lake" / "quality") for folder in (data, sample_run.data))
    assert {check_of(result) for result in found} == {check_of(result) for result in expected}
    with duckdb.connect(str(published), read_only=True) as connection:
        comments = connection.execute("select count(*) from duckdb_tables() where comment is null").fetchone()
    assert comments == (0,)
    assert stat.S_IMODE((data / "cluster").stat().st_mode) == 0o700

    # And back: the private warehouse holds the cluster's build, and is rebuilt from scratch.
    assert cli.main([*arguments, "--data", str(data)]) == 0
    assert compare_published(sample_run.published / "aftersales.duckdb", published, HISTORIES).differences == []
