"""Restatements: changes that publishing makes to figures of closed months.

Just before the marts are published they are compared with the last published ones. A difference in a closed month
becomes a row below `<lake>/quality/restatement/`, in a file named after the state it is relative to: publishing again
after it was killed writes the same file again.

A month is closed when its row was final; in marts without `is_final`, when the month ended before the business date
of the last published state; and in every mart, when the store's report of that month was issued.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dagster_project.parquet_rows import write_rows
from dagster_project.publish.state import StateInfo, state_of
from dagster_project.reports.reported_months import reported_months
from dagster_project.sql_text import sql_text

STORE_MONTH = ("store_code", "month")
RELATIVE_TOLERANCE = 1e-9

# Columns that repeat a figure of another month, store or column, and the bounds of a rate, which change with it.
DERIVED_PREFIXES = ("previous_", "region_", "national_", "gap_")
DERIVED_SUFFIXES = ("_rate_low", "_rate_high")
_NUMBERS = ("bigint", "double", "integer", "decimal")

RESTATEMENT_SCHEMA = pa.schema(
    [
        ("published_at", pa.timestamp("us")),
        ("mart", pa.string()),
        ("store_code", pa.string()),
        ("month", pa.date32()),
        ("column_name", pa.string()),
        ("value_before", pa.float64()),
        ("value_after", pa.float64()),
    ]
)


@dataclass(frozen=True)
class FollowedMart:
    """A mart with one row a store and month; if it has more, `total` gives the values that mark the total row."""

    name: str
    measures: tuple[str, ...]
    total: Mapping[str, str]

    @property
    def condition(self) -> str:
        """SQL condition of the rows for the store as a whole."""
        return " and ".join(["true", *(f"{_name(column)} = {sql_text(value)}" for column, value in self.total.items())])


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _is_measure(name: str, data_type: str) -> bool:
    is_derived = name.startswith(DERIVED_PREFIXES) or name.endswith(DERIVED_SUFFIXES)
    return data_type.startswith(_NUMBERS) and not is_derived


def followed_marts(manifest: Path) -> list[FollowedMart]:
    """The marts whose restatements are recorded, found by their key in dbt's manifest.

    The key is store and month, or these and the columns of the model's `meta.store_total`, which gives their values
    in the rows for the whole store.
    """
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    found = []
    for test in nodes.values():
        metadata = test.get("test_metadata") or {}
        model = nodes.get(test.get("attached_node"))
        if metadata.get("name") != "unique_combination" or model is None or model["schema"] != "marts":
            continue
        total = model["config"]["meta"].get("store_total", {})
        key = set(metadata["kwargs"]["columns"])
        if key != {*STORE_MONTH, *total}:
            continue
        columns = model["columns"].items()
        measures = tuple(name for name, c in columns if name not in key and _is_measure(name, c["data_type"] or ""))
        found.append(FollowedMart(name=model["name"], measures=measures, total=total))
    return sorted(found, key=lambda mart: mart.name)


def _published_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    found = connection.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_catalog = 'published' and table_schema = 'marts'"
    )
    columns: dict[str, set[str]] = {}
    for table, column in found.fetchall():
        columns.setdefault(table, set()).add(column)
    return columns


def _values(catalog: str, mart: FollowedMart, measures: list[str]) -> str:
    """SQL of the values of a mart that are not null, one a row."""
    numbers = ", ".join(f"cast({_name(measure)} as double) as {_name(measure)}" for measure in measures)
    rows = f"select store_code, month, {numbers} from {catalog}.marts.{mart.name} where {mart.condition}"
    return f"unpivot ({rows}) on {', '.join(map(_name, measures))} into name column_name value amount"


def _closed(mart: FollowedMart, has_is_final: bool, as_of: date | None, catalogs: tuple[str, ...]) -> str:
    """SQL condition: the month of `changed` is closed in each of the databases, or by the business date."""
    if has_is_final:
        # A new row has no earlier `is_final`: its month counts as closed if that month or a later one was final for
        # any store.
        return " and ".join(
            f"coalesce((select known.is_final from {catalog}.marts.{mart.name} as known "
            "where known.store_code = changed.store_code and known.month = changed.month "
            f"and {mart.condition}), "
            f"changed.month <= (select max(known.month) from {catalog}.marts.{mart.name} as known "
            "where known.is_final), false)"
            for catalog in catalogs
        )
    return "false" if as_of is None else f"last_day(changed.month) < date '{as_of}'"


def _changes(
    connection: duckdb.DuckDBPyConnection, mart: FollowedMart, published: set[str], closed: str
) -> list[tuple]:
    """Changes in closed months of a mart: store, month, column, value before and after; null where there was none."""
    measures = [measure for measure in mart.measures if measure in published]
    if not measures:
        return []
    return connection.execute(f"""
        with before as ({_values("published", mart, measures)}),
        after as ({_values("warehouse", mart, measures)}),
        changed as (
            select store_code, month, column_name, before.amount as value_before, after.amount as value_after
            from before full join after using (store_code, month, column_name)
            where before.amount is null or after.amount is null
                or abs(after.amount - before.amount)
                    > {RELATIVE_TOLERANCE} * greatest(abs(after.amount), abs(before.amount))
        )
        select changed.store_code, changed.month, changed.column_name, changed.value_before, changed.value_after
        from changed
        where ({closed})
            or exists (
                select 1 from reported where reported.store_code = changed.store_code and reported.month = changed.month
            )
        order by all
    """).fetchall()


def find_restatements(
    warehouse: Path,
    manifest: Path,
    published: Path,
    reported: pa.Table,
    as_of: date | None,
    *,
    corrected_as_of: date | None = None,
) -> list[dict[str, Any]]:
    """The figures of closed months that differ between the marts in the warehouse and the published ones.

    `published` is the last published DuckDB file, of business date `as_of` where that is known. Where that date was
    a mistake, `corrected_as_of` is the warehouse's earlier one: a month must be closed by both. Marts and columns
    that only one side has are left out: those are changes of the contract, not of figures.
    """
    closed_by = corrected_as_of or as_of
    catalogs = ("published", "warehouse") if corrected_as_of else ("published",)
    rows = []
    with duckdb.connect() as connection:
        connection.execute(f"attach {sql_text(warehouse)} as warehouse (read_only)")
        connection.execute(f"attach {sql_text(published.resolve())} as published (read_only)")
        connection.register("reported", reported)
        columns = _published_columns(connection)
        for mart in followed_marts(manifest):
            known = columns.get(mart.name, set())
            closed = _closed(mart, "is_final" in known, closed_by, catalogs)
            for found in _changes(connection, mart, known, closed):
                rows.append({"mart": mart.name} | dict(zip(RESTATEMENT_SCHEMA.names[2:], found, strict=True)))
    return rows


def write_no_restatement(lake: Path) -> None:
    """Write an empty file, so that the folder can be read as a table before there is any restatement."""
    path = lake / "quality" / "restatement" / "empty.parquet"
    if not path.exists():
        write_rows(path, [], RESTATEMENT_SCHEMA)


def record_restatements(
    warehouse: Path, manifest: Path, in_force: Path | None, lake: Path, state: StateInfo
) -> list[dict[str, Any]]:
    """Record in the lake, and return, what publishing the warehouse as `state` changes in closed months of `in_force`.

    A state that looks back restates nothing: the state in force stays the same.
    """
    if in_force is None:
        return []
    last = state_of(in_force)
    path = lake / "quality" / "restatement" / f"{last.name}.parquet"
    if state.looks_back_from:
        # The file may be left from a run that was killed before it published.
        path.unlink(missing_ok=True)
        return []
    database = in_force / "aftersales.duckdb"
    is_corrected = last.as_of and state.as_of and state.as_of < last.as_of
    changes = find_restatements(
        warehouse,
        manifest,
        database,
        reported_months(lake),
        last.as_of,
        corrected_as_of=state.as_of if is_corrected else None,
    )
    rows = [{"published_at": state.published_at} | change for change in changes]
    if rows:
        write_rows(path, rows, RESTATEMENT_SCHEMA)
    else:
        path.unlink(missing_ok=True)
    return rows
