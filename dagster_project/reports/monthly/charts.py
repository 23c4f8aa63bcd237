"""Charts as inline SVG, rendered from Vega-Lite in advance so that the page needs no script and no network."""

import re
from textwrap import wrap
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from dagster_project.reports.monthly.blocks import Bars, Form, Heat, Intervals, Lines, Pareto, Series, Text
from dagster_project.reports.monthly.noise import Estimate, leaves_out
from dagster_project.reports.monthly.written import written
from dagster_project.reports.text import printable

HALF, FULL = 450, 910
INK, SOFT, RULE, DEEP, BAD, GOOD = "#17212b", "#5c6875", "#dfe4e8", "#0e4f5c", "#a3372a", "#2b6e4f"
COLOURS = ("#0e4f5c", "#c08a2d", "#6f9fa8", "#8c4a3c", "#b7c9c4", "#6b6f8f", "#d8c39a", "#98a4ad")
QUIET = ("#a7b2ba", "#cfd6db", "#8794a0")
FONT = '"Helvetica Neue", Arial, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'
_BREAK = "|"

_CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "aria": False,
    "view": {"stroke": None},
    "axis": {
        "domainColor": "#9aa5ae",
        "gridColor": "#e8ecef",
        "labelColor": SOFT,
        "labelFontSize": 11,
        "labelLimit": 0,
        "tickColor": "#9aa5ae",
        "tickSize": 3,
        "titleColor": SOFT,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
    "legend": {
        "labelColor": INK,
        "labelFontSize": 11,
        "labelLimit": 0,
        "orient": "top",
        "offset": 14,
        "symbolSize": 80,
        "symbolStrokeWidth": 2,
        "title": None,
        "columnPadding": 16,
    },
    "text": {"color": INK, "fontSize": 11},
}
_LINES_LABEL = f"split(datum.label, '{_BREAK}')"
_MONTH_LABEL = (
    "indexof(datum.label, '-') < 0 ? datum.label : datum.index == 0 || slice(datum.label, 5) == '01' "
    "? [slice(datum.label, 5), slice(datum.label, 0, 4)] : slice(datum.label, 5)"
)


def _drawable(spec: Any) -> Any:  # noqa: ANN401 (JSON)
    """The specification with texts that are valid in XML: on others the drawing library aborts the process."""
    if isinstance(spec, dict):
        return {name: _drawable(value) for name, value in spec.items()}
    if isinstance(spec, list):
        return [_drawable(value) for value in spec]
    return printable(spec) if isinstance(spec, str) else spec


def _svg(chart: alt.TopLevelMixin, name: str, label: Text) -> Markup:
    """The chart as SVG, with ids that are unique on the page."""
    spec = chart.configure(**_CONFIG).to_dict(validate=False)
    svg = vl_convert.vegalite_to_svg(_drawable(spec))
    ids = {found: f"{name}-{place}" for place, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg)))}
    for found, own in ids.items():
        svg = svg.replace(f'id="{found}"', f'id="{own}"').replace(f"url(#{found})", f"url(#{own})")
    described = Markup('<svg class="chart" role="img" aria-label="{} {}" ').format(label.en, label.zh)
    return Markup(svg.replace(' class="marks"', "", 1).replace("<svg ", described, 1))


def _line(text: Text) -> str:
    """Both languages on one line."""
    return text.en if text.en == text.zh else f"{text.en} {text.zh}".strip()


def _pixels(text: str) -> float:
    """The approximate width of a label, in pixels."""
    return sum(11.0 if character > "\u2e7f" else 5.5 for character in text)


def _axis_labels(texts: tuple[Text, ...], room: float) -> tuple[list[str], int, float]:
    """The labels of an axis, their number of lines and width: on one line if all fit, else one line per language."""
    single = [_line(text) for text in texts]
    widest = max(map(_pixels, single), default=0.0)
    if widest <= room or all(text.en == text.zh or not text.zh for text in texts):
        return single, 1, widest
    double = [f"{text.en}{_BREAK}{text.zh if text.zh != text.en else ''}" for text in texts]
    return double, 2, max(_pixels(line) for label in double for line in label.split(_BREAK))


