"""Write the quality report of one run: an index, and a page and a workbook for each data owner."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from dagster_project.checks.suites import Suite
from dagster_project.privacy.access import open_to_readers
from dagster_project.publish.link import point
from dagster_project.reports.quality.content import read_report
from dagster_project.reports.quality.pages import index_page, owner_page
from dagster_project.reports.quality.workbook import write_workbook
from dagster_project.settings import Settings


def _swap(building: Path, folder: Path) -> None:
    """Put the new folder in place; one of the same run is replaced."""
    old = building.with_name(f"{building.name}.old")
    if folder.exists():
        os.rename(folder, old)
    os.rename(building, folder)
    shutil.rmtree(old, ignore_errors=True)


def write_quality_report(
    settings: Settings, run_id: str | None = None, *, suites: Mapping[str, Suite] | None = None
) -> Path:
    """Write `<data>/reports/quality/<run_id>/` atomically and return its index page; `latest` points to the last run's.

    Raises NoResults when no check has run, or none in the named run.
    """
    report = read_report(settings, run_id, suites)
    reports = settings.data / "reports" / "quality"
    run = report.history.run_id
    building = reports / f".{run}.{os.getpid()}.tmp"
    for leftover in reports.glob(".*.tmp*"):
        shutil.rmtree(leftover, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        (building / "index.html").write_text(index_page(report), encoding="utf-8")
        for owner in report.owners:
            (building / f"{owner.page}.html").write_text(owner_page(report, owner), encoding="utf-8")
            write_workbook(building / f"{owner.page}.xlsx", report, owner)
        open_to_readers(building, settings.data / "reports")
        _swap(building, reports / run)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    if report.history.is_last:
        point(reports / "latest", run)
    return reports / run / "index.html"
