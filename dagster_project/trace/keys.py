"""Which row of a mart is meant: options named after the mart's key, and what there is where a value is unknown."""

import re
from datetime import date

import duckdb

from dagster_project.errors import ExpectedError
from dagster_project.trace.figures import Key, Value, choose, has_key

_VALUES_SHOWN = 24


class TraceError(ExpectedError):
    """The question can't be answered; the message says what to ask instead."""


def options_of(column: str) -> list[str]:
    """Options that name a key column: `technician_no` is `--technician-no` and `--technician`, the shortest last."""
    short = re.sub(r"_(code|no|key|of_month)$", "", column)
    names = dict.fromkeys((column, short, short.removeprefix("responsible_")))
    return [f"--{name.replace('_', '-')}" for name in names]


def as_text(value: Value) -> str:
    """A key value as it is asked for; a blank one in quotes."""
    return f"{value:%Y-%m}" if isinstance(value, date) else str(value) or "''"


def asked(mart: str, key: Key) -> str:
    """The command that traces a row."""
    told = " ".join(f"{options_of(column)[-1]} {as_text(value)}" for column, value in key.items())
    return f"aftersales trace {mart} {told}"


def _value(column: str, told: str) -> Value:
    if column != "month":
        return told
    try:
        return date.fromisoformat(told if len(told) > len("2025-10") else f"{told}-01").replace(day=1)
    except ValueError:
        raise TraceError(f"month {told!r} is no month; write it as YYYY-MM") from None


def find_key(connection: duckdb.DuckDBPyConnection, mart: str, told: dict[str, str | None]) -> Key:
    """The key of the row asked for; raises TraceError with the values there are when it names none."""
    key = {column: _value(column, value) for column, value in told.items() if value is not None}
    missing = [column for column in told if column not in key]
    if missing:
        needed = " ".join(f"{options_of(column)[-1]} {column.upper()}" for column in told)
        raise TraceError(f"{mart} needs {needed}{_choices(connection, mart, dict.fromkeys(missing, key))}")
    if choose(connection, mart, key):
        return key
    others = {column: {c: v for c, v in key.items() if c != column} for column in key}
    choices = _choices(connection, mart, others) or _first_unknown(connection, mart, key)
    asked_for = ", ".join(f"{column} {as_text(value)}" for column, value in key.items())
    raise TraceError(f"{mart} has no row for {asked_for}{choices}")


def _choices(connection: duckdb.DuckDBPyConnection, mart: str, given: dict[str, Key]) -> str:
    """A line a column with the values it has in rows of the key given with it; none where it has none."""
    lines = ((column, _known(connection, mart, column, key)) for column, key in given.items())
    return "".join(f"\n  {column} can be: {values}" for column, values in lines if values)


def _known(connection: duckdb.DuckDBPyConnection, mart: str, column: str, key: Key) -> str:
    condition, given = has_key(key)
    rows = connection.execute(f"select distinct {column} from {mart} where {condition} order by 1", given).fetchall()
    values = [as_text(value) for (value,) in rows]
    more = f" … ({len(values):,} in all)" if len(values) > _VALUES_SHOWN else ""
    return ", ".join(values[:_VALUES_SHOWN]) + more


def _first_unknown(connection: duckdb.DuckDBPyConnection, mart: str, key: Key) -> str:
    """The choices of the first column that no row matches any more."""
    before: Key = {}
    for column, value in key.items():
        if not choose(connection, mart, before | {column: value}):
            return _choices(connection, mart, {column: before})
        before[column] = value
    return ""
