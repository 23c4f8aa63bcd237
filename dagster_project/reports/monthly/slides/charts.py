"""Lines, bars, Pareto and intervals as native charts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

from pptx.util import Inches

from dagster_project.reports.monthly.blocks import Bars, Form, Intervals, Lines, Pareto, Series, Text
from dagster_project.reports.monthly.forms import both, plain
from dagster_project.reports.monthly.slides.native import Chart, Drawn, Spread, add_chart, names_fit, nice_scale
from dagster_project.reports.monthly.slides.pieces import Piece, without_data
from dagster_project.reports.monthly.slides.style import DEEP, QUIET, SERIES, Box, Colour, points
from dagster_project.reports.monthly.written import written

_NO_DATA = Text("no data", "无数据")
_SHARE = Text("Cumulative share", "累计占比")
_COUNT = Text("Count", "数量")
_VALUE = Text("Value and 95% interval", "数值及95%区间")
_MOST_ROWS, _MOST_POINTS = 18, 20
_LABELLED_POINTS = 26
_NARROWEST_HALF, _LEAST = Inches(4.2), Inches(2.4)


def _colours(series: Sequence[Series]) -> list[Colour]:
    loud = iter(SERIES * (1 + len(series) // len(SERIES)))
    return [QUIET if one.quiet else next(loud) for one in series]


def _is_known(values: Sequence[float | None]) -> bool:
    return any(value is not None for value in values)


def _piece(block: Lines | Bars | Pareto | Intervals, chart: Chart, is_half: bool, part: str = "") -> Piece:
    if not any(_is_known(series.values) for series in chart.series):
        return without_data(block.title, _NO_DATA, block.note)
    description = f"{both(block.title)} {part}".strip()
    bars = len(chart.categories) * (1 if chart.is_stacked else len(chart.series)) if chart.is_horizontal else 0
    least = max(_LEAST, Inches(0.6 + 0.17 * bars))
    return Piece(
        lambda shapes, box: add_chart(shapes, box, chart, description),
        None,
        block.title,
        part,
        block.note,
        is_half,
        least,
    )


def _is_half(area: Box, count: int, most: int) -> bool:
    return count <= most and area.width // 2 >= _NARROWEST_HALF


def lines_pieces(block: Lines, area: Box) -> list[Piece]:
    """Lines over months; context series are grey, dashed and drawn behind."""
    loud = [series for series in block.series if not series.quiet]
    labels = "all" if len(loud) == 1 and len(block.categories) <= 13 else "last"
    drawn = [
        Drawn(
            both(series.name),
            series.values,
            colour,
            block.form,
            is_quiet=series.quiet,
            labels="none" if series.quiet else labels,
            label_position="t" if labels == "all" else "r",
            decimals=block.decimals,
        )
        for series, colour in zip(block.series, _colours(block.series), strict=True)
    ]
    drawn.sort(key=lambda series: not series.is_quiet)
    values = [value for series in block.series for value in series.values]
    categories = tuple(plain(category) for category in block.categories)
    scale = nice_scale(values, False, block.form)
    chart = Chart(categories, tuple(drawn), block.form, is_ordered=True, scale=scale, decimals=block.decimals)
    return [_piece(block, chart, _is_half(area, len(categories), 13) and len(block.series) <= 4)]


def _totals(block: Bars) -> list[float]:
    columns = zip(*(series.values for series in block.series), strict=True)
    return [sum(value or 0 for value in column) for column in columns]


def _bars_part(block: Bars, part: slice, is_horizontal: bool) -> Chart:
    count = len(block.categories[part]) * len(block.series)
    labels = "all" if count <= _LABELLED_POINTS and not block.stacked else "none"
    values = _totals(block) if block.stacked else [value for series in block.series for value in series.values]
    drawn = tuple(
        Drawn(
            both(series.name),
            series.values[part],
            colour,
            block.form,
            "bar",
            labels=labels,
            label_position="outEnd",
            decimals=block.decimals,
        )
        for series, colour in zip(block.series, _colours(block.series), strict=True)
    )
    return Chart(
        tuple(both(category) for category in block.categories[part]),
        drawn,
        block.form,
        is_horizontal=is_horizontal,
        is_stacked=block.stacked,
        scale=nice_scale(values, True, block.form),
        decimals=block.decimals,
    )


def _parts(count: int, most: int) -> list[slice]:
    """Parts of about the same length, of at most `most`."""
    pages = max(1, -(-count // most))
    size = max(1, -(-count // pages))
    return [slice(start, start + size) for start in range(0, max(count, 1), size)]


def bars_pieces(block: Bars, area: Box) -> list[Piece]:
    """Bars; they are horizontal where their names would not fit below columns."""
    names = [both(category) for category in block.categories]
    is_half = _is_half(area, len(names), 8) and len(block.series) <= 4
    room = points(area.width) / (2 if is_half else 1) - 50
    is_horizontal = block.horizontal or not names_fit(names, room / max(1, len(names)))
    most = max(1, _MOST_ROWS // (1 if block.stacked else max(1, (len(block.series) + 1) // 2)))
    parts = _parts(len(names), most if is_horizontal else _MOST_POINTS)
    return _numbered(block, parts, lambda part: _bars_part(block, part, is_horizontal), is_half)


def _numbered(
    block: Bars | Intervals, parts: list[slice], chart: Callable[[slice], Chart], is_half: bool
) -> list[Piece]:
    pieces = []
    for number, part in enumerate(parts, start=1):
        numbering = f"{number}/{len(parts)}" if len(parts) > 1 else ""
        shown = block if number == len(parts) else replace(block, note=None)
        pieces.append(_piece(shown, chart(part), is_half and not numbering, numbering))
    return pieces


def pareto_pieces(block: Pareto, area: Box) -> list[Piece]:
    """Columns of counts with the cumulative share on a second axis."""
    total = sum(block.counts)
    shares = tuple(count / total if total else None for count in accumulate(block.counts))
    few = len(block.counts) <= 12
    counts = Drawn(
        both(_COUNT), block.counts, DEEP, Form.COUNT, "bar", labels="all" if few else "none", label_position="outEnd"
    )
    line = Drawn(both(_SHARE), shares, SERIES[2], Form.RATE, "share", labels="none")
    scale = nice_scale(block.counts, True, Form.COUNT)
    chart = Chart(tuple(both(name) for name in block.categories), (counts, line), Form.COUNT, scale=scale)
    return [_piece(block, chart, _is_half(area, len(block.counts), 8))]


def _interval_names(block: Intervals, part: slice) -> tuple[str, ...]:
    sizes = block.sample_sizes[part]
    return tuple(
        both(name) if size is None else f"{both(name)} (n={size:,})"
        for name, size in zip(block.names[part], sizes, strict=True)
    )


def _intervals_part(block: Intervals, part: slice) -> Chart:
    few = len(block.names[part]) <= 12
    drawn = [
        Drawn(
            both(_VALUE),
            block.values[part],
            DEEP,
            block.form,
            "points",
            labels="all" if few else "none",
            label_position="r",
            spread=Spread(block.lows[part], block.highs[part]),
            decimals=block.decimals,
        )
    ]
    reference = block.reference.value if block.reference else None
    if block.reference and reference is not None:
        name = f"{both(block.reference.label)} {written(reference, block.form, block.decimals)}"
        values = (reference,) * len(block.names[part])
        drawn.append(Drawn(name, values, QUIET, block.form, is_quiet=True, decimals=block.decimals))
    ends = [*block.values, *block.lows, *block.highs, reference]
    known = [end for end in ends if end is not None]
    is_near_zero = bool(known) and 0 <= min(known) < max(known) / 2
    scale = nice_scale(ends, is_near_zero, block.form)
    return Chart(_interval_names(block, part), tuple(drawn), block.form, scale=scale, decimals=block.decimals)


def intervals_pieces(block: Intervals, area: Box) -> list[Piece]:
    """Points with error bars, and the reference as a dashed line."""
    parts = _parts(len(block.names), _MOST_POINTS)
    is_half = _is_half(area, len(block.names), 6)
    return _numbered(block, parts, lambda part: _intervals_part(block, part), is_half)
