"""From the plan to visits with a time: when each vehicle is checked in, and who it belongs to.

Adds what tests the rules of *churn* and *customer files*: void repair orders inside a lost vehicle's six
months, customers with nothing but a void one, lost vehicles that return just after six months or go to
another store of the group.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from dagster_project.sample.constants import CHURN_MONTH, MAIN_STORE, SAMPLE_AS_OF
from dagster_project.sample.months import add_months, first_day, last_day, month_of, rng
from dagster_project.sample.people import Customer, People, Vehicle
from dagster_project.sample.stores import MAIN, STORES, Store
from dagster_project.sample.visit_plan import Plan, plan_visits

CHECK_IN_HOURS = (8, 9, 9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16)
MOVED_TO = "S002"
MOVED = 12
MOVED_FROM = 40
"""Where among the lost the moved ones begin: after the late returns."""

VOID_IN_LOST_WINDOW = 3
VOID_ONLY = 5


@dataclass(eq=False)
class Visit:
    """One repair order in the making."""

    store: Store
    customer: Customer
    vehicle: Vehicle
    at: datetime
    void: bool = False
    number: str = ""
    service_type: str = ""
    technicians: list[str] = field(default_factory=list)
    concerns: list[str] = field(default_factory=list)
    original: "Visit | None" = None
    repeats: "Visit | None" = None
    """The earlier visit whose fault is back, which nothing records."""

    failed: dict[str, str] = field(default_factory=dict)
    """Technician to the reason for which a line of this visit was not fixed."""

    row: dict = field(default_factory=dict)
    lines: list[dict] = field(default_factory=list)

    @property
    def month(self) -> int:
        """Running number of the month of check-in."""
        return month_of(self.at)


@dataclass
class Group:
    """All customers and visits of the group, and the main store's lost vehicles of the churn month."""

    customers: dict[str, list[Customer]] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    lost: list[Customer] = field(default_factory=list)
    moved: list[Customer] = field(default_factory=list)


def build_group() -> Group:
    """Everybody and every visit, in order of check-in."""
    people, group = People(), Group()
    plans: dict[str, Plan] = {}
    for store in STORES:
        plan = plans[store.code] = plan_visits(store)
        group.customers[store.code] = people.of_store(store, plan)
        group.visits += _store_visits(store, plan, group.customers[store.code])
    main = group.customers[MAIN_STORE]
    group.lost = [main[index] for index in plans[MAIN_STORE].lost]
    _add_moved(people, group, plans[MAIN_STORE])
    _add_void(group, plans[MAIN_STORE])
    group.visits.sort(key=lambda visit: (visit.at, visit.store.code, visit.vehicle.vin))
    return group


def _check_in(random: Random, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, random.choice(CHECK_IN_HOURS), random.randrange(60))


def _store_visits(store: Store, plan: Plan, customers: list[Customer]) -> list[Visit]:
    random = rng(f"check-in/{store.code}")
    churn, late = month_of(CHURN_MONTH), set(plan.late_returns)
    lost = set(plan.lost)
    visits: list[Visit] = []
    may_visit: dict[int, datetime] = {}
    for month, pairs in plan.visits.items():
        first, days = first_day(month), last_day(month).day
        weights = [1.25 if (first + timedelta(days=i)).weekday() >= 5 else 1.0 for i in range(days)]
        for index, position in pairs:
            customer = customers[index]
            earliest = 0
            if plan.registered[index] == month:
                earliest = customer.row["registered_on"].day - 1
            day = random.choices(range(earliest, days), weights[earliest:])[0]
            if index in late and month == churn:
                day = random.randrange(0, 12)
            elif index in lost and month == churn:
                day = max(min(day, 29), earliest)
            at = _check_in(random, first + timedelta(days=day))
            if index in late and month == churn + 6:
                at = add_months(may_visit[index], 6)
                if index != plan.late_returns[0]:
                    at += timedelta(days=random.randrange(1, 15), minutes=random.randrange(-60, 60))
            if index in lost and month == churn:
                may_visit[index] = at
            visit = Visit(store, customer, customer.vehicles[position], at)
            visits.append(visit)
            if index not in lost and earliest == 0 and day < days - 6 and random.random() < 0.02:
                again = _check_in(random, first + timedelta(days=random.randrange(day + 4, days)))
                visits.append(Visit(store, customer, visit.vehicle, again))
    return visits


def _add_moved(people: People, group: Group, plan: Plan) -> None:
    """Some lost vehicles of the main store are served by another store of the group."""
    random = rng("moved")
    store = next(s for s in STORES if s.code == MOVED_TO)
    there = group.customers[MOVED_TO]
    for index in plan.lost[MOVED_FROM : MOVED_FROM + MOVED]:
        customer = group.customers[MAIN_STORE][index]
        day = date(2025, 7, 1) + timedelta(days=random.randrange(110))
        moved = people.moved(store, customer, f"{len(there) + 1:07d}", day)
        there.append(moved)
        group.moved.append(customer)
        group.visits.append(Visit(store, moved, moved.vehicles[0], _check_in(random, day)))


def _add_void(group: Group, plan: Plan) -> None:
    """Void repair orders: opened twice by mistake, or cancelled by the customer before any work."""
    random = rng("void")
    extra = []
    for visit in group.visits:
        if random.random() < 0.006:
            twice = visit.at - timedelta(minutes=random.randrange(1, 8))
            extra.append(Visit(visit.store, visit.customer, visit.vehicle, twice, void=True))
    main = group.customers[MAIN_STORE]
    visited = {id(visit.customer) for visit in group.visits}
    never = [c for c in main[:5000] if id(c) not in visited][:VOID_ONLY]
    for customer in never + [main[i] for i in plan.lost[-VOID_IN_LOST_WINDOW:]]:
        day = date(2025, 8, 1) + timedelta(days=random.randrange(50))
        extra.append(Visit(MAIN, customer, customer.vehicles[0], _check_in(random, day), void=True))
    group.visits += extra
    assert all(visit.at.date() <= SAMPLE_AS_OF for visit in group.visits)