def _band_labels(texts: tuple[Text, ...], room: float) -> list[str]:
    """The labels below bands: English wrapped to the band, Chinese below it."""
    if max((_pixels(_line(text)) for text in texts), default=0.0) <= room:
        return [_line(text) for text in texts]
    width = max(6, int(room // 5.6))
    return [
        _BREAK.join([*wrap(text.en, width, break_long_words=False), *([text.zh] if text.zh != text.en else [])])
        for text in texts
    ]


def _legend_columns(series: tuple[Series, ...], width: float) -> int:
    """The number of legend entries that fit side by side."""
    widest = max((_pixels(_line(one.name)) for one in series), default=0.0)
    return max(1, int(width // (widest + 40)))


def _tick_format(form: Form, decimals: int | None) -> str:
    if form is Form.RATE:
        return f".{0 if decimals is None else decimals}%"
    return ",.0f" if form in (Form.COUNT, Form.MINUTES, Form.MONEY) else ",.1~f"


def _step(form: Form) -> float:
    """The minimum distance of two ticks: counts have no fractions."""
    return 1.0 if form is Form.COUNT else 1e-9


def _colours(series: tuple[Series, ...]) -> alt.Scale:
    loud, quiet = iter(COLOURS), iter(QUIET)
    return alt.Scale(
        domain=[_line(one.name) for one in series], range=[next(quiet) if one.quiet else next(loud) for one in series]
    )


def lines(block: Lines, name: str, width: int = HALF) -> Markup:
    """Lines by month; the last value of each main series is written beside it."""
    rows, ends = [], []
    for one in block.series:
        for category, value in zip(block.categories, one.values, strict=True):
            rows.append({"category": category, "series": _line(one.name), "value": value, "quiet": one.quiet})
        last = next((row for row in reversed(rows[-len(one.values) :]) if row["value"] is not None), None)
        if last and not one.quiet:
            ends.append({**last, "text": written(last["value"], block.form, block.decimals)})
    known = [value for one in block.series for value in one.values if value is not None]
    decimals = 1 if known and max(known) - min(known) < 0.05 else 0
    data = alt.Data(values=rows)
    x = alt.X(
        "category:O",
        title=None,
        sort=list(block.categories),
        axis=alt.Axis(labelAngle=0, labelExpr=_MONTH_LABEL, grid=False, ticks=False, labelPadding=6),
        scale=alt.Scale(padding=0.6),
    )
    y = alt.Y(
        "value:Q",
        title=None,
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(
            format=_tick_format(block.form, decimals),
            tickCount=4,
            tickMinStep=_step(block.form),
            domain=False,
            ticks=False,
        ),
    )
    several = len(block.series) > 1
    colour = alt.Color(
        "series:N",
        scale=_colours(block.series),
        legend=alt.Legend(symbolType="stroke", columns=_legend_columns(block.series, width)) if several else None,
    )
    base = alt.Chart(data).encode(x=x, y=y, color=colour)
    drawn = [
        base.transform_filter("datum.quiet").mark_line(strokeWidth=1.6, strokeDash=[4, 3]),
        base.transform_filter("!datum.quiet").mark_line(strokeWidth=2.2),
        base.transform_filter("!datum.quiet").mark_point(filled=True, size=22, opacity=1),
    ]
    if ends:
        drawn.append(
            alt.Chart(alt.Data(values=ends))
            .mark_text(dx=6, dy=-6, fontWeight=600, align="left")
            .encode(x=x, y=y, text="text:N", color=alt.Color("series:N", scale=_colours(block.series), legend=None))
        )
    chart = alt.layer(*drawn).properties(width=width - 92, height=170)
    return _svg(chart, name, block.title)


def bars(block: Bars, name: str, width: int = HALF) -> Markup:
    """Bars by category: side by side, or stacked."""
    labels, label_lines, label_width = _axis_labels(block.categories, 150.0)
    if not block.horizontal:
        labels = _band_labels(block.categories, (width - 56) / max(len(block.categories), 1) - 10)
    several = len(block.series) > 1
    side = not block.stacked and several
    legend = alt.Legend(symbolType="square", columns=_legend_columns(block.series, width)) if several else None
    base = alt.Chart(alt.Data(values=_bar_rows(block, labels)))
    look: dict[str, Any] = {"color": alt.Color("series:N", scale=_colours(block.series), legend=legend)}
    look |= {"order": alt.Order("order:Q")} if block.stacked else {}
    place = _bar_axes(block, labels, label_lines)
    if block.horizontal:
        text: dict[str, Any] = {"align": "left", "dx": 4, "baseline": "middle"}
        size = {"width": width - label_width - 70, "height": (40 if side else 10 + 14 * label_lines) * len(labels)}
    else:
        text = {"baseline": "bottom", "dy": -3}
        size = {"width": width - 56, "height": 220}
    drawn = [base.mark_bar().encode(**place, **look)]
    if block.stacked:
        drawn.append(_stack_totals(block, labels, place, text))
    else:
        drawn.append(base.mark_text(**text).encode(**place, text="text:N"))
    return _svg(alt.layer(*drawn).properties(**size), name, block.title)


def _bar_rows(block: Bars, labels: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "category": label,
            "series": _line(one.name),
            "order": place,
            "value": value,
            "text": written(value, block.form, block.decimals),
        }
        for place, one in enumerate(block.series)
        for label, value in zip(labels, one.values, strict=True)
        if value is not None
    ]


def _bar_axes(block: Bars, labels: list[str], label_lines: int) -> dict[str, Any]:
    """The channels that place a bar: values along one axis, categories and series side by side across it."""
    along: dict[str, Any] = {
        "title": None,
        "axis": alt.Axis(
            format=_tick_format(block.form, None), tickCount=4, tickMinStep=_step(block.form), domain=False, ticks=False
        ),
        "stack": "zero" if block.stacked else None,
    }
    across: dict[str, Any] = {
        "title": None,
        "sort": labels,
        "axis": alt.Axis(
            labelExpr=_LINES_LABEL,
            labelAngle=0,
            ticks=False,
            labelPadding=8,
            labelLineHeight=13,
            labelOffset=-7 if block.horizontal and label_lines > 1 else 0,
        ),
        "scale": alt.Scale(paddingInner=0.3, paddingOuter=0.15),
    }
    side = not block.stacked and len(block.series) > 1
    order = [_line(one.name) for one in block.series]
    if block.horizontal:
        place = {"x": alt.X("value:Q", **along), "y": alt.Y("category:N", **across)}
        return place | ({"yOffset": alt.YOffset("series:N", sort=order)} if side else {})
    place = {"x": alt.X("category:N", **across), "y": alt.Y("value:Q", **along)}
    return place | ({"xOffset": alt.XOffset("series:N", sort=order)} if side else {})


def _stack_totals(block: Bars, labels: list[str], place: dict, text: dict) -> alt.Chart:
    """The sum at the end of each stacked bar."""
    totals = [
        {"category": label, "value": total, "text": written(total, block.form, block.decimals)}
        for at, label in enumerate(labels)
        if (total := sum(one.values[at] or 0 for one in block.series))
    ]
    return alt.Chart(alt.Data(values=totals)).mark_text(**text).encode(x=place["x"], y=place["y"], text="text:N")


def pareto(block: Pareto, name: str, width: int = HALF) -> Markup:
    """Counts from the largest down, the cumulative share above them."""
    total = sum(block.counts)
    labels = _band_labels(block.categories, (width - 16) / max(len(block.categories), 1) - 6)
    rows, running = [], 0
    for label, count in zip(labels, block.counts, strict=True):
        running += count
        share = running / total if total else 0.0
        rows.append({"category": label, "count": count, "share": share * total, "text": written(share, Form.RATE, 0)})
    x = alt.X(
        "category:N",
        title=None,
        sort=labels,
        axis=alt.Axis(labelExpr=_LINES_LABEL, labelAngle=0, ticks=False, labelPadding=6, labelFontSize=10),
        scale=alt.Scale(paddingInner=0.3, paddingOuter=0.2),
    )
    scale = alt.Scale(domain=[0, (total or 1) * 1.08], nice=False)
    y = alt.Y("count:Q", title=None, scale=scale, axis=None)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    above = base.encode(y=alt.Y("share:Q", scale=scale, axis=None))
    drawn = alt.layer(
        base.mark_bar(color=DEEP).encode(y=y),
        # The line begins at the top of the first bar, so that bar's count is written inside it.
        base.transform_filter("datum.share > datum.count")
        .mark_text(dy=-3, baseline="bottom", fontWeight=600)
        .encode(y=y, text="count:Q"),
        base.transform_filter("datum.share <= datum.count")
        .mark_text(dy=5, baseline="top", fontWeight=600, color="white")
        .encode(y=y, text="count:Q"),
        above.mark_line(color="#c08a2d", strokeWidth=1.6),
        above.transform_filter("datum.share > datum.count").mark_point(
            color="#c08a2d", filled=True, size=26, opacity=1
        ),
        above.transform_filter("datum.share > datum.count")
        .mark_text(dy=-9, color="#96660f", fontSize=10)
        .encode(text="text:N"),
    ).properties(width=width - 16, height=220)
    return _svg(drawn, name, block.title)


def heat(block: Heat, name: str, width: int = FULL) -> Markup:
    """A matrix of values, coloured by their distance from the middle."""
    names, name_lines, name_width = _axis_labels(block.rows, 330)
    heads = [f"{column.en}{_BREAK}{column.zh}" for column in block.columns]
    known = [value for values in block.values for value in values if value is not None]
    middle = block.middle if block.middle is not None else (sum(known) / len(known) if known else 0.0)
    reach = max((abs(value - middle) for value in known), default=1.0) or 1.0
    rows = [
        {
            "row": row,
            "column": column,
            "value": value,
            "text": written(value, block.form, block.decimals),
            "far": value is not None and abs(value - middle) > 0.72 * reach,
        }
        for row, values in zip(names, block.values, strict=True)
        for column, value in zip(heads, values, strict=True)
    ]
    ends = ["#c96a5a", "#f7f5f1", "#4f8f9a"] if block.higher_is_better else ["#4f8f9a", "#f7f5f1", "#c96a5a"]
    x = alt.X(
        "column:N",
        title=None,
        sort=heads,
        axis=alt.Axis(orient="top", labelAngle=0, labelExpr=_LINES_LABEL, domain=False, ticks=False, labelPadding=20),
        scale=alt.Scale(paddingInner=0.04),
    )
    y = alt.Y(
        "row:N",
        title=None,
        sort=names,
        axis=alt.Axis(
            labelExpr=_LINES_LABEL,
            domain=False,
            ticks=False,
            labelPadding=8,
            labelLineHeight=13,
            labelOffset=-7 if name_lines > 1 else 0,
        ),
        scale=alt.Scale(paddingInner=0.08),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, y=y)
    colour = alt.Color(
        "value:Q",
        legend=None,
        scale=alt.Scale(domain=[middle - reach, middle, middle + reach], range=ends, type="linear", interpolate="rgb"),
    )
    drawn = alt.layer(
        base.transform_filter("isValid(datum.value)").mark_rect(cornerRadius=2).encode(color=colour),
        base.mark_text(fontSize=11).encode(
            text="text:N", color=alt.condition("datum.far", alt.value("#0b1116"), alt.value(INK))
        ),
    )
    size = {"width": width - name_width - 16, "height": (14 + 9 * name_lines) * len(names)}
    return _svg(drawn.properties(**size), name, block.title)


def intervals(block: Intervals, name: str, width: int = FULL) -> Markup:
    """Values with their 95% intervals, compared with a reference; dark where the reference lies outside."""
    labels, label_lines, label_width = _axis_labels(block.names, 330)
    plot = width - label_width - 150
    reference = block.reference.value if block.reference else None
    rows = _interval_rows(block, labels, reference)
    known = [end for row in rows for end in (row["low"], row["high"], row["value"]) if end is not None]
    scale = _interval_scale([*known, *([reference] if reference is not None else [])])
    y = alt.Y(
        "name:N",
        title=None,
        sort=labels,
        axis=alt.Axis(
            labelExpr=_LINES_LABEL,
            domain=False,
            ticks=False,
            labelPadding=10,
            labelLineHeight=13,
            labelOffset=-7 if label_lines > 1 else 0,
        ),
    )
    axis = alt.Axis(format=_tick_format(block.form, 1), tickCount=6, domain=False, ticks=False, gridDash=[2, 3])
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    colour = alt.condition("datum.news", alt.value(INK), alt.value("#7f9aa1"))
    drawn = [
        base.mark_rule(strokeWidth=4, strokeCap="round").encode(
            x=alt.X("low:Q", scale=scale, axis=axis, title=None), x2="high:Q", color=colour
        ),
        base.mark_point(filled=True, size=70, opacity=1, stroke="white", strokeWidth=1.2).encode(
            x=alt.X("value:Q", scale=scale), color=colour
        ),
        base.mark_text(align="left", dx=12, color=SOFT).encode(x=alt.value(plot), text="text:N"),
    ]
    if block.reference and reference is not None:
        label = f"{_line(block.reference.label)} {written(reference, block.form, block.decimals)}"
        rule, text = _reference_line(reference, label, scale)
        drawn = [rule, *drawn, text]
    chart = alt.layer(*drawn).properties(width=plot, height=(12 + 12 * label_lines) * len(labels))
    return _svg(chart, name, block.title)


def _interval_rows(block: Intervals, labels: list[str], reference: float | None) -> list[dict[str, Any]]:
    rows = []
    for place, label in enumerate(labels):
        value, low, high, size = block.values[place], block.lows[place], block.highs[place], block.sample_sizes[place]
        text = written(value, block.form, block.decimals)
        rows.append(
            {
                "name": label,
                "value": value,
                "low": low,
                "high": high,
                "news": bool(leaves_out(Estimate(value, low, high), reference)),
                "text": text + (f" · n = {size:,}" if size is not None else ""),
            }
        )
    return rows


def _interval_scale(known: list[float]) -> alt.Scale:
    """A scale that holds the values with a margin."""
    span = (max(known) - min(known)) or 1.0 if known else 1.0
    domain = [min(known) - span * 0.04, max(known) + span * 0.04] if known else [0, 1]
    return alt.Scale(domain=domain, nice=False, zero=False)


def _reference_line(reference: float, label: str, scale: alt.Scale) -> tuple[alt.Chart, alt.Chart]:
    """The line of a reference, and its label above the plot."""
    line = alt.Chart(alt.Data(values=[{"at": reference, "text": label}]))
    rule = line.mark_rule(color="#c08a2d", strokeWidth=1.4).encode(x=alt.X("at:Q", scale=scale, title=None))
    text = line.mark_text(baseline="bottom", color="#96660f", fontSize=11).encode(
        x=alt.X("at:Q", scale=scale), y=alt.value(-4), text="text:N"
    )
    return rule, text
