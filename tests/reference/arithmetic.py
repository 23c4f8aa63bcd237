"""Dates, groups and averages, in exact fractions."""

import calendar
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, TypeVar

Moment = TypeVar("Moment", date, datetime)
Item = TypeVar("Item")


def month_of(moment: date) -> date:
    """The first day of the month."""
    return date(moment.year, moment.month, 1)


def month_end(month: date) -> date:
    """The last day of the month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def add_months(moment: Moment, months: int) -> Moment:
    """The same day and time some months later, or the last day of the month if it is shorter."""
    year, index = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, index + 1)[1])
    return moment.replace(year=year, month=index + 1, day=day)


def seconds(start: datetime | None, end: datetime | None) -> Fraction | None:
    """The duration in seconds; unknown if an end is missing or the ends are out of order."""
    if start is None or end is None or end < start:
        return None
    return Fraction((end - start) // timedelta(microseconds=1), 10**6)


def durations(spans: Iterable[tuple[datetime | None, datetime | None]], unit: int) -> list[Fraction]:
    """The known durations of `spans`, in units of so many seconds."""
    return [length / unit for length in known(seconds(start, end) for start, end in spans)]


def known(values: Iterable[Item | None]) -> list[Item]:
    """The values without the unknown ones."""
    return [value for value in values if value is not None]


def total(values: Iterable[Fraction | None]) -> Fraction:
    """The sum of the known values; 0 if there are none."""
    return sum(known(values), Fraction(0))


def mean(values: list[Fraction]) -> Fraction | None:
    """The mean; None if there are no values."""
    return total(values) / len(values) if values else None


def percentile(values: list[Fraction], part: Fraction) -> Fraction | None:
    """The value below which `part` of the values lie, interpolated linearly; None if there are no values."""
    if not values:
        return None
    ordered = sorted(values)
    position = part * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median(values: list[Fraction]) -> Fraction | None:
    """The middle value."""
    return percentile(values, Fraction(1, 2))


def p90(values: list[Fraction]) -> Fraction | None:
    """The value below which nine in ten lie."""
    return percentile(values, Fraction(9, 10))


def group(items: Iterable[Item], key: Callable[[Item], Any]) -> dict[Any, list[Item]]:
    """Items by key; a key that is unknown, or has an unknown part, belongs to no group."""
    groups: dict[Any, list[Item]] = defaultdict(list)
    for item in items:
        found = key(item)
        if found is not None and (not isinstance(found, tuple) or None not in found):
            groups[found].append(item)
    return dict(groups)
