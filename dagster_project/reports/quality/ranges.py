"""The range within which corrected rejected rows could change each store-month's headline rates."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dagster_project.contracts import Contract
from dagster_project.reports.quality.placing import Placed, Placing, PublishedFacts, StoreMonth, Unit, place
from dagster_project.reports.quality.rates import RATES, Rate
from dagster_project.reports.quality.rows import RejectedRow


@dataclass(frozen=True)
class RateRange:
    """A published rate of a store-month, and the bounds within which it could change.

    `added` units may join the denominator, `changed` ones may enter or leave the numerator; `from_row` of them are
    placed by the rows themselves, the others by the months of their file.
    """

    rate: Rate
    store_code: str
    month: date
    numerator: int
    denominator: int
    added: int
    changed: int
    from_row: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The published rate."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def width(self) -> float:
        """The distance between the bounds."""
        return self.high - self.low

    @property
    def rows(self) -> int:
        """The number of units in doubt."""
        return self.added + self.changed


@dataclass(frozen=True)
class RateEffect:
    """The effect of rejected rows on a rate, by store-month with the widest range first."""

    rate: Rate
    ranges: list[RateRange]
    in_doubt: int
    accepted: int
    unrelated: int
    unplaced: int


def bounds(numerator: int, denominator: int, added: int, changed: int = 0) -> tuple[float, float] | None:
    """The lowest and the highest possible rate; None without any unit.

    With only `added` rows: numerator ÷ (denominator + added), and (numerator + added) ÷ (denominator + added).
    """
    total = denominator + added
    if total == 0:
        return None
    return max(0, numerator - changed) / total, min(total, numerator + added + changed) / total


def _published(facts: PublishedFacts, rate: Rate) -> dict[StoreMonth, tuple[int | None, int]]:
    rows = facts.connection.execute(
        f"select store_code, month, {rate.numerator}, {rate.denominator} from marts.{rate.mart} where {rate.where}"
    ).fetchall()
    return {(store, month): (numerator, denominator) for store, month, numerator, denominator in rows}


def _merged(placed: list[Placed]) -> list[Placed]:
    """One entry per unit, combined from all rows about it."""
    units: dict[Unit, Placed] = {}
    for one in placed:
        known = units.get(one.unit)
        if known:
            where = known.store_months | one.store_months
            exact = known.is_exact and one.is_exact and len(where) == 1
            units[one.unit] = Placed(one.unit, known.adds or one.adds, where, exact)
        else:
            units[one.unit] = one
    return list(units.values())


def rate_ranges(
    rate: Rate, placed: list[Placed], published: Mapping[StoreMonth, tuple[int | None, int]]
) -> list[RateRange]:
    """The ranges of one rate, the widest first. A unit with many rows counts once in a store-month.

    Months that are not final yet (no numerator) have no range; a store-month that is not published has one only if a
    row itself names it.
    """
    in_doubt: dict[StoreMonth, Counter[tuple[bool, bool]]] = {}
    alike = Counter((one.store_months, one.adds, one.is_exact) for one in _merged(placed))
    for (store_months, adds, is_exact), units in alike.items():
        for pair in store_months:
            if pair in published or is_exact:
                in_doubt.setdefault(pair, Counter())[adds, is_exact] += units
    found = []
    for (store, month), counts in in_doubt.items():
        numerator, denominator = published.get((store, month), (0, 0))
        added = counts[True, True] + counts[True, False]
        changed = counts[False, True] + counts[False, False]
        between = bounds(numerator, denominator, added, changed) if numerator is not None else None
        if numerator is None or between is None:
            continue
        from_row = counts[True, True] + counts[False, True]
        low, high = between
        found.append(
            RateRange(rate, store, month, numerator, denominator, added, changed, from_row, low=low, high=high)
        )
    return sorted(found, key=lambda r: (-r.width, r.store_code, -r.month.toordinal()))


def rate_effects(
    facts: PublishedFacts, contracts: Mapping[str, Contract], rejected: Mapping[str, list[RejectedRow]]
) -> list[RateEffect]:
    """The effects of rejected rows, given by dataset, on each published headline rate made from these datasets."""
    effects = []
    for rate in RATES:
        needed = {rate.mart, rate.fact, rate.counted or rate.fact, "dim_store"}
        feeds = [feed for feed in rate.feeds if rejected.get(feed.dataset)]
        if not feeds or not needed <= facts.tables:
            continue
        placings: list[Placing] = [place(facts, contracts[f.dataset], rate, f, rejected[f.dataset]) for f in feeds]
        placed = [one for placing in placings for one in placing.placed]
        effects.append(
            RateEffect(
                rate=rate,
                ranges=rate_ranges(rate, placed, _published(facts, rate)),
                in_doubt=len({one.unit for one in placed}),
                accepted=sum(placing.accepted for placing in placings),
                unrelated=sum(placing.unrelated for placing in placings),
                unplaced=sum(not one.store_months for one in placed),
            )
        )
    return effects
