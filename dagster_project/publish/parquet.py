"""The Parquet files of a state: one a table; for a table too large to be rewritten each day, one a month.

    parquet/css_store_monthly.parquet
    parquet/fct_job_line.parquet/2026-01.parquet

An unchanged file is a hard link to that of the last state: files of a state are never modified.
"""

import os
import shutil
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.publish.models import Model
from dagster_project.publish.tables import Written, is_dated, months_in
from dagster_project.sql_text import sql_text

# A table of more rows is a folder with one file a month, which readers of Parquet read as one table.
ROWS_IN_ONE_FILE = 1_000_000
# Higher levels cost a third more time and save nothing. Dictionaries are limited: keys take as much space in one.
FORMAT = "format parquet, compression zstd, compression_level 1, string_dictionary_page_size_limit 100000"
# The file of rows without a month.
NO_MONTH = "none"


def write_parquet(
    connection: duckdb.DuckDBPyConnection, model: Model, written: Written, folder: Path, last: Path | None
) -> None:
    """Write the Parquet of a table in `published.marts` into `folder`, linking unchanged files to those in `last`."""
    table = f"published.marts.{model.name}"
    path = folder / f"{model.name}.parquet"
    before = last / path.name if last else None
    if written.rows <= ROWS_IN_ONE_FILE or not is_dated(connection, model):
        if before and before.is_file() and written.months == frozenset():
            link(before, path)
        else:
            _copy(connection, f"from {table}", path)
        return
    path.mkdir()
    for month in months_in(connection, model, table):
        of_month = path / f"{f'{month:%Y-%m}' if month else NO_MONTH}.parquet"
        month_before = before / of_month.name if before else None
        if month_before and month_before.exists() and written.months is not None and month not in written.months:
            link(month_before, of_month)
        else:
            _copy(connection, f"from {table} where {_is_in(model.dated_by, month)}", of_month)


def _is_in(column: str, month: date | None) -> str:
    first = f"date '{month}'"
    return f"{column} between {first} and last_day({first})" if month else f"{column} is null"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"copy ({query}) to {sql_text(path)} ({FORMAT})")


def link(source: Path, target: Path) -> None:
    """Hard-link a file, or copy it where the disk has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
