"""Carry results over from the previous run: only rows that the changes touch are judged again, before and after.

Failed and evaluated rows are those of the previous run, minus those among the touched rows as they were, plus those
among the touched rows as they are. Checks for which this is impossible, by their suite or by what changed, are left to
be judged over all rows.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from dagster_project.checks.results import LISTED_ROWS, CheckResult, RunInfo
from dagster_project.checks.session import CheckSession, result_of
from dagster_project.checks.suites import RELATION, SQL, Check, Suite
from dagster_project.checks.touched import Touched
from dagster_project.checks.views import WHERE_FROM, relation_of

logger = logging.getLogger(__name__)

# Datasets with a new extract that is not later than all earlier ones, or with one that is gone.
_EXTRACTS_BETWEEN = """
with loaded as (
    select system, dataset, source_file as file, extract_at from lake.loads
    -- a quarantined file may keep the version loaded before it
    where status = 'loaded' or rows_read > 0
)

, before as (
    select system, dataset, extract_at
    from loaded
    anti join (from changed.quality_load where is_new) as added using (system, dataset, file)
    union
    select system, dataset, extract_at from changed.quality_load
    where not is_new and (status = 'loaded' or rows_read > 0)
)

, now as (
    select distinct system, dataset, extract_at from loaded
)

select system, dataset from (from before except from now)
union
select added.system, added.dataset
from (from now except from before) as added
inner join (select system, dataset, max(extract_at) as newest from before group by all) as newest
    on added.system = newest.system and added.dataset = newest.dataset and added.extract_at < newest.newest
