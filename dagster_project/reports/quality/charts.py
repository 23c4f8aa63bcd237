"""The report's charts as inline SVG: printable, without scripts or external resources."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_SVG = Markup(
    '<svg class="{name}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'role="img" aria-label="{label}">'
)


def _open(name: str, width: int, height: int, label: str) -> Markup:
    return _SVG.format(name=name, width=width, height=height, label=label)


def _segments(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Runs of points without a gap."""
    segments: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            segments.append([])
        else:
            segments[-1].append(point)
    return [segment for segment in segments if segment]


def _lines(points: Sequence[tuple[float, float] | None]) -> Markup:
    drawn = Markup("")
    for segment in _segments(points):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in segment)
        drawn += Markup('<polyline class="line" points="{}"/>').format(path)
    last = next((point for point in reversed(points) if point), None)
    if last:
        drawn += Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="2.4"/>').format(*last)
    return drawn


def _x(place: int, count: int, left: float, right: float) -> float:
    return right if count == 1 else left + (right - left) * place / (count - 1)


def sparkline(values: Sequence[float | None], label: str) -> Markup:
    """A small line on a scale from 0 to the highest value, with a dot at the last one and gaps for missing values."""
    width, height, edge = 108, 26, 4
    top = max((value for value in values if value is not None), default=0) or 1
    points = [
        None
        if value is None
        else (_x(place, len(values), edge, width - edge), height - edge - (height - 2 * edge) * value / top)
        for place, value in enumerate(values)
    ]
    base = Markup('<line class="base" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>').format(edge, width - edge, height - edge)
    return _open("spark", width, height, label) + base + _lines(points) + Markup("</svg>")


@dataclass(frozen=True)
class Axis:
    """The ends of a scale, and their texts."""

    low: float
    high: float
    low_text: str
    high_text: str

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1."""
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5


def score_chart(scores: Sequence[float | None], axis: Axis, days: tuple[str, str], label: str) -> Markup:
    """A dimension's score over the runs, on its own scale with labelled ends."""
    width, height, left, right, top, bottom = 250, 104, 48, 242, 12, 78
    points = [
        None if score is None else (_x(place, len(scores), left, right), bottom - (bottom - top) * axis.share(score))
        for place, score in enumerate(scores)
    ]
    drawn = _open("score", width, height, label)
    for y, text in ((top, axis.high_text), (bottom, axis.low_text)):
        drawn += Markup('<line class="base" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(left, right, y, y)
        drawn += Markup('<text class="end" x="{}" y="{}">{}</text>').format(left - 6, y + 3.5, text)
    first, last = days
    drawn += Markup('<text class="day" x="{}" y="{}">{}</text>').format(left, bottom + 17, first)
    if len(scores) > 1:
        drawn += Markup('<text class="day last" x="{}" y="{}">{}</text>').format(right, bottom + 17, last)
    return drawn + _lines(points) + Markup("</svg>")


def range_bar(low: float, value: float | None, high: float, axis: Axis, label: str) -> Markup:
    """The bounds of a rate as a bar, the published value as a tick."""
    width, height, edge = 190, 16, 4
    inner = width - 2 * edge
    start, end = edge + inner * axis.share(low), edge + inner * axis.share(high)
    drawn = _open("range", width, height, label)
    drawn += Markup('<line class="base" x1="{0}" x2="{1}" y1="8" y2="8"/>').format(edge, width - edge)
    drawn += Markup('<rect class="span" x="{:.1f}" y="5" width="{:.1f}" height="6" rx="3"/>').format(
        start, max(end - start, 2.0)
    )
    if value is not None:
        at = edge + inner * axis.share(value)
        drawn += Markup('<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="1.5" y2="14.5"/>').format(at)
    return drawn + Markup("</svg>")
