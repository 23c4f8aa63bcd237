"""The DuckDB file of a state: each table written in full, or updated by what changed in the warehouse."""

import fcntl
import logging
import mmap
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.publish.models import MONTH, Model
from dagster_project.settings import engine_memory
from dagster_project.sql_text import sql_text

# Clients from DuckDB 1.0 on can read this storage version.
STORAGE_VERSION = "v1.0.0"
# A changed table of at most so many rows is written in full, sorted: people export and read such tables directly.
ROWS_WRITTEN_WHOLE = 100_000
# Linux's FICLONE: the file system, if it can, shares the blocks of both files until one is modified.
SHARE_BLOCKS = 0x40049409
COPIED_AT_ONCE = 8 << 20

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """A written table: its number of rows, and the months whose rows differ from the last state; None: any may differ.

    Rows without a date belong to the month None.
    """

    rows: int
    months: frozenset[date | None] | None


@contextmanager
def open_state_file(file: Path, warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that writes to `published.marts` and reads from `warehouse`; the file is complete when it ends."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": engine_memory(),
        "temp_directory": str(file.parent / ".spilled"),
        # No vacuum: a file that has grown by the space of replaced rows is written in full instead.
        "max_vacuum_tasks": 0,
    }
    with duckdb.connect(config=config) as connection:
        connection.execute(f"attach {sql_text(warehouse)} as warehouse (read_only)")
        connection.execute(f"attach {sql_text(file)} as published (storage_version '{STORAGE_VERSION}')")
        connection.execute("create schema if not exists published.marts")
        yield connection
        connection.execute("detach published")


def copy_file(source: Path, target: Path) -> None:
    """Copy a file: share its blocks where the file system can, else copy it bypassing the system's cache.

    Copying gigabytes that are not cached through the cache takes as long as all other steps of publishing together.
    """
    with source.open("rb") as reading, target.open("wb") as writing:
        try:
            fcntl.ioctl(writing, SHARE_BLOCKS, reading.fileno())
            return
        except OSError:  # Most file systems can't.
            pass
    try:
        _copy_directly(source, target)
    except (OSError, AttributeError):  # Another file system or operating system.
        shutil.copyfile(source, target)


