"""Generated rows that must be rejected, and files that can't be read."""

from collections.abc import Callable
from typing import Any

from tests.reference.chance import Chance
from tests.reference.columns import Column
from tests.reference.formats import Sheet, SheetRow, blank_workbook, csv_text
from tests.reference.spelling import UNKNOWN_CODES, UNREADABLE

SOILED = 0.035
BLANK = 0.01
FAULTS = ["missing", "unreadable", "enum", "store", "wide", "many"]

# Ways to break a file, and the formats that each applies to.
BREAKS = {
    "missing_column": ["csv", "csv.gz", "xlsx", "parquet"],
    "corrupt": ["csv.gz", "xlsx", "parquet"],
    "empty": ["csv"],
    "no_header": ["csv", "xlsx"],
    "encoding": ["csv"],
}


def _faulty(columns: list[Column], suffix: str, chance: Chance) -> tuple[dict[str, str | None], list[str]]:
    """Cells to replace good ones with, and cells beyond the header, for one fault or several."""
    kind = chance.choice(FAULTS)
    instead: dict[str, str | None] = {}

    def spoil(of_kind: str, fits: Callable[[Column], Any], texts: Callable[[Column], list[Any]]) -> None:
        found = [column for column in columns if fits(column)]
        if kind in (of_kind, "many") and found:
            column = chance.choice(found)
            instead[column.name] = chance.choice(texts(column))

    spoil("missing", lambda column: column.required, lambda _: [None])
    if suffix != "parquet":
        spoil("unreadable", lambda column: column.type in UNREADABLE, lambda column: UNREADABLE[column.type])
    spoil("enum", lambda column: column.enum, lambda _: UNKNOWN_CODES)
    spoil("store", lambda column: column.name == "store_code", lambda _: ["9999", "101"])
    return instead, ["多余", "7"] if kind == "wide" and suffix.startswith("csv") else []


def soiled(rows: list[dict[str, Any]], columns: list[Column], suffix: str, chance: Chance) -> list[SheetRow | None]:
    """The rows, some of them spoilt with the good row before, after or left out; and blank rows."""
    sheet_rows: list[SheetRow | None] = []
    for values in rows:
        good = SheetRow(values)
        if chance.maybe(SOILED):
            bad = SheetRow(values, *_faulty(columns, suffix, chance))
            sheet_rows += chance.pick([bad], [bad], [good, bad], [bad, good])
        else:
            sheet_rows.append(good)
        if chance.maybe(BLANK):
            sheet_rows.append(None)
    return sheet_rows


def broken(content: bytes, sheet: Sheet, suffix: str, how: str, chance: Chance) -> bytes:
    """A file that can't be read, made of a good one."""
    if how == "corrupt" and suffix == "xlsx":
        return chance.pick(b"this is not a workbook", content[: len(content) // 3], b"PK\x03\x04" + bytes(200))
    if how == "corrupt":
        return content[: max(12, len(content) // 2)]
    if how == "empty":
        return b""
    if how == "no_header":
        return blank_workbook() if suffix == "xlsx" else b"foo,bar,baz\r\n1,2,3\r\n"
    if how == "encoding":
        # 0xFF is in neither encoding.
        whole = csv_text(sheet, chance).encode()
        half = len(whole) // 2
        return whole[:half] + b"\xff\xff" + whole[half:]
    return content
