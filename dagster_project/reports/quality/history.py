"""The history of check results: those of one run, since when each check fails, and the scores over the runs."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from dagster_project.checks.results import FAILURE_SCHEMA, RESULT_SCHEMA, CheckResult, month_file
from dagster_project.reports.quality.wording import Named

TREND_RUNS = 30

CheckId = tuple[str, str, str]


class NoResults(LookupError):
    """There are no check results to report on; the message says what to do."""


@dataclass(frozen=True)
class Streak:
    """Since when a check fails: the first failure after it last passed. Runs in which it did not run are skipped."""

    run_id: str
    run_at: datetime
    runs: int


@dataclass(frozen=True)
class DimensionScore:
    """One dimension in one run; `score` is None when no row was evaluated."""

    run_id: str
    run_at: datetime
    dimension: str
    score: float | None
    failed_checks: int
    not_run: int


@dataclass(frozen=True)
class History:
    """One run and the runs before it; lists over runs are oldest first.

    `as_of` is None for runs that were recorded without it.
    """

    run_id: str
    run_at: datetime
    as_of: date | None
    is_last: bool
    results: list[CheckResult]
    streaks: dict[CheckId, Streak]
    scores: dict[str, list[DimensionScore]]
    failed_rows: dict[CheckId, list[int | None]]


def check_id(result: Named) -> CheckId:
    """The identity of a check in all runs."""
    return result.system, result.dataset, result.check_name


_PAST = """
create temp table past as
    with runs as (
        select run_id, max(run_at) as run_at, row_number() over (order by max(run_at), run_id) as run_no
        from found group by run_id
    )
    select found.* exclude (run_at), runs.run_at, runs.run_no
    from found join runs using (run_id)
    where runs.run_no <= (select run_no from runs where run_id = ?)
"""

_STREAKS = """
with last_pass as (
    select system, dataset, check_name, max(run_no) as run_no from past where passed group by all
)
select
    past.system, past.dataset, past.check_name,
    min_by(past.run_id, past.run_no), min_by(past.run_at, past.run_no), count(*)
from past left join last_pass using (system, dataset, check_name)
where not past.passed and past.run_no > coalesce(last_pass.run_no, 0)
group by 1, 2, 3
"""

_SCORES = """
select
    dimension, run_id, run_at,
    1 - sum(failed) filter (where evaluated is not null) / nullif(sum(evaluated), 0),
    count(*) filter (where not passed),
    count(*) filter (where passed is null)
from past
where run_no > (select max(run_no) - ? from past)
group by dimension, run_id, run_at, run_no
order by dimension, run_no
"""

_FAILED_ROWS = """
with runs as (select distinct run_no from past where run_no > (select max(run_no) - ? from past)),
failing as (
    select distinct system, dataset, check_name from past
    where not passed and run_no = (select max(run_no) from past)
)
select failing.system, failing.dataset, failing.check_name, list(past.failed order by runs.run_no)
from failing cross join runs
left join past
    on past.system = failing.system and past.dataset = failing.dataset
    and past.check_name = failing.check_name and past.run_no = runs.run_no
group by all
"""


def _files(folder: Path, name: str) -> str:
    return str(folder / name / "*.parquet").replace("'", "''")


def _failing(folder: Path, run_id: str) -> dict[CheckId, list[dict]]:
    """The listed failing rows of a run, by check."""
    failures = folder / "check_failures"
    path = failures / f"{run_id}.parquet"
    path = path if path.exists() else month_file(failures, run_id)
    if not path.exists():
        return {}
    with duckdb.connect() as connection:
        names = ", ".join(FAILURE_SCHEMA.names)
        rows = connection.execute(
            f"select {names} from read_parquet(?) where run_id = ?", [str(path), run_id]
        ).fetchall()
    found: dict[CheckId, list[dict]] = {}
    for _, system, dataset, check_name, source_file, source_line, row_key in rows:
        key = json.loads(row_key) if row_key else {}
        row = key | {"source_file": source_file, "source_line": source_line}
        found.setdefault((system, dataset, check_name), []).append(row)
    return found


def read_history(folder: Path, run_id: str | None = None) -> History:
    """The results below `<lake>/quality` up to a run, by default the last.

    Raises NoResults when there are none, or none of that run.
    """
    if not any((folder / "check_results").glob("*.parquet")):
        raise NoResults(f"no check has run yet: {folder / 'check_results'} is empty; run `aftersales run` first")
    with duckdb.connect() as connection:
        # With all of today's columns, even if no stored file has some of them.
        connection.register("columns_of_today", RESULT_SCHEMA.empty_table())
        connection.execute(
            "create temp view found as select * from columns_of_today union all by name "
            f"select * from read_parquet('{_files(folder, 'check_results')}', union_by_name = true)"
        )
        last = connection.execute("select run_id from found order by run_at desc, run_id desc limit 1").fetchone()
        run_id = run_id or (last[0] if last else None)
        known = connection.execute("select max(run_at) from found where run_id = ?", [run_id]).fetchone()
        if last is None or known is None or known[0] is None:
            raise NoResults(f"there are no check results of run {run_id} in {folder / 'check_results'}")
        connection.execute(_PAST, [run_id])
        names = ", ".join(RESULT_SCHEMA.names)
        rows = connection.execute(
            f"select {names} from past where run_id = ? order by system, dataset, check_name", [run_id]
        ).fetchall()
        streaks = connection.execute(_STREAKS).fetchall()
        scores = connection.execute(_SCORES, [TREND_RUNS]).fetchall()
        failed = connection.execute(_FAILED_ROWS, [TREND_RUNS]).fetchall()
    failing = _failing(folder, str(run_id))
    results = [CheckResult(**dict(zip(RESULT_SCHEMA.names, row, strict=True))) for row in rows]
    by_dimension: dict[str, list[DimensionScore]] = {}
    for dimension, run, at, score, failed_checks, not_run in scores:
        by_dimension.setdefault(dimension, []).append(DimensionScore(run, at, dimension, score, failed_checks, not_run))
    return History(
        run_id=str(run_id),
        run_at=known[0],
        as_of=results[0].as_of,
        is_last=run_id == last[0],
        results=[_with_rows(result, failing.get(check_id(result), [])) for result in results],
        streaks={(s, d, c): Streak(run, at, runs) for s, d, c, run, at, runs in streaks},
        scores=by_dimension,
        failed_rows={(s, d, c): counts for s, d, c, counts in failed},
    )


def _with_rows(result: CheckResult, rows: list[dict]) -> CheckResult:
    result.failing.extend(rows)
    return result
