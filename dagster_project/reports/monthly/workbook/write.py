"""Write the workbook: an index, the month at a glance, and a sheet for each chapter."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path

from xlsxwriter import Workbook

from dagster_project.reports.monthly.blocks import Block, Heat, Report, Text
from dagster_project.reports.monthly.forms import both
from dagster_project.reports.monthly.workbook.charts import ROWS, add_chart
from dagster_project.reports.monthly.workbook.data import data_of
from dagster_project.reports.monthly.workbook.sheet import Formats, Place, Sheet

_TEXT_STAYS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_INDEX, _AT_A_GLANCE = Text("Index", "目录"), Text("At a glance", "概览")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_DEEP, _SOFT = "#0E4F5C", "#5C6875"
_WORSE, _MIDDLE, _BETTER = "#E3A598", "#FFFFFF", "#93C6AE"


class _Book:
    """The workbook while it is written."""

    def __init__(self, path: Path, report: Report) -> None:
        self.report = report
        self.book = Workbook(str(path), _TEXT_STAYS_TEXT)
        when = datetime.combine(report.published_at.date(), time())
        self.book.set_properties({"title": both(report.title), "subject": both(report.subject), "created": when})
        self.formats = Formats(self.book)
        self.tables = 0
        self.contents: list[tuple[str, int, str]] = []  # sheet, row, title

    def add_sheet(self, name: str) -> Sheet:
        """Add a sheet; its name is cut to Excel's limit, and numbered where another sheet has it."""
        base = _NOT_IN_NAMES.sub(" ", name).strip() or "-"
        taken = {sheet.get_name().casefold() for sheet in self.book.worksheets()}
        names = (base[:31], *(f"{base[:27]} {number}" for number in range(2, 100)))
        free = next(candidate for candidate in names if candidate.casefold() not in taken)
        return Sheet(self.book.add_worksheet(free), self.formats)

    def blocks(self, sheet: Sheet, blocks: Sequence[Block]) -> None:
        """The blocks, one below the other."""
        for block in blocks:
            top, data = sheet.row, data_of(block)
            self.tables += bool(data.rows)
            place = sheet.table(data, f"block_{self.tables}")
            name = sheet.sheet.get_name()
            if data.title:
                self.contents.append((name, top, both(data.title)))
            if place and isinstance(block, Heat):
                _colour(sheet, block, place)
            chart = add_chart(self.book, name, block, place) if place else None
            if chart and place:
                sheet.sheet.insert_chart(top, place.free_column + 1, chart)
                sheet.row = max(sheet.row, top + ROWS)
            sheet.row += 1

    def index(self, sheet: Sheet) -> None:
        """Write the index: the report, the notes on its data, and a link to each table."""
        report = self.report
        sheet.line(both(report.title), bold=True, font_size=16, font_color=_DEEP)
        sheet.line(f"{both(report.subject)} · {report.month:%Y-%m}", font_size=12)
        dates = f"as of 截至 {report.as_of:%Y-%m-%d} · published 发布 {report.published_at:%Y-%m-%d %H:%M}"
        sheet.line(dates, font_color=_SOFT)
        sheet.row += 1
        for note in report.notes:
            sheet.table(data_of(note), "")
        sheet.row += 1
        link = self.formats.get(font_color=_DEEP, underline=1)
        previous = None
        for name, row, title in self.contents:
            if name != previous:
                sheet.line(name, bold=True)
            sheet.sheet.write_url(sheet.row, 0, f"internal:'{name}'!A{row + 1}", link, f"    {title}"[:250])
            sheet.row, previous = sheet.row + 1, name
        sheet.widths[0] = 80


def _colour(sheet: Sheet, block: Heat, place: Place) -> None:
    """Excel's colour scale around the middle value."""
    ends = (_WORSE, _BETTER) if block.higher_is_better else (_BETTER, _WORSE)
    low, high = ends if block.middle is not None else (_MIDDLE, _BETTER)
    options: dict[str, str | float] = {"type": "2_color_scale", "min_color": low, "max_color": high}
    if block.middle is not None:
        options |= {"type": "3_color_scale", "mid_type": "num", "mid_value": block.middle, "mid_color": _MIDDLE}
    sheet.sheet.conditional_format(place.first, 1, place.last, place.free_column - 1, options)


def write_xlsx(report: Report, path: Path) -> None:
    """Write every block's data at full precision, in Excel tables, with native charts beside them."""
    book = _Book(path, report)
    index = book.add_sheet(both(_INDEX))
    sheets = [(book.add_sheet(both(_AT_A_GLANCE)), report.summary)]
    sheets += [
        (book.add_sheet(f"{chapter.number} {both(chapter.title)}"), chapter.blocks) for chapter in report.chapters
    ]
    for number, (sheet, blocks) in enumerate(sheets):
        if number:
            chapter = report.chapters[number - 1]
            sheet.line(f"{chapter.number}  {both(chapter.title)}", bold=True, font_size=14, font_color=_DEEP)
            sheet.line(both(chapter.question, "  "), font_color=_SOFT)
            if chapter.headline:
                sheet.line(chapter.headline.en)
                sheet.line(chapter.headline.zh)
            sheet.row += 1
        book.blocks(sheet, blocks)
        sheet.finish()
    book.index(index)
    index.finish()
    book.book.close()
