"""Write reports into their folder, each file atomically."""

import os
from collections.abc import Callable
from pathlib import Path

from dagster_project.reports.monthly.blocks import Report
from dagster_project.reports.monthly.html import html_page
from dagster_project.reports.monthly.slides import write_pptx
from dagster_project.reports.monthly.workbook import write_xlsx


def write_html(report: Report, path: Path) -> None:
    """Write the report as one HTML page."""
    path.write_text(html_page(report), encoding="utf-8")


def write_report(report: Report, folder: Path, template: Path | None = None) -> list[Path]:
    """Write the report as HTML, PPTX and XLSX into the folder, each replaced in one step; returns their paths.

    `template` is a presentation whose master and theme the slides take. Raises BadTemplate when it can't be used.
    """
    writers: dict[str, Callable[[Report, Path], None]] = {
        "report.html": write_html,
        "report.pptx": lambda report, path: write_pptx(report, path, template),
        "report.xlsx": write_xlsx,
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, write in writers.items():
        path = folder / name
        building = folder / f".{os.getpid()}.{name}"
        try:
            write(report, building)
            os.replace(building, path)
        finally:
            building.unlink(missing_ok=True)
        paths.append(path)
    return paths
