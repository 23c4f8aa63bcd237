"""Calls to lost customers (`survey/churn_callbacks`).

Reproduces *churn, May cohort* of the main store: 206 lost private vehicles called, 147 reached with their
reasons, 59 not. Who left is decided in `visit_plan`; other stores call some of their lost vehicles too.
"""

from datetime import timedelta
from random import Random

from dagster_project.sample.constants import CHURN_MONTH, MAIN_STORE
from dagster_project.sample.months import Row, add_months, month_of, month_text, rng
from dagster_project.sample.repair_orders import NOW
from dagster_project.sample.stores import STORES
from dagster_project.sample.visits import Group, Visit

NOT_REACHED = {"powered_off": 3, "rejected": 6, "suspended": 4, "unreachable": 14, "no_answer": 18, "single_visit": 14}
REASONS = {
    "due_soon": 27,
    "mileage_not_reached": 28,
    "serviced_elsewhere": 34,
    "too_far": 11,
    "road_works": 36,
    "used_by_others": 11,
}
CHURN = month_of(CHURN_MONTH)


def build_churn_callbacks(group: Group) -> list[Row]:
    """Calls on or after the day on which the vehicle counts as lost."""
    random = rng("churn")
    rows: list[Row] = []
    for store in STORES:
        for month in range(CHURN - 2, CHURN + 1):
            lost = _lost(group, store.code, month)
            if store.code == MAIN_STORE and month == CHURN:
                results = _published(lost, group, random)
            else:
                private = [visit for visit in lost if not visit.customer.corporate]
                results = [(visit, *_result(random)) for visit in private]
            for visit, outcome, reason in results:
                at = add_months(visit.at, 6) + timedelta(minutes=random.randrange(60, 200))
                if at.day < 28 or month < CHURN:
                    at += timedelta(days=random.randrange(3))
                rows.append(
                    {
                        "store_code": store.code,
                        "callback_no": f"LS{len(rows) + 1:06d}",
                        "reason": reason,
                        "vin": visit.vehicle.vin,
                        "cohort_month": month_text(month),
                        "called_at": min(at, NOW),
                        "outcome": outcome,
                    }
                )
    return rows


def _lost(group: Group, store: str, month: int) -> list[Visit]:
    """Last visits of the month after which the vehicle stayed away from the store for six months."""
    last: dict[str, Visit] = {}
    later: dict[str, Visit] = {}
    for visit in group.visits:
        if visit.void or visit.store.code != store:
            continue
        if visit.month == month:
            last[visit.vehicle.vin] = visit
        elif visit.month > month:
            later.setdefault(visit.vehicle.vin, visit)
    return [visit for vin, visit in last.items() if vin not in later or later[vin].at >= add_months(visit.at, 6)]


def _published(lost: list[Visit], group: Group, random: Random) -> list[tuple[Visit, str, str | None]]:
    """The printed outcomes and reasons; customers who moved to a sister store were reached and said so."""
    private = [visit for visit in lost if not visit.customer.corporate]
    moved = [visit for visit in private if visit.customer in group.moved]
    others = [visit for visit in private if visit.customer not in group.moved]
    random.shuffle(others)
    reasons = [reason for reason, count in REASONS.items() for _ in range(count)]
    for _ in moved:
        reasons.remove("serviced_elsewhere")
    results: list[tuple[str, str | None]] = [("completed", reason) for reason in reasons]
    results += [(outcome, None) for outcome, count in NOT_REACHED.items() for _ in range(count)]
    reached: list[tuple[Visit, str, str | None]] = [(visit, "completed", "serviced_elsewhere") for visit in moved]
    return reached + [(visit, *result) for visit, result in zip(others, results, strict=True)]


def _result(random: Random) -> tuple[str, str | None]:
    if random.random() < 0.7:
        return "completed", random.choices(list(REASONS), list(REASONS.values()))[0]
    return random.choices(list(NOT_REACHED), list(NOT_REACHED.values()))[0], None
