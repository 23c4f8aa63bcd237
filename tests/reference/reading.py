"""Read one landed file into raw rows."""

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from tests.reference.cells import is_blank, normalised
from tests.reference.columns import Column

SUFFIXES = (".csv.gz", ".csv", ".xlsx", ".parquet")

csv.field_size_limit(10**9)


class Quarantined(Exception):
    """The file can't be read; the message says why."""


@dataclass
class RawRow:
    """A raw row: its line, its cells by column name, and what is wrong with the row as a whole."""

    line: int
    cells: dict[str, Any]
    problems: list[str] = field(default_factory=list)


@dataclass
class RawFile:
    """The rows of one file, and the encoding they were read in."""

    rows: list[RawRow]
    encoding: str | None = None


def suffix_of(name: str) -> str | None:
    """The ending that determines the format; None if the file is not an extract."""
    return next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)


def columns_at(header: Sequence[Any], columns: list[Column]) -> dict[int, Column]:
    """The column at each position of a header row."""
    named = {column.name.lower(): column for column in columns}
    named |= {normalised(column.label).lower(): column for column in columns}
    found: dict[int, Column] = {}
    for position, cell in enumerate(header):
        column = named.get(normalised(cell).lower()) if isinstance(cell, str) else None
        if column and column not in found.values():
            found[position] = column
    return found


def missing_columns(found: dict[int, Column], columns: list[Column]) -> list[str]:
    """Names of required columns that a header lacks."""
    return [column.name for column in columns if column.required and column not in found.values()]


def check_header(found: dict[int, Column], columns: list[Column]) -> None:
    """Raise Quarantined for a header that names no column, or not all required ones."""
    if not found:
        raise Quarantined("no header")
    if missing := missing_columns(found, columns):
        raise Quarantined(f"required columns are missing: {', '.join(missing)}")


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file and the encoding it is in."""
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig"), "utf-8"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), "utf-16"
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("gb18030"), "gb18030"


def _reader(text: str, delimiter: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _delimiter(text: str, columns: list[Column]) -> str:
    """The separator with which the first line names most columns."""
    counts = {}
    for delimiter in ",;\t":
        try:
            first = next((row for row in _reader(text, delimiter) if any(cell.strip() for cell in row)), [])
        except csv.Error:
            continue
        counts[delimiter] = len(columns_at(first, columns))
    if not any(counts.values()):
        raise Quarantined("no header")
    return max(counts, key=lambda delimiter: counts[delimiter])


def read_csv(content: bytes, columns: list[Column]) -> RawFile:
    """Rows of a CSV file; a row's line is the one it starts on."""
    try:
        text, encoding = decode(content)
    except UnicodeError as error:
        raise Quarantined(f"wrong encoding: {error}") from None
    if not text.strip():
        raise Quarantined("the file is empty")
    reader = _reader(text, _delimiter(text, columns))
    rows: list[RawRow] = []
    found: dict[int, Column] | None = None
    width = 0
    next_line = 1
    try:
        for record in reader:
            line, next_line = next_line, reader.line_num + 1
            if all(is_blank(cell) for cell in record):
                continue
            if found is None:
                found, width = columns_at(record, columns), len(record)
                check_header(found, columns)
                continue
            cells = {column.name: record[at] if at < len(record) else None for at, column in found.items()}
            too_many = any(cell.strip() for cell in record[width:])
            rows.append(RawRow(line, cells, ["too_many_fields"] if too_many else []))
    except csv.Error as error:
        raise Quarantined(f"broken CSV: {error}") from None
    return RawFile(rows, encoding)


def read_xlsx(content: bytes, dataset: str, columns: list[Column]) -> RawFile:
    """Rows of the sheet named after the dataset, else of the first, below its header row."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        named = [name for name in workbook.sheet_names if name.strip().lower() == dataset]
        sheet = workbook.get_sheet_by_name(named[0] if named else workbook.sheet_names[0])
        grid = sheet.to_python(skip_empty_area=False)
    except Exception as error:
        raise Quarantined(f"damaged workbook: {error!r}") from None
    headers = ((at, columns_at(cells, columns)) for at, cells in enumerate(grid))
    header = next(((at, found) for at, found in headers if found and not missing_columns(found, columns)), None)
    if header is None:
        raise Quarantined("no header row with the required columns")
    start, found = header
    rows = [
        RawRow(at + 1, {column.name: cells[position] for position, column in found.items()})
        for at, cells in enumerate(grid)
        if at > start and not all(is_blank(cell) for cell in cells)
    ]
    return RawFile(rows)


def read_parquet(content: bytes, columns: list[Column]) -> RawFile:
    """Rows of a Parquet file, counted from 1."""
    try:
        table = pq.read_table(io.BytesIO(content))
    except Exception as error:
        raise Quarantined(f"damaged Parquet: {error!r}") from None
    found = columns_at(table.column_names, columns)
    check_header(found, columns)
    values = []
    for column in table.columns:
        is_time = pa.types.is_timestamp(column.type)
        native = column.cast(pa.timestamp("us", column.type.tz), safe=False) if is_time else column
        values.append(native.to_pylist())
    rows = [
        RawRow(at + 1, {column.name: cells[position] for position, column in found.items()})
        for at, cells in enumerate(zip(*values, strict=True))
        if not all(is_blank(cell) for cell in cells)
    ]
    return RawFile(rows)


def read_file(path: Path, dataset: str, columns: list[Column]) -> RawFile:
    """The rows of a landed file; raises Quarantined when it can't be read."""
    content = path.read_bytes()
    suffix = suffix_of(path.name)
    if suffix == ".csv.gz":
        try:
            content = gzip.decompress(content)
        except Exception as error:
            raise Quarantined(f"damaged archive: {error!r}") from None
    if suffix == ".xlsx":
        return read_xlsx(content, dataset, columns)
    if suffix == ".parquet":
        return read_parquet(content, columns)
    return read_csv(content, columns)
