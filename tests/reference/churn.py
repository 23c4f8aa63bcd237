"""Customers on file, and lost vehicles."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from tests.reference.arithmetic import add_months, group, month_end, month_of
from tests.reference.facts import Facts, store_month
from tests.reference.landing import Key, Row
from tests.reference.rates import rate

CHURN_MONTHS = 6
ACTIVE_MONTHS = 12
HISTORY_MONTHS = 24


def customer_base_monthly(facts: Facts) -> list[Row]:
    """One row per store and month, from the store's first repair order on."""
    rows = []
    for store, repair_orders in group(facts.repair_orders.values(), lambda row: row["store_code"]).items():
        registered = [row["registered_on"] for row in facts.customers.values() if row["store_code"] == store]
        visits = {(month_of(row["checked_in_at"]), row["customer_no"]) for row in repair_orders}
        month = min(visited for visited, _ in visits)
        while month <= month_of(facts.as_of):
            since = add_months(month, 1 - ACTIVE_MONTHS)
            rows.append(
                {
                    "store_code": store,
                    "month": month,
                    "on_file_customers": sum(day <= month_end(month) for day in registered),
                    "active_customers": len({customer for visited, customer in visits if since <= visited <= month}),
                }
            )
            month = add_months(month, 1)
    return rows


@dataclass(frozen=True)
class Visitor:
    """A vehicle that visited a store in a month."""

    store: str
    vin: str
    month: date
    last_visit_at: datetime
    visits_before: int
    customer_type: str | None
    is_lost: bool


def _is_final(facts: Facts, month: date) -> bool:
    return facts.as_of >= add_months(month_end(month), CHURN_MONTHS)


def _visitors(facts: Facts) -> list[Visitor]:
    visitors = []
    by_vehicle = group(facts.repair_orders.values(), lambda row: (row["store_code"], row["vin"]))
    for (store, vin), visits in by_vehicle.items():
        times = [row["checked_in_at"] for row in visits]
        for month, found in group(visits, lambda row: month_of(row["checked_in_at"])).items():
            last = max(found, key=lambda row: (row["checked_in_at"], row["repair_order_no"]))
            last_at = last["checked_in_at"]
            customer = facts.customers.get((store, last["customer_no"]))
            visitors.append(
                Visitor(
                    store=store,
                    vin=vin,
                    month=month,
                    last_visit_at=last_at,
                    visits_before=sum(add_months(last_at, -HISTORY_MONTHS) <= time < last_at for time in times),
                    customer_type=customer["customer_type"] if customer else None,
                    is_lost=not any(last_at < time < add_months(last_at, CHURN_MONTHS) for time in times),
                )
            )
    return visitors


def churn_cohort_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and type of customer with a visit, and one for all types."""
    cohorts: dict[Key, list[Visitor]] = defaultdict(list)
    for visitor in _visitors(facts):
        for customer_type in {"all", visitor.customer_type} - {None}:
            cohorts[visitor.store, visitor.month, customer_type].append(visitor)
    rows = []
    for (store, month, customer_type), visitors in cohorts.items():
        is_final = _is_final(facts, month)
        lost = sum(visitor.is_lost for visitor in visitors) if is_final else None
        rows.append(
            {
                "store_code": store,
                "month": month,
                "customer_type": customer_type,
                "visited_vehicles": len(visitors),
                "lost_vehicles": lost,
                "is_final": is_final,
            }
            | rate("churn_rate", lost, len(visitors))
        )
    return rows


def churn_callback_monthly(facts: Facts) -> list[Row]:
    """One row per store, cohort and outcome of a call."""
    counts = Counter((row["store_code"], row["cohort_month"], row["outcome"]) for row in facts.churn_callbacks)
    names = ("store_code", "month", "outcome")
    return [dict(zip(names, key, strict=True)) | {"callbacks": count} for key, count in counts.items()]


def churn_reason_monthly(facts: Facts) -> list[Row]:
    """One row per store, cohort and reason given on a completed call."""
    completed = [row for row in facts.churn_callbacks if row["outcome"] == "completed"]
    rows = []
    for (store, month), calls in group(completed, lambda row: store_month(row, "cohort_month")).items():
        for reason, found in group(calls, lambda row: row["reason"]).items():
            vehicles = len({row["vin"] for row in found})
            rows.append(
                {
                    "store_code": store,
                    "month": month,
                    "reason": reason,
                    "vehicles": vehicles,
                    "share": Fraction(vehicles, len(calls)),
                }
            )
    return rows


def _most_informative_call(calls: list[Row]) -> Row:
    """The most informative call: a completed one first, then the latest."""
    return max(
        calls, key=lambda row: (row["outcome"] == "completed", row["called_at"] or datetime.min, row["callback_no"])
    )


def lost_vehicle(facts: Facts) -> list[Row]:
    """One row per vehicle lost in a final cohort, by its VIN."""
    calls = group(facts.churn_callbacks, lambda row: (row["store_code"], row["vin"], row["cohort_month"]))
    rows = []
    for visitor in _visitors(facts):
        if not visitor.is_lost or not _is_final(facts, visitor.month):
            continue
        found = calls.get((visitor.store, visitor.vin, visitor.month))
        call = _most_informative_call(found) if found else None
        rows.append(
            {
                "store_code": visitor.store,
                "vin": visitor.vin,
                "month": visitor.month,
                "last_visit_at": visitor.last_visit_at,
                "visits_24_months": visitor.visits_before,
                "customer_type": visitor.customer_type,
                "callback_outcome": call and call["outcome"],
                "reason": call and call["reason"],
            }
        )
    return rows
