"""Write a report as one self-contained, bilingual HTML page that prints on A4."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from dagster_project.reports.monthly import charts
from dagster_project.reports.monthly.blocks import (
    Bars,
    Block,
    Cell,
    Change,
    Column,
    Figure,
    Figures,
    Flow,
    Form,
    Heat,
    Intervals,
    Lines,
    Measure,
    Note,
    Pareto,
    Report,
    Table,
    Text,
    Trend,
)
from dagster_project.reports.monthly.flow_chart import flow_chart
from dagster_project.reports.monthly.noise import Estimate
from dagster_project.reports.monthly.sentences import interval
from dagster_project.reports.monthly.trend_line import trend_line
from dagster_project.reports.monthly.written import changed, measured, month_name, written
from dagster_project.reports.page import page_environment
from dagster_project.reports.text import printable

TEMPLATES = Path(__file__).parent / "templates"
SHORT_TABLE = 16
"""Tables of up to so many rows are kept on one printed page."""
_NUMBERS = (Form.COUNT, Form.RATE, Form.SCORE, Form.MINUTES, Form.HOURS, Form.DAYS, Form.MONEY)


def both(text: Text) -> Markup:
    """Both languages, Chinese beside English."""
    if text.en == text.zh or not text.zh:
        return Markup("{}").format(printable(text.en or text.zh))
    return Markup('{} <span class="zh">{}</span>').format(printable(text.en), printable(text.zh))


def cell(value: Cell, column: Column) -> Markup:
    """The content of a table cell."""
    if isinstance(value, Text):
        return both(value)
    if isinstance(value, Measure):
        return Markup("{}").format(measured(value))
    if isinstance(value, Change):
        return Markup('<span class="{}">{}</span>').format(change_class(value), changed(value))
    if isinstance(value, Trend):
        return trend_line(value)
    if column.form is Form.TO_FILL_IN and value is None:
        return Markup("")
    return Markup("{}").format(printable(written(value, column.form, column.decimals)))


def change_class(value: Change) -> str:
    """The CSS class of a change: its tone, or noise."""
    return "noise" if value.is_news is False else value.tone.value


def cell_class(value: Cell, column: Column) -> str:
    """The CSS class of a cell: numbers are right-aligned, cells to fill in are marked."""
    if column.form is Form.TO_FILL_IN:
        return "fill"
    if isinstance(value, Measure | Change):
        return "n"
    if isinstance(value, str | Text):
        return "" if column.form is Form.TEXT else "n"
    return "n" if column.form in _NUMBERS else "when" if column.form in (Form.DAY, Form.MONTH) else ""


def is_numeric(table: Table, place: int) -> bool:
    """Whether a column's heading is right-aligned."""
    column = table.columns[place]
    return column.form in _NUMBERS or any(isinstance(row[place], Measure | Change) for row in table.rows)


def tone_at(table: Table, row: int, column: int) -> str:
    """The tone of a cell, empty when it has none."""
    return next((tone.value for r, c, tone in table.tones if (r, c) == (row, column)), "")


def figure_value(figure: Figure) -> str:
    """A headline figure as text."""
    return written(figure.value, figure.form, figure.decimals)


def figure_interval(figure: Figure) -> str | None:
    """The interval of a headline figure as text."""
    return interval(Estimate(figure.value, figure.low, figure.high), figure.form, figure.decimals)


_HALVES = (Lines, Pareto)


def _is_half(block: Block) -> bool:
    return isinstance(block, _HALVES) or (isinstance(block, Bars) and not _is_long(block))


def _is_long(block: Bars) -> bool:
    return block.horizontal and len(block.categories) > 8


def rows_of(blocks: Iterable[Block]) -> Iterator[tuple[Block, ...]]:
    """The rows of the page: small charts in pairs, everything else alone."""
    waiting: Block | None = None
    for block in blocks:
        if not _is_half(block):
            if waiting is not None:
                yield (waiting,)
                waiting = None
            yield (block,)
        elif waiting is None:
            waiting = block
        else:
            yield (waiting, block)
            waiting = None
    if waiting is not None:
        yield (waiting,)


class _Drawing:
    """Draws the charts of one page, with ids that are unique on it."""

    def __init__(self) -> None:
        self._names = count(1)

    def chart(self, block: Block, is_alone: bool) -> Markup:
        """A chart as SVG; one that is alone in its row takes the page's width."""
        width = charts.FULL if is_alone else charts.HALF
        name = f"chart{next(self._names)}"
        match block:
            case Lines():
                return charts.lines(block, name, width)
            case Pareto():
                return charts.pareto(block, name, width)
            case Bars():
                return charts.bars(block, name, width)
            case Heat():
                return charts.heat(block, name)
            case Intervals():
                return charts.intervals(block, name)
            case Flow():
                return flow_chart(block)
        raise TypeError(f"{type(block).__name__} is no chart")


def kind(block: Block) -> str:
    """The name of the template macro that draws a block."""
    return {Figures: "figures", Table: "table", Note: "note"}.get(type(block), "chart")


@cache
def _environment() -> Environment:
    functions = (
        both,
        cell,
        cell_class,
        is_numeric,
        tone_at,
        figure_value,
        figure_interval,
        rows_of,
        kind,
        written,
        month_name,
    )
    environment = page_environment(TEMPLATES, functions)
    environment.globals |= {"forms": Form, "SHORT_TABLE": SHORT_TABLE}
    return environment


def html_page(report: Report) -> str:
    """The report as a page."""
    return _environment().get_template("report.html.j2").render(report=report, draw=_Drawing().chart)
