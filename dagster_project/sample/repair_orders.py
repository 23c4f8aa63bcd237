"""Repair orders and their lines (`dms/repair_orders`, `dms/repair_order_lines`) from the visits.

`first_fix` decides who repairs what and what goes wrong. This module avoids accidental comebacks: two visits of one
vehicle within 40 days share no concern unless they are meant to.
"""

from datetime import datetime, time, timedelta
from random import Random

from dagster_project.sample.constants import SAMPLE_AS_OF
from dagster_project.sample.months import Row, rng
from dagster_project.sample.stores import Staff
from dagster_project.sample.visits import Visit

NOW = datetime.combine(SAMPLE_AS_OF, time(21, 0))
"""Nothing that happens after this moment is in the sample."""

CONCERNS = (
    "发动机异响",
    "怠速抖动",
    "空调不制冷",
    "制动异响",
    "底盘松旷",
    "变速箱顿挫",
    "蓄电池亏电",
    "车窗升降故障",
    "机油渗漏",
    "故障灯点亮",
    "轮胎偏磨",
    "漆面划伤",
    "灯光故障",
    "转向跑偏",
    "水温偏高",
    "雨刮异响",
)
SERVICE_TYPES = ("maintenance", "repair", "warranty", "body_paint", "recall")
SERVICE_WEIGHTS = (56, 24, 9, 8, 3)
JOBS = {
    "maintenance": ("BY-010", "BY-020", "BY-040"),
    "repair": ("WX-101", "WX-205", "WX-330"),
    "warranty": ("SP-001", "SP-017"),
    "body_paint": ("BP-100", "BP-200"),
    "recall": ("ZH-2401", "ZH-2503"),
}
COMEBACK_DAYS = 40


def set_times(visits: list[Visit], staff: dict[str, Staff]) -> None:
    """Number, advisor, service type and times of every visit; body work only where the next visit is far away."""
    random = rng("times")
    numbers: dict[tuple[str, int], int] = {}
    following: dict[str, Visit] = {}
    upcoming: dict[int, Visit] = {}
    for visit in reversed(visits):
        if not visit.void:
            if visit.vehicle.vin in following:
                upcoming[id(visit)] = following[visit.vehicle.vin]
            following[visit.vehicle.vin] = visit
    for visit in visits:
        key = (visit.store.code, visit.month)
        numbers[key] = numbers.get(key, 0) + 1
        visit.number = f"0{visit.at:%y%m}{numbers[key]:05d}"
        after = upcoming.get(id(visit))
        near = after is not None and after.at - visit.at < timedelta(days=8)
        visit.service_type = random.choices(SERVICE_TYPES, SERVICE_WEIGHTS)[0]
        if near and visit.service_type == "body_paint":
            visit.service_type = "repair"
        visit.row = _times(visit, random) | {"advisor_no": random.choice(staff[visit.store.code].advisors)}


