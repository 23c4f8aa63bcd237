"""A native table of formatted cells: widths by content, a font size that fits, split over slides where too long."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lxml import etree
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.shapes.shapetree import GroupShapes
from pptx.table import _Cell
from pptx.util import Emu

from dagster_project.reports.monthly.blocks import Text
from dagster_project.reports.monthly.slides.fit import LINE, cut, lines, widest_word, width_of
from dagster_project.reports.monthly.slides.pieces import Piece, without_data
from dagster_project.reports.monthly.slides.style import (
    DEEP,
    INK,
    RULE,
    SOFT,
    Box,
    Colour,
    Run,
    emu,
    fill_paragraph,
    points,
)

_NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
_SIZES = (12, 11, 10, 9)
_PADDING, _SPACE = 6.0, 3.0
_WIDEST, _LONGEST_WORD, _MOST_LINES = 300.0, 130.0, 6
_MOST_ROWS = 80
_MORE = Text("{count} more rows are in the workbook.", "其余 {count} 行见工作簿。")
_NO_ROWS = Text("no rows", "无数据")


@dataclass(frozen=True)
class GridCell:
    """A cell as it is shown."""

    text: str
    is_right: bool = False
    colour: Colour = INK
    fill: Colour | None = None
    is_bold: bool = False
    room: float = 0.0  # the minimum width, for what is still to be written in


@dataclass(frozen=True)
class Grid:
    """Rows of cells under a header."""

    header: tuple[GridCell, ...]
    rows: tuple[tuple[GridCell, ...], ...]
    has_total: bool = False

    def columns(self, places: Sequence[int]) -> "Grid":
        """Some of the columns."""
        rows = tuple(tuple(row[place] for place in places) for row in self.rows)
        return replace(self, header=tuple(self.header[place] for place in places), rows=rows)


def _wide(text: str, size: float) -> float:
    return max(width_of(line, size) for line in text.split("\n"))


def _widths(grid: Grid, size: float, width: float) -> list[float] | None:
    """Widths of the columns in points; None where the words don't fit at this font size."""
    columns = list(zip(grid.header, *grid.rows, strict=True))
    pad = 2 * _PADDING + 2
    natural = [min(max(max(_wide(cell.text, size), cell.room) for cell in column), _WIDEST) + pad for column in columns]
    least = [
        min(max(max(widest_word(cell.text, size), cell.room * 0.6) for cell in column), _LONGEST_WORD) + pad
        for column in columns
    ]
    if sum(natural) <= width:
        stretch = min(width / sum(natural), 1.7)
        return [column * stretch for column in natural]
    if sum(least) > width:
        return None
    share = (width - sum(least)) / (sum(natural) - sum(least))
    return [low + (high - low) * share for low, high in zip(least, natural, strict=True)]


def _row_height(row: Sequence[GridCell], widths: Sequence[float], size: float) -> float:
    inner = (width - 2 * _PADDING - 1 for width in widths)
    most = max(min(lines(cell.text, size, wide), _MOST_LINES) for cell, wide in zip(row, inner, strict=True))
    return most * size * LINE + 2 * _SPACE


@dataclass(frozen=True)
class _Sheet:
    """A grid that fits a slide."""

    grid: Grid
    widths: list[float]
    heights: list[float]
    size: float

    def draw(self, shapes: GroupShapes, box: Box) -> None:
        cells = [self.grid.header, *self.grid.rows]
        frame = shapes.add_table(
            len(cells), len(self.widths), box.left, box.top, emu(sum(self.widths)), emu(sum(self.heights))
        )
        table = frame.table
        properties = table._tbl.tblPr
        for flag in ("firstRow", "bandRow"):
            properties.attrib.pop(flag, None)
        properties.set("firstRow", "1")
        properties.find(qn("a:tableStyleId")).text = _NO_STYLE
        for place, width in enumerate(self.widths):
            table.columns[place].width = Emu(emu(width))
        for place, height in enumerate(self.heights):
            table.rows[place].height = Emu(emu(height))
        frame.height = Emu(sum(emu(height) for height in self.heights))
        frame.width = Emu(sum(emu(width) for width in self.widths))
        for row, shown in enumerate(cells):
            is_total = self.grid.has_total and row == len(cells) - 1
            for column, cell in enumerate(shown):
                self._fill(table.cell(row, column), cell, self.widths[column], row == 0, is_total)

    def _fill(self, target: _Cell, cell: GridCell, width: float, is_header: bool, is_total: bool) -> None:
        text = cut(cell.text, self.size, width - 2 * _PADDING - 1, _MOST_LINES)
        colour = SOFT if is_header else cell.colour
        align = PP_ALIGN.RIGHT if cell.is_right else PP_ALIGN.LEFT
        for place, line in enumerate(text.split("\n")):
            frame = target.text_frame
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            fill_paragraph(paragraph, [Run(line, self.size, colour, bold=cell.is_bold or is_total)], align)
        target.vertical_anchor = MSO_ANCHOR.BOTTOM if is_header else MSO_ANCHOR.MIDDLE
        target.margin_left = target.margin_right = Emu(emu(_PADDING))
        target.margin_top = target.margin_bottom = Emu(emu(_SPACE))
        properties = target._tc.get_or_add_tcPr()
        for edge in ("a:lnL", "a:lnR", "a:lnT"):
            etree.SubElement(etree.SubElement(properties, qn(edge), w="0"), qn("a:noFill"))
        line = etree.SubElement(properties, qn("a:lnB"), w="12700" if is_header else "6350")
        line.append((DEEP if is_header else RULE).fill())
        if is_total:
            top = properties.find(qn("a:lnT"))
            top.set("w", "12700")
            top.replace(top[0], SOFT.fill())
        properties.append(cell.fill.fill() if cell.fill else etree.Element(qn("a:noFill")))


