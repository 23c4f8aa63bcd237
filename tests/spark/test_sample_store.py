"""The sample store on Spark: every model, dbt test and unit test, and every published cell equal to DuckDB's."""

import json

import pytest

from dagster_project.models.dbt_build import RESULTS, NodeResult, ask_dbt, target_path
from dagster_project.settings import Settings
from tests.conftest import copy_run
from tests.spark.building import build_on_spark, compare_with_published
from tests.spark.cluster import Cluster
from tests.spark.conftest import Session


@pytest.fixture(scope="module")
def store(sample_run: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the sample store's run, so that dbt's files of Spark stay in it."""
    return copy_run(sample_run, tmp_path_factory.mktemp("spark") / "data")


@pytest.fixture(scope="module")
def nodes(store: Settings, cluster: Cluster) -> list[NodeResult]:
    return build_on_spark(store, cluster)


def test_every_model_is_built_and_every_test_passes(nodes: list[NodeResult]) -> None:
    assert [f"{node.name}: {node.message}" for node in nodes if node.has_failed] == []
    print(f"{len(nodes)} nodes, {sum(node.is_test for node in nodes)} of them tests")


@pytest.mark.usefixtures("nodes")
def test_a_mart_and_its_columns_are_described_on_the_cluster(store: Settings, spark: Session) -> None:
    manifest = json.loads((target_path(store) / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    (mart,) = (node for node in manifest.values() if node["name"] == "css_store_monthly")
    described = spark.rows(f"describe table extended {mart['schema']}.{mart['name']}")
    comments = {name: comment for name, _, comment in described}
    assert {name: comments[name] for name in mart["columns"]} == {
        name: column["description"] for name, column in mart["columns"].items()
    }
    assert mart["description"] in {value for name, value, _ in described if name == "Comment"}


@pytest.mark.usefixtures("nodes")
def test_every_published_cell_equals_that_of_duckdb(store: Settings, cluster: Cluster, spark: Session) -> None:
    compared = compare_with_published(store, cluster, spark)
    print(f"{compared.cells} cells of {compared.tables} tables")
    assert compared.differences == []
    assert compared.cells > 1_000_000


@pytest.mark.usefixtures("nodes")
def test_every_metric_rule_passes_its_unit_tests(store: Settings, cluster: Cluster) -> None:
    with cluster.in_environment():
        finished = ask_dbt(store, ["test", "--select", "test_type:unit", "--target", "spark"])
    assert finished.returncode == 0, finished.stdout[-5000:]
    results = json.loads((target_path(store) / RESULTS).read_text(encoding="utf-8"))["results"]
    assert len(results) >= 80
