"""Alerts for overdue datasets and backups: one per delay, the next only after it has come and is overdue again.

`<data>/overdue_told` records what has been reported.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dagster_project.automation.alerts import Alert
from dagster_project.checks.results import CheckResult, results_of_last_runs
from dagster_project.notes import write_note
from dagster_project.publish.state import last_state
from dagster_project.settings import Settings
from dagster_project.upkeep.backup import last_backup

# The check, present in every suite, that fails when the newest extract is too old.
STALE_CHECK = "newest_extract_in_time"
# Backups are made every night. One may fail because a run is writing; two in a row are a fault.
BACKUP_OVERDUE = timedelta(days=2)

TITLES = {
    "dataset_stale": "After-sales warehouse: datasets are overdue / 售后数据仓库：数据未按时到达",
    "backup_overdue": "After-sales warehouse: the backup is overdue / 售后数据仓库：备份未按时完成",
}


@dataclass(frozen=True)
class Waited:
    """What is expected: `overdue` maps a lasting name to the line that reports it, `come` holds what is in time.

    A name in neither has an unknown state.
    """

    overdue: Mapping[str, str]
    come: frozenset[str]


def datasets(results: Iterable[CheckResult]) -> Waited:
    """The datasets, by whether their newest extract is too old according to a run's check results."""
    found = {f"{r.system}/{r.dataset}": r for r in results if r.check_name == STALE_CHECK}
    return Waited(
        {name: f"{name} ({result.owner})" for name, result in found.items() if result.passed is False},
        frozenset(name for name, result in found.items() if result.passed),
    )


def backup(data: Path, now: datetime) -> Waited:
    """The backup; overdue when the last one is too old. An installation that was never backed up expects none."""
    last = last_backup(data)
    if last is None or now - last <= BACKUP_OVERDUE:
        return Waited({}, frozenset(["backup"]))
    line = f"the last backup is of {last:%Y-%m-%d %H:%M}; see the log of `aftersales backup` for the reason"
    return Waited({"backup": line}, frozenset())


def waited_for(settings: Settings, run_id: str, now: datetime) -> dict[str, Waited]:
    """What is expected after a run, by kind of alert.

    The state of datasets comes only from the run that checked them; a run for a past date is ignored.
    """
    found = {"backup_overdue": backup(settings.data, now)}
    results, _ = results_of_last_runs(settings.lake / "quality")
    state = last_state(settings.published)
    looks_back = state is not None and state.looks_back_from is not None
    if results and results[0].run_id == run_id and not looks_back:
        found["dataset_stale"] = datasets(results)
    return found


def _note(data: Path) -> Path:
    return data / "overdue_told"


def read_reported(data: Path) -> dict[str, list[str]]:
    """The names that have been reported as overdue, by kind of alert."""
    try:
        return json.loads(_note(data).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def alert_once(data: Path, found: Mapping[str, Waited], run_id: str, send: Callable[[Alert], bool]) -> None:
    """Alert to what is overdue and has not been reported since it last came; `send` says whether anyone was reached."""
    reported = read_reported(data)
    for kind, waited in found.items():
        before = {*reported.get(kind, ())} - waited.come
        new = sorted(waited.overdue.keys() - before)
        text = "\n".join(waited.overdue[name] for name in new)
        # An alert that reached nobody is sent again after the next run.
        if new and send(Alert(kind=kind, title=TITLES[kind], text=text, run_id=run_id)):
            before.update(new)
        reported[kind] = sorted(before)
    write_note(_note(data), json.dumps(reported))
