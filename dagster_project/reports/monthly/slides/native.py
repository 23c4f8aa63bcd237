"""A native, editable chart: bars, lines, points with intervals and a share on a second axis, from one XML template.

python-pptx writes charts of a single kind with PowerPoint's default look. This module writes the chart's XML itself and
passes it in where python-pptx would call its own writer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil, floor, log10
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from pptx.enum.chart import XL_CHART_TYPE
from pptx.shapes.shapetree import GroupShapes

from dagster_project.reports.monthly.blocks import Form
from dagster_project.reports.monthly.forms import excel_format
from dagster_project.reports.monthly.slides.embedded import DataSheet
from dagster_project.reports.monthly.slides.fit import cut, widest_word, width_of
from dagster_project.reports.monthly.slides.style import INK, PAPER, QUIET, RULE, SOFT, Box, Colour, points

_TEMPLATE = Environment(
    loader=PackageLoader("dagster_project.reports.monthly", "slides"), autoescape=True, undefined=StrictUndefined
).get_template("chart.xml.j2")
_AXIS_ROOM = 46.0
_TURNED_ROOM = 110.0


@dataclass(frozen=True)
class Scale:
    """The ends of a value axis and the distance of its gridlines."""

    low: float
    high: float
    step: float


@dataclass(frozen=True)
class Spread:
    """The ends of intervals."""

    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]


@dataclass(frozen=True)
class Drawn:
    """A series as it is drawn."""

    name: str
    values: tuple[float | None, ...]
    colour: Colour
    form: Form
    kind: str = "line"  # bar, line, points, share (a line on the second axis)
    is_quiet: bool = False
    labels: str = "none"  # none, last, all
    label_position: str = "t"
    spread: Spread | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class Chart:
    """A chart as it is drawn."""

    categories: tuple[str, ...]
    series: tuple[Drawn, ...]
    form: Form
    is_horizontal: bool = False
    is_stacked: bool = False
    is_ordered: bool = False  # months: labels may be left out, never turned
    scale: Scale | None = None
    decimals: int | None = None


def nice_scale(values: Sequence[float | None], from_zero: bool, form: Form) -> Scale | None:
    """A scale with round ends around the values; that of a rate stays within 0% and 100%."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    span = high - low or abs(high) or 1.0
    rough = span / 5
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    if form is Form.COUNT:
        step = max(1.0, float(ceil(step)))
    start, end = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    if not from_zero:
        start, end = (start - step if start >= low else start), (end + step if end <= high else end)
    start = max(start, 0.0) if low >= 0 else start
    end = min(end, 1.0) if form is Form.RATE and high <= 1 else end
    return Scale(*(float(f"{value:.12g}") for value in (start, end if end > start else start + step, step)))


def _axis_format(chart: Chart) -> str:
    """The number format of the axis, with as few decimals as its steps need."""
    if chart.scale is None:
        return excel_format(chart.form, chart.decimals)
    step = Decimal(repr(chart.scale.step)) * (100 if chart.form is Form.RATE else 1)
    exponent = step.normalize().as_tuple().exponent
    return excel_format(chart.form, max(0, -int(exponent)))


def _difference(ends: tuple[float | None, ...], values: tuple[float | None, ...], sign: int) -> list[float | None]:
    return [
        None if end is None or value is None else max(0.0, sign * (end - value))
        for end, value in zip(ends, values, strict=True)
    ]


def _with_data(chart: Chart, data: DataSheet) -> list[SimpleNamespace]:
    """The series with their columns of the data sheet."""
    described = []
    for place, series in enumerate(chart.series):
        number_format = excel_format(series.form, series.decimals)
        known = [at for at, value in enumerate(series.values) if value is not None]
        described.append(
            SimpleNamespace(
                **vars(series)
                | {
                    "place": place,
                    "column": data.add(series.name, series.values, number_format),
                    "number_format": number_format,
                    "has_line": series.kind != "points",
                    "last": known[-1] if known else 0,
                    "labels": series.labels if known else "none",
                }
            )
        )
    for one in described:
        if one.spread:
            minus = _difference(one.spread.lows, one.values, -1)
            plus = _difference(one.spread.highs, one.values, 1)
            column = data.add("− to the lower end 至下限", minus, one.number_format)
            data.add("+ to the upper end 至上限", plus, one.number_format)
            one.spread = SimpleNamespace(column=column, minus=minus, plus=plus)
    return described


def _category_look(chart: Chart, width: float) -> dict[str, Any]:
    """Size, rotation and skipping of the names under the columns or points."""
    look: dict[str, Any] = {"category_size": 1000, "rotation": None, "skip": 1}
    if chart.is_horizontal or not chart.categories:
        return look
    slot = (width - _AXIS_ROOM) / len(chart.categories)
    if chart.is_ordered:
        widest = max(width_of(name, 9) for name in chart.categories)
        return look | {"category_size": 900, "rotation": 0, "skip": ceil((widest + 4) / slot)}
    is_upright = names_fit(chart.categories, slot, 8)
    return look | {"category_size": 900, "rotation": 0 if is_upright else -2_700_000}


def names_fit(names: Sequence[str], slot: float, most_lines: int = 3) -> bool:
    """Whether names fit under their columns without rotation, on a few lines."""
    return all(widest_word(name, 9) <= slot and width_of(name, 9) <= most_lines * slot for name in names)


class _ChartData:
    """The interface that python-pptx expects of a new chart's data."""

    def __init__(self, xml: str, data: DataSheet) -> None:
        self._xml = xml
        self.xlsx_blob = data.workbook()

    def xml_bytes(self, chart_type: XL_CHART_TYPE) -> bytes:
        """The chart part."""
        return self._xml.encode()


def add_chart(shapes: GroupShapes, box: Box, chart: Chart, description: str) -> None:
    """Draw the chart into the box; `description` is its name and its text for screen readers."""
    look = _category_look(chart, points(box.width))
    if look["rotation"]:
        chart = replace(chart, categories=tuple(cut(name, 9, _TURNED_ROOM, 1) for name in chart.categories))
    data = DataSheet(chart.categories)
    described = _with_data(chart, data)
    kinds = {kind: [series for series in described if series.kind == kind] for kind in ("bar", "share")}
    labelled = all(series.labels == "all" for series in chart.series if series.kind == "bar")
    xml = _TEMPLATE.render(
        chart=chart,
        data=data,
        bars=kinds["bar"],
        lines=[series for series in described if series.kind in ("line", "points")],
        shares=kinds["share"],
        has_legend=len(chart.series) > 1,
        hides_values=bool(kinds["bar"]) and labelled,
        axis_format=_axis_format(chart),
        ink=INK.xml,
        soft=SOFT.xml,
        soft_line=QUIET.xml,
        rule=RULE.xml,
        paper=PAPER.xml,
        **look,
    )
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED  # asked for, but only our XML says what is drawn
    frame = shapes.add_chart(kind, box.left, box.top, box.width, box.height, _ChartData(xml, data))
    frame.name = description[:100]
    frame._element.nvGraphicFramePr.cNvPr.set("descr", description)
