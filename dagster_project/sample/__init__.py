"""Sample extracts of an invented store group; its main store reproduces every printed table of a real report.

`write_sample` writes the landing folder; the constants name the stores and months of the printed figures.
"""

from collections.abc import Callable
from pathlib import Path

from dagster_project.errors import ExpectedError
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
from dagster_project.sample_mark import is_marked, mark_sample

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
    "SampleRefused",
    "build_tables",
    "write_sample",
]


class SampleRefused(ExpectedError):
    """The folder that the sample was to be written to holds something else; the message says what."""


def write_sample(landing: Path, progress: Callable[[str], None] | None = None) -> list[Path]:
    """Write the sample's extracts below `landing` and mark it as the sample; returns the extracts written.

    They are the same bytes every time. Raises SampleRefused, before anything is written, for a folder that holds
    other files: an extract of the same name would be lost.
    """
    extracts = list(plan_extracts(build_tables()))
    if strangers := _strangers(landing, {extract.file for extract in extracts}):
        raise SampleRefused(
            f"{landing} holds {strangers[0]}, which is not of an earlier sample: name a new or empty folder"
        )
    landing.mkdir(parents=True, exist_ok=True)
    mark_sample(landing)
    return write_all(landing, extracts, progress)


def _strangers(landing: Path, own: set[str]) -> list[str]:
    """The files in a landing folder that no earlier sample wrote."""
    known = own if is_marked(landing) else set()
    files = (path for path in landing.rglob("*") if not (path.is_dir() or path.name.startswith(".")))
    return sorted(name for path in files if (name := path.relative_to(landing).as_posix()) not in known)
