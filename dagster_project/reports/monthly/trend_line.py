"""A small line without a scale, as inline SVG."""

from markupsafe import Markup

from dagster_project.reports.monthly.blocks import Trend

_WIDTH, _HEIGHT, _EDGE = 92, 22, 4


def trend_line(trend: Trend) -> Markup:
    """A line scaled from the lowest to the highest value, with a dot at the last known one; empty below two values."""
    known = [value for value in trend.values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    reach = (high - low) or 1.0
    step = (_WIDTH - 2 * _EDGE) / max(len(trend.values) - 1, 1)
    runs: list[list[str]] = [[]]
    last = (0.0, 0.0)
    for place, value in enumerate(trend.values):
        if value is None:
            runs.append([])
            continue
        share = (value - low) / reach if high > low else 0.5
        last = (_EDGE + place * step, _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * share)
        runs[-1].append(f"{last[0]:.1f},{last[1]:.1f}")
    drawn = Markup('<svg class="trend" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true">').format(
        _WIDTH, _HEIGHT
    )
    for run in runs:
        if run:
            drawn += Markup('<polyline points="{}"/>').format(" ".join(run))
    return drawn + Markup('<circle cx="{:.1f}" cy="{:.1f}" r="2.2"/></svg>').format(*last)
