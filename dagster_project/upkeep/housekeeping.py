"""Remove what is past the retention of `retention.py`, at the end of each run."""

import shutil
from datetime import date, datetime
from pathlib import Path

from dagster_project.checks.compaction import compact_results
from dagster_project.run.log import step
from dagster_project.settings import TIME_ZONE, Settings
from dagster_project.upkeep.retention import LOG_MONTHS_KEPT, QUALITY_REPORTS_KEPT


def _old_quality_reports(settings: Settings) -> list[Path]:
    folder = settings.data / "reports" / "quality"
    reports = sorted(path for path in folder.glob("[0-9]*") if path.is_dir())
    latest = (folder / "latest").resolve()
    return [path for path in reports[:-QUALITY_REPORTS_KEPT] if path != latest]


def _old_logs(settings: Settings, today: date) -> list[Path]:
    months = today.year * 12 + today.month - LOG_MONTHS_KEPT
    first = f"run-{months // 12}-{months % 12 + 1:02}.jsonl"
    return [path for path in sorted(settings.logs.glob("run-*.jsonl")) if path.name < first]


def clean_up(settings: Settings, today: date | None = None) -> dict[str, int]:
    """Remove old files and compact check results; returns the counts. Old published states are removed on publishing.

    Call it while the data folder is locked. `today` is the clock's day: retention does not follow business dates.
    """
    day = today or datetime.now(TIME_ZONE).date()
    with step("clean_up") as counted:
        reports, logs = _old_quality_reports(settings), _old_logs(settings, day)
        for path in reports:
            shutil.rmtree(path, ignore_errors=True)
        for path in logs:
            path.unlink(missing_ok=True)
        done = {
            "quality_reports_removed": len(reports),
            "logs_removed": len(logs),
            "runs_compacted": compact_results(settings.lake / "quality", day),
        }
        counted.update(done)
    return done


def disk_use(settings: Settings) -> dict[str, int]:
    """Bytes of each folder and file in the data folder; within each, a file with several hard links counts once."""
    return {path.name: _bytes(path) for path in sorted(settings.data.iterdir()) if not path.name.startswith(".")}


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if not file.is_symlink()]
    sizes = {}
    for file in files:
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        if not file.is_dir():
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())
