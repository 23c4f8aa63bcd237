"""Render the index and the owners' pages."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from dagster_project.checks.suites import DIMENSIONS as DIMENSION_NAMES
from dagster_project.contracts import read_contracts
from dagster_project.load.masking import mask_text
from dagster_project.reports.page import page_environment
from dagster_project.reports.quality import wording
from dagster_project.reports.quality.charts import Axis, range_bar, score_chart, sparkline
from dagster_project.reports.quality.content import Report
from dagster_project.reports.quality.findings import Cell, Finding, Owner, heat_cells
from dagster_project.reports.quality.history import TREND_RUNS, DimensionScore
from dagster_project.reports.quality.numbers import number, percent, score
from dagster_project.reports.quality.ranges import RateEffect, RateRange
from dagster_project.reports.quality.rows import RejectedRow
from dagster_project.reports.text import split

WHERE_FROM = ("source_file", "source_line")
TEMPLATES = Path(__file__).parent / "templates"
SHOWN_ROWS = 50
OPEN_ROWS = 8
NAMED_TABLES = 5
NAMED_COLUMNS = 20
SHOWN_ISSUES = 12


def shade(cell: Cell | None) -> str:
    """The CSS class of a cell in the heat table."""
    if cell is None or cell.checks == cell.not_run:
        return "none"
    return cell.gravest or ("none" if cell.score is None else "passed")


def row_key(row: dict) -> str:
    """The key of a failing row as one line, with stray phone numbers and plates masked."""
    return " · ".join(mask_text(str(v)) for name, v in row.items() if name not in WHERE_FROM and v is not None)


def key_names(row: dict) -> str:
    """The column names of a failing row's key, as one line."""
    return " · ".join(name for name, value in row.items() if name not in WHERE_FROM and value is not None)


def score_panel(points: list[DimensionScore]) -> Markup:
    """A dimension's score over the runs, on a scale from its lowest to its highest value."""
    known = [point.score for point in points if point.score is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if low == high:
        low = max(0.0, low - 0.01)
    digits = next((digits for digits in (2, 3, 4) if score(low, digits) != score(high, digits)), 5)
    axis = Axis(low, high, score(low, digits), score(high, digits))
    days = (f"{points[0].run_at:%Y-%m-%d}", f"{points[-1].run_at:%Y-%m-%d}")
    return score_chart([point.score for point in points], axis, days, f"{points[0].dimension} score by run")


def trend(finding: Finding) -> Markup:
    """The failed rows of a check over the runs."""
    return sparkline(finding.failed_rows, f"failed rows over the last {len(finding.failed_rows)} runs")


def rate_axis(ranges: Iterable[RateRange]) -> Axis:
    """One scale for all ranges of a rate."""
    shown = list(ranges)
    low, high = min(r.low for r in shown), max(r.high for r in shown)
    edge = (high - low) * 0.06 or 0.01
    low, high = max(0.0, low - edge), min(1.0, high + edge)
    return Axis(low, high, percent(low), percent(high))


def bar(found: RateRange, axis: Axis) -> Markup:
    """A range as a bar."""
    return range_bar(found.low, found.value, found.high, axis, f"{percent(found.low, 2)} to {percent(found.high, 2)}")


def shown_cells(row: RejectedRow, labels: dict[str, str]) -> list[tuple[str, str, bool]]:
    """Label, masked cell, and whether a reason names it; a blank cell is included only if a reason names it."""
    bad = row.bad_columns
    cells = [(labels[name], cell, name in bad) for name, cell in row.cells.items() if cell.strip() or name in bad]
    absent = [(labels.get(name, name), "", True) for name in bad - row.cells.keys() if not row.other.get("line")]
    other = [(name, cell, False) for name, cell in row.other.items() if cell.strip()]
    return cells + absent + other


def shown_effects(owner: Owner) -> list[RateEffect]:
    """The effects that have a range to show."""
    return [effect for effect in owner.effects if effect.ranges]


@cache
def _environment() -> Environment:
    functions = (
        number,
        percent,
        score,
        shade,
        row_key,
        key_names,
        score_panel,
        trend,
        rate_axis,
        bar,
        shown_cells,
        mask_text,
    )
    environment = page_environment(TEMPLATES, functions)
    environment.globals |= {
        "SHOWN_ROWS": SHOWN_ROWS,
        "OPEN_ROWS": OPEN_ROWS,
        "NAMED_TABLES": NAMED_TABLES,
        "NAMED_COLUMNS": NAMED_COLUMNS,
        "SHOWN_ISSUES": SHOWN_ISSUES,
        "TREND_RUNS": TREND_RUNS,
        "SEVERITIES": wording.SEVERITIES,
        "DIMENSIONS": wording.DIMENSIONS,
        "DIMENSION_NAMES": DIMENSION_NAMES,
        "file_advice": wording.file_advice,
        "blocking_advice": wording.blocking_advice,
        "split": split,
        "contracts": read_contracts(),
    }
    return environment


def index_page(report: Report) -> str:
    """The page of the whole run."""
    cells = heat_cells(report.history.results, report.not_run)
    return _environment().get_template("index.html.j2").render(report=report, cells=cells)


def owner_page(report: Report, owner: Owner) -> str:
    """The page of one owner."""
    return _environment().get_template("owner.html.j2").render(report=report, owner=owner, effects=shown_effects(owner))
