"""The monthly report as an editable presentation, on the house's master or on the dealership's own."""

from dagster_project.reports.monthly.slides.deck import write_pptx
from dagster_project.reports.monthly.slides.template import BadTemplate

__all__ = ["BadTemplate", "write_pptx"]