def _copy_directly(source: Path, target: Path) -> None:
    """Copy bypassing the system's cache, which requires whole blocks and page-aligned memory."""

    def direct(path: str, flags: int) -> int:
        return os.open(path, flags | os.O_DIRECT)

    with (
        mmap.mmap(-1, COPIED_AT_ONCE) as pages,
        memoryview(pages) as memory,
        open(source, "rb", buffering=0, opener=direct) as reading,
        open(target, "r+b", buffering=0, opener=direct) as writing,
    ):
        while count := reading.readinto(memory):
            padded = -(-count // mmap.PAGESIZE) * mmap.PAGESIZE
            if writing.write(memory[:padded]) != padded:
                raise OSError(f"{target} was written in part")
        writing.truncate(source.stat().st_size)


def relations(connection: duckdb.DuckDBPyConnection, catalog: str, *schemas: str) -> dict[str, str]:
    """The tables and views of some schemas of a database: name to qualified name."""
    found = connection.execute(
        "select table_name, table_schema from information_schema.tables "
        "where table_catalog = ? and list_contains(?, table_schema)",
        [catalog, list(schemas)],
    ).fetchall()
    return {name: f"{catalog}.{schema}.{name}" for name, schema in found}


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """The number of rows of a relation."""
    counted = connection.execute(f"select count(*) from {relation}").fetchone()
    return counted[0] if counted else 0


def write_whole(connection: duckdb.DuckDBPyConnection, model: Model, source: str) -> Written:
    """Write a table of the new state, with its comments, from a relation."""
    table = f"published.marts.{model.name}"
    connection.execute(f"create or replace table {table} as select * from {source} {_order(connection, model, source)}")
    connection.execute(f"comment on table {table} is {sql_text(model.description)}")
    # A table that is kept while publishing is blocked may lack columns that the code describes by now.
    for column, _ in _columns(connection, table):
        connection.execute(f"comment on column {table}.{column} is {sql_text(model.columns.get(column, ''))}")
    return Written(count(connection, table), months=None)


def _order(connection: duckdb.DuckDBPyConnection, model: Model, source: str) -> str:
    """The `order by` of a table; facts are not sorted, which saves time.

    A table whose Parquet is split by a date column of its own is sorted by it: reading one month then skips the others.
    """
    if model.name.startswith("fct_"):
        return ""
    by = (model.dated_by, *model.unit)
    # A table that is kept while publishing is blocked may lack the date, too.
    if model.dated_by != MONTH and {*by} <= {name for name, _ in _columns(connection, source)}:
        return f"order by {', '.join(by)}"
    return "order by all"


def renew(connection: duckdb.DuckDBPyConnection, model: Model, source: str) -> Written:
    """Update a table that was copied from the last state by what has changed in the warehouse since.

    `changed.<model>` holds the rows that differ, or for a view `affected.<model>` their affected keys, and
    `written.<model>` all rows of these keys. Where these are missing, or the table is small, it is written in full.
    """
    table = f"published.marts.{model.name}"
    differing = _relation_in(connection, model, "changed") or _relation_in(connection, model, "affected")
    if differing is None or _columns(connection, table) != _columns(connection, source):
        return write_whole(connection, model, source)
    written = _relation_in(connection, model, "written")
    if not count(connection, differing):
        months: frozenset[date | None] | None = frozenset()
    elif not model.unit or written is None or count(connection, source) <= ROWS_WRITTEN_WHOLE:
        return write_whole(connection, model, source)
    else:
        months = _replace_units(connection, model, differing, written)
    rows, wanted = count(connection, table), count(connection, source)
    if rows != wanted:
        logger.warning("%s has %s rows after its changes and should have %s: written in full", model.name, rows, wanted)
        return write_whole(connection, model, source)
    return Written(rows, months)


def _relation_in(connection: duckdb.DuckDBPyConnection, model: Model, schema: str) -> str | None:
    """The relation that an incremental build left for a model in one of its schemas; None where there is none."""
    relation = f"warehouse.{schema}.{model.name}"
    return relation if _columns(connection, relation) else None


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    """Names and types of a relation's columns; none where there is no such relation."""
    try:
        # The information schema takes ten times as long: it looks at every table.
        described = connection.execute(f"describe {relation}").fetchall()
    except duckdb.CatalogException:
        return []
    return [(name, data_type) for name, data_type, *_ in described]


def _replace_units(
    connection: duckdb.DuckDBPyConnection, model: Model, differing: str, written: str
) -> frozenset[date | None] | None:
    """Replace the rows of the keys that differ by the written ones; returns the months of the rows that differ."""
    table = f"published.marts.{model.name}"
    unit = ", ".join(f'"{column}"' for column in model.unit)
    # All rows of the table are scanned, but only the columns of the key.
    of_units = f"where ({unit}) in (select {unit} from {differing})"
    months = None
    if is_dated(connection, model):
        has_date = (model.dated_by, "DATE") in _columns(connection, differing)
        dates = f"select {model.dated_by} from "
        rows = dates + differing if has_date else f"{dates}{written} union all {dates}{table} {of_units}"
        months = frozenset(months_in(connection, model, f"({rows})"))
    connection.execute(f"delete from {table} {of_units}")
    connection.execute(f"insert into {table} from {written}")
    return months


def is_dated(connection: duckdb.DuckDBPyConnection, model: Model) -> bool:
    """Whether a table has the date column that it is split by."""
    return (model.dated_by, "DATE") in _columns(connection, f"published.marts.{model.name}")


def months_in(connection: duckdb.DuckDBPyConnection, model: Model, relation: str) -> list[date | None]:
    """The months of a relation's rows, each by its first day; None for those without a date."""
    month = f"cast(date_trunc('month', {model.dated_by}) as date)"
    found = connection.execute(f"select distinct {month} as month from {relation} order by month").fetchall()
    return [month for (month,) in found]
