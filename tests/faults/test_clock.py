"""The clock goes back, or jumps a year ahead, between runs: the latest state and results stay the latest."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dagster_project.checks.results import CheckResult, last_results, write_results
from dagster_project.load import dataset
from dagster_project.publish import publish, state
from dagster_project.reports.quality.history import read_history
from dagster_project.run import log as run_log
from dagster_project.run import refresh
from dagster_project.settings import Settings
from tests.conftest import Landing
from tests.support.small_warehouse import SmallWarehouse

TRUE = datetime(2026, 4, 30, 12)
# Correct, a year ahead, correct again, a day back, the same moment twice, far back, correct.
JUMPS = [timedelta(0), timedelta(365), timedelta(0), timedelta(-1), timedelta(-1), timedelta(-9999), timedelta(1)]


class Clock:
    """Controls the time that the product reads."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def set(self, now: datetime) -> None:
        """Stop the clock at a time."""

        class Stopped(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return now.replace(tzinfo=tz)

        for module in (dataset, publish, state, run_log):
            self.patch.setattr(module, "datetime", Stopped)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that can be set."""
    return Clock(monkeypatch)


def test_the_retained_states_are_the_last_published(clock: Clock, tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path, rows=1)
    published = []
    for number, jump in enumerate(JUMPS):
        clock.set(TRUE + jump)
        small.publish(number)
        current = (small.published / "current").resolve()
        published.append(current.name)
        assert state.state_of(current).name == current.name
        kept = {path.name for path in (small.published / "states").iterdir()}
        assert kept == set(published[-publish.STATES_KEPT :]), "readers still use the previous states"
    assert len(set(published)) == len(JUMPS)


def test_states_are_removed_by_publishing_time_and_not_by_name(clock: Clock, tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path, rows=1)
    names = []
    # The second was named by a clock that was ahead.
    for number, jump in enumerate((timedelta(0), timedelta(365), timedelta(1))):
        clock.set(TRUE + jump)
        small.publish(number)
        names.append((small.published / "current").resolve().name)
    publish.remove_states_before(small.published, TRUE)
    assert {path.name for path in (small.published / "states").iterdir()} == {names[0], names[2]}
    clock.set(TRUE + timedelta(2))
    small.publish(3)
    publish.remove_states_before(small.published, TRUE + timedelta(1.5))
    current = (small.published / "current").resolve()
    assert list((small.published / "states").iterdir()) == [current]


def test_the_last_run_of_the_checks_stays_the_last(clock: Clock, tmp_path: Path) -> None:
    settings = Settings(landing=tmp_path, data=tmp_path, as_of=date(2026, 4, 30))
    for number, jump in enumerate(JUMPS):
        clock.set(TRUE + jump)
        run_id = refresh.new_run_id_of(settings)
        quality = settings.lake / "quality"
        fields = {"check_name": str(number), "dimension": "accuracy", "severity": "warning", "column_name": None}
        counts = {"evaluated": 1, "failed": 0, "pass_rate": 1.0, "is_blocking": True, "passed": True}
        of_run = {
            "run_id": run_id,
            "run_at": run_log.begun_at(run_id),
            "owner": "dms",
            "description": "Probe. / 测试。",
        }
        write_results(quality, [CheckResult(system="dms", dataset="stores", **fields, **counts, **of_run)])
        assert last_results(quality)[0].check_name == str(number), "publishing is judged by this run"
        history = read_history(quality)
        assert (history.run_id, history.is_last) == (run_id, True)


def test_loading_does_not_ask_the_clock(clock: Clock, landing: Landing) -> None:
    clock.set(TRUE + timedelta(365))
    landing.load()
    clock.set(TRUE)
    assert sum(load.files_loaded for load in landing.load()) == 0
    landing.write("dms/stores/stores_20200101.csv", "store_code,store_name,region_code\n003,Store three,R1\n")
    landing.load()
    assert landing.query("select store_code from lake.dms__stores") == [("003",)]
