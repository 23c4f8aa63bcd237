"""Rejected rows and loaded files as published, with the masked cells of each row by column."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa

from dagster_project.contracts import Column, Contract, read_contracts
from dagster_project.contracts.contract import plain_name
from dagster_project.load.cells import clean, enum_values, typed_sql
from dagster_project.reports.quality.wording import Reason, read_reasons

# The name under which the whole line of a row is kept whose cells can't be separated.
BROKEN_LINE = "line"
REPEATED_HEADER = "repeated_header"


@dataclass(frozen=True)
class LoadedFile:
    """The outcome of loading one file."""

    system: str
    dataset: str
    file: str
    extract_at: datetime | None
    rows_read: int
    rows_rejected: int
    status: str
    error: str | None

    @property
    def name(self) -> str:
        """`<system>/<dataset>`."""
        return f"{self.system}/{self.dataset}"


@dataclass(frozen=True)
class RejectedRow:
    """A rejected row: its place, the reasons, and its masked cells by column name.

    `other` holds cells of unknown columns, or the whole line of a row whose cells can't be separated.
    """

    file: str
    line: int
    reasons: list[Reason]
    cells: dict[str, str]
    other: dict[str, str] = field(default_factory=dict)

    @property
    def is_data(self) -> bool:
        """Whether the row holds data: a repeated header does not."""
        return all(reason.code != REPEATED_HEADER for reason in self.reasons)

    @property
    def bad_columns(self) -> set[str]:
        """Columns that a reason names."""
        return {reason.column for reason in self.reasons if reason.column}


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = connection.execute("select table_name from information_schema.tables where table_schema = 'marts'")
    return {name for (name,) in found.fetchall()}


def read_files(connection: duckdb.DuckDBPyConnection) -> list[LoadedFile]:
    """All landed files, from the published tables; none when they were never published."""
    if "quality_load" not in _tables(connection):
        return []
    rows = connection.execute(
        "select system, dataset, file, extract_at, rows_read, rows_rejected, status, error "
        "from marts.quality_load order by system, dataset, extract_at, file"
    ).fetchall()
    return [LoadedFile(*row) for row in rows]


def _row(contract: Contract, names: dict[str, str], found: tuple) -> RejectedRow:
    file, line, reasons, text = found
    try:
        shown = json.loads(text or "{}")
    except json.JSONDecodeError:
        shown = {BROKEN_LINE: text}
    cells: dict[str, str] = {}
    other: dict[str, str] = {}
    for header, cell in shown.items():
        column = names.get(plain_name(header))
        target, name = (other, header) if column is None else (cells, column)
        target[name] = "" if cell is None else str(cell)
    return RejectedRow(file=file, line=line, reasons=read_reasons(reasons, contract), cells=cells, other=other)


def read_rejected(connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[RejectedRow]:
    """The rejected rows of a dataset by file and line, from the published tables."""
    if "quality_rejected_row" not in _tables(connection):
        return []
    rows = connection.execute(
        "select file, line, reasons, row from marts.quality_rejected_row "
        "where system = ? and dataset = ? order by file, line",
        [contract.system, contract.dataset],
    ).fetchall()
    names = {header: column.name for header, column in contract.by_header.items()}
    return [_row(contract, names, found) for found in rows]


def count_naming_stores(connection: duckdb.DuckDBPyConnection, store_codes: Collection[str]) -> dict[str, int]:
    """The number of published rejected rows, by dataset, that name one of the stores in their store column."""
    if "quality_rejected_row" not in _tables(connection):
        return {}
    # The database counts them by header and store: rows may be many more than these.
    headers = connection.execute(
        "select distinct system, dataset, unnest(json_keys(row)) from marts.quality_rejected_row where json_valid(row)"
    ).fetchall()
    contracts = read_contracts()
    counts: Counter[str] = Counter()
    for system, dataset, header in headers:
        contract = contracts.get(f"{system}/{dataset}")
        column = contract.by_header.get(plain_name(header)) if contract else None
        if column is None or column.name != "store_code":
            continue
        found = connection.execute(
            "select json_extract_string(row, ?) as cell, count(*) from marts.quality_rejected_row "
            "where system = ? and dataset = ? and json_valid(row) group by cell",
            [header, system, dataset],
        ).fetchall()
        codes = clean(column, pa.array([cell for cell, _ in found], pa.string())).to_pylist()
        rows = sum(rows for code, (_, rows) in zip(codes, found, strict=True) if code in store_codes)
        counts[f"{system}/{dataset}"] += rows
    return {name: count for name, count in counts.items() if count}


def read_column(column: Column, rows: Sequence[RejectedRow]) -> list[str | None]:
    """The column's value in each row as normalised text (ISO dates, codes of a list); None where it can't be read."""
    if not rows:
        return []
    texts = clean(column, pa.array([row.cells.get(column.name) for row in rows], pa.string()))
    if column.enum:
        values = enum_values(column)
        return [None if text is None else values.get(plain_name(text)) for text in texts.to_pylist()]
    if column.type == "string":
        return texts.to_pylist()
    with duckdb.connect() as connection:
        connection.register("cells", pa.table({"place": pa.array(range(len(rows))), "text": texts}))
        sql = f"select cast({typed_sql(column, 'text')} as varchar) from cells order by place"
        return [value for (value,) in connection.execute(sql).fetchall()]
