"""The data behind a block as one table, at full precision."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from dagster_project.reports.monthly.blocks import (
    Bars,
    Block,
    Cell,
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
    Table,
    Text,
    Tone,
    Trend,
)

NAME = Column(Text("Name", "名称"), Form.TEXT)
_FIGURE = Column(Text("Figure", "指标"), Form.TEXT)
_VALUE, _LOW, _HIGH = Text("Value", "数值"), Text("95% low", "95% 下限"), Text("95% high", "95% 上限")
_SAMPLE = Column(Text("Sample size", "样本量"), Form.COUNT)


@dataclass(frozen=True)
class Data:
    """The rows of a block; `title` is None where it has none."""

    title: Text | None
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Text | None = None
    total: bool = False
    tones: tuple[tuple[int, int, Tone], ...] = ()


def _figure_row(figure: Figure, labels: list[Text]) -> tuple[Cell, ...]:
    def measure(value: float | None) -> Measure:
        return Measure(value, figure.form, figure.decimals)

    compared = {comparison.label: comparison.value for comparison in figure.comparisons}
    ends = (figure.value, figure.low, figure.high)
    small = Text("yes", "是") if figure.is_small_sample else ""
    others = (measure(compared.get(label)) for label in labels)
    return (figure.label, *map(measure, ends), figure.sample_size, small, *others, figure.note or "")


def _figures(block: Figures) -> Data:
    labels = list(dict.fromkeys(comparison.label for figure in block.figures for comparison in figure.comparisons))
    measures = (Column(label, Form.TEXT) for label in (_VALUE, _LOW, _HIGH))
    small = Column(Text("Small sample", "样本少"), Form.TEXT)
    note = Column(Text("Note", "说明"), Form.TEXT)
    columns = (_FIGURE, *measures, _SAMPLE, small, *(Column(label, Form.TEXT) for label in labels), note)
    return Data(None, columns, tuple(_figure_row(figure, labels) for figure in block.figures))


def _without_trends(cell: Cell, longest: int) -> tuple[Cell, ...]:
    """The values of a trend, aligned to the last of its columns."""
    values = cell.values if isinstance(cell, Trend) else ()
    return (*(None,) * (longest - len(values)), *values)


def _table(block: Table) -> Data:
    """The table, with the values of its trends in further columns."""
    columns, rows = list(block.columns), [list(row) for row in block.rows]
    for place, column in enumerate(block.columns):
        if column.form is Form.TREND:
            trends = [cell for row in block.rows if isinstance(cell := row[place], Trend)]
            longest = max((len(trend.values) for trend in trends), default=0)
            for row, cells in zip(rows, block.rows, strict=True):
                row.extend(_without_trends(cells[place], longest))
            for back in range(longest - 1, -1, -1):
                label = Text(f"{column.label.en} −{back}", f"{column.label.zh} −{back}")
                columns.append(Column(label, Form.TEXT))
    return Data(block.title, tuple(columns), tuple(map(tuple, rows)), block.note, block.total, block.tones)


def _lines(block: Lines) -> Data:
    columns = (Column(Text("Month", "月份"), Form.TEXT), *_series_columns(block))
    rows = zip(block.categories, *(series.values for series in block.series), strict=True)
    return Data(block.title, columns, tuple(rows), block.note)


def _bars(block: Bars) -> Data:
    rows = zip(block.categories, *(series.values for series in block.series), strict=True)
    return Data(block.title, (NAME, *_series_columns(block)), tuple(rows), block.note)


def _series_columns(block: Lines | Bars) -> tuple[Column, ...]:
    return tuple(Column(series.name, block.form, block.decimals) for series in block.series)


def _pareto(block: Pareto) -> Data:
    total = sum(block.counts)
    shares = [count / total if total else None for count in block.counts]
    running = [count / total if total else None for count in accumulate(block.counts)]
    columns = (
        NAME,
        Column(Text("Count", "数量"), Form.COUNT),
        Column(Text("Share", "占比"), Form.RATE),
        Column(Text("Cumulative share", "累计占比"), Form.RATE),
    )
    rows = zip(block.categories, block.counts, shares, running, strict=True)
    return Data(block.title, columns, tuple(rows), block.note)


def _heat(block: Heat) -> Data:
    columns = (NAME, *(Column(column, block.form, block.decimals) for column in block.columns))
    rows = tuple((name, *values) for name, values in zip(block.rows, block.values, strict=True))
    return Data(block.title, columns, rows, block.note)


def _distance(end: float | None, value: float | None) -> float | None:
    return None if end is None or value is None else abs(end - value)


def _intervals(block: Intervals) -> Data:
    labels = (_VALUE, _LOW, _HIGH, Text("To the low end", "至下限"), Text("To the high end", "至上限"))
    columns = [NAME, _SAMPLE, *(Column(label, block.form, block.decimals) for label in labels)]
    ends = zip(block.values, block.lows, block.highs, strict=True)
    measured = [(value, low, high, _distance(low, value), _distance(high, value)) for value, low, high in ends]
    named = zip(block.names, block.sample_sizes, measured, strict=True)
    rows: list[tuple[Cell, ...]] = [(name, size, *values) for name, size, values in named]
    if block.reference:
        columns.append(Column(block.reference.label, block.form, block.decimals))
        rows = [(*row, block.reference.value) for row in rows]
    return Data(block.title, tuple(columns), tuple(rows), block.note)


def _flow(block: Flow) -> Data:
    labels = (Text("From", "从"), Text("To", "到"))
    columns = (*(Column(label, Form.TEXT) for label in labels), Column(Text("Count", "数量"), Form.COUNT))
    rows = tuple((block.nodes[link.source], block.nodes[link.target], link.value) for link in block.links)
    return Data(block.title, columns, rows, block.note)


def _note(block: Note) -> Data:
    return Data(None, (), (), block.text)


_DATA: dict[type, Callable[[Any], Data]] = {
    Figures: _figures,
    Table: _table,
    Lines: _lines,
    Bars: _bars,
    Pareto: _pareto,
    Heat: _heat,
    Intervals: _intervals,
    Flow: _flow,
    Note: _note,
}


def data_of(block: Block) -> Data:
    """The data behind a block."""
    return _DATA[type(block)](block)
