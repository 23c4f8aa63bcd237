"""Write reports into their folder, each file whole or not at all."""

import os
from pathlib import Path

from dagster_project.reports.monthly.blocks import Report
from dagster_project.reports.monthly.html import html_page


def write_html(report: Report, path: Path) -> None:
    """Write the report as one HTML page."""
    path.write_text(html_page(report), encoding="utf-8")


WRITERS = {"report.html": write_html}
"""File name to writer; a writer writes the whole report to a path."""


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write the report's files into the folder, each replaced in one step; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, write in WRITERS.items():
        path = folder / name
        building = folder / f".{os.getpid()}.{name}"
        try:
            write(report, building)
            os.replace(building, path)
        finally:
            building.unlink(missing_ok=True)
        paths.append(path)
    return paths
