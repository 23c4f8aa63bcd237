"""Export published tables as one XLSX workbook: an index, what each column means, one sheet a table."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xlsxwriter.exceptions import FileCreateError

from dagster_project.publish.csv_files import ExportRefused
from dagster_project.publish.open_state import Column, State, Table, published_state
from dagster_project.reports.book import Book, Formatted, Heading
from dagster_project.reports.text import split

# A workbook with larger sheets opens slowly or not at all; such a table is only listed in the index.
MAX_ROWS = 100_000
_BATCH = 10_000
_RATES = ("_rate", "_rate_low", "_rate_high", "share")
_FORMS = {
    "VARCHAR": "text",
    "BIGINT": "number",
    "INTEGER": "number",
    "DATE": "day",
    "TIMESTAMP": "moment",
    "BOOLEAN": "truth",
}

_INDEX: tuple[Heading, ...] = (
    ("Table", "表", 34),
    ("Sheet", "工作表", 32),
    ("Rows", "行数", 11),
    ("Content", "说明（英文）", 70),
    ("Content", "说明（中文）", 50),
    ("Note", "备注", 40),
)
_COLUMNS: tuple[Heading, ...] = (
    ("Table", "表", 34),
    ("Column", "字段", 34),
    ("Type", "类型", 14),
    ("Meaning", "含义（英文）", 70),
    ("Meaning", "含义（中文）", 50),
)


def _form(column: Column) -> str:
    if column.type in ("DOUBLE", "FLOAT") or column.type.startswith("DECIMAL"):
        return "rate" if column.name.endswith(_RATES) else "decimal"
    return _FORMS.get(column.type, "text")


def _index(tables: Iterable[Table]) -> Iterator[Sequence[Formatted]]:
    for table in tables:
        fits = table.rows <= MAX_ROWS
        content = split(table.description)
        yield (
            (table.name, "text"),
            (table.name[:31] if fits else None, "text"),
            (table.rows, "number"),
            (content.en, "wrapped"),
            (content.zh, "wrapped"),
            (None if fits else "too many rows for a sheet: use Parquet / 行数过多，请用 Parquet", "wrapped"),
        )


def _meanings(tables: Iterable[Table]) -> Iterator[Sequence[Formatted]]:
    for table in tables:
        for column in table.columns:
            meaning = split(column.description)
            texts = (table.name, column.name, column.type.lower())
            yield (*((text, "text") for text in texts), (meaning.en, "wrapped"), (meaning.zh, "wrapped"))


def _heading(column: Column) -> Heading:
    # The Chinese label is the description up to its first bracket or punctuation mark.
    chinese = split(column.description).zh
    label = chinese.split("（")[0].split("。")[0].split("，")[0].split("；")[0]
    width = max(11, min(30, len(column.name) + 3))
    return column.name, label, width


def _rows(state: State, table: Table) -> Iterator[Sequence[Formatted]]:
    forms = [_form(column) for column in table.columns]
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    cursor = state.connection.execute(f"select {columns} from marts.{table.name}")
    while rows := cursor.fetchmany(_BATCH):
        for row in rows:
            yield list(zip(row, forms, strict=True))


def export_xlsx(published: Path, path: Path, names: Sequence[str] = ()) -> dict[str, int]:
    """Replace the workbook `path` from one published state, or leave it unchanged.

    Without names: all tables with figures. Returns the number of rows of each table that has a sheet. Raises
    ExportRefused for a named table with too many rows for a sheet.
    """
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with published_state(published) as state:
            tables = state.chosen(names)
            fitting = [table for table in tables if table.rows <= MAX_ROWS]
            if names and (large := [f"{table.name} ({table.rows:,})" for table in tables if table not in fitting]):
                raise ExportRefused(
                    f"more rows than the {MAX_ROWS:,} of a sheet: {', '.join(large)}; use --csv or the Parquet files"
                )
            book = Book(building)
            book.book.set_properties({"title": "After-sales marts", "comments": f"published state {state.name}"})
            book.sheet("Index 目录", _INDEX, _index(tables), frozen=1)
            book.sheet("Columns 字段", _COLUMNS, _meanings(tables), frozen=2)
            for table in fitting:
                book.sheet(table.name, [_heading(column) for column in table.columns], _rows(state, table), frozen=2)
            book.book.close()
        os.replace(building, path)
    except FileCreateError as error:
        raise ExportRefused(f"can't write {path}: {error}") from error
    finally:
        building.unlink(missing_ok=True)
    return {table.name: table.rows for table in fitting}
