"""A run may be killed anywhere: the published state stays intact, and the next run ends like a clean one."""

import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.load.load import load_landing
from dagster_project.publish.publish import STATES_KEPT
from tests.faults.killing import killed_before
from tests.faults.standing import manifests
from tests.reference import edge_cases
from tests.support.small_warehouse import TABLES, SmallWarehouse


def test_loading_killed_anywhere_ends_like_a_clean_load(tmp_path: Path) -> None:
    landing, clean, lake = (tmp_path / name for name in ("landing", "clean", "lake"))
    for name in edge_cases.NAMES:
        edge_cases.land(name, landing)
    load_landing(landing, clean)
    loaded, kills = manifests(clean), 0
    for change in (1, 2, 3, 4, 5, 8, 20, 40):
        kills += killed_before(change, load_landing, landing, lake)
        assert manifests(lake).items() <= loaded.items()
    assert kills == 8
    load_landing(landing, lake)
    assert manifests(lake) == loaded
    assert {path.name for path in lake.rglob("*/*")} == {path.name for path in clean.rglob("*/*")}, "leftovers"


def publish_second(root: Path, by_changes: bool) -> None:
    """The work that is killed: publishing another state."""
    warehouse = SmallWarehouse(root / "second")
    warehouse.published = root / "first" / "published"
    last = (warehouse.published / "current").resolve().name
    warehouse.publish(2, changes_since=last if by_changes else None)


@pytest.mark.parametrize("by_changes", [False, True])
def test_publishing_killed_anywhere_leaves_a_complete_state(tmp_path: Path, by_changes: bool) -> None:
    first = SmallWarehouse(tmp_path / "first")
    first.publish(1)
    seen = []
    was_killed = True
    while was_killed:
        shutil.rmtree(tmp_path / "second", ignore_errors=True)
        was_killed = killed_before(len(seen) + 1, publish_second, tmp_path, by_changes)
        with duckdb.connect() as connection:
            connection.execute(f"attach '{first.published}/aftersales.duckdb' as published (read_only)")
            tables = [f"published.marts.{name}" for name in TABLES]
            files = [f"'{first.published}/parquet/{name}.parquet'" for name in TABLES]
            both = " union all ".join(f"(select state from {relation})" for relation in [*tables, *files])
            states = connection.execute(f"select distinct state, count(*) from ({both}) group by all").fetchall()
        assert states in ([(1, 2000)], [(2, 2000)])
        seen.append(states[0][0])
    assert sorted(seen) == seen, "a state that readers have seen is not withdrawn"
    assert set(seen) == {1, 2}
    first.publish(3)
    assert not list(first.published.rglob(".*")), "a killed publish leaves files behind"
    assert len(list((first.published / "states").iterdir())) <= STATES_KEPT
