"""Blocks one below the other on a sheet: title, Excel table and note, with room for a chart on the right."""

from dataclasses import dataclass, field
from datetime import date
from math import ceil
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from dagster_project.reports.monthly.blocks import Cell, Change, Column, Form, Measure, Text, Tone, Trend
from dagster_project.reports.monthly.forms import both, excel_format, plain
from dagster_project.reports.monthly.workbook.data import Data
from dagster_project.reports.monthly.written import MINUS, UNITS, sign_of
from dagster_project.reports.text import FORMULA_STARTS

FONT = "Microsoft YaHei"
_TONES = {Tone.GOOD: "#2B6E4F", Tone.BAD: "#A3372A", Tone.NEUTRAL: "#17212B"}
_SOFT, _DEEP, _TO_FILL_IN = "#5C6875", "#0E4F5C", "#FBF5E4"
_MOST, _LONGEST_NAME = 32_000, 240
_WIDEST, _LINE_HEIGHT, _LINE_TO_FONT = 60, 15, 1.6
# Excel has no dates before this year.
_FIRST_YEAR = 1900
_NO_ROWS = Text("no rows", "无数据")


class Formats:
    """The workbook's formats, each created once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def get(self, **properties: Any) -> Format:  # noqa: ANN401 what xlsxwriter takes
        """A format of the house's font with the properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            plain_look = {"font_name": FONT, "font_size": 10, "valign": "top"}
            self._made[key] = self._book.add_format(plain_look | properties)
        return self._made[key]


def _change_value(cell: Change) -> float | None:
    """The value of a difference; for rates in percentage points, for which Excel has no format."""
    return cell.value * 100 if cell.value is not None and cell.form is Form.RATE else cell.value


def _change_format(cell: Change) -> str:
    number = excel_format(cell.form, cell.decimals)
    if cell.form is Form.RATE:
        number = number.replace("%", '" pp"')
    # Excel picks the section by the stored value, which has full precision: one that is shown as 0 gets ± in both.
    plus, minus = ("±", "±") if sign_of(cell) == "±" else ("+", MINUS)
    return f'"{plus}"{number};"{minus}"{number};"±"{number}'


@dataclass(frozen=True)
class Place:
    """The position of a table: its header row, its first and last data row, and the first free column."""

    header: int
    first: int
    last: int
    free_column: int


