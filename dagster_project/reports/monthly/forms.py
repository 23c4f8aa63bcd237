"""Cells and texts as slides and workbooks show them: on one line, and with Excel's number formats."""

from dagster_project.reports.monthly.blocks import DECIMALS, Cell, Change, Form, Measure, Text, Trend
from dagster_project.reports.monthly.written import NONE, changed, measured, written
from dagster_project.reports.text import printable

_BARS = "▁▂▃▄▅▆▇█"


def plain(text: str) -> str:
    """The text on one line, without characters that XML can't hold."""
    return " ".join(printable(text).split())


def both(text: Text, between: str = " ") -> str:
    """A text in both languages, once where they are the same."""
    english, chinese = plain(text.en), plain(text.zh)
    return between.join(dict.fromkeys(part for part in (english, chinese) if part))


def drawn_trend(cell: Trend) -> str:
    """A small line of block characters; a gap where there is no value."""
    known = [value for value in cell.values if value is not None]
    if not known:
        return NONE
    low, span = min(known), max(known) - min(known)
    steps = len(_BARS) - 1
    return "".join(
        " " if value is None else _BARS[round((value - low) / span * steps) if span else steps // 2]
        for value in cell.values
    )


def shown(cell: Cell, form: Form, decimals: int | None = None) -> str:
    """A cell as text; an unknown value is a dash, one to be filled in is blank."""
    if cell is None and form is Form.TO_FILL_IN:
        return ""
    if isinstance(cell, str | Text):
        return both(Text(cell, cell) if isinstance(cell, str) else cell)
    if isinstance(cell, Trend):
        return drawn_trend(cell)
    if isinstance(cell, Measure):
        return measured(cell)
    return changed(cell) if isinstance(cell, Change) else written(cell, form, decimals)


def excel_format(form: Form, decimals: int | None = None) -> str:
    """The form as a number format of Excel and of native charts."""
    if form in (Form.DAY, Form.MONTH):
        return "yyyy-mm-dd" if form is Form.DAY else "yyyy-mm"
    if form not in DECIMALS:
        return "General"
    digits = DECIMALS[form] if decimals is None else decimals
    number = "0" + (f".{'0' * digits}" if digits else "")
    return f"{number}%" if form is Form.RATE else f"#,##{number}"
