"""Check results carried over from the previous run equal those of a full run, whatever changed in between."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import duckdb
import pytest

from dagster_project.checks import kept, session
from dagster_project.checks.results import CheckResult, RunInfo, last_results, write_results
from dagster_project.checks.run import run_checks
from tests.support.changing_warehouse import ChangingWarehouse


def as_kept(folder, results: list[CheckResult]) -> list[CheckResult]:
    """Results as readers see them."""
    write_results(folder, results)
    return last_results(folder, results[0].run_id)


def test_an_extract_between_those_with_current_rows_is_seen_although_the_newest_is_quarantined():
    with duckdb.connect() as connection:
        connection.execute("create schema lake; create schema changed")
        connection.execute(
            "create table lake.loads as select 'dms' as system, 'customers' as dataset, * from (values "
            "('a.csv', timestamp '2026-04-08', 'loaded', 3), ('c.csv', timestamp '2026-04-10', 'quarantined', 2), "
            "('b.csv', timestamp '2026-04-09', 'loaded', 1)) as loads (source_file, extract_at, status, rows_read)"
        )
        connection.execute(
            "create table changed.quality_load as select * exclude (source_file), source_file as file, true as is_new "
            "from lake.loads where source_file = 'b.csv'"
        )
        assert connection.execute(kept._EXTRACTS_BETWEEN).fetchall() == [("dms", "customers")]


@pytest.mark.parametrize("seed", [1])
def test_carried_over_results_equal_those_of_a_full_run(tmp_path, sample_run, seed, monkeypatch):
    # Some checks have fewer failing rows than are listed, some more.
    for module in (kept, session):
        monkeypatch.setattr(module, "LISTED_ROWS", 20)
    warehouse = ChangingWarehouse(tmp_path / "warehouse.duckdb", sample_run.warehouse, seed)
    run = RunInfo("run-0", datetime(2026, 1, 1, 6), date(2025, 12, 31))
    base = as_kept(tmp_path / "kept", run_checks(warehouse.path, run))
    for step in range(1, 3):
        change = warehouse.change()
        run = replace(run, run_id=f"run-{step}", as_of=run.as_of + timedelta(days=warehouse.random.choice([1, 1, 30])))
        whole = as_kept(tmp_path / "whole", run_checks(warehouse.path, run))
        base = as_kept(tmp_path / "kept", run_checks(warehouse.path, run, base=base))
        differing = [(now, then) for now, then in zip(base, whole, strict=True) if now != then]
        assert not differing, (step, change, differing[0])
