"""How values are written by their form: the same digits on a slide and in Excel's own number formats."""

from datetime import date, datetime

from dagster_project.reports.monthly.blocks import DECIMALS, Cell, Change, Form, Measure, Text, Trend
from dagster_project.reports.quality.numbers import NONE, rounded
from dagster_project.reports.quality.wording import printable

_UNITS = {Form.MINUTES: " min", Form.HOURS: " h", Form.DAYS: " d"}
_BARS = "▁▂▃▄▅▆▇█"


def _digits(form: Form, decimals: int | None) -> int:
    return DECIMALS.get(form, 0) if decimals is None else decimals


def plain(text: str) -> str:
    """The text on one line, without what XML can't hold."""
    return " ".join(printable(text).split())


def both(text: Text, between: str = " ") -> str:
    """A text in both languages, once where they are the same."""
    english, chinese = plain(text.en), plain(text.zh)
    return between.join(dict.fromkeys(part for part in (english, chinese) if part))


def amount(value: float, form: Form, decimals: int | None = None) -> str:
    """A number by its form, rounded half away from zero: 1,008, 27.4%, 3.5 h."""
    shown = rounded(value * 100 if form is Form.RATE else value, _digits(form, decimals))
    number = f"{abs(shown) if shown == 0 else shown:,}"
    if form is Form.MONEY:
        return f"¥{number}" if shown >= 0 else f"-¥{number[1:]}"
    return f"{number}%" if form is Form.RATE else f"{number}{_UNITS.get(form, '')}"


def change(cell: Change) -> str:
    """A signed difference; of rates in percentage points."""
    if cell.value is None:
        return NONE
    if cell.form is Form.RATE:
        points = rounded(cell.value * 100, _digits(cell.form, cell.decimals))
        told = f"{abs(points)} pp"
    else:
        points = rounded(cell.value, _digits(cell.form, cell.decimals))
        told = amount(abs(cell.value), cell.form, cell.decimals)
    return told if points == 0 else f"{'+' if points > 0 else '−'}{told}"


def trend(cell: Trend) -> str:
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


def written(cell: Cell, form: Form, decimals: int | None = None) -> str:
    """A cell as people read it; one that is not known is a dash."""
    match cell:
        case None:
            return "" if form is Form.TO_FILL_IN else NONE
        case Text():
            return both(cell)
        case Measure():
            return written(cell.value, cell.form, cell.decimals)
        case Change():
            return change(cell)
        case Trend():
            return trend(cell)
        case date() | datetime():
            return f"{cell:%Y-%m}" if form is Form.MONTH else f"{cell:%Y-%m-%d}"
        case str():
            return plain(cell)
    return amount(cell, form, decimals)


def excel_format(form: Form, decimals: int | None = None) -> str:
    """The form as a number format of Excel and of native charts."""
    if form in (Form.DAY, Form.MONTH):
        return "yyyy-mm-dd" if form is Form.DAY else "yyyy-mm"
    if form not in DECIMALS:
        return "General"
    digits = _digits(form, decimals)
    number = "0" + (f".{'0' * digits}" if digits else "")
    if form is Form.RATE:
        return f"{number}%"
    grouped = f"#,##{number}"
    return f'"¥"{grouped}' if form is Form.MONEY else grouped
