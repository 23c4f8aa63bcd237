"""Write rows in the formats of real extracts: encodings, separators, spellings, workbooks, Parquet.

The same rows give the same bytes: workbooks carry a fixed creation date, archives no time.
"""

import csv
import gzip
import io
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from dagster_project.contracts import Column, Contract
from dagster_project.sample.months import Row

CREATED = datetime(2025, 1, 1, tzinfo=UTC)
QUESTION_CODES = ("item_code", "question_code")
"""Given by code in plain extracts, by label in titled workbooks."""

ARROW_TYPES = {
    "string": pa.string(),
    "month": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@dataclass(frozen=True)
class Style:
    """How one source system spells an extract."""

    suffix: str
    encoding: str = "utf-8"
    delimiter: str = ","
    labels: bool = True
    """Chinese headers and enumeration labels; canonical names and codes otherwise."""

    dates: str = "-"
    """`-`, `/`, `年` or blank (digits only)."""

    money: str = "plain"
    """`plain`, `thousands` or `yuan`."""

    booleans: tuple[str, str] = ("Y", "N")
    blank: str = ""
    titles: tuple[str, ...] = ()
    real_dates: bool = False
    seconds: bool = True
    full_width: bool = False
    """Every fortieth store code in full-width signs."""


@dataclass(frozen=True)
class Extract:
    """One file to write: its rows, columns to leave out or add, and faulty rows to insert."""

    file: str
    contract: Contract
    rows: list[Row]
    style: Style
    without: tuple[str, ...] = ()
    added: tuple[str, str] | None = None
    """Header and value of a column that the contract does not know."""

    spoil: Callable[[list[list[Any]], list[str], list[str]], None] | None = None
    """Inserts the planted rows into the formatted ones, given the columns' names."""


def write_extract(landing: Path, extract: Extract) -> Path:
    """Write one extract and return its path."""
    path = landing / extract.file
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [column for column in extract.contract.columns if column.name not in extract.without]
    if extract.style.suffix == "parquet":
        fields = [pa.field(column.name, ARROW_TYPES[column.type]) for column in columns]
        arrays = [pa.array([row.get(field.name) for row in extract.rows], field.type) for field in fields]
        pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), path, compression="zstd")
    elif extract.style.suffix == "xlsx":
        _write_workbook(path, extract, columns)
    else:
        _write_csv(path, extract, columns)
    os.utime(path, (CREATED.timestamp(), CREATED.timestamp()))
    return path


def _header(extract: Extract, columns: list[Column]) -> list[str]:
    header = [column.label if extract.style.labels else column.name for column in columns]
    return header + ([extract.added[0]] if extract.added else [])


def _write_csv(path: Path, extract: Extract, columns: list[Column]) -> None:
    style = extract.style
    makers = [_formatter(column, style) for column in columns]
    names = [column.name for column in columns]
    tail = [extract.added[1]] if extract.added else []
    body = [[make(row.get(name)) for name, make in zip(names, makers, strict=True)] + tail for row in extract.rows]
    if style.full_width and "store_code" in names:
        place = names.index("store_code")
        for cells in body[3::40]:
            cells[place] = cells[place].translate(FULL_WIDTH)
    if extract.spoil:
        extract.spoil(body, names, _header(extract, columns))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=style.delimiter, lineterminator="\r\n")
    writer.writerow(_header(extract, columns))
    for cells in body:
        if cells[0].startswith('"'):
            buffer.write(style.delimiter.join(cells) + "\r\n")
        else:
            writer.writerow(cells)
    data = buffer.getvalue().encode(style.encoding)
    if style.suffix.endswith(".gz"):
        data = gzip.compress(data, compresslevel=6, mtime=0)
    path.write_bytes(data)


def _write_workbook(path: Path, extract: Extract, columns: list[Column]) -> None:
    style = extract.style
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    book.set_properties({"created": CREATED, "author": "sample"})
    formats = {
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    sheet = book.add_worksheet("Sheet1")
    makers = [_formatter(column, style) for column in columns]
    for position, title in enumerate(style.titles):
        sheet.write_string(position, 0, title)
    top = len(style.titles)
    sheet.write_row(top, 0, _header(extract, columns))
    body: list[list[Any]] = []
    for row in extract.rows:
        values = [row.get(column.name) for column in columns]
        body.append(
            [value if _native(value, style) else make(value) for value, make in zip(values, makers, strict=True)]
        )
    if extract.spoil:
        extract.spoil(body, [column.name for column in columns], _header(extract, columns))
    for position, cells in enumerate(body, start=top + 1):
        for place, value in enumerate(cells):
            if isinstance(value, (date, datetime)):
                sheet.write_datetime(position, place, value, formats[type(value)])
            elif isinstance(value, str):
                sheet.write_string(position, place, value)
            else:
                sheet.write_number(position, place, value)
    book.close()


def _native(value: object, style: Style) -> bool:
    """Whether a workbook cell holds the value itself rather than its text."""
    if isinstance(value, (date, datetime)):
        return style.real_dates
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _formatter(column: Column, style: Style) -> Callable[[Any], str]:
    """How a style spells the values of a column."""
    blank = style.blank if not column.required else ""
    spell: Callable[[Any], str] = str
    if column.enum and style.labels:
        if column.name not in QUESTION_CODES or style.titles:
            spell = column.enum.__getitem__
    elif column.type in ("date", "timestamp"):
        spell = _dates(style, column.type == "timestamp")
    elif column.type == "boolean":
        yes, no = style.booleans
        return lambda value: blank if value is None else yes if value else no
    elif column.name.endswith("_amount") and style.money != "plain":
        sign = "¥" if style.money == "yuan" else ""
        return lambda value: blank if value is None else f"{sign}{value:,.2f}"
    return lambda value: blank if value is None else spell(value)


def _dates(style: Style, with_time: bool) -> Callable[[Any], str]:
    seconds = style.seconds

    def day(value: date) -> str:
        if style.dates == "/":
            return f"{value.year}/{value.month}/{value.day}"
        if style.dates == "年":
            return f"{value.year}年{value.month}月{value.day}日"
        return f"{value.year}{style.dates}{value.month:02d}{style.dates}{value.day:02d}"

    def moment(value: datetime) -> str:
        if seconds or value.second:
            return f"{day(value)} {value.hour:02d}:{value.minute:02d}:{value.second:02d}"
        return f"{day(value)} {value.hour}:{value.minute:02d}"

    return moment if with_time else day


def write_all(landing: Path, extracts: Iterable[Extract], progress: Callable[[str], None] | None) -> list[Path]:
    """Write every extract, reporting each file's name to `progress`."""
    paths = []
    for extract in extracts:
        paths.append(write_extract(landing, extract))
        if progress:
            progress(f"{extract.file}: {len(extract.rows)} rows")
    return paths
