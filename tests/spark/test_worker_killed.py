"""A random landing tree whose build loses a worker halfway: it succeeds, with the same cells as DuckDB."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.run.refresh import refresh
from dagster_project.settings import Settings
from tests.conftest import without_suites
from tests.reference import edge_cases
from tests.reference.landing_tree import write_landing_tree
from tests.spark.building import build_on_spark, compare_with_published
from tests.spark.cluster import Cluster, running_cluster
from tests.spark.conftest import open_session

SEED = 20261122
# Share of a build's nodes: most of staging is done then, and nearly everything else is still to be built.
KILLED_AT = 60


@pytest.fixture
def tree(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A tree that no other test uses, run on DuckDB."""
    root = tmp_path_factory.mktemp("tree")
    settings = Settings(landing=root / "landing", data=root / "data", as_of=edge_cases.AS_OF)
    write_landing_tree(settings.landing, SEED, "small")
    for name in edge_cases.NAMES:
        edge_cases.land(name, settings.landing)
    with without_suites():
        refresh(settings)
    return settings


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    """A separate cluster, as it loses a worker."""
    with running_cluster(folder) as cluster:
        yield cluster


def test_a_worker_that_dies_changes_no_published_cell(tree: Settings, cluster: Cluster) -> None:
    worker = cluster.workers[0]
    killed_at = []

    def kill_in_the_middle(message: str) -> None:
        done, _ = map(int, re.findall(r"\d+", message))
        if done >= KILLED_AT and not killed_at:
            worker.kill()
            killed_at.append(done)

    nodes = build_on_spark(tree, cluster, kill_in_the_middle)
    assert killed_at and killed_at[0] < len(nodes) / 2
    assert worker.process.poll() is not None
    assert [f"{node.name}: {node.message}" for node in nodes if node.has_failed] == []
    with open_session(cluster) as spark:
        compared = compare_with_published(tree, cluster, spark)
    print(f"killed after {killed_at[0]} of {len(nodes)} nodes; {compared.cells} cells of {compared.tables} tables")
    assert compared.differences == []
