"""Write a sheet as CSV, XLSX or Parquet, in the many ways that other systems do."""

import csv
import gzip
import io
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tests.reference.chance import Chance
from tests.reference.columns import Column
from tests.reference.spelling import Speller

NATIVE = ("date", "time", "num", "int", "bool")
TITLES = ["2026年经营报表", "导出时间 2026-04-30", "内部资料"]


@dataclass
class SheetRow:
    """A row to write: its values, text that replaces some of them (None: a blank), and cells beyond the header."""

    values: dict[str, Any]
    instead: dict[str, str | None] = field(default_factory=dict)
    beyond: list[str] = field(default_factory=list)


@dataclass
class Sheet:
    """The content of one file: columns, headers, unknown columns, and rows; None is a blank row."""

    dataset: str
    columns: list[Column]
    headings: list[str]
    remarks: list[str]
    rows: list[SheetRow | None]
    speller: Speller

    def texts(self, row: SheetRow) -> list[str]:
        """The cells of a row as text."""
        cells = [self.text(row, column) for column in self.columns]
        return cells + [self.speller.remark() for _ in self.remarks] + row.beyond

    def text(self, row: SheetRow, column: Column) -> str:
        """One cell as text."""
        if column.name in row.instead:
            return row.instead[column.name] or self.speller.unknown()
        return self.speller.spell(column, row.values[column.name])


def csv_text(sheet: Sheet, chance: Chance) -> str:
    """The sheet as CSV with a random separator, quoting and line ending."""
    ending = chance.pick("\n", "\r\n")
    buffer = io.StringIO(newline="")
    quoting = chance.pick(csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    writer = csv.writer(buffer, delimiter=chance.choice(",,;\t"), lineterminator=ending, quoting=quoting)
    writer.writerow(sheet.headings + sheet.remarks)
    width = len(sheet.headings + sheet.remarks)
    for row in sheet.rows:
        cells = sheet.texts(row) if row else chance.pick([], [""] * width, ["  "] * width)
        if cells:
            writer.writerow(cells)
        else:
            buffer.write(ending)
    text = buffer.getvalue()
    return text.rstrip("\r\n") if chance.maybe(0.1) else text


def encoded(text: str, chance: Chance) -> bytes:
    """The text in one of the supported encodings."""
    encoding = chance.pick("utf-8", "utf-8-sig", "gb18030", "gb18030", "utf-16-le", "utf-16-be")
    if encoding == "gb18030":
        content = text.encode(encoding)
        try:
            # By coincidence also valid UTF-8 of another text: the encoding could not be detected.
            is_clear = content.decode("utf-8") == text
        except UnicodeDecodeError:
            is_clear = True
        return content if is_clear else text.encode("utf-8")
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    return (mark + text).encode(encoding)


def csv_content(sheet: Sheet, chance: Chance) -> bytes:
    """A CSV file."""
    return encoded(csv_text(sheet, chance), chance)


class _Workbook:
    """A workbook in memory, with formats for dates and times."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()
        self.book = xlsxwriter.Workbook(self.buffer, {"in_memory": True})
        self.day: Format = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.time: Format = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def write(self, sheet: Worksheet, row: int, at: int, value: Any) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, at, value)
        elif isinstance(value, date):
            sheet.write_datetime(row, at, value, self.time if isinstance(value, datetime) else self.day)
        elif isinstance(value, (int, Decimal)):
            sheet.write_number(row, at, float(value))
        else:
            sheet.write_string(row, at, value)

    def content(self) -> bytes:
        self.book.close()
        return self.buffer.getvalue()


def _add_sheets(workbook: _Workbook, dataset: str, chance: Chance) -> Worksheet:
    """The sheet to fill: named after the dataset and behind another one, or the first, with any name."""
    kind = chance.random()
    if kind < 0.25:
        notes = workbook.book.add_worksheet("说明")
        notes.write_string(0, 0, "数据说明")
        notes.write_string(1, 0, "本表由系统导出")
        return workbook.book.add_worksheet(dataset)
    sheet = workbook.book.add_worksheet(chance.pick(dataset, "Sheet1", "数据"))
    if kind < 0.5:
        workbook.book.add_worksheet("其他").write_string(0, 0, "备注")
    return sheet


def xlsx_content(sheet: Sheet, chance: Chance) -> bytes:
    """A workbook, with or without title rows, with dates and numbers in native types or as text."""
    workbook = _Workbook()
    target = _add_sheets(workbook, sheet.dataset, chance)
    grid: list[list[Any]] = [[title] for title in TITLES[: chance.pick(0, 0, 1, 2)]]
    if chance.maybe(0.15):
        grid.append([])
    as_text = {column.name for column in sheet.columns if column.type not in NATIVE or chance.maybe(0.4)}
    grid.append([*sheet.headings, *sheet.remarks])
    for row in sheet.rows:
        if row is None:
            grid.append(chance.pick([], ["  "] * 2))
            continue
        natively = {column.name for column in sheet.columns} - as_text - row.instead.keys()
        cells = [
            row.values[column.name]
            if column.name in natively and row.values[column.name] is not None
            else sheet.text(row, column)
            for column in sheet.columns
        ]
        grid.append(cells + [sheet.speller.remark() for _ in sheet.remarks])
    for number, cells in enumerate(grid):
        for at, value in enumerate(cells):
            workbook.write(target, number, at, value)
    return workbook.content()


def blank_workbook() -> bytes:
    """A workbook that holds a remark but no table."""
    workbook = _Workbook()
    workbook.book.add_worksheet().write_string(0, 0, "本月无数据")
    return workbook.content()


def _array(sheet: Sheet, column: Column, chance: Chance) -> pa.Array:
    types = {
        "date": [pa.date32()],
        "time": [pa.timestamp(unit) for unit in ("us", "ms", "s", "ns")],
        "num": [pa.float64(), pa.decimal128(14, 2)],
        "int": [pa.int64(), pa.int32()],
        "bool": [pa.bool_()],
    }
    if column.type in NATIVE:
        kind = chance.choice(types[column.type])
        values = [None if not row or column.name in row.instead else row.values[column.name] for row in sheet.rows]
        if kind == pa.float64():
            values = [None if value is None else float(value) for value in values]
        return pa.array(values, kind)
    return pa.array([None if not row else sheet.text(row, column) for row in sheet.rows], pa.string())


def parquet_content(sheet: Sheet, chance: Chance) -> bytes:
    """A Parquet file with native types; codes and text are strings."""
    arrays = [_array(sheet, column, chance) for column in sheet.columns]
    for _ in sheet.remarks:
        arrays.append(pa.array([sheet.speller.remark() if row else None for row in sheet.rows], pa.string()))
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=sheet.headings + sheet.remarks), buffer)
    return buffer.getvalue()


def content_of(sheet: Sheet, suffix: str, chance: Chance) -> bytes:
    """The file that holds a sheet in the format of `suffix`."""
    if suffix == "xlsx":
        return xlsx_content(sheet, chance)
    if suffix == "parquet":
        return parquet_content(sheet, chance)
    content = csv_content(sheet, chance)
    return gzip.compress(content, mtime=0) if suffix == "csv.gz" else content
