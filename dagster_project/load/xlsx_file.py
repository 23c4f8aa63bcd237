"""Read an Excel workbook into chunks of text cells, each row with its row number in the sheet."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import python_calamine

from dagster_project.load.extract import Chunk, Extract, Quarantine
from dagster_project.load.header import HeaderMatcher, plain_name

# Title rows above a header are few; a header further down is no header.
_ROWS_SEARCHED = 50
_ROWS_A_CHUNK = 100_000
# Whole numbers up to here are exact as binary fractions.
_MAX_EXACT = 2.0**53
# A sheet is read as the rectangle of its used cells: one stray cell in the last corner would take all memory.
_MAX_CELLS = 50_000_000
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension ref="(?:[A-Z]+[0-9]+:)?([A-Z]+)([0-9]+)"')


def cell_text(value: object) -> str:
    """A cell as the text a CSV export would hold: whole numbers without a fraction, ISO dates."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= _MAX_EXACT else repr(value)
    if isinstance(value, datetime):
        # Excel keeps times as fractions of a day, exact to about a millisecond.
        milliseconds = round(value.microsecond / 1000)
        rounded = value.replace(microsecond=0) + timedelta(milliseconds=milliseconds)
        return rounded.isoformat(sep=" ", timespec="milliseconds" if rounded.microsecond else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _check_size(path: Path) -> None:
    """Raise Quarantine when a sheet says that it spans more cells than can be read."""
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
            columns = 0
            for letter in used[1]:
                columns = columns * 26 + letter - ord("A") + 1
            if columns * int(used[2]) > _MAX_CELLS:
                raise Quarantine(
                    f"a sheet ({name}) has cells down to {(used[1] + used[2]).decode()}: delete the empty rows and "
                    "columns behind its table and save the workbook again"
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
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise Quarantine(f"the workbook is damaged or is not XLSX ({error}): save it again") from error


def open_xlsx(path: Path, matcher: HeaderMatcher) -> Extract:
    """Open an .xlsx file; raises Quarantine when it is no table of this dataset.

    The sheet is the one named after the dataset, else the first; rows above the header are titles.
    """
    if path.stat().st_size == 0:
        raise Quarantine("the file is empty")
    sheet = _open_sheet(path, matcher)
    try:
        rows = sheet.to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, ValueError) as error:
        raise Quarantine(f"sheet {sheet.name!r} can't be read ({error}): save the workbook again") from error
    if not any(cell not in ("", None) for row in rows for cell in row):
        raise Quarantine(f"sheet {sheet.name!r} is empty")
    candidates = [[cell_text(cell) for cell in row] for row in rows[:_ROWS_SEARCHED]]
    header_at = next((i for i, cells in enumerate(candidates) if matcher.has_required(cells)), None)
    if header_at is None:
        header_at = max(range(len(candidates)), key=lambda i: (matcher.count(candidates[i]), -i))
    header = candidates[header_at]
    data = rows[header_at + 1 :]
    used = [at for at, cell in enumerate(header) if cell.strip() or any(cell_text(row[at]).strip() for row in data)]

    def chunks() -> Iterator[Chunk]:
        for start in range(header_at + 1, len(rows), _ROWS_A_CHUNK):
            texts = [[cell_text(row[at]) for at in used] for row in rows[start : start + _ROWS_A_CHUNK]]
            numbered = [(start + index + 1, row) for index, row in enumerate(texts) if any(map(str.strip, row))]
            if numbered:
                columns = zip(*(row for _, row in numbered), strict=True)
                yield Chunk.of(
                    pa.array([number for number, _ in numbered], pa.int64()),
                    [pa.array(cells, pa.string()) for cells in columns],
                )

    return Extract(header=[header[at] for at in used], encoding=None, chunks=chunks())
