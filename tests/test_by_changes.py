"""An incremental build equals a full refresh, whatever arrived, was corrected or replaced, and however the date moved.

One random story by default; AFTERSALES_TEST_STORIES names others, for longer runs: `5,6:4` are two stories, each with a
seed and, optionally, a number of incremental runs.
"""

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.models.dbt_build import build_models, changes_since
from dagster_project.settings import Settings
from tests.conftest import without_data_tests
from tests.reference import edge_cases
from tests.reference.landing_tree import write_landing_tree

KEY = "the hash key of these stories"
LAYERS = ("staging", "intermediate", "core", "marts")
# Tables about runs, not about the data; and a view whose rows in an incremental run are only those needed.
LEFT_OUT = ("quality_check_result", "quality_scorecard", "restatement", "int_css_group_answer")
# Chance that a file is landed before the first run, and that a landed one is replaced by another of its dataset.
LANDED_FIRST, REPLACED = 0.6, 0.1

# Repair orders that are the only ones to name a customer and a vehicle, or share them with another order; later they
# name others. One has the date that spreadsheets write for an empty one.
ORDERS = "store_code,repair_order_no,customer_no,vin,service_type,checked_in_at,status"
NAMED = {
    "dms/stores/named_20200101.csv": "store_code,store_name,region_code\nN01,Names,R1",
    "dms/repair_orders/named_20260301.csv": f"""{ORDERS}
N01,R1,ALONE,LSVAA4182E2000001,repair,2026-03-01 09:00:00,delivered
N01,R2,SHARED,LSVAA4182E2000002,repair,2026-03-01 09:00:00,delivered
N01,R3,SHARED,LSVAA4182E2000002,repair,2026-03-01 10:00:00,delivered
N01,R4,,LSVAA4182E2001899,repair,1899-12-30 00:00:00,delivered""",
}
NAMED_OTHERWISE = {
    "dms/repair_orders/named_20260302.csv": f"""{ORDERS}
N01,R1,OTHER,LSVAA4182E2000003,repair,2026-03-01 09:00:00,delivered
N01,R2,OTHER,LSVAA4182E2000003,repair,2026-03-01 09:00:00,delivered""",
}


@dataclass(frozen=True)
class Story:
    """A random sequence of events."""

    seed: int
    runs: int = 2

    def __str__(self) -> str:
        return f"{self.seed}:{self.runs}"


def read_stories(text: str) -> list[Story]:
    """The stories that AFTERSALES_TEST_STORIES names."""
    return [Story(*map(int, entry.split(":"))) for entry in text.split(",")]


def build(settings: Settings, *, by_changes: bool) -> None:
    """Load, and build and test the models; every node must succeed."""
    load_landing(settings.landing, settings.lake)
    register_lake(settings.lake, settings.warehouse, KEY, settings.as_of, by_changes=by_changes)
    nodes = build_models(settings, by_changes=by_changes)
    failed = [f"{node.name}: {node.status} {node.message}" for node in nodes if node.has_failed]
    assert not failed, "\n".join(failed)
    assert (changes_since(settings) is not None) == by_changes


def events(story: Story, pool: Path, settings: Settings) -> Iterator[Settings]:
    """Land some files of the pool, then the others, replace some, and move the date; yield the settings of each run."""
    chance = random.Random(story.seed)
    waiting = sorted(path.relative_to(pool) for path in pool.rglob("*") if path.is_file())
    landed: list[Path] = []

    def land(name: Path, source: Path) -> None:
        target = settings.landing / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)

    stores = [name for name in waiting if name.parts[:2] == ("dms", "stores")]
    for name in [stores[0], *(name for name in waiting if name != stores[0] and chance.random() < LANDED_FIRST)]:
        waiting.remove(name)
        landed.append(name)
        land(name, pool / name)
    settings = replace(settings, as_of=settings.as_of - timedelta(days=chance.choice([40, 250, 500])))
    yield settings
    for run in range(story.runs):
        for name in landed:
            alike = [other for other in landed if other.parent == name.parent and other.suffix == name.suffix]
            if chance.random() < REPLACED:
                land(name, pool / chance.choice(alike))
        share = 1 if run == story.runs - 1 else chance.random()
        for name in chance.sample(waiting, round(len(waiting) * share)):
            waiting.remove(name)
            landed.append(name)
            land(name, pool / name)
        settings = replace(settings, as_of=settings.as_of + timedelta(days=chance.choice([0, 1, 31, 200])))
        yield settings


def write(landing: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (landing / name).parent.mkdir(parents=True, exist_ok=True)
        (landing / name).write_text(text, encoding="utf-8")


def keyed(warehouse: Path) -> set[str]:
    """The customers and vehicles of store N01 that have a key."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = connection.execute(
            "select customer_no from intermediate.int_customer_key where store_code = 'N01' "
            "union select vin from intermediate.int_vehicle_key where vin like 'LSVAA4182E200000_'"
        ).fetchall()
    return {name for (name,) in found}


def tables(connection: duckdb.DuckDBPyConnection, catalog: str) -> set[str]:
    """The tables and views of all layers, with their schema."""
    found = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = ? and list_contains(?, table_schema)",
        [catalog, LAYERS],
    ).fetchall()
    return {name for (name,) in found if not name.endswith(LEFT_OUT)}


def differing(one: Path, other: Path) -> list[str]:
    """The tables that differ, with the number of rows that are on one side only."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        assert tables(connection, "one") == tables(connection, "other")
        found = []
        for name in sorted(tables(connection, "one")):
            only = [
                connection.execute(
                    f"select count(*) from (select * from {a}.{name} except all select * from {b}.{name})"
                ).fetchall()[0][0]
                for a, b in (("one", "other"), ("other", "one"))
            ]
            if any(only):
                found.append(
                    f"{name}: {only[0]} rows in the incremental build only, {only[1]} rows in the full refresh only"
                )
    return found


@pytest.mark.parametrize("story", read_stories(os.environ.get("AFTERSALES_TEST_STORIES") or "1"), ids=str)
def test_incremental_runs_leave_what_a_full_refresh_makes(story: Story, tmp_path: Path) -> None:
    pool = tmp_path / "pool"
    write_landing_tree(pool, story.seed, "small")
    for name in edge_cases.NAMES:
        edge_cases.land(name, pool)
    begins = Settings(landing=tmp_path / "landing", data=tmp_path / "data", as_of=date(2026, 6, 30))
    for run, settings in enumerate(events(story, pool, begins)):
        write(settings.landing, NAMED if run == 0 else NAMED_OTHERWISE)
        # A full refresh is tested elsewhere; here the tests must pass after each incremental run.
        with without_data_tests() if run == 0 else nullcontext():
            build(settings, by_changes=run > 0)
        named = {"SHARED", "LSVAA4182E2000002"}
        named |= {"ALONE", "LSVAA4182E2000001"} if run == 0 else {"OTHER", "LSVAA4182E2000003"}
        assert keyed(settings.warehouse) == named
    whole = replace(settings, data=tmp_path / "whole")
    shutil.copytree(settings.lake, whole.lake)
    # What an incremental build leaves behind must not show in a full refresh.
    shutil.copy(settings.warehouse, whole.warehouse)
    with without_data_tests():
        build(whole, by_changes=False)
    found = differing(settings.warehouse, whole.warehouse)
    assert not found, "\n".join([f"again: AFTERSALES_TEST_STORIES={story} pytest {__file__}", *found])
