"""Find the row of a mart that is meant: options named after its key, and the existing values where one is unknown."""

import re
import shlex
from datetime import date

import duckdb

from dagster_project.errors import ExpectedError
from dagster_project.reports.text import visible
from dagster_project.trace.figures import Key, Value, choose, has_key

_VALUES_SHOWN = 24


class TraceError(ExpectedError):
    """The trace can't be answered as asked; the message says what to ask instead."""


def options_of(column: str) -> list[str]:
    """Options that name a key column: `technician_no` is `--technician-no` and `--technician`, the shortest last."""
    short = re.sub(r"_(code|no|key|of_month)$", "", column)
    names = dict.fromkeys((column, short, short.removeprefix("responsible_")))
    return [f"--{name.replace('_', '-')}" for name in names]


def as_text(value: Value) -> str:
    """A key value as the options take it; a blank one in quotes."""
    return _plain(value) or "''"


def _plain(value: Value) -> str:
    return f"{value:%Y-%m}" if isinstance(value, date) else str(value)


def asked(mart: str, key: Key) -> str:
    """The command that traces a row, quoted for a shell."""
    options = " ".join(_option(options_of(column)[-1], _plain(value)) for column, value in key.items())
    return f"aftersales trace {mart} {options}"


def _option(name: str, value: str) -> str:
    # A value that starts with a dash would otherwise be taken for an option.
    return f"{name}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}"


def _value(column: str, text: str) -> Value:
    if column != "month":
        return text
    try:
        # Of ISO's other forms, "2025-W40-1" is a week.
        if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text):
            raise ValueError(text)
        return date.fromisoformat(text if len(text) > len("2025-10") else f"{text}-01").replace(day=1)
    except ValueError:
        raise TraceError(f"{text!r} is not a month; write it as YYYY-MM") from None


def find_key(connection: duckdb.DuckDBPyConnection, mart: str, given: dict[str, str | None]) -> Key:
    """The key of the row asked for; raises TraceError, with the existing values, when there is no such row."""
    key = {column: _value(column, value) for column, value in given.items() if value is not None}
    missing = [column for column in given if column not in key]
    if missing:
        needed = " ".join(f"{options_of(column)[-1]} {column.upper()}" for column in given)
        raise TraceError(f"{mart} needs {needed}{_choices(connection, mart, dict.fromkeys(missing, key))}")
    if choose(connection, mart, key):
        return key
    others = {column: {c: v for c, v in key.items() if c != column} for column in key}
    choices = _choices(connection, mart, others) or _first_unknown(connection, mart, key)
    asked_for = ", ".join(f"{column} {as_text(value)}" for column, value in key.items())
    raise TraceError(f"{mart} has no row for {asked_for}{choices}")


def _choices(connection: duckdb.DuckDBPyConnection, mart: str, given: dict[str, Key]) -> str:
    """One line a column, with its values in the rows that match the partial key given for it, if there are any."""
    lines = ((column, _known(connection, mart, column, key)) for column, key in given.items())
    return "".join(f"\n  {column} can be: {values}" for column, values in lines if values)


def _known(connection: duckdb.DuckDBPyConnection, mart: str, column: str, key: Key) -> str:
    condition, given = has_key(key)
    rows = connection.execute(f"select distinct {column} from {mart} where {condition} order by 1", given).fetchall()
    values = [visible(as_text(value)) for (value,) in rows]
    more = f" … ({len(values):,} in all)" if len(values) > _VALUES_SHOWN else ""
    return ", ".join(values[:_VALUES_SHOWN]) + more


def _first_unknown(connection: duckdb.DuckDBPyConnection, mart: str, key: Key) -> str:
    """The choices of the first column at which no row matches any more."""
    before: Key = {}
    for column, value in key.items():
        if not choose(connection, mart, before | {column: value}):
            return _choices(connection, mart, {column: before})
        before[column] = value
    return ""
