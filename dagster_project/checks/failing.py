"""All rows that fail a check, as CSV: the quality report lists only the first ones."""

import csv
import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TextIO

import duckdb

from dagster_project.checks.blocking import DATASET_RULES
from dagster_project.checks.results import CheckResult, last_results
from dagster_project.checks.session import open_session
from dagster_project.checks.suites import Suite, read_suites
from dagster_project.checks.views import dataset_relation
from dagster_project.errors import ExpectedError
from dagster_project.load.lake import WarehouseBusy
from dagster_project.load.masking import mask_text
from dagster_project.reports.text import no_formula
from dagster_project.settings import Settings

# Memory that DuckDB may use for sorting; beyond it, it uses the disk.
_MEMORY_LIMIT = "512MB"


class NoSuchRows(ExpectedError, LookupError):
    """There are no rows to list: unknown dataset or check, or no run; the message says what to do about it."""


@dataclass(frozen=True)
class Listed:
    """How many rows were written, and the result of the check in the last run."""

    rows: int
    result: CheckResult


def _known(kind: str, name: str, names: list[str]) -> str:
    """The name, if it is one of the names; else raises NoSuchRows."""
    if name in names:
        return name
    close = get_close_matches(name, names, n=5, cutoff=0.4)
    advice = f"did you mean {', '.join(close)}?" if close else f"known are {', '.join(names)}"
    raise NoSuchRows(f"there is no {kind} {name!r}: {advice}")


def find_check(dataset: str, check_name: str) -> Suite:
    """The suite that contains the check; raises NoSuchRows, which suggests similar names."""
    suites = read_suites()
    if check_name in DATASET_RULES:
        raise NoSuchRows(f"{check_name} counts all rows of a dataset and has none to list: {DATASET_RULES[check_name]}")
    suite = suites[_known("dataset", dataset, [*suites])]
    _known(f"check of {dataset} called", check_name, [check.name for check in suite.checks])
    return suite


def _last_result(settings: Settings, suite: Suite, check_name: str) -> CheckResult:
    for result in last_results(settings.lake / "quality"):
        if (result.system, result.dataset, result.check_name) == (*suite.name.split("/"), check_name):
            if result.passed is None:
                raise NoSuchRows(f"{suite.name} {check_name} did not run: {result.error}")
            return result
    raise NoSuchRows(f"{suite.name} {check_name} has no result in {settings.lake / 'quality'}: run `aftersales run`")


def write_failing_rows(settings: Settings, suite: Suite, check_name: str, file: TextIO) -> Listed:
    """Write all rows that fail a check now, evaluated for the business date of the last run.

    The columns are those of the report: key, file and line, columns of the check. None is hidden as personal, and stray
    phone numbers and plates are masked. Raises NoSuchRows, or WarehouseBusy when another program has the warehouse
    open.
    """
    result = _last_result(settings, suite, check_name)
    _require_built(settings.warehouse, suite)
    with open_session(settings.warehouse, result.as_of or settings.as_of) as session:
        session.execute(f"set memory_limit = '{_MEMORY_LIMIT}'")
        columns, rows = session.stream_failing_rows(suite, suite.check(check_name))
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        count = 0
        for row in rows:
            writer.writerow([no_formula(mask_text(value)) if isinstance(value, str) else value for value in row])
            count += 1
    return Listed(rows=count, result=result)


def _require_built(warehouse: Path, suite: Suite) -> None:
    """Raise WarehouseBusy when another program writes, NoSuchRows when a run stopped before the rows were built.

    Called first, to report either before Great Expectations is imported, which takes seconds.
    """
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute(f"describe staging.stg_{dataset_relation(suite.contract)}")
    except duckdb.IOException as error:
        raise WarehouseBusy(f"{warehouse} is open in another program: close it, then try again") from error
    except duckdb.CatalogException as error:
        raise NoSuchRows(f"{suite.name} is not built, as the last run stopped: run `aftersales run`") from error


def write_failing_file(settings: Settings, suite: Suite, check_name: str, path: Path) -> Listed:
    """Like `write_failing_rows`, to a file that appears complete or not at all, in UTF-8 with a mark for Excel."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8-sig", newline="") as file:
            listed = write_failing_rows(settings, suite, check_name, file)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return listed