def _sheets(grid: Grid, widths: list[float], size: float, height: float) -> list[_Sheet]:
    """Split the grid into as many sheets as it needs."""
    head = _row_height(grid.header, widths, size)
    heights = [_row_height(row, widths, size) for row in grid.rows]
    last = heights[-1] if grid.has_total and heights else 0.0
    body = len(heights) - (1 if last else 0)
    starts, used = [0], head
    for place in range(body):
        if used + heights[place] + last > height and place > starts[-1]:
            starts.append(place)
            used = head
        used += heights[place]
    sheets = []
    for start, end in zip(starts, [*starts[1:], body], strict=True):
        rows, tall, is_last = list(grid.rows[start:end]), heights[start:end], end == body
        if is_last and last:
            rows, tall = [*rows, grid.rows[-1]], [*tall, last]
        part = replace(grid, rows=tuple(rows), has_total=grid.has_total and is_last)
        sheets.append(_Sheet(part, widths, [head, *tall], size))
    return sheets


def _balanced(grid: Grid, widths: list[float], size: float, height: float) -> list[_Sheet]:
    """Split the grid into as few sheets as the height allows, of about the same length."""
    sheets = _sheets(grid, widths, size, height)
    if len(sheets) == 1:
        return sheets
    low, high = 0.0, height
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (low, middle) if len(_sheets(grid, widths, size, middle)) == len(sheets) else (middle, high)
    return _sheets(grid, widths, size, high)


def _column_sets(grid: Grid, size: float, width: float) -> list[list[int]]:
    """Sets of columns that fit the width; each includes the first column."""
    sets, current = [], [0]
    for place in range(1, len(grid.header)):
        if len(current) > 1 and _widths(grid.columns([*current, place]), size, width) is None:
            sets.append(current)
            current = [0]
        current.append(place)
    return [*sets, current]


def _fitted(grid: Grid, width: float, height: float) -> list[_Sheet]:
    """At the largest font size that needs one slide only; else at a readable size, over several."""
    tried = {size: widths for size in _SIZES if (widths := _widths(grid, size, width))}
    for size, widths in tried.items():
        sheets = _sheets(grid, widths, size, height)
        if len(sheets) == 1:
            return sheets
    if tried:
        size = next((size for size in (10,) if size in tried), min(tried))
        return _balanced(grid, tried[size], size, height)
    size = _SIZES[-1]
    parts = [grid.columns(places) for places in _column_sets(grid, size, width)]
    made = [_balanced(part, _widths(part, size, width) or _even(part, width), size, height) for part in parts]
    return [sheet for sheets in made for sheet in sheets]


def _even(grid: Grid, width: float) -> list[float]:
    return [width / len(grid.header)] * len(grid.header)


def _with_more(note: Text | None, left_out: int) -> Text:
    more = Text(_MORE.en.format(count=f"{left_out:,}"), _MORE.zh.format(count=f"{left_out:,}"))
    return Text(f"{note.en} {more.en}", f"{note.zh} {more.zh}") if note else more


def grid_pieces(title: Text, grid: Grid, area: Box, note: Text | None = None) -> list[Piece]:
    """The table's pieces, numbered where there are several; the note is below the last."""
    if not grid.header:
        return []
    if not grid.rows:
        return [without_data(title, _NO_ROWS, note)]
    left_out = max(0, len(grid.rows) - _MOST_ROWS)
    if left_out:
        kept = grid.rows[: _MOST_ROWS - 1] + grid.rows[-1:] if grid.has_total else grid.rows[:_MOST_ROWS]
        grid, note = replace(grid, rows=kept), _with_more(note, left_out)
    room = area.height - Piece(lambda shapes, box: None, 0, title, "9/9", note).around(area.width) - emu(4)
    sheets = _fitted(grid, points(area.width), points(room))
    many = len(sheets) > 1
    return [
        Piece(
            sheet.draw,
            sum(emu(height) for height in sheet.heights) + emu(4),
            title,
            f"{number}/{len(sheets)}" if many else "",
            note if number == len(sheets) else None,
        )
        for number, sheet in enumerate(sheets, start=1)
    ]
