"""Numbers as text: rounded half away from zero, but never to a perfect score."""

from decimal import Decimal

from dagster_project.reports.rounding import rounded

NONE = "–"


def number(value: int | None) -> str:
    """1,234."""
    return NONE if value is None else f"{value:,}"


def percent(value: float | None, digits: int = 1) -> str:
    """0.0525 as 5.3%."""
    return NONE if value is None else f"{rounded(value * 100, digits)}%"


def score(value: float | None, digits: int = 2) -> str:
    """A score of 0 to 1 as 0 to 100; one below 1 is never written as 100."""
    if value is None:
        return NONE
    points = rounded(value * 100, digits)
    return f">{100 - Decimal(1).scaleb(-digits)}" if value < 1 and points == 100 else f"{points}"
