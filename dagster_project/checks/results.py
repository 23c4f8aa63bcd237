"""Results of the checks and how they are stored: two Parquet files per run, later merged into two per month."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.parquet_rows import write_rows
from dagster_project.run.log import begun_at

LISTED_ROWS = 200


@dataclass(frozen=True)
class RunInfo:
    """One run of the checks; `as_of` is the business date, to which ages are measured."""

    run_id: str
    run_at: datetime
    as_of: date


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    If the check could not be evaluated, `passed` is None and `error` says why. `failing` identifies up to 200 of the
    failing rows by key, file and line; it never holds a name, phone, plate or free text. `as_of` is the business date
    of the run, None in results stored before it was recorded.
    """

    run_id: str
    system: str
    dataset: str
    check_name: str
    dimension: str
    severity: str
    column_name: str | None
    evaluated: int | None
    failed: int | None
    pass_rate: float | None
    is_blocking: bool
    passed: bool | None
    run_at: datetime
    owner: str
    description: str
    error: str | None = None
    as_of: date | None = None
    failing: list[dict[str, Any]] = field(default_factory=list)


RESULT_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("system", pa.string()),
        ("dataset", pa.string()),
        ("check_name", pa.string()),
        ("dimension", pa.string()),
        ("severity", pa.string()),
        ("column_name", pa.string()),
        ("evaluated", pa.int64()),
        ("failed", pa.int64()),
        ("pass_rate", pa.float64()),
        ("is_blocking", pa.bool_()),
        ("passed", pa.bool_()),
        ("run_at", pa.timestamp("us")),
        ("owner", pa.string()),
        ("description", pa.string()),
        ("error", pa.string()),
        ("as_of", pa.date32()),
    ]
)

FAILURE_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("system", pa.string()),
        ("dataset", pa.string()),
        ("check_name", pa.string()),
        ("source_file", pa.string()),
        ("source_line", pa.int64()),
        ("row_key", pa.string()),
    ]
)


def _result_row(result: CheckResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in RESULT_SCHEMA.names}


def _failure_rows(result: CheckResult) -> Iterable[dict[str, Any]]:
    for row in result.failing:
        key = {name: value for name, value in row.items() if name not in ("source_file", "source_line")}
        yield {
            "run_id": result.run_id,
            "system": result.system,
            "dataset": result.dataset,
            "check_name": result.check_name,
            "source_file": row.get("source_file"),
            "source_line": row.get("source_line"),
            "row_key": json.dumps(key, ensure_ascii=False, default=str),
        }


def write_results(folder: Path, results: list[CheckResult]) -> tuple[Path, Path]:
    """Write `check_results/<run_id>.parquet` and `check_failures/<run_id>.parquet` below the folder.

    All results of a run are written together. Each file appears complete or not at all, the failures first, so that a
    result never exists without its rows. Returns the paths of results and failures; raises ValueError for results of
    several runs.
    """
    run_ids = {result.run_id for result in results}
    if len(run_ids) != 1:
        raise ValueError(f"results of one run are written together, got {len(run_ids)} runs")
    name = f"{run_ids.pop()}.parquet"
    failures = [row for result in results for row in _failure_rows(result)]
    failures_path = write_rows(folder / "check_failures" / name, failures, FAILURE_SCHEMA)
    results_path = write_rows(folder / "check_results" / name, [_result_row(r) for r in results], RESULT_SCHEMA)
    return results_path, failures_path


def write_empty_results(folder: Path) -> None:
    """Write empty files, so that the results can be read as a table before the first run."""
    for name, schema in (("check_results", RESULT_SCHEMA), ("check_failures", FAILURE_SCHEMA)):
        path = folder / name / "empty.parquet"
        if not path.exists():
            write_rows(path, [], schema)


def run_files(folder: Path) -> list[Path]:
    """The files of single runs, the newest last; the two newest runs always have their own."""
    others = re.compile(r"empty|\d{6}")
    return sorted(path for path in folder.glob("*.parquet") if not others.fullmatch(path.stem))


def month_file(folder: Path, run_id: str) -> Path:
    """The file that holds the rows of a run after its month is over."""
    return folder / f"{run_id[:6]}.parquet"


def results_of_last_runs(folder: Path) -> tuple[list[CheckResult], list[CheckResult]]:
    """The results of the newest run and of the one before, without failing rows; empty where there is no such run."""
    newest = run_files(folder / "check_results")[-2:]
    runs = [[CheckResult(**row) for row in pq.read_table(path).to_pylist()] for path in newest]
    return (runs[-1] if runs else []), (runs[-2] if len(runs) > 1 else [])


def last_run_at(folder: Path) -> datetime | None:
    """The time of the newest run; None before the first run."""
    runs = run_files(folder / "check_results")
    if not runs:
        return None
    try:
        return max(pq.read_table(runs[-1], columns=["run_at"]).column("run_at").to_pylist(), default=None)
    except (pa.ArrowException, OSError):
        # The file is damaged, which the caller's run reports; the run id also holds the time.
        return begun_at(runs[-1].stem)


def last_results(folder: Path, run_id: str = "") -> list[CheckResult]:
    """The results of the run `run_id`, else of the newest, with up to 200 failing rows each; empty before the first."""
    runs = run_files(folder / "check_results")
    return (
        results_of_run(folder, next((path.stem for path in runs if path.stem == run_id), runs[-1].stem)) if runs else []
    )


def results_of_run(folder: Path, run_id: str) -> list[CheckResult]:
    """The results of a run with up to 200 failing rows each; empty if it has no file of its own (any more)."""
    path = folder / "check_results" / f"{run_id}.parquet"
    if not path.exists():
        return []
    failing: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in pq.read_table(folder / "check_failures" / path.name).to_pylist():
        where = {"source_file": row["source_file"], "source_line": row["source_line"]}
        key = (row["system"], row["dataset"], row["check_name"])
        failing.setdefault(key, []).append(json.loads(row["row_key"]) | where)
    return [
        CheckResult(**row, failing=failing.get((row["system"], row["dataset"], row["check_name"]), []))
        for row in pq.read_table(path).to_pylist()
    ]
