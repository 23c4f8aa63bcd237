"""Recompute figures from exactly the rows that are listed for them.

The chosen figures are in the temporary table `figure`, one row of the mart each, numbered by `figure_id`: a single one
for a reader, all of them in a test.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from dagster_project.trace.declarations import DeclarationError, Declared, Follow, Formula, Mart, RowMeasure, marts
from dagster_project.trace.published import columns_of, key_of

Value = float | int | str | bool | date | datetime | None

_Z = "1.959964"


@dataclass(frozen=True)
class Previous:
    """A measure that repeats another one of the month before."""

    measure: str


@dataclass(frozen=True)
class Interval:
    """A Wilson bound of a rate."""

    rate: str
    sign: str


How = Declared | Previous | Interval


Key = dict[str, Value]


def has_key(key: Key) -> tuple[str, list[str]]:
    """An SQL condition on a mart's rows, and its parameters: values are compared as text."""
    condition = " and ".join(f"cast({column} as varchar) = ?" for column in key)
    return condition or "true", [str(value) for value in key.values()]


def choose(connection: duckdb.DuckDBPyConnection, mart: str, key: Key) -> int:
    """Choose the row of this key, or all rows where it is empty, as the figures; returns how many there are."""
    condition, values = has_key(key)
    connection.execute(
        f"create or replace temp table figure as select row_number() over () as figure_id, * from {mart} "
        f"where {condition}",
        values,
    )
    counted = connection.execute("select count(*) from figure").fetchone()
    return counted[0] if counted else 0


def measures_of(connection: duckdb.DuckDBPyConnection, mart: str) -> dict[str, How]:
    """How each measure of a mart is computed, in the mart's order.

    `previous_…` and the bounds of a rate need no declaration. Raises DeclarationError for another column without one.
    """
    declared = marts()[mart].measures
    columns = columns_of(connection, mart)
    found: dict[str, How] = {}
    for name in columns:
        if name in key_of(mart):
            continue
        rate, _, bound = name.rpartition("_")
        if name in declared:
            found[name] = declared[name]
        elif name.removeprefix("previous_") in columns and name.startswith("previous_"):
            found[name] = Previous(name.removeprefix("previous_"))
        elif bound in ("low", "high") and rate in columns:
            found[name] = Interval(rate, "-" if bound == "low" else "+")
        else:
            raise DeclarationError(f"{mart}.{name} is not declared in dagster_project/trace/marts")
    return found


def collect_rows(connection: duckdb.DuckDBPyConnection, mart: str, measure: RowMeasure) -> None:
    """Put the rows of a measure of all chosen figures into the temporary table `traced`."""
    key = key_of(mart)
    known = f"({measure.expression}) is not null" if measure.expression else "true"
    figure_key = "".join(f"figure.{column} as figure_{column}, " for column in key)
    connection.execute(
        f"create or replace temp table traced as select figure.figure_id, {figure_key}rows.* "
        f"from figure inner join (select * from trace_{measure.rows} where ({measure.where}) and {known}) as rows "
        f"on {' and '.join(_matches(connection, marts()[mart], key, measure))} and ({measure.only_if})"
    )


def _matches(connection: duckdb.DuckDBPyConnection, mart: Mart, key: list[str], measure: RowMeasure) -> list[str]:
    matches = mart.match.get(measure.rows, {}) | measure.match
    described = connection.execute(f"describe trace_{measure.rows}").fetchall()
    columns = {row[0] for row in described}
    if missing := [column for column in key if column not in matches and column not in columns]:
        raise DeclarationError(f"{mart.name}: {measure.rows} has no {', '.join(missing)}; declare `match`")
    return [f"({matches.get(column, f'rows.{column} = figure.{column}')})" for column in key]


def recompute(connection: duckdb.DuckDBPyConnection, mart: str, name: str, how: How) -> dict[int, Value]:
    """The recomputed value of a measure for each chosen figure; its rows are left in `traced`."""
    if isinstance(how, RowMeasure):
        collect_rows(connection, mart, how)
        query = _aggregate(how)
    elif isinstance(how, Previous):
        same = " and ".join(f"before.{c} = figure.{c}" for c in key_of(mart) if c != "month")
        query = (
            f"select figure.figure_id, before.{how.measure} from figure left join {mart} as before "
            f"on {same} and before.month = figure.month - interval 1 month"
        )
    elif isinstance(how, Interval):
        query = _wilson(mart, how)
    elif isinstance(how, Follow):
        query = _followed(how)
    elif how.ratio:
        numerator, denominator = how.ratio
        query = f"select figure_id, cast({numerator} as double) / nullif({denominator}, 0) from figure"
    else:
        query = f"select figure_id, {how.sql} from figure"
    return dict(connection.execute(query).fetchall())


def _aggregate(how: RowMeasure) -> str:
    source = "traced"
    if how.group_by:
        by = ", ".join(("figure_id", *how.group_by))
        source = f"(select {by}, {how.group_columns} from traced group by {by})"
    nothing = "null" if how.of_nothing is None else how.of_nothing
    return (
        f"select figure.figure_id, case when {how.only_if} then coalesce(made.value, {nothing}) end "
        f"from figure left join (select figure_id, {how.value} as value from {source} group by figure_id) as made "
        "using (figure_id)"
    )


def _followed(how: Follow) -> str:
    """SQL of each figure's value in the mart that it comes from."""
    cases = []
    for value, target in how.to.items():
        further = "".join(f" and source.{column} = '{wanted}'" for column, wanted in target.key.items())
        cases.append(
            f"when '{value}' then (select max(cast(source.{target.measure} as double)) from {target.mart} as source "
            f"where source.store_code = figure.store_code and source.month = figure.month{further})"
        )
    return f"select figure_id, case {how.by} {' '.join(cases)} end from figure"


def _wilson(mart: str, how: Interval) -> str:
    formula = marts()[mart].measures[how.rate]
    assert isinstance(formula, Formula) and formula.ratio, f"{mart}.{how.rate} is no ratio"
    p, n, z = "(successes / trials)", "trials", _Z
    root = f"sqrt({p} * (1 - {p}) / {n} + {z} * {z} / (4 * {n} * {n}))"
    bound = f"({p} + {z} * {z} / (2 * {n}) {how.sign} {z} * {root}) / (1 + {z} * {z} / {n})"
    return (
        f"select figure_id, case when trials > 0 and successes <= trials then {bound} end from ("
        f"select figure_id, cast({formula.ratio[0]} as double) as successes, "
        f"cast({formula.ratio[1]} as double) as trials from figure)"
    )


def published(connection: duckdb.DuckDBPyConnection, name: str) -> dict[int, Value]:
    """The value of a measure for each chosen figure, as published."""
    return dict(connection.execute(f"select figure_id, {name} from figure").fetchall())


def agree(one: Value, other: Value) -> bool:
    """Whether two values are equal; sums of binary fractions may differ in their last digits."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other
