"""What is overdue, a dataset or the backup: people are told of it once, until it has come.

`<data>/overdue_told` says what they were told of.
"""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from dagster_project.automation.alerts import Alert
from dagster_project.checks.results import CheckResult
from dagster_project.upkeep.backup import last_backup

# The check of every suite that says that the newest extract is too old.
STALE_CHECK = "newest_extract_in_time"
# Backups are made every night; one that fails may meet a run, two in a row don't.
BACKUP_OVERDUE = timedelta(days=2)

TITLES = {
    "dataset_stale": "After-sales warehouse: datasets stopped coming / 售后数据仓库：数据未按时到达",
    "backup_overdue": "After-sales warehouse: no backup lately / 售后数据仓库：备份未按时完成",
}

# What is overdue, each by a name that stays the same, with the line that people are told.
Overdue = Mapping[str, str]


def stale_datasets(results: Iterable[CheckResult]) -> Overdue:
    """The datasets whose newest extract is too old, by what a run of the checks found."""
    return {
        f"{result.system}/{result.dataset}": f"{result.system}/{result.dataset} ({result.owner})"
        for result in results
        if result.check_name == STALE_CHECK and result.passed is False
    }


def fresh_datasets(results: Iterable[CheckResult]) -> set[str]:
    """The datasets of which a run of the checks found an extract in time; where the check did not run nobody knows."""
    return {
        f"{result.system}/{result.dataset}" for result in results if result.check_name == STALE_CHECK and result.passed
    }


def overdue_backup(data: Path, now: datetime) -> Overdue:
    """The backup, when the last one is too old; an installation that was never backed up waits for none."""
    last = last_backup(data)
    if last is None or now - last <= BACKUP_OVERDUE:
        return {}
    return {"backup": f"the last backup is of {last:%Y-%m-%d %H:%M}; the log of `aftersales backup` says why"}


def _note(data: Path) -> Path:
    return data / "overdue_told"


def read_told(data: Path) -> dict[str, list[str]]:
    """What people were told of, by kind of alert."""
    try:
        return json.loads(_note(data).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def note_told(data: Path, told: Mapping[str, list[str]]) -> None:
    """Note what people were told of; what has come in between is told anew when it is overdue again."""
    temporary = data / f".overdue_told.{os.getpid()}.tmp"
    temporary.write_text(json.dumps(told), encoding="utf-8")
    os.replace(temporary, _note(data))


def alert_of(kind: str, overdue: Overdue, told: Iterable[str], run_id: str) -> Alert | None:
    """The alert for what people were not told of yet; None when they were told of all."""
    new = overdue.keys() - {*told}
    if not new:
        return None
    return Alert(kind=kind, title=TITLES[kind], text="\n".join(overdue[name] for name in sorted(new)), run_id=run_id)