def _times(visit: Visit, random: Random) -> Row:
    """Plan and course of the visit; nothing later than `NOW` has happened."""
    at, late = visit.at, random.random() > 0.86 + 0.04 * visit.store.quality
    signed = at + timedelta(minutes=random.randrange(8, 32))
    if visit.void:
        return {"status": "void", "order_signed_at": None, "promised_at": None}
    if visit.service_type == "body_paint":
        work = timedelta(days=random.randrange(1, 5), minutes=random.randrange(0, 90))
    else:
        low, high = {"maintenance": (40, 110), "repair": (60, 260)}.get(visit.service_type, (60, 200))
        work = timedelta(minutes=int(random.triangular(low, high, low + 30)))
    completed = signed + work
    settled = completed + timedelta(minutes=random.randrange(4, 30))
    delivered = settled + timedelta(minutes=random.randrange(3, 20))
    promised = (
        delivered - timedelta(minutes=random.randrange(6, 50))
        if late
        else (delivered + timedelta(minutes=random.randrange(2, 45)))
    )
    promised = promised.replace(minute=promised.minute // 5 * 5) + (timedelta() if late else timedelta(minutes=5))
    row: Row = {
        "order_signed_at": signed,
        "promised_at": max(promised, signed + timedelta(minutes=20)),
        "completed_at": completed,
        "settled_at": settled,
        "delivered_at": delivered,
        "status": "delivered",
    }
    return as_of(row, NOW)


def as_of(row: Row, moment: datetime) -> Row:
    """A repair order as the DMS showed it at that moment: without later times, and without a bill not yet settled."""
    if row["status"] == "void" or (row["delivered_at"] and row["delivered_at"] <= moment):
        return row
    seen = dict(row)
    for name in ("order_signed_at", "completed_at", "settled_at", "delivered_at"):
        if seen[name] and seen[name] > moment:
            seen[name] = None
    seen["status"] = "completed" if seen["completed_at"] else "open"
    if not seen["settled_at"]:
        seen |= {"labour_amount": None, "parts_amount": None, "total_amount": None}
    return seen


def write_orders(visits: list[Visit]) -> None:
    """Lines and bills, in order of check-in so that the concerns of earlier visits are known."""
    random = rng("lines")
    history: dict[str, list[tuple[datetime, list[str]]]] = {}
    for visit in visits:
        past = history.setdefault(visit.vehicle.vin, [])
        recent = {c for at, concerns in past if visit.at - at < timedelta(days=COMEBACK_DAYS + 5) for c in concerns}
        _write_lines(visit, recent, random)
        if not visit.void:
            past.append((visit.at, visit.concerns))
        _write_bill(visit, random)


def _write_lines(visit: Visit, banned: set[str], random: Random) -> None:
    if visit.void:
        visit.lines = [_line(visit, 1, visit.technicians[0], "BY-010", None) | {"fixed_first_visit": None}]
        return
    allowed = [concern for concern in CONCERNS if concern not in banned]
    back = visit.original or visit.repeats
    count = max(len(visit.technicians), random.choices((1, 2, 3), (55, 32, 13))[0])
    visit.concerns = random.sample(allowed, count)
    if visit.service_type in ("maintenance", "recall"):
        visit.concerns = visit.concerns[1:]
    if back:
        visit.concerns = [back.concerns[0], *visit.concerns][:count]
    blanks = [None] * (count - len(visit.concerns))
    for position, concern in enumerate([*blanks, *visit.concerns]):
        technician = visit.technicians[position % len(visit.technicians)]
        jobs = JOBS[visit.service_type if position == 0 else "repair"]
        line = _line(visit, position + 1, technician, random.choice(jobs), concern)
        reason = visit.failed.pop(technician, None)
        line |= {"fixed_first_visit": reason is None, "not_fixed_reason": reason}
        hours = random.randrange(4, 30 if visit.service_type != "body_paint" else 90)
        line["labour_hours"] = hours / 10
        line["labour_amount"] = hours * 13 if visit.store.tier != "3" else hours * 11
        parts = 0 if random.random() < 0.2 else int(random.triangular(3000, 160000, 22000))
        line["parts_amount"] = parts / 100
        visit.lines.append(line)
    visit.failed = {}


def _line(visit: Visit, number: int, technician: str, job: str, concern: str | None) -> Row:
    return {
        "store_code": visit.store.code,
        "repair_order_no": visit.number,
        "line_no": number,
        "technician_no": technician,
        "job_code": job,
        "concern": concern,
        "labour_hours": 0,
        "labour_amount": 0,
        "parts_amount": 0,
        "not_fixed_reason": None,
    }


def _write_bill(visit: Visit, random: Random) -> None:
    labour = sum(line["labour_amount"] for line in visit.lines)
    cents = sum(round(line["parts_amount"] * 100) for line in visit.lines)
    total = round(labour * 100 + cents) / 100
    within = random.random() < 0.9 + 0.03 * visit.store.quality
    ratio = random.uniform(0.93, 1.15) if within else random.uniform(0.72, 0.9)
    head: Row = {
        "store_code": visit.store.code,
        "repair_order_no": visit.number,
        "customer_no": visit.customer.number,
        "vin": visit.vehicle.vin,
        "appointment_no": None,
        "service_type": visit.service_type,
        "checked_in_at": visit.at,
        "odometer_km": visit.vehicle.odometer(visit.at)
        if random.random() < 0.985 or (visit.repeats or visit.original)
        else None,
        "original_repair_order_no": visit.original.number if visit.original else None,
        "completed_at": None,
        "settled_at": None,
        "delivered_at": None,
        "quoted_amount": None if visit.void else round(total * ratio / 10) * 10,
        "labour_amount": labour,
        "parts_amount": cents / 100,
        "total_amount": total,
    }
    visit.row = as_of(head | visit.row, NOW)
    if visit.row["total_amount"] is None:
        for line in visit.lines:
            line |= {"labour_amount": None, "parts_amount": None}
