"""The monthly report as an Excel workbook: the data of every block, with native charts beside it."""

from dagster_project.reports.monthly.workbook.write import write_xlsx

__all__ = ["write_xlsx"]
