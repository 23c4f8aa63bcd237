"""Months as running numbers, and the sample's seeded random numbers."""

import calendar
from datetime import date, datetime
from random import Random
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def rng(name: str) -> Random:
    """A separate generator for each part, so that a change in one part leaves the others' rows unchanged."""
    return Random(f"aftersales-sample/{name}")


def month_of(day: date) -> int:
    """Running number of the day's month."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """First day of the month."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """Last day of the month."""
    first = first_day(month)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def month_text(month: int) -> str:
    """`YYYY-MM`."""
    return f"{month // 12}-{month % 12 + 1:02d}"


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time some months later, or the last day of a shorter month."""
    target = month_of(moment) + months
    last = last_day(target)
    return moment.replace(year=last.year, month=last.month, day=min(moment.day, last.day))


def share_out(random: Random, total: int, weights: list[float]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to the total, with a little noise."""
    noisy = [weight * random.uniform(0.85, 1.15) for weight in weights]
    counts = [int(total * weight / sum(noisy)) for weight in noisy]
    for _ in range(total - sum(counts)):
        counts[random.randrange(len(counts))] += 1
    return counts