@dataclass
class Sheet:
    """A sheet being written, from the top down."""

    sheet: Worksheet
    formats: Formats
    row: int = 0
    widths: dict[int, float] = field(default_factory=dict)
    wrapped: list[tuple[int, int, float]] = field(default_factory=list)

    def line(self, text: str, **look: Any) -> None:  # noqa: ANN401 what xlsxwriter takes
        """A line of text over the empty columns beside it."""
        self._text(self.row, 0, text, look)
        if size := look.get("font_size"):
            self.sheet.set_row(self.row, size * _LINE_TO_FONT)
        self.row += 1

    def table(self, data: Data, name: str) -> Place | None:
        """Write the title, the table and its note; returns the table's position, if it has rows."""
        if data.title:
            self.line(both(data.title), bold=True, font_size=12, font_color=_DEEP)
        place = self._table(data, name) if data.rows else None
        if data.columns and not data.rows:
            self.line(both(_NO_ROWS), font_color=_SOFT)
        if data.note:
            for text in dict.fromkeys((plain(data.note.en), plain(data.note.zh))):
                self.line(text, font_color=_SOFT)
        return place

    def _table(self, data: Data, name: str) -> Place:
        header, first, last = self.row, self.row + 1, self.row + len(data.rows)
        look = self.formats.get(bold=True, text_wrap=True, font_color="#FFFFFF", bg_color=_DEEP, valign="vcenter")
        names = _unique([both(column.label) or f"({number})" for number, column in enumerate(data.columns, start=1)])
        self.sheet.add_table(
            header,
            0,
            last,
            len(names) - 1,
            {
                "name": name,
                "style": "Table Style Light 1",
                "autofilter": len(data.rows) > 1,
                "columns": [{"header": heading, "header_format": look} for heading in names],
            },
        )
        tones = {(row, column): tone for row, column, tone in data.tones}
        for place, (heading, column) in enumerate(zip(names, data.columns, strict=True)):
            width = len(heading.encode("gbk", "replace"))
            self._widen(place, min(width * 0.6 + 4, 24))
            # Headings are bold and have the filter's arrow beside them.
            self.wrapped.append((header, place, width * 1.1 + 3))
            if column.form is Form.TREND:
                self._sparklines(data, place, first)
        for row, cells in enumerate(data.rows):
            is_total = data.total and row == len(data.rows) - 1
            for place, (cell, column) in enumerate(zip(cells, data.columns, strict=True)):
                self._cell((first + row, place), cell, column, tones.get((row, place)), is_total)
        self.row = last + 1
        return Place(header, first, last, len(names))

    def _sparklines(self, data: Data, place: int, first: int) -> None:
        """Sparklines in the trend's cells, of the values in the table's further columns."""
        titled = data.columns[place].label
        behind = [at for at, column in enumerate(data.columns) if column.label.en.startswith(f"{titled.en} −")]
        for row, cells in enumerate(data.rows):
            if isinstance(cells[place], Trend) and behind:
                options = {"range": _range(self.sheet, first + row, behind), "series_color": _DEEP, "show_hidden": True}
                self.sheet.add_sparkline(first + row, place, options)
        self._widen(place, 16)

    def _cell(self, at: tuple[int, int], cell: Cell, column: Column, tone: Tone | None, is_total: bool) -> None:
        look: dict[str, Any] = {"bold": True} if is_total or tone in (Tone.GOOD, Tone.BAD) else {}
        if tone:
            look["font_color"] = _TONES[tone]
        if column.form is Form.TO_FILL_IN:
            look["bg_color"] = _TO_FILL_IN
        if isinstance(cell, Change):
            look["font_color"] = _SOFT if cell.is_news is False else _TONES[cell.tone]
            self._number(at, _change_value(cell), _change_format(cell), look)
        elif isinstance(cell, Measure):
            unit = UNITS.get(cell.form, "") if cell.form is not Form.RATE else ""
            # With its unit, since cells of one column may have different ones.
            self._number(at, cell.value, excel_format(cell.form, cell.decimals) + (f'"{unit}"' if unit else ""), look)
        elif isinstance(cell, date) and cell.year < _FIRST_YEAR:
            self._text(*at, cell.isoformat(), look)
        elif isinstance(cell, date):
            form = column.form if column.form in (Form.DAY, Form.MONTH) else Form.DAY
            self.sheet.write_datetime(*at, cell, self.formats.get(num_format=excel_format(form), **look))
            self._widen(at[1], 12)
        elif isinstance(cell, Trend) or cell is None or cell == "":
            self.sheet.write_blank(*at, None, self.formats.get(**look))
        elif isinstance(cell, int | float):
            self._number(at, cell, excel_format(column.form, column.decimals), look)
        else:
            text = both(cell) if isinstance(cell, Text) else plain(cell)
            self._text(*at, text, look | {"text_wrap": True})
            width = len(text.encode("gbk", "replace")) + 2
            self._widen(at[1], min(width, _WIDEST))
            self.wrapped.append((*at, width))

    def _number(self, at: tuple[int, int], value: float | None, number_format: str, look: dict[str, Any]) -> None:
        if value is None:
            self.sheet.write_blank(*at, None, self.formats.get(**look))
        else:
            self.sheet.write_number(*at, value, self.formats.get(num_format=number_format, **look))

    def _text(self, row: int, column: int, text: str, look: dict[str, Any]) -> None:
        """Write text that stays text, even if it looks like a formula."""
        shown = plain(text)[:_MOST]
        guard = {"quote_prefix": True, "num_format": "@"} if shown.startswith(FORMULA_STARTS) else {}
        self.sheet.write_string(row, column, shown, self.formats.get(**look, **guard))

    def _widen(self, column: int, width: float) -> None:
        self.widths[column] = max(self.widths.get(column, 9), width)

    def finish(self) -> None:
        """Set column widths, the heights of rows that wrap, and the print layout."""
        for column, width in self.widths.items():
            self.sheet.set_column(column, column, width)
        lines: dict[int, int] = {}
        for row, column, width in self.wrapped:
            lines[row] = max(lines.get(row, 1), ceil(width / self.widths[column]))
        for row, count in lines.items():
            if count > 1:
                self.sheet.set_row(row, _LINE_HEIGHT * count)
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)


def _range(sheet: Worksheet, row: int, columns: list[int]) -> str:
    quoted = sheet.get_name().replace("'", "''")
    return f"'{quoted}'!{xl_range(row, columns[0], row, columns[-1])}"


def _unique(names: list[str]) -> list[str]:
    """Column names for an Excel table, made unique."""
    taken: set[str] = set()
    unique = []
    for name in (name[:_LONGEST_NAME] for name in names):
        candidates = (name, *(f"{name} ({n})" for n in range(2, 999)))
        free = next(candidate for candidate in candidates if candidate.casefold() not in taken)
        taken.add(free.casefold())
        unique.append(free)
    return unique
