"""Two loaders that load and register different datasets at once: the tables hold all rows of the lake."""

import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.contracts import read_contracts
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.iceberg import NAMESPACE, open_catalog
from dagster_project.load.lake import part_relations, register_lake
from tests.reference.landing_tree import write_landing_tree
from tests.spark.building import counted
from tests.spark.cluster import Cluster
from tests.test_loaders import load


@pytest.fixture
def on_cluster(cluster: Cluster) -> Iterator[None]:
    with cluster.in_environment():
        yield


@pytest.mark.usefixtures("on_cluster")
def test_all_that_two_loaders_register_at_once_is_in_the_tables(tmp_path: Path) -> None:
    landing, data = tmp_path / "landing", tmp_path / "data"
    write_landing_tree(landing, 7, "small")
    stores, *others = read_contracts()
    subprocess.run([*load(landing, data, stores), "--engine", "spark"], check=True, capture_output=True)
    commands = [[*load(landing, data, *others[first::2]), "--engine", "spark"] for first in (0, 1)]
    loaders = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    said = [loader.communicate()[1] for loader in loaders]
    assert [loader.returncode for loader in loaders] == [0, 0], said

    warehouse, catalog = tmp_path / "warehouse.duckdb", open_catalog()
    register_lake(data / "lake", warehouse, read_hash_key(data), date(2026, 6, 30))
    names = [relation.name for relation in part_relations(data / "lake")]
    with duckdb.connect(str(warehouse)) as connection:
        for name in (*names, "loads", "hash_key"):
            ours = connection.execute(f"from {NAMESPACE}.{name}").to_arrow_table()
            theirs = catalog.load_table((NAMESPACE, name)).scan().to_arrow()
            assert counted(theirs) == counted(ours), name
    assert catalog.load_table((NAMESPACE, "rejected_rows")).scan().count() > 0
