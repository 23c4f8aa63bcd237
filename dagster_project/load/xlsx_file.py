"""Read an Excel workbook into chunks of text cells, each row with its row number in the sheet."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import python_calamine

from dagster_project.contracts.contract import plain_name
from dagster_project.load.extract import Chunk, Extract, Quarantine
from dagster_project.load.header import HeaderMatcher
from dagster_project.load.xlsx_errors import column_number, error_cells

# Only a few title rows precede a header; it is not searched further down.
_ROWS_SEARCHED = 50
_ROWS_A_CHUNK = 20_000
# Whole numbers up to here are exact as binary fractions.
_MAX_EXACT = 2.0**53
# A sheet is read as the rectangle of its used cells: a stray cell in its last corner would exhaust the memory.
_MAX_CELLS = 50_000_000
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension ref="(?:[A-Z]+[0-9]+:)?([A-Z]+)([0-9]+)"')


def cell_text(value: object) -> str:
    """A cell as the text that a CSV export would contain: whole numbers without a fraction, ISO dates."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= _MAX_EXACT else repr(value)
    if isinstance(value, datetime):
        # Excel stores times as fractions of a day, exact to about a millisecond.
        milliseconds = round(value.microsecond / 1000)
        rounded = value.replace(microsecond=0) + timedelta(milliseconds=milliseconds)
        return rounded.isoformat(sep=" ", timespec="milliseconds" if rounded.microsecond else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _check_size(path: Path) -> None:
    """Raise Quarantine when a sheet claims to span more cells than can be read."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/sheet"):
                continue
            with archive.open(name) as sheet:
                used = _DIMENSION.search(sheet.read(4096))
            if used is None:
                continue
            if column_number(used[1].decode()) * int(used[2]) > _MAX_CELLS:
                raise Quarantine(
                    f"a sheet ({name}) has cells down to {(used[1] + used[2]).decode()}: delete the empty rows and "
                    "columns behind its table and save the workbook again"
                )


# What the readers of archives and sheets raise for invalid bytes, or for an unknown compression.
_DAMAGED = (
    *(python_calamine.CalamineError, zipfile.BadZipFile, ElementTree.ParseError, zlib.error),
    *(EOFError, OSError, ValueError, NotImplementedError),
)


def _open_sheet(path: Path, matcher: HeaderMatcher) -> python_calamine.CalamineSheet:
    try:
        _check_size(path)
        workbook = python_calamine.CalamineWorkbook.from_path(path)
        names = [s.name for s in workbook.sheets_metadata if s.typ == python_calamine.SheetTypeEnum.WorkSheet]
        if not names:
            raise Quarantine("the workbook has no sheet")
        wanted = {plain_name(matcher.contract.dataset), plain_name(matcher.contract.label)}
        name = next((name for name in names if plain_name(name) in wanted), names[0])
        return workbook.get_sheet_by_name(name)
    except python_calamine.PasswordError as error:
        raise Quarantine("the workbook is protected by a password: save it without one") from error
    except _DAMAGED as error:
        raise Quarantine(f"the workbook is damaged or is not XLSX ({error}): save it again") from error


def _error_cells(path: Path, sheet: python_calamine.CalamineSheet) -> dict[tuple[int, int], str]:
    try:
        return error_cells(path, sheet.name)
    except _DAMAGED as error:
        raise Quarantine(f"the workbook is damaged or is not XLSX ({error}): save it again") from error


def _row_texts(sheet: python_calamine.CalamineSheet, errors: dict[tuple[int, int], str]) -> Iterator[list[str]]:
    """The rows of the sheet as text, from its first row and its first used column on."""
    first_column = sheet.start[1] if sheet.start else 0
    in_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in errors.items():
        in_row.setdefault(row, []).append((column - 1 - first_column, text))
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [cell_text(cell) for cell in cells]
        for at, text in in_row.get(number, ()):
            if 0 <= at < len(texts):
                texts[at] = text
        yield texts


def _find_header(rows: list[list[str]], matcher: HeaderMatcher) -> int:
    for at, cells in enumerate(rows):
        if matcher.has_required(cells):
            return at
    return max(range(len(rows)), key=lambda at: (matcher.count(rows[at]), -at))


def open_xlsx(path: Path, matcher: HeaderMatcher) -> Extract:
    """Open an .xlsx file; raises Quarantine when it is not a table of this dataset.

    The sheet read is the one named after the dataset, else the first; rows above the header are titles.
    """
    if path.stat().st_size == 0:
        raise Quarantine("the file is empty")
    sheet = _open_sheet(path, matcher)
    errors = _error_cells(path, sheet)

    def rows() -> Iterator[list[str]]:
        try:
            yield from _row_texts(sheet, errors)
        except (python_calamine.CalamineError, ValueError, OverflowError) as error:
            raise Quarantine(f"sheet {sheet.name!r} can't be read ({error}): save the workbook again") from error

    candidates = list(islice(rows(), _ROWS_SEARCHED))
    if not any(cell.strip() for cells in candidates for cell in cells):
        where = f"has nothing in its first {_ROWS_SEARCHED} rows" if len(candidates) == _ROWS_SEARCHED else "is empty"
        raise Quarantine(f"sheet {sheet.name!r} {where}")
    header_at = _find_header(candidates, matcher)
    header = candidates[header_at]
    unnamed = [at for at, cell in enumerate(header) if not cell.strip()]
    data = islice(rows(), header_at + 1, None) if unnamed else ()
    filled = {at for cells in data for at in unnamed if cells[at].strip()}
    used = [at for at, cell in enumerate(header) if cell.strip() or at in filled]

    def chunks() -> Iterator[Chunk]:
        numbered = enumerate(islice(rows(), header_at + 1, None), start=header_at + 2)
        while block := list(islice(numbered, _ROWS_A_CHUNK)):
            kept = [(number, cells) for number, cells in block if any(map(str.strip, cells))]
            if kept:
                yield Chunk.of(
                    pa.array([number for number, _ in kept], pa.int64()),
                    [pa.array([cells[at] for _, cells in kept], pa.string()) for at in used],
                )

    return Extract(header=[header[at] for at in used], encoding=None, chunks=chunks())