"""


Key = tuple[str, str]


@dataclass(frozen=True)
class _Judged:
    """A check that is judged on touched rows only: its SQL over all rows, and the relations that replace them."""

    suite: Suite
    check: Check
    base: CheckResult
    evaluated: str
    failing: str
    sides: tuple[str, str]

    def of_side(self, sql: str, side: int) -> str:
        """The SQL on the touched rows: as they were (side 0) or as they are (side 1)."""
        return re.sub(RELATION, rf"{self.sides[side]}__\g<0>", sql)

    def counts(self) -> str:
        """SQL of four counts: evaluated and failed rows before, evaluated and failed rows now."""
        return ", ".join(
            f"({self.of_side(sql, side)})"
            for side in (0, 1)
            for sql in (self.evaluated, f"select count(*) from ({self.failing})")
        )


def carry_over(
    session: CheckSession, suites: Mapping[str, Suite], run: RunInfo, base: Sequence[CheckResult]
) -> dict[Key, CheckResult]:
    """The results that can be derived from those of the previous run, by dataset and check."""
    known = {(f"{r.system}/{r.dataset}", r.check_name): r for r in base if r.evaluated is not None}
    results: dict[Key, CheckResult] = {}
    try:
        kept = _that_can_be_kept(session, suites, known)
        touched = Touched(session.execute, kept)
        session.commit()
    except Exception as error:
        session.rollback()
        logger.warning("all checks are judged over all rows: %s", session.describe_error(error))
        return results
    for suite in suites.values():
        sides = {check.name: touched.sides(suite, check) for of, check in kept if of is suite}
        for check in suite.checks:
            if check.name in sides and not sides[check.name]:
                results[suite.name, check.name] = _carried(run, check, known[suite.name, check.name])
        try:
            judged = _judged(session, suite, sides, known)
        except Exception as error:
            session.rollback()
            logger.warning("%s is judged over all rows: %s", suite.name, session.describe_error(error))
            continue
        for one in judged:
            try:
                results[suite.name, one.check.name] = _changed(session, run, one)
            except Exception as error:
                session.rollback()
                reason = session.describe_error(error)
                logger.warning("%s %s is judged over all rows: %s", suite.name, one.check.name, reason)
    return results


def _that_can_be_kept(
    session: CheckSession, suites: Mapping[str, Suite], known: Mapping[Key, CheckResult]
) -> list[tuple[Suite, Check]]:
    between = {f"{system}/{dataset}" for system, dataset in session.execute(_EXTRACTS_BETWEEN)}
    gone = session.execute("select distinct system, dataset from lake.gone_file").all()
    # The values as delivered of removed rows can't be read any more.
    lost = {f"{rows}__{system}__{dataset}" for system, dataset in gone for rows in ("original", "parsed")}

    def can_be_kept(suite: Suite, check: Check) -> bool:
        read = {relation_of(check.rows, suite.contract), *(look_up.relation for look_up in check.looks_up)}
        is_valid = check.stands_while is None or suite.name not in between
        return (suite.name, check.name) in known and check.judged_by is not None and is_valid and not read & lost

    return [(suite, check) for suite in suites.values() for check in suite.checks if can_be_kept(suite, check)]


def _carried(run: RunInfo, check: Check, base: CheckResult) -> CheckResult:
    found = {name: getattr(base, name) for name in ("evaluated", "failed", "pass_rate", "passed", "failing")}
    return result_of(run, check, **found)


def _judged(
    session: CheckSession, suite: Suite, sides: Mapping[str, tuple[str, str] | None], known: Mapping[Key, CheckResult]
) -> list[_Judged]:
    checks = {check.name: check for check in suite.checks if sides.get(check.name)}
    failing = session.failing_queries(suite, checks.values())
    return [
        _Judged(
            suite=suite,
            check=checks[name],
            base=known[suite.name, name],
            evaluated=session.evaluated_query(suite, checks[name]),
            failing=query,
            sides=sides[name] or ("", ""),
        )
        for name, query in failing.items()
    ]


def _changed(session: CheckSession, run: RunInfo, one: _Judged) -> CheckResult:
    evaluated_before, failed_before, evaluated_now, failed_now = session.execute(f"select {one.counts()}").one()
    evaluated = (one.base.evaluated or 0) - evaluated_before + evaluated_now
    failed = (one.base.failed or 0) - failed_before + failed_now
    if evaluated < 0 or failed < 0:
        raise ValueError("more rows were removed than there were")
    if one.check.type == SQL:
        passed = failed == 0
    else:
        # As Great Expectations compares.
        passed = not evaluated or (evaluated - failed) / evaluated >= one.check.kwargs.get("mostly", 1)
    failing = [] if passed else _listed(session, one, failed, changed=bool(failed_before or failed_now))
    pass_rate = 1 - failed / evaluated if evaluated else None
    return result_of(
        run, one.check, evaluated=evaluated, failed=failed, pass_rate=pass_rate, passed=passed, failing=failing
    )


def _listed(session: CheckSession, one: _Judged, failed: int, *, changed: bool) -> list[dict[str, Any]]:
    """The first failing rows: those listed before, updated by what changed, or else queried again."""
    listed, was = one.base.failing, one.base.failed or 0
    if len(listed) == min(was, LISTED_ROWS):
        rows = _merged(session, one, is_cut=was > len(listed)) if changed else listed
        if rows is not None and len(rows) == min(failed, LISTED_ROWS):
            return rows
    return session.list_rows(one.failing, LISTED_ROWS)


def _merged(session: CheckSession, one: _Judged, *, is_cut: bool) -> list[dict[str, Any]] | None:
    """The rows listed before, without removed and with added ones, in order; None if that can't be determined."""
    described = session.execute(f"describe select * from ({one.of_side(one.failing, 1)})").all()
    types = {name: type_ for name, type_, *_ in described if name in session.shown}
    first_shown = takewhile(types.__contains__, (name for name, *_ in described))
    listed = one.base.failing
    # Rows are ordered by all columns: hidden ones must come after file and line, which identify a row.
    if not {*WHERE_FROM} <= {*first_shown} or any(row.keys() != types.keys() for row in listed):
        return None
    before, now = (f"select {', '.join(types)} from ({one.of_side(one.failing, side)})" for side in (0, 1))
    rows, structure = (
        json.dumps(value, ensure_ascii=False, default=str).replace("'", "''") for value in (listed, [types])
    )
    merged = f"""
        with failing_before as materialized ({before})
        , failing_now as materialized ({now})
        , parsed as (select unnest(from_json('{rows}', '{structure}'), recursive := true))
        , listed as (select {", ".join(types)} from parsed)
        , gone as (from failing_before except all from failing_now)
        , added as (from failing_now except all from failing_before)
        , stay as (from listed except all from gone)
    """
    # After the last row listed there may be failing rows that are not known here.
    last = "select max(listed_row) from listed as listed_row"
    known = f"select count(*) from (from stay union all from added) as one where one <= ({last})"
    if is_cut and session.execute(f"{merged} {known}").scalar_one() < LISTED_ROWS:
        return None
    return session.list_rows(f"{merged} from stay union all from added", LISTED_ROWS)
