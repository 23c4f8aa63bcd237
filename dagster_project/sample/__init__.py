"""Sample extracts of an invented store group; its main store reproduces every printed table of a real report.

`write_sample` writes the landing folder; the constants name the stores and months of the printed figures.
"""

from collections.abc import Callable
from pathlib import Path

from dagster_project.sample.build import build_tables
from dagster_project.sample.constants import (
    CALLBACK_MONTH,
    CHURN_MONTH,
    COMPLAINT_MONTH,
    CSS_MONTH,
    CSS_PREVIOUS_MONTH,
    FILES_YEAR,
    FIRST_FIX_MONTH,
    MAIN_REGION,
    MAIN_STORE,
    MYSTERY_MONTH,
    SAMPLE_AS_OF,
)
from dagster_project.sample.dirt import DRIFT, MISSING_OPTIONAL, PLANTED, QUARANTINED, PlantedRow
from dagster_project.sample.extracts import plan_extracts
from dagster_project.sample.write import write_all

__all__ = [
    "CALLBACK_MONTH",
    "CHURN_MONTH",
    "COMPLAINT_MONTH",
    "CSS_MONTH",
    "CSS_PREVIOUS_MONTH",
    "DRIFT",
    "FILES_YEAR",
    "FIRST_FIX_MONTH",
    "MAIN_REGION",
    "MAIN_STORE",
    "MISSING_OPTIONAL",
    "MYSTERY_MONTH",
    "PLANTED",
    "QUARANTINED",
    "SAMPLE_AS_OF",
    "PlantedRow",
    "build_tables",
    "write_sample",
]


def write_sample(landing: Path, progress: Callable[[str], None] | None = None) -> list[Path]:
    """Write the sample's extracts below `landing`, the same bytes every time; returns the files written."""
    return write_all(landing, plan_extracts(build_tables()), progress)
