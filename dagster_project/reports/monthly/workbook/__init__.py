"""The monthly report's tables behind: an Excel workbook with every block's data, and its native charts beside it."""

from dagster_project.reports.monthly.workbook.write import write_xlsx

__all__ = ["write_xlsx"]
