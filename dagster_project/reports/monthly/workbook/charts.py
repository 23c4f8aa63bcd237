"""Native Excel charts of the data beside them."""

from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.utility import xl_range_abs

from dagster_project.reports.monthly.blocks import Bars, Block, Form, Intervals, Lines, Pareto
from dagster_project.reports.monthly.forms import both, excel_format
from dagster_project.reports.monthly.workbook.sheet import FONT, Place

_COLOURS = ("#0E4F5C", "#6FA3AD", "#C29A4B", "#8593A0", "#A3372A", "#2B6E4F", "#385C63", "#7A5F26", "#4C5862")
_QUIET, _RULE, _SOFT = "#9AA5AE", "#E3E8EB", "#5C6875"
_FONT = {"name": FONT, "size": 9, "color": _SOFT, "bold": False}
HEIGHT = 320
ROWS = 17
"""The number of rows that a chart covers, if all have the default height."""


class _Beside:
    """References of a chart to the table beside it."""

    def __init__(self, book: Workbook, sheet: str, place: Place) -> None:
        self.book, self.sheet, self.place = book, sheet.replace("'", "''"), place

    def range(self, column: int) -> str:
        """Reference to the rows of a column."""
        return f"='{self.sheet}'!{xl_range_abs(self.place.first, column, self.place.last, column)}"

    def series(self, column: int, **look: Any) -> dict[str, Any]:  # noqa: ANN401 what xlsxwriter takes
        """A series of a column, named by its header."""
        header = xl_range_abs(self.place.header, column, self.place.header, column)
        return {
            "name": f"='{self.sheet}'!{header}",
            "categories": self.range(0),
            "values": self.range(column),
        } | look


def _line(colour: str, is_quiet: bool) -> dict[str, Any]:
    if is_quiet:
        return {"line": {"color": colour, "width": 1.25, "dash_type": "square_dot"}, "marker": {"type": "none"}}
    mark = {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": "#FFFFFF"}}
    return {"line": {"color": colour, "width": 2}, "marker": mark}


def _colours(block: Lines | Bars) -> list[str]:
    loud = iter(_COLOURS * (1 + len(block.series) // len(_COLOURS)))
    return [_QUIET if series.quiet else next(loud) for series in block.series]


def _lines(block: Lines, beside: _Beside) -> Chart:
    chart = beside.book.add_chart({"type": "line"})
    for column, (series, colour) in enumerate(zip(block.series, _colours(block), strict=True), start=1):
        chart.add_series(beside.series(column, **_line(colour, series.quiet)))
    return chart


def _bars(block: Bars, beside: _Beside) -> Chart:
    kind = {"type": "bar" if block.horizontal else "column"}
    chart = beside.book.add_chart(kind | ({"subtype": "stacked"} if block.stacked else {}))
    for column, colour in enumerate(_colours(block), start=1):
        chart.add_series(beside.series(column, fill={"color": colour}, gap=60))
    return chart


def _pareto(beside: _Beside) -> Chart:
    chart = beside.book.add_chart({"type": "column"})
    chart.add_series(beside.series(1, fill={"color": _COLOURS[0]}, gap=45))
    share = beside.book.add_chart({"type": "line"})
    share.add_series(beside.series(3, y2_axis=True, **_line(_COLOURS[2], False)))
    share.set_y2_axis({"min": 0, "max": 1, "num_format": "0%", "num_font": _FONT, "line": {"none": True}})
    chart.combine(share)
    return chart


def _intervals(beside: _Beside) -> Chart:
    """Horizontal bars, which have room for long names, each with its interval."""
    chart = beside.book.add_chart({"type": "bar"})
    bars = {
        "type": "custom",
        "minus_values": beside.range(5),
        "plus_values": beside.range(6),
        "line": {"color": "#17212B", "width": 1.25},
    }
    chart.add_series(beside.series(2, fill={"color": _COLOURS[1]}, gap=70, y_error_bars=bars))
    return chart


def _axes(block: Lines | Bars | Pareto | Intervals, chart: Chart) -> None:
    is_horizontal = isinstance(block, Intervals) or (isinstance(block, Bars) and block.horizontal)
    form = Form.COUNT if isinstance(block, Pareto) else block.form
    decimals = None if isinstance(block, Pareto) else block.decimals
    names = {"num_font": _FONT, "line": {"color": _QUIET}, "label_position": "low", "major_tick_mark": "none"}
    values = {
        "num_format": excel_format(form, decimals),
        "num_font": _FONT,
        "line": {"none": True},
        "major_gridlines": {"visible": True, "line": {"color": _RULE, "width": 0.75}},
        "major_tick_mark": "none",
    }
    if is_horizontal:
        # The first row at the top, the scale below the last.
        chart.set_y_axis(names | {"reverse": True, "major_gridlines": {"visible": False}})
        chart.set_x_axis(values | {"label_position": "high"})
    else:
        chart.set_x_axis(names)
        chart.set_y_axis(values)


def add_chart(book: Workbook, sheet_name: str, block: Block, place: Place) -> Chart | None:
    """The chart of a block, if it has one; the sheet places it."""
    beside = _Beside(book, sheet_name, place)
    match block:
        case Lines():
            chart = _lines(block, beside)
        case Bars():
            chart = _bars(block, beside)
        case Pareto():
            chart = _pareto(beside)
        case Intervals():
            chart = _intervals(beside)
        case _:
            return None
    _axes(block, chart)
    title_font: dict[str, str | int | bool] = {"name": FONT, "size": 11, "bold": True, "color": "#17212B"}
    chart.set_title({"name": both(block.title)[:250], "name_font": title_font, "overlay": False})
    several = isinstance(block, Pareto) or (isinstance(block, Lines | Bars) and len(block.series) > 1)
    legend: dict[str, object] = {"position": "top", "font": _FONT} if several else {"none": True}
    chart.set_legend(legend)
    chart.set_chartarea({"border": {"none": True}})
    chart.show_blanks_as("gap")
    chart.set_size({"width": 680, "height": HEIGHT})
    return chart
