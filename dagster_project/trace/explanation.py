"""Explain one row of a mart: each measure with its value, how it is computed, and its rows."""

import re
from dataclasses import dataclass, replace
from datetime import date

import duckdb

from dagster_project.trace.declarations import Follow, Formula, RowMeasure, Target, row_sets, unit_labels
from dagster_project.trace.figures import (
    How,
    Interval,
    Key,
    Previous,
    Value,
    agree,
    choose,
    measures_of,
    published,
    recompute,
)
from dagster_project.trace.keys import asked
from dagster_project.trace.published import columns_of, key_of
from dagster_project.trace.source_rows import SourceRow, source_rows

_AGGREGATES = {"sum": "sum of {}", "mean": "mean of {}", "median": "median of {}", "p90": "90th percentile of {}"}


@dataclass(frozen=True)
class Explained:
    """A measure of one row: the published and the recomputed value, how it is computed, and from which rows.

    `by_rule` is true where a text explains the computation: what it looks up in other rows is not listed.
    """

    name: str
    label: str
    value: Value
    recomputed: Value
    how: str
    rows: list[SourceRow]
    by_rule: bool = False

    @property
    def adds_up(self) -> bool:
        """Whether the listed rows give the published value."""
        return agree(self.value, self.recomputed)


def explain(connection: duckdb.DuckDBPyConnection, mart: str, key: Key, measure: str | None = None) -> list[Explained]:
    """The measures of the row with this key; with `measure`, only that one and those it is computed from.

    A figure that comes from another mart is followed there.
    """
    choose(connection, mart, key)
    measures = measures_of(connection, mart)
    wanted = measures.keys() if measure is None else _with_operands(measures, measure)
    labels = columns_of(connection, mart)
    values = {name: published(connection, name)[1] for name in measures}
    explained = []
    for name in (name for name in measures if name in wanted):
        how = measures[name]
        recomputed = recompute(connection, mart, name, how)[1]
        rows = source_rows(connection, how) if isinstance(how, RowMeasure) else []
        if values[name] is None and recomputed is None and values.get("is_final") is False:
            text, rows = "not final yet / 尚未最终确定", []
        elif isinstance(how, RowMeasure):
            text = _describe_rows(how, rows)
        elif isinstance(how, Previous):
            text = _describe_previous(mart, how, key)
        elif isinstance(how, Follow):
            target = how.to[str(key[how.by])]
            text = f"{target.measure}: {asked(target.mart, _key_there(target, key))}"
            if values[name] is None:
                text = f"{target.mart} has no {target.measure} for it"
        else:
            text = _describe_formula(how, values)
        by_rule = isinstance(how, Formula) and bool(how.text)
        explained.append(Explained(name, labels[name], values[name], recomputed, text, rows, by_rule))
    for name in [measure.name for measure in explained if measure.value is not None]:
        if isinstance(followed := measures[name], Follow):
            target = followed.to[str(key[followed.by])]
            there = explain(connection, target.mart, _key_there(target, key), target.measure)
            explained += [replace(measure, name=f"{target.mart}.{measure.name}") for measure in there]
    return explained


def _key_there(target: Target, key: Key) -> Key:
    """The key of the row in another mart, in that mart's order."""
    known: Key = {**key, **target.key}
    return {column: known[column] for column in key_of(target.mart)}


def _with_operands(measures: dict[str, How], name: str) -> set[str]:
    how = measures[name]
    if isinstance(how, RowMeasure | Previous | Follow):
        return {name}
    operands = {how.rate} if isinstance(how, Interval) else how.names & measures.keys()
    return {name}.union(*(_with_operands(measures, operand) for operand in operands))


def number(value: Value) -> str:
    """A value as text: counts as integers, others with four decimals, a missing one as a dash."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _some(count: int, label: str) -> str:
    """A number with its label, `2 repair orders 工单`, in the singular for one: `1 repair order 工单`."""
    return f"{count:,} {re.sub('s (?=[^ ]+$)', ' ', label) if count == 1 else label}"


def _describe_rows(how: RowMeasure, rows: list[SourceRow]) -> str:
    counted = [row for row in rows if row.is_counted]
    text = _some(len(counted), row_sets()[how.rows].label)
    if how.counted:
        text = f"{_some(len({row.unit for row in counted}), unit_labels()[how.counted])} in {text}"
    elif how.kind in _AGGREGATES:
        text = f"{_AGGREGATES[how.kind].format(how.expression)} over {text}"
    elif how.kind == "only":
        text = f"{how.expression} of {text}"
    elif how.kind == "value":
        text = f"{how.text}, over {text}"
    further = len(rows) - len(counted)
    return f"{text}, resting on {_some(further, 'further rows 依据行')}" if further else text


def _describe_previous(mart: str, how: Previous, key: Key) -> str:
    month = key["month"]
    assert isinstance(month, date)
    before = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    return f"{how.measure} of the month before 上月: {asked(mart, key | {'month': before})}"


def _describe_formula(how: How, values: dict[str, Value]) -> str:
    if isinstance(how, Interval):
        return f"Wilson 95% interval of {how.rate} 威尔逊95%区间"
    assert not isinstance(how, RowMeasure | Previous | Follow)
    if how.text:
        operands = ", ".join(f"{name} {number(values[name])}" for name in how.of)
        return f"{how.text}: {operands}" if operands else how.text
    with_values = re.sub(r"[a-z][a-z0-9_]*", lambda found: number(values.get(found[0])), how.sql)
    return f"{how.sql} = {with_values}".replace(" / ", " ÷ ").replace(" * ", " × ").replace(" - ", " − ")
