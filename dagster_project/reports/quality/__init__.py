"""The data owner's quality report: which rows are wrong, whose, since when, and what they do to the figures."""

from dagster_project.reports.quality.history import NoResults
from dagster_project.reports.quality.report import write_quality_report

__all__ = ["NoResults", "write_quality_report"]
