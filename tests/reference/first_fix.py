"""Whether a repair was fixed first time."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from tests.reference.arithmetic import add_months, group, month_end
from tests.reference.facts import Facts, store_month
from tests.reference.landing import Key, Row
from tests.reference.rates import rate

COMEBACK_WINDOW = timedelta(days=30)
COMEBACK_KM = 1000


class Judge:
    """Decides whether the lines of a repair order count as not fixed: recorded, inferred, or not at all."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.by_vin = group(facts.repair_orders.values(), lambda row: row["vin"])
        self.redone = {key for row in facts.repair_orders.values() if (key := self._redoes(row))}

    def _redoes(self, row: Row) -> Key | None:
        key = row["store_code"], row["original_repair_order_no"]
        original = self.facts.repair_orders.get(key)
        return key if original and row["checked_in_at"] > original["checked_in_at"] else None

    def is_recorded(self, repair_order: Row, lines: list[Row]) -> bool:
        """Whether one of the lines says so, or a later repair order names this one."""
        key = repair_order["store_code"], repair_order["repair_order_no"]
        return key in self.redone or any(line["fixed_first_visit"] is False for line in lines)

    def comes_back(self, repair_order: Row, lines: list[Row]) -> bool:
        """Whether the vehicle comes back soon, to any store, with a concern of these lines."""
        concerns = {line["concern"] for line in lines if line["concern"]}
        return any(
            self._is_comeback(repair_order, other)
            and any(line["concern"] in concerns for line in self.facts.lines_of(other))
            for other in self.by_vin[repair_order["vin"]]
        )

    @staticmethod
    def _is_comeback(repair_order: Row, other: Row) -> bool:
        delivered_at = repair_order["delivered_at"]
        if other is repair_order or delivered_at is None:
            return False
        driven_from, driven_to = repair_order["odometer_km"], other["odometer_km"]
        is_far = driven_from is not None and driven_to is not None and driven_to - driven_from > COMEBACK_KM
        after = max(delivered_at, repair_order["checked_in_at"])
        return not is_far and after < other["checked_in_at"] <= delivered_at + COMEBACK_WINDOW

    def verdict(self, repair_order: Row, lines: list[Row]) -> str:
        """`recorded`, `inferred` or `fixed`."""
        if self.is_recorded(repair_order, lines):
            return "recorded"
        return "inferred" if self.comes_back(repair_order, lines) else "fixed"


def _measures(facts: Facts, month: date, verdicts: Iterable[str]) -> Row:
    counts = Counter(verdicts)
    repairs = counts.total()
    not_fixed = counts["recorded"] + counts["inferred"]
    return (
        {
            "month": month,
            "repairs": repairs,
            "recorded_not_fixed": counts["recorded"],
            "inferred_not_fixed": counts["inferred"],
            "not_fixed": not_fixed,
            "is_final": facts.as_of >= month_end(month) + COMEBACK_WINDOW,
        }
        | rate("not_fixed_rate", not_fixed, repairs)
        | rate("first_fix_rate", repairs - not_fixed, repairs)
    )


def _repairs(facts: Facts) -> list[tuple[Key, Row, list[Row]]]:
    """(store, technician, month), repair order and lines of each repair."""
    repairs = []
    for row in facts.repair_orders.values():
        store, month = store_month(row, "checked_in_at")
        for technician, lines in group(facts.lines_of(row), lambda line: line["technician_no"]).items():
            repairs.append(((store, technician, month), row, lines))
    return repairs


def first_fix_technician_monthly(facts: Facts) -> list[Row]:
    """One row per technician and month with a repair."""
    judge = Judge(facts)
    return [
        {"store_code": key[0], "technician_no": key[1]}
        | _measures(facts, key[2], (judge.verdict(row, lines) for _, row, lines in repairs))
        for key, repairs in group(_repairs(facts), lambda repair: repair[0]).items()
    ]


def _reason(lines: list[Row]) -> str:
    failed = [line for line in lines if line["fixed_first_visit"] is False]
    if not failed:
        return "comeback"
    return min(failed, key=lambda line: line["line_no"])["not_fixed_reason"] or "unspecified"


def first_fix_reason_monthly(facts: Facts) -> list[Row]:
    """One row per technician, month and reason of a repair not fixed first time."""
    judge = Judge(facts)
    counts = Counter(
        (*key, _reason(lines)) for key, row, lines in _repairs(facts) if judge.verdict(row, lines) != "fixed"
    )
    names = ("store_code", "technician_no", "month", "reason")
    return [dict(zip(names, key, strict=True)) | {"not_fixed": count} for key, count in counts.items()]


def first_fix_store_monthly(facts: Facts) -> list[Row]:
    """One row per store and month with a repair order that has a line."""
    judge = Judge(facts)
    with_lines = [row for row in facts.repair_orders.values() if facts.lines_of(row)]
    rows = {
        key: {"store_code": key[0]}
        | _measures(facts, key[1], (judge.verdict(row, facts.lines_of(row)) for row in found))
        for key, found in group(with_lines, lambda row: store_month(row, "checked_in_at")).items()
    }
    for (store, month), row in rows.items():
        before = rows.get((store, add_months(month, -1)))
        row["previous_first_fix_rate"] = before["first_fix_rate"] if before else None
    return list(rows.values())
