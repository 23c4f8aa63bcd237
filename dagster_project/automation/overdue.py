"""What is overdue, a dataset or the backup: people are told of it once, until it has come.

`<data>/overdue_told` says what they were told of.
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

# The check of every suite that says that the newest extract is too old.
STALE_CHECK = "newest_extract_in_time"
# Backups are made every night; one that fails may meet a run, two in a row don't.
BACKUP_OVERDUE = timedelta(days=2)

TITLES = {
    "dataset_stale": "After-sales warehouse: datasets stopped coming / 售后数据仓库：数据未按时到达",
    "backup_overdue": "After-sales warehouse: no backup lately / 售后数据仓库：备份未按时完成",
}


@dataclass(frozen=True)
class Waited:
    """What is waited for: `overdue` by a name that stays the same, with the line that people are told; what has come.

    What is in neither nobody knows of.
    """

    overdue: Mapping[str, str]
    come: frozenset[str]


def datasets(results: Iterable[CheckResult]) -> Waited:
    """The datasets by whether their newest extract is too old, as a run of the checks found."""
    found = {f"{r.system}/{r.dataset}": r for r in results if r.check_name == STALE_CHECK}
    return Waited(
        {name: f"{name} ({result.owner})" for name, result in found.items() if result.passed is False},
        frozenset(name for name, result in found.items() if result.passed),
    )


def backup(data: Path, now: datetime) -> Waited:
    """The backup, overdue when the last one is too old; an installation that was never backed up waits for none."""
    last = last_backup(data)
    if last is None or now - last <= BACKUP_OVERDUE:
        return Waited({}, frozenset(["backup"]))
    told = f"the last backup is of {last:%Y-%m-%d %H:%M}; the log of `aftersales backup` says why"
    return Waited({"backup": told}, frozenset())


def waited_for(settings: Settings, run_id: str, now: datetime) -> dict[str, Waited]:
    """What is waited for after a run, by kind of alert.

    Of datasets only the run knows that looked at them, and none that looked back: they were in time then.
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


def read_told(data: Path) -> dict[str, list[str]]:
    """What people were told of, by kind of alert."""
    try:
        return json.loads(_note(data).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def tell_once(data: Path, found: Mapping[str, Waited], run_id: str, tell: Callable[[Alert], bool]) -> None:
    """Tell of what is overdue and was not told of since it last came; `tell` says whether anybody could be told."""
    told = read_told(data)
    for kind, waited in found.items():
        before = {*told.get(kind, ())} - waited.come
        new = sorted(waited.overdue.keys() - before)
        text = "\n".join(waited.overdue[name] for name in new)
        # What nobody could be told of is told after the next run.
        if new and tell(Alert(kind=kind, title=TITLES[kind], text=text, run_id=run_id)):
            before.update(new)
        told[kind] = sorted(before)
    write_note(_note(data), json.dumps(told))
