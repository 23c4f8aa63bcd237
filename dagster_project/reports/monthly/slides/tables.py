"""Tables and heat maps as grids of formatted cells."""

from dagster_project.reports.monthly.blocks import Cell, Change, Column, Form, Heat, Measure, Table, Tone
from dagster_project.reports.monthly.forms import both, shown
from dagster_project.reports.monthly.slides.grid import Grid, GridCell, grid_pieces
from dagster_project.reports.monthly.slides.pieces import Piece
from dagster_project.reports.monthly.slides.style import FIXED_INK, SOFT, TO_FILL_IN, TONES, Box, Colour

_LEFT = (Form.TEXT, Form.DAY, Form.MONTH, Form.TREND, Form.TO_FILL_IN)
_ROOM_TO_WRITE = 90.0
_WHITE, _WARM, _COOL = (255, 255, 255), (0xE3, 0xA5, 0x98), (0x93, 0xC6, 0xAE)


def _cell(value: Cell, column: Column, tone: Tone | None) -> GridCell:
    is_number = isinstance(value, int | float | Measure | Change)
    colour = TONES[tone] if tone else TONES[Tone.NEUTRAL]
    if isinstance(value, Change):
        colour = SOFT if value.is_news is False else TONES[value.tone]
    return GridCell(
        shown(value, column.form, column.decimals),
        is_right=is_number or column.form not in _LEFT,
        colour=FIXED_INK if column.form is Form.TO_FILL_IN else colour,
        fill=TO_FILL_IN if column.form is Form.TO_FILL_IN else None,
        is_bold=tone in (Tone.GOOD, Tone.BAD),
    )


def table_pieces(block: Table, area: Box) -> list[Piece]:
    """A table, over several slides where it is long."""
    block = block.to_read()
    tones = {(row, column): tone for row, column, tone in block.tones}
    header = tuple(
        GridCell(
            both(column.label, "\n"),
            column.form not in _LEFT,
            room=_ROOM_TO_WRITE if column.form is Form.TO_FILL_IN else 0.0,
        )
        for column in block.columns
    )
    rows = tuple(
        tuple(
            _cell(value, column, tones.get((row, place)))
            for place, (value, column) in enumerate(zip(values, block.columns, strict=True))
        )
        for row, values in enumerate(block.rows)
    )
    return grid_pieces(block.title, Grid(header, rows, block.total), area, block.note)


def _mixed(share: float, end: tuple[int, int, int]) -> Colour:
    parts = (round(white + (other - white) * share) for white, other in zip(_WHITE, end, strict=True))
    return Colour("".join(f"{part:02X}" for part in parts))


def _heat_fill(value: float, block: Heat) -> Colour:
    """Warm for worse and cool for better than the middle; without one, darker for more."""
    known = [other for row in block.values for other in row if other is not None]
    if block.middle is None:
        low, high = min(known), max(known)
        return _mixed((value - low) / (high - low) if high > low else 0.0, _COOL)
    far = max(abs(other - block.middle) for other in known)
    is_better = (value > block.middle) == block.higher_is_better
    return _mixed(abs(value - block.middle) / far if far else 0.0, _COOL if is_better else _WARM)


def heat_pieces(block: Heat, area: Box) -> list[Piece]:
    """A table whose cells are coloured."""
    header = (GridCell(""), *(GridCell(both(column, "\n"), is_right=True) for column in block.columns))
    rows = tuple(
        (
            GridCell(both(name)),
            *(
                GridCell(
                    shown(value, block.form, block.decimals),
                    is_right=True,
                    colour=SOFT if value is None else FIXED_INK,
                    fill=None if value is None else _heat_fill(value, block),
                )
                for value in values
            ),
        )
        for name, values in zip(block.rows, block.values, strict=True)
    )
    return grid_pieces(block.title, Grid(header, rows), area, block.note)
