"""Run checks on an open warehouse or cluster: count the rows that fail, and list them.

Checks read three temporary views of their own and of other datasets: `accepted__<system>__<dataset>` (staging),
`original__…` (the same rows with the values as delivered) and `parsed__…` (all rows that could be read).
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from dagster_project.checks.dialect import Untranslatable
from dagster_project.checks.results import LISTED_ROWS, CheckResult, RunInfo
from dagster_project.checks.suites import COLUMN_ARGUMENTS, NOT_NULL, ROWS, SQL, SUITES_DIR, Check, Suite
from dagster_project.checks.views import WHERE_FROM, relation_of, views
from dagster_project.contracts import Contract, read_contracts
from dagster_project.privacy.error_details import without_values
from dagster_project.spark_server import SparkServer

if TYPE_CHECKING:
    from dagster_project.checks.engine import Engine

logger = logging.getLogger(__name__)

_FETCHED_ROWS = 10_000
# Name of the relation of the rows that an incremental build added to a relation.
CAME = "come__{}"
# A view on the views of datasets that several suites use.
_VISITED_MONTHS = "visited_months"


def shown_columns(contracts: Iterable[Contract]) -> frozenset[str]:
    """Columns of failing rows that may be shown: none that is hidden in any dataset."""
    columns = [column for contract in contracts for column in contract.columns]
    hidden = {column.name for column in columns if column.is_hidden}
    return frozenset({column.name for column in columns} - hidden | {*WHERE_FROM, "extract_at", "month"})


def result_of(run: RunInfo, check: Check, **found: Any) -> CheckResult:  # noqa: ANN401
    """The result of a check, with the fields in `found`: what was found, or the error."""
    values: dict[str, Any] = {"evaluated": None, "failed": None, "pass_rate": None, "passed": None} | found
    return CheckResult(
        run_id=run.run_id,
        system=check.system,
        dataset=check.dataset,
        check_name=check.name,
        dimension=check.dimension,
        severity=check.severity,
        column_name=check.column,
        is_blocking=check.is_blocking,
        run_at=run.run_at,
        as_of=run.as_of,
        owner=check.owner,
        description=check.description,
        **values,
    )


class CheckSession:
    """Runs checks for one business date on one open warehouse or cluster."""

    def __init__(self, engine: "Engine", as_of: date) -> None:
        self.engine = engine
        self.as_of = as_of
        self.shown = shown_columns(read_contracts().values())
        for statement in engine.dialect.set_up():
            self.execute(statement)
        self.engine.connection.commit()
        for contract in read_contracts().values():
            for rows, sql in views(contract).items():
                relation = relation_of(rows, contract)
                self._create_view(relation, f"create or replace temp view {relation} as {sql}")
        self._create_view(_VISITED_MONTHS, (SUITES_DIR / f"{_VISITED_MONTHS}.sql").read_text(encoding="utf-8"))
        relations = {rows: [relation_of(rows, contract) for contract in read_contracts().values()] for rows in ROWS}
        engine.register(chain(*relations.values(), map(CAME.format, relations["accepted"] + relations["original"])))

    def _create_view(self, name: str, sql: str) -> None:
        try:
            self.execute(self.engine.dialect.sql(sql))
            self.engine.connection.commit()
        except (sa.exc.DBAPIError, Untranslatable) as error:
            # The checks that read the view report the error.
            self.engine.connection.rollback()
            logger.debug("%s can't be read: %s", name, error)

    def keep_visited_months(self) -> None:
        """Compute the months of all repair orders once, for a dozen checks; no row may change afterwards."""
        try:
            for statement in self.engine.dialect.materialised(_VISITED_MONTHS):
                self.execute(statement)
            self.commit()
        except sa.exc.DBAPIError:
            # The checks that read the view report the error.
            self.rollback()

    def execute(self, sql: str) -> sa.CursorResult:
        """Run SQL unchanged: a colon or a % in it is not a parameter."""
        return self.engine.connection.exec_driver_sql(sql, execution_options={"no_parameters": True})

    def commit(self) -> None:
        """Commit the temporary relations created so far, so that a later failure does not remove them."""
        self.engine.connection.commit()

    def rollback(self) -> None:
        """Roll back the transaction of a failed query."""
        self.engine.connection.rollback()

    def describe_error(self, error: object) -> str:
        """The beginning of an error message, enough to find the fault, without the SQL and the values it quotes."""
        dialect = self.engine.dialect
        return f"{dialect.refusal}{without_values(' '.join(dialect.shortened(str(error)).split()))}"[:500]

    def _query(self, sql: str, suite: Suite, check: Check) -> str:
        """A check's SQL in the engine's dialect, with relation, business date and cadence of the dataset filled in."""
        filled = sql.format(
            batch=relation_of(check.rows, suite.contract),
            as_of=f"date '{self.as_of}'",
            latency_days=suite.contract.latency_days,
        )
        return self.engine.dialect.sql(filled.rstrip())

    def _validate(self, suite: Suite, relation: str, checks: Sequence[Check]) -> dict:
        """Great Expectations' results by check name: counts, and the query of the failing rows."""
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
        from great_expectations.expectations.metadata_types import FailureSeverity

        # Complete except for the rows themselves, which the engine never lists.
        result_format = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": list(dict.fromkeys([*suite.contract.key, *WHERE_FROM])),
            "partial_unexpected_count": 0,
        }
        configurations = []
        for check in checks:
            kwargs = dict(check.kwargs)
            if check.type == SQL:
                kwargs["unexpected_rows_query"] = _for_great_expectations(
                    self._query(kwargs["unexpected_rows_query"], suite, check)
                )
            if "regex" in kwargs:
                kwargs["regex"] = self.engine.dialect.regex(kwargs["regex"])
            configurations.append(
                ExpectationConfiguration(
                    type=check.type, kwargs=kwargs, meta={"check": check.name}, severity=FailureSeverity(check.severity)
                )
            )
        found = self.engine.validate(relation, configurations, result_format)
        return {result.expectation_config.meta["check"]: result for result in found if result.expectation_config}

    def _evaluated(self, suite: Suite, checks: Iterable[Check]) -> dict[str, int | Exception]:
        """The number of rows that each SQL check applies to, or the error of counting them."""
        queries = {check.name: self.evaluated_query(suite, check) for check in checks if check.type == SQL}
        if not queries:
            return {}
        try:
            row = self.execute(f"select {', '.join(f'({query})' for query in queries.values())}").one()
            return dict(zip(queries, row, strict=True))
        except sa.exc.DBAPIError:
            self.engine.connection.rollback()
        counted: dict[str, int | Exception] = {}
        for name, query in queries.items():
            try:
                counted[name] = self.execute(query).scalar_one()
            except sa.exc.DBAPIError as error:
                self.engine.connection.rollback()
                counted[name] = error
        return counted

    def evaluated_query(self, suite: Suite, check: Check) -> str:
        """SQL that counts the rows that a check applies to."""
        if check.type == SQL:
            return self._query(check.evaluated_query or "select count(*) from {batch}", suite, check)
        columns = [check.kwargs[name] for name in COLUMN_ARGUMENTS if name in check.kwargs]
        filled = " and ".join(f"{column} is not null" for column in columns)
        condition = "true" if check.type == NOT_NULL else filled
        return f"select count(*) from {relation_of(check.rows, suite.contract)} where {condition}"

    def failing_queries(self, suite: Suite, checks: Iterable[Check]) -> dict[str, str]:
        """SQL of the failing rows of each check; Great Expectations generates that of its own expectation types.

        For that it validates the few rows that were added; checks that fail to run on them are left out.
        """
        queries = {c.name: self._query(c.kwargs["unexpected_rows_query"], suite, c) for c in checks if c.type == SQL}
        for rows in ROWS:
            columns = [check for check in checks if check.type != SQL and check.rows == rows]
            if not columns:
                continue
            relation = relation_of(rows, suite.contract)
            for name, result in self._validate(suite, CAME.format(relation), columns).items():
                if not _problem(result.exception_info):
                    query = self._failing_query(suite, suite.check(name), result)
                    queries[name] = query.replace(CAME.format(relation), relation)
        return queries

    def _failing_query(self, suite: Suite, check: Check, result: Any) -> str:  # noqa: ANN401
        """SQL of the failing rows of a check, taken from Great Expectations' result unless it is an SQL check."""
        if check.type == SQL:
            return self._query(check.kwargs["unexpected_rows_query"], suite, check)
        return result.result["unexpected_index_query"].rstrip().removesuffix(";")

    def _stream(self, query: str, limit: int | None = None) -> tuple[list[str], Iterable[Sequence[Any]]]:
        """The columns of failing rows that may be shown, and the rows, always in the same order."""
        limited = f" limit {limit}" if limit is not None else ""
        found = self.execute(f"{self.engine.dialect.ordered(query)}{limited}")
        columns = [name for name in found.keys() if name in self.shown]  # noqa: SIM118 (a result is no mapping)
        return columns, found.yield_per(_FETCHED_ROWS).columns(*columns)

    def list_rows(self, query: str, limit: int | None) -> list[dict[str, Any]]:
        """The rows of a query of failing rows, with the columns that may be shown, always in the same order."""
        columns, rows = self._stream(query, limit)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def _query_of_failing(self, suite: Suite, check: Check) -> str:
        relation = relation_of(check.rows, suite.contract)
        result = None if check.type == SQL else self._validate(suite, relation, [check])[check.name]
        return self._failing_query(suite, check, result)

    def stream_failing_rows(self, suite: Suite, check: Check) -> tuple[list[str], Iterable[Sequence[Any]]]:
        """The columns of failing rows that may be shown, and an iterable of all rows, which uses little memory."""
        return self._stream(self._query_of_failing(suite, check))

    def failing_rows(self, suite: Suite, check: Check, limit: int | None = None) -> list[dict[str, Any]]:
        """The failing rows by key, file and line, always in the same order."""
        return self.list_rows(self._query_of_failing(suite, check), limit)

    def _judge(self, run: RunInfo, suite: Suite, check: Check, result: Any, evaluated: Any) -> CheckResult:  # noqa: ANN401
        """The result of a check from Great Expectations' result and the number of evaluated rows."""
        if result is None:
            return result_of(run, check, error="the check did not run")
        if (problem := _problem(result.exception_info)) or isinstance(evaluated, Exception):
            return result_of(run, check, error=self.describe_error(problem or evaluated))
        if check.type == SQL:
            failed = result.result["observed_value"]
            passed = failed == 0
        else:
            # Great Expectations gives null for a table without rows.
            failed = result.result["unexpected_count"] or 0
            missing = 0 if check.type == NOT_NULL else result.result.get("missing_count", 0)
            evaluated = result.result["element_count"] - missing
            passed = bool(result.success) if evaluated else True
        failing = [] if passed else self.list_rows(self._failing_query(suite, check, result), LISTED_ROWS)
        pass_rate = 1 - failed / evaluated if evaluated else None
        return result_of(
            run, check, evaluated=evaluated, failed=failed, pass_rate=pass_rate, passed=passed, failing=failing
        )

    def _untranslatable(self, suite: Suite, run: RunInfo, checks: Iterable[Check]) -> dict[str, CheckResult]:
        """Results of the checks whose SQL can't be translated for the engine, each with the reason."""
        results = {}
        for check in checks:
            try:
                if check.type == SQL:
                    self._query(check.kwargs["unexpected_rows_query"], suite, check)
                    self.evaluated_query(suite, check)
            except Untranslatable as error:
                results[check.name] = result_of(run, check, error=self.describe_error(error))
        return results

    def run(self, suite: Suite, run: RunInfo, names: Iterable[str] | None = None) -> list[CheckResult]:
        """Run a suite, or only the checks in `names`; returns one result per check, whatever fails."""
        wanted = [check for check in suite.checks if names is None or check.name in names]
        results = self._untranslatable(suite, run, wanted)
        for rows in ROWS:
            checks = [check for check in wanted if check.rows == rows and check.name not in results]
            if not checks:
                continue
            try:
                relation = relation_of(rows, suite.contract)
                found, evaluated = self._validate(suite, relation, checks), self._evaluated(suite, checks)
            except Exception as error:
                self.engine.connection.rollback()
                results |= {check.name: result_of(run, check, error=self.describe_error(error)) for check in checks}
                continue
            for check in checks:
                try:
                    judged = self._judge(run, suite, check, found.get(check.name), evaluated.get(check.name))
                except Exception as error:
                    self.engine.connection.rollback()
                    judged = result_of(run, check, error=self.describe_error(error))
                results[check.name] = judged
        return [results[check.name] for check in wanted]


def _for_great_expectations(query: str) -> str:
    """The query, escaped; Great Expectations demands a `{batch}`, which is already filled in, so a comment has one."""
    return query.replace("{", "{{").replace("}", "}}") + "\n/* {batch} */"


def _problem(exception_info: Mapping[str, Any]) -> str | None:
    """The message of an expectation that raised, None if none did; Great Expectations keeps one per metric, or one."""
    infos = [exception_info, *(info for info in exception_info.values() if isinstance(info, dict))]
    for info in infos:
        if info.get("raised_exception"):
            return str(info.get("exception_message"))
    return None


@contextmanager
def open_session(staged: Path | SparkServer, as_of: date, *, read_only: bool = True) -> Iterator[CheckSession]:
    """A session on the staged rows: a warehouse file that no other connection writes to, or a Spark cluster.

    The file is closed afterwards.
    """
    from dagster_project.checks.engine import open_engine, open_spark_engine

    opened = open_spark_engine(staged) if isinstance(staged, SparkServer) else open_engine(staged, read_only=read_only)
    with opened as engine:
        yield CheckSession(engine, as_of)
