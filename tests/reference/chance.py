"""Seeded randomness, and the moments at which rules change their result."""

import random
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from tests.reference.arithmetic import month_end
from tests.reference.enums import ENUMS

Item = TypeVar("Item")

# January 2025 to June 2026.
MONTHS = [date(2025 + index // 12, index % 12 + 1, 1) for index in range(18)]


class Chance(random.Random):
    """Random choices, reproducible from a seed."""

    def maybe(self, part: float) -> bool:
        """True with this probability."""
        return self.random() < part

    def pick(self, *items: Item) -> Item:
        """One of the arguments."""
        return self.choice(items)

    def one_of(self, weighted: dict[Item, int]) -> Item:
        """One of the keys, by weight."""
        return self.choices(list(weighted), list(weighted.values()))[0]

    def code(self, enum: str, unknown: float = 0.0) -> str | None:
        """A code of an enumeration, unknown in some cases."""
        return None if self.maybe(unknown) else self.choice(list(ENUMS[enum]))

    def moment_in(self, month: date) -> datetime:
        """A time in a month, often at the boundary of a day, a week or the month."""
        last = month_end(month).day
        edges: Sequence[int] = [1, 7, 8, 14, 15, 21, 22, 28, last, last]
        day = min(last, self.choice([*edges, *(self.randint(1, last) for _ in range(6))]))
        clocks: list[tuple[int, int, int]] = [(0, 0, 0), (23, 59, 59)]
        clocks += [(self.randint(8, 18), self.pick(0, 5, 15, 30, 59), 0)] * 6
        clocks.append((self.randint(0, 23), self.randint(0, 59), self.randint(0, 59)))
        return datetime(month.year, month.month, day, *self.choice(clocks))

    def day_in(self, month: date) -> date:
        """A day of a month, often its first or last."""
        last = month_end(month)
        return self.pick(month, last, month.replace(day=self.randint(1, last.day)))


Rows = dict[str, list[dict[str, Any]]]
