"""An XLSX file whose text cells stay text, with sheets that are ready for filtering and printing."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from dagster_project.reports.text import FORMULA_STARTS, printable

MAX_ROWS = 1_000_000
_MAX_CELL = 32_000
# Excel knows no earlier dates: their numbers would show as ####.
_FIRST_YEAR = 1900
_FONT = "Microsoft YaHei"

Heading = tuple[str, str, int]
Formatted = tuple[Any, str]


class Book:
    """A workbook whose text cells stay text: none becomes a formula, a link or a number because it looks like one."""

    def __init__(self, path: Path) -> None:
        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "constant_memory": True,
        }
        self.book = xlsxwriter.Workbook(str(path), options)
        plain = {"font_name": _FONT, "font_size": 10, "valign": "top"}
        self.head = self._format(
            plain
            | {"bold": True, "font_color": "#FFFFFF", "bg_color": "#0E4F5C", "text_wrap": True, "valign": "vcenter"}
        )
        self.formats = {
            "text": self._format(plain | {"num_format": "@"}),
            "guarded": self._format(plain | {"num_format": "@", "quote_prefix": True}),
            "wrong": self._format(plain | {"num_format": "@", "quote_prefix": True, "bg_color": "#F6DCD8"}),
            "wrapped": self._format(plain | {"text_wrap": True}),
            "number": self._format(plain | {"num_format": "#,##0"}),
            "decimal": self._format(plain | {"num_format": "#,##0.00"}),
            "rate": self._format(plain | {"num_format": "0.00%"}),
            "truth": self._format(plain),
            "day": self._format(plain | {"num_format": "yyyy-mm-dd"}),
            "moment": self._format(plain | {"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }

    def _format(self, properties: dict[str, Any]) -> Format:
        return self.book.add_format(properties)

    def _free_name(self, name: str) -> str:
        """The name, cut to Excel's limit, and numbered when another sheet has it."""
        taken = {sheet.get_name().casefold() for sheet in self.book.worksheets()}
        names = (name[:31], *(f"{name[:28]} {number}" for number in range(2, 100)))
        return next(free for free in names if free.casefold() not in taken)

    def sheet(
        self, name: str, headings: Sequence[Heading], rows: Iterable[Sequence[Formatted]], frozen: int = 0
    ) -> None:
        """A sheet with a frozen, filtered header; each cell is a value and the name of its format."""
        sheet = self.book.add_worksheet(self._free_name(name))
        sheet.set_row(0, 34)
        for place, (english, chinese, width) in enumerate(headings):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, f"{english}\n{chinese}", self.head)
        count = 0
        for count, row in enumerate(rows, start=1):
            if count > MAX_ROWS:
                sheet.write_string(
                    count, 0, "… more rows than a sheet holds / 超出工作表行数上限", self.formats["text"]
                )
                break
            for place, cell in enumerate(row):
                self._write(sheet, (count, place), cell)
        sheet.freeze_panes(1, frozen)
        sheet.autofilter(0, 0, max(count, 1), len(headings) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _write(self, sheet: Worksheet, at: tuple[int, int], cell: Formatted) -> None:
        value, form = cell
        if value is None or (value == "" and form == "text"):
            return
        if isinstance(value, date) and value.year < _FIRST_YEAR:
            sheet.write_string(*at, str(value), self.formats["text"])
        elif isinstance(value, date):
            sheet.write_datetime(*at, value, self.formats["moment" if form == "moment" else "day"])
        elif isinstance(value, bool):
            sheet.write_boolean(*at, value, self.formats[form])
        elif isinstance(value, int | float):
            sheet.write_number(*at, value, self.formats[form])
        else:
            text = printable(str(value))[:_MAX_CELL]
            guarded = form == "text" and text.startswith(FORMULA_STARTS)
            sheet.write_string(*at, text, self.formats["guarded" if guarded else form])
