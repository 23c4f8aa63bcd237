"""The data owners' quality report: which rows are wrong, whose they are, since when, and their effect on figures."""

from dagster_project.reports.quality.history import NoResults
from dagster_project.reports.quality.report import write_quality_report

__all__ = ["NoResults", "write_quality_report"]
