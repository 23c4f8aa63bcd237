"""Which customers visit the store in which month: the plan that the customer figures rest on.

For the main store it reproduces *customer files* (active base January to September), and *churn, May
cohort*: 1008 vehicles visit in May, 276 of them (206 private, 70 corporate) have no visit in the six months
after. A customer is a number in order of registration; fleets come first and have three vehicles each, all
others one.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from dagster_project.sample.constants import CHURN_MONTH, MAIN_STORE, SAMPLE_AS_OF
from dagster_project.sample.months import month_of, rng
from dagster_project.sample.stores import Store

FLEET_SIZE = 3
LOST_PRIVATE, LOST_CORPORATE = 206, 70
LATE_RETURNS = 14
"""Lost May vehicles that come back in November, but only after their six months."""

CHURN = month_of(CHURN_MONTH)
LAST = month_of(SAMPLE_AS_OF)
FIXED = LAST + 100
"""Deadline of a visit that may not be moved."""

ON_FILE = (6800, 6950, 7123, 7349, 7698, 7889, 7981, 8098, 8254, 8379, 8493)
"""Main store, January to November 2025; October and November are ours."""

ACTIVE_BASE = (4100, 3950, 4267, 4356, 4463, 4655, 4777, 4987, 5321, 5402, 5446)
VEHICLES = (
    640,
    720,
    760,
    790,
    810,
    830,
    850,
    860,
    890,
    880,
    900,
    930,
    700,
    960,
    985,
    1008,
    1040,
    1075,
    1120,
    1210,
    1290,
    1130,
)
"""Main store, vehicles a month from February 2024; May 2025 is published, the others are ours."""

NEW_VISITORS = (610, 560, 480, 420, 370, 330, 290, 250, 230, 200, 180, 150)
"""Main store, February 2024 to January 2025; with the fleets they are January's active base."""

REGISTERED_A_MONTH = 110
GAPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
GAP_WEIGHTS = (10, 16, 24, 20, 14, 8, 3, 2, 1, 1, 1)


@dataclass
class Plan:
    """Visits by month as (customer, vehicle of the customer), registrations by customer, the lost of May."""

    registered: list[int] = field(default_factory=list)
    corporate: list[bool] = field(default_factory=list)
    visits: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    lost: list[int] = field(default_factory=list)
    late_returns: list[int] = field(default_factory=list)


def plan_visits(store: Store) -> Plan:
    """Plan one store's visits, month by month."""
    random = rng(f"visits/{store.code}")
    main = store.code == MAIN_STORE
    plan = Plan(registered=_registrations(store, random))
    plan.corporate = [i < store.fleets or random.random() < 0.2 for i in range(len(plan.registered))]
    last_visit: dict[int, int] = {}
    due: dict[int, dict[int, int]] = defaultdict(dict)
    fresh = list(range(store.fleets, len(plan.registered)))
    random.shuffle(fresh)
    for month in range(store.first_month, LAST + 1):
        step = month - store.first_month
        fleet = [(i, j) for i in range(store.fleets) for j in range(FLEET_SIZE) if (month + i + j) % 3 == 0]
        expired = sum(1 for seen in last_visit.values() if seen == month - 12)
        if main:
            wanted = VEHICLES[step] - len(fleet)
            entering = NEW_VISITORS[step] if step < 12 else ACTIVE_BASE[step - 11] - ACTIVE_BASE[step - 12] + expired
        else:
            wanted = int(store.visits * random.uniform(0.9, 1.1)) - len(fleet)
            entering = max(int(wanted * (0.8, 0.65, 0.5, 0.4, 0.32)[min(step, 4)]), 5)
        visitors = _returning(month, wanted - entering, due, random)
        visitors += _entering(month, entering, fresh, plan, last_visit)
        for customer in visitors:
            last_visit[customer] = month
        plan.visits[month] = fleet + [(customer, 0) for customer in visitors]
        _schedule(month, visitors, due, plan, random=random, main=main, first=step == 0)
    return plan


def _registrations(store: Store, random: Random) -> list[int]:
    """Month of registration of every customer, ascending; the main store's give the on-file figures."""
    if store.code != MAIN_STORE:
        start = store.first_month - 60
        return sorted(random.randrange(start, LAST + 1) for _ in range(store.customers))
    before = ON_FILE[0] - 12 * REGISTERED_A_MONTH
    months = sorted(random.randrange(store.first_month - 90, store.first_month) for _ in range(before))
    months[: store.fleets] = [months[0]] * store.fleets
    for step in range(12):
        months += [store.first_month + step] * REGISTERED_A_MONTH
    for step in range(1, len(ON_FILE)):
        months += [store.first_month + 11 + step] * (ON_FILE[step] - ON_FILE[step - 1])
    return months


def _returning(month: int, wanted: int, due: dict[int, dict[int, int]], random: Random) -> list[int]:
    """Customers due this month, some postponed or brought forward so that the month has its number of vehicles.

    `due` maps a month to customers with the last month to which they may be postponed.
    """
    today = due.pop(month, {})
    movable = [customer for customer, deadline in today.items() if month < deadline < FIXED]
    random.shuffle(movable)
    for customer in movable[: max(len(today) - wanted, 0)]:
        due[month + 1][customer] = today.pop(customer)
    for later in range(month + 1, month + 6):
        waiting = [c for c in due[later] if due[later][c] < FIXED]
        random.shuffle(waiting)
        for customer in waiting[: max(wanted - len(today), 0)]:
            today[customer] = due[later].pop(customer)
    return list(today)


def _entering(month: int, count: int, fresh: list[int], plan: Plan, last_visit: dict[int, int]) -> list[int]:
    """Customers who were not in the active base: first visits of registered ones, some back after a year."""
    dormant = [c for c, seen in last_visit.items() if seen <= month - 14][: count // 10]
    ready = [c for c in fresh if plan.registered[c] <= month]
    ready.sort(key=lambda c: plan.registered[c] != month)
    new = sum(1 for c in ready if plan.registered[c] == month)
    take = min(new // 2, count // 2)
    first_visits = ready[:take] + ready[new : new + count - len(dormant) - take]
    chosen = set(first_visits)
    fresh[:] = [c for c in fresh if c not in chosen]
    return dormant + first_visits


def _schedule(
    month: int,
    visitors: list[int],
    due: dict[int, dict[int, int]],
    plan: Plan,
    *,
    random: Random,
    main: bool,
    first: bool,
) -> None:
    """When each of the month's visitors comes back, if ever; in the churn month exactly 276 do not in time."""
    if main and month == CHURN:
        order = random.sample(visitors, len(visitors))
        private = [c for c in order if not plan.corporate[c]][:LOST_PRIVATE]
        corporate = [c for c in order if plan.corporate[c]][:LOST_CORPORATE]
        plan.lost = private + corporate
        plan.late_returns = [c for c in private if plan.registered[c] < month][:LATE_RETURNS]
        for customer in plan.late_returns:
            due[CHURN + 6][customer] = FIXED
        for customer in set(visitors) - set(plan.lost):
            gap = random.choices(GAPS[:5], GAP_WEIGHTS[:5])[0]
            due[month + gap][customer] = CHURN + 5
        return
    lapse = 0.45 if first and main else 0.20
    for customer in visitors:
        if random.random() >= lapse:
            due[month + random.choices(GAPS, GAP_WEIGHTS)[0]][customer] = month + 11
