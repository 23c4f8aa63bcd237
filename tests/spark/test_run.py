"""The whole job with the models on the cluster: what is published is what a run on this machine publishes."""

from pathlib import Path

import duckdb
import pytest

from benchmarks.reference.compare import compare
from dagster_project import cli
from dagster_project.load.hash_key import read_hash_key
from dagster_project.models.dbt_build import target_path
from dagster_project.publish.keys import read_keys
from dagster_project.settings import Settings
from tests.conftest import without_suites
from tests.published import HISTORIES
from tests.spark.cluster import Cluster


@pytest.fixture
def on_cluster(cluster: Cluster, sample_run: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands find the cluster, and hash as the sample store's run did."""
    for name, value in (cluster.environment | {"AFTERSALES_HASH_KEY": read_hash_key(sample_run.data)}).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("on_cluster")
def test_a_run_on_the_cluster_publishes_what_a_run_on_this_machine_does(sample_run: Settings, tmp_path: Path) -> None:
    data = tmp_path / "data"
    arguments = ["run", "--quiet", "--landing", str(sample_run.landing), "--as-of", sample_run.as_of.isoformat()]
    with without_suites():
        assert cli.main([*arguments, "--engine", "spark", "--data", str(data)]) == 0
    published = data / "published" / "aftersales.duckdb"
    cells, differences = compare(
        sample_run.published / "aftersales.duckdb", published, read_keys(target_path(sample_run) / "manifest.json")
    )
    assert [str(difference) for difference in differences if difference.mart not in HISTORIES] == []
    assert cells > 1_000_000
    with duckdb.connect(str(published), read_only=True) as connection:
        comments = connection.execute("select count(*) from duckdb_tables() where comment is null").fetchone()
    assert comments == (0,)
