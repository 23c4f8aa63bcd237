"""A flow from left to right as inline SVG: each stage is a column, each link a ribbon as wide as its count."""

from collections import defaultdict

from markupsafe import Markup

from dagster_project.reports.monthly.blocks import Flow, Text

_WIDTH, _HEIGHT, _TOP = 980, 420, 14
_BAR, _GAP = 13, 13
_LABEL = 262
_DEEP, _SOFT, _INK, _QUIET = "#0e4f5c", "#b9c6cb", "#17212b", "#5c6875"


def _heights(flow: Flow) -> dict[str, int]:
    """The count that passes through each node: what comes in, or for the first node what goes out."""
    coming: defaultdict[str, int] = defaultdict(int)
    going: defaultdict[str, int] = defaultdict(int)
    for link in flow.links:
        going[link.source] += link.value
        coming[link.target] += link.value
    return {name: coming[name] or going[name] for name in flow.nodes}


def _placed(flow: Flow, sizes: dict[str, int], scales: list[float]) -> dict[str, tuple[float, float, float]]:
    """x, y and height of every node."""
    step = (_WIDTH - _LABEL - _BAR) / max(len(flow.stages) - 1, 1)
    placed = {}
    for column, stage in enumerate(flow.stages):
        y = float(_TOP)
        for name in stage:
            height = max(sizes[name] * scales[column], 1.0)
            placed[name] = (column * step, y, height)
            y += max(height, 17.0) + _GAP
    return placed


def _ribbon(start: tuple[float, float, float], end: tuple[float, float, float]) -> str:
    """The path from one x, y and height to another."""
    (x0, y0, h0), (x1, y1, h1) = start, end
    middle = (x0 + x1) / 2
    return (
        f"M{x0:.1f},{y0:.1f} C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f} "
        f"L{x1:.1f},{y1 + h1:.1f} C{middle:.1f},{y1 + h1:.1f} {middle:.1f},{y0 + h0:.1f} {x0:.1f},{y0 + h0:.1f} Z"
    )


def _label(x: float, y: float, count: str, label: Text, is_last: bool) -> Markup:
    """A node's count and name: on one line in the last stage, else the Chinese name below the English."""
    drawn = Markup('<text x="{:.1f}" y="{:.1f}" font-size="11.5" fill="{}">').format(x, y, _INK)
    drawn += Markup('<tspan font-weight="600">{}</tspan> {}').format(count, label.en)
    if is_last:
        return drawn + Markup(' <tspan fill="{}">{}</tspan></text>').format(_QUIET, label.zh)
    return drawn + Markup('<tspan x="{:.1f}" dy="14" fill="{}">{}</tspan></text>').format(x, _QUIET, label.zh)


def flow_chart(flow: Flow) -> Markup:
    """The flow; every column is scaled to use the height, so ribbons may widen from one to the next."""
    sizes = _heights(flow)
    room = float(_HEIGHT)
    scales = []
    for stage in flow.stages:
        total = sum(sizes[name] for name in stage) or 1
        scales.append((room - (len(stage) - 1) * (_GAP + 4)) / total * (0.62 if len(stage) < 4 else 0.86))
    placed = _placed(flow, sizes, scales)
    # Nodes where the flow ends before its last stage are drawn in a quiet colour.
    quiet = {name for stage in flow.stages[:-1] for name in stage} - {link.source for link in flow.links}
    column = {name: place for place, stage in enumerate(flow.stages) for name in stage}
    left: defaultdict[str, float] = defaultdict(float)
    arrived: defaultdict[str, float] = defaultdict(float)
    order = {name: place for stage in flow.stages for place, name in enumerate(stage)}
    drawn = Markup("")
    for link in sorted(flow.links, key=lambda one: (column[one.source], order[one.source], order[one.target])):
        x0, y0, _ = placed[link.source]
        x1, y1, _ = placed[link.target]
        h0, h1 = link.value * scales[column[link.source]], link.value * scales[column[link.target]]
        path = _ribbon((x0 + _BAR, y0 + left[link.source], h0), (x1, y1 + arrived[link.target], h1))
        left[link.source] += h0
        arrived[link.target] += h1
        drawn += Markup('<path d="{}" fill="{}" opacity="0.32"/>').format(
            path, _SOFT if link.target in quiet else "#6f9fa8"
        )
    bottom = 0.0
    for name, (x, y, height) in placed.items():
        bottom = max(bottom, y + max(height, 17.0))
        drawn += Markup('<rect x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}" fill="{}"/>').format(
            x, y, _BAR, height, _SOFT if name in quiet else _DEEP
        )
        label, at = flow.nodes[name], y + min(max(height / 2, 6.0), 30.0)
        drawn += _label(x + _BAR + 6, at + 4, f"{sizes[name]:,}", label, name in flow.stages[-1])
    head = Markup(
        '<svg class="chart" viewBox="0 0 {} {:.0f}" width="{}" height="{:.0f}" role="img" aria-label="{} {}">'
    )
    return head.format(_WIDTH, bottom + 8, _WIDTH, bottom + 8, flow.title.en, flow.title.zh) + drawn + Markup("</svg>")
