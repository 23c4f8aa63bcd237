"""Technicians, and repairs that did not hold.

Reproduces *first-time fix by technician, October*: the main store's eight technicians with their repairs (a
repair is a repair order × technician) and the number not fixed first time. 29 of the 31 are recorded in a line,
one in a later repair order that names this one, and one is a comeback that nobody recorded.
"""

from datetime import timedelta
from random import Random

from dagster_project.sample.constants import FIRST_FIX_MONTH, MAIN_STORE
from dagster_project.sample.months import month_of, rng
from dagster_project.sample.stores import Staff
from dagster_project.sample.visits import Visit

REPAIRS = (214, 220, 256, 248, 222, 153, 237, 226)
NOT_FIXED = (1, 5, 6, 4, 1, 4, 3, 7)
REASONS = ("vibration", "repair_skill", "parts_replaced", "noise", "incomplete")
REASON_WEIGHTS = (5, 9, 4, 7, 6)
OCTOBER = month_of(FIRST_FIX_MONTH)


def set_technicians(visits: list[Visit], staff: dict[str, Staff]) -> None:
    """One or two technicians a visit; in the main store's October exactly the published repairs."""
    random = rng("technicians")
    october = []
    for visit in visits:
        technicians = staff[visit.store.code].technicians
        visit.technicians = random.sample(technicians, 2 if random.random() < 0.34 else 1)
        if visit.void:
            visit.technicians = visit.technicians[:1]
        elif visit.store.code == MAIN_STORE and visit.month == OCTOBER:
            october.append(visit)
    slots = [t for t, count in zip(staff[MAIN_STORE].technicians, REPAIRS, strict=True) for _ in range(count)]
    random.shuffle(slots)
    for visit in october:
        visit.technicians = [slots.pop()]
    single = random.sample(october, len(october))
    for technician in slots:
        position = next(i for i, visit in enumerate(single) if visit.technicians[0] != technician)
        single.pop(position).technicians.append(technician)


def set_failures(visits: list[Visit], staff: dict[str, Staff]) -> None:
    """Redone visits, comebacks, and the lines recorded as not fixed."""
    random = rng("failures")
    pairs = _pairs(visits)
    random.shuffle(pairs)
    main = staff[MAIN_STORE].technicians
    used: set[int] = set()
    wanted = dict(zip(main, NOT_FIXED, strict=True))
    october = [p for p in pairs if p[0].store.code == MAIN_STORE and p[0].month == OCTOBER]
    for kind, technician in (("redo", main[7]), ("comeback", main[2])):
        first, second = next(p for p in october if p[0].technicians == [technician] and not used & {id(p[0]), id(p[1])})
        _relate(first, second, kind, used)
        wanted[technician] -= 1
    for first, second in pairs:
        planned = first.store.code == MAIN_STORE and first.month == OCTOBER
        if not planned and not used & {id(first), id(second)}:
            draw = random.random()
            if draw < 0.22:
                _relate(first, second, "redo" if draw < 0.12 else "comeback", used)
    _mark_lines(visits, wanted, used, random)


def _pairs(visits: list[Visit]) -> list[tuple[Visit, Visit]]:
    """Consecutive visits of one vehicle to one store, close enough in time and distance for a comeback."""
    previous: dict[str, Visit] = {}
    pairs = []
    for visit in visits:
        if visit.void:
            continue
        first = previous.get(visit.vehicle.vin)
        previous[visit.vehicle.vin] = visit
        if first is None or first.store is not visit.store or not first.row["delivered_at"]:
            continue
        apart = visit.vehicle.odometer(visit.at) - first.vehicle.odometer(first.at)
        soon = timedelta() < visit.at - first.row["delivered_at"] <= timedelta(days=29)
        if soon and apart <= 950 and len(first.technicians) == 1:
            pairs.append((first, visit))
    return pairs


def _relate(first: Visit, second: Visit, kind: str, used: set[int]) -> None:
    used |= {id(first), id(second)}
    for visit in (first, second):
        if visit.service_type in ("maintenance", "recall"):
            visit.service_type = "repair"
    if kind == "redo":
        second.original = first
    else:
        second.repeats = first


def _mark_lines(visits: list[Visit], wanted: dict[str, int], used: set[int], random: Random) -> None:
    """Lines with `fixed_first_visit` = N: the published number in October, about 1.5% elsewhere."""
    reasons = random.choices(REASONS, REASON_WEIGHTS, k=sum(wanted.values()) - len(REASONS)) + list(REASONS)
    random.shuffle(reasons)
    for visit in random.sample(visits, len(visits)):
        if visit.void or id(visit) in used:
            continue
        if visit.store.code == MAIN_STORE and visit.month == OCTOBER:
            technician = visit.technicians[0]
            if wanted[technician] and visit.at.day < 29:
                wanted[technician] -= 1
                visit.failed[technician] = reasons.pop()
        else:
            for technician in visit.technicians:
                if random.random() < 0.015 - 0.005 * visit.store.quality:
                    visit.failed[technician] = random.choices(REASONS, REASON_WEIGHTS)[0]
    assert not any(wanted.values())
