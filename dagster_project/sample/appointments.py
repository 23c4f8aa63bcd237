"""Appointments (`dms/appointments`): kept ones lead to a repair order and are named by it."""

from datetime import timedelta
from random import Random

from dagster_project.sample.constants import SAMPLE_AS_OF
from dagster_project.sample.months import Row, rng
from dagster_project.sample.repair_orders import NOW
from dagster_project.sample.visits import Group, Visit

CHANNELS = ("phone", "app", "wechat", "walk_in")
NO_SHOW, CANCELLED = 0.10, 0.05


def build_appointments(group: Group) -> list[Row]:
    """About three visits in ten are booked, two in five of these by the store; some bookings fail."""
    random = rng("appointments")
    rows: list[Row] = []
    for visit in group.visits:
        rate = 0.30 + 0.08 * visit.store.quality
        if visit.void or random.random() >= rate:
            continue
        rows.append(_kept(visit, random))
        draw = random.random()
        if draw < NO_SHOW + CANCELLED:
            other = random.choice(group.customers[visit.store.code])
            failed = _booking(visit, random) | {
                "customer_no": other.number,
                "vin": other.vehicles[0].vin,
                "status": "no_show" if draw < NO_SHOW else "cancelled",
            }
            if other.row["registered_on"] < failed["created_at"].date():
                rows.append(failed)
    rows += _booked(group, random)
    rows.sort(key=lambda row: (row["store_code"], row["created_at"], row["scheduled_at"], row["vin"]))
    numbers: dict[str, int] = {}
    for row in rows:
        visit = row.pop("visit")
        numbers[row["store_code"]] = numbers.get(row["store_code"], 0) + 1
        row["appointment_no"] = f"YY{numbers[row['store_code']]:06d}"
        if row["status"] == "kept":
            visit.row["appointment_no"] = row["appointment_no"]
    return rows


def _kept(visit: Visit, random: Random) -> Row:
    """A booking that became this visit; customers with a booking wait less at the reception."""
    row = _booking(visit, random)
    row |= {"status": "kept", "repair_order_no": visit.number, "arrived_at": None}
    arrived = visit.at - timedelta(minutes=random.randrange(1, 6))
    if random.random() < 0.95:
        row["arrived_at"] = arrived
    signed = visit.row["order_signed_at"]
    if signed:
        visit.row["order_signed_at"] = visit.at + (signed - visit.at) // 120 * 60 + timedelta(minutes=1)
    return row


def _booking(visit: Visit, random: Random) -> Row:
    offset = int(random.gauss(0, 11))
    scheduled = visit.at.replace(minute=0) + timedelta(minutes=round((visit.at.minute + offset) / 15) * 15)
    created = (scheduled - timedelta(days=random.randrange(1, 8))).replace(
        hour=random.randrange(8, 18), minute=random.randrange(60)
    )
    return {
        "store_code": visit.store.code,
        "customer_no": visit.customer.number,
        "vin": visit.vehicle.vin,
        "advisor_no": visit.row["advisor_no"],
        "created_at": created,
        "scheduled_at": scheduled,
        "channel": random.choices(CHANNELS, (50, 18, 25, 7))[0],
        "initiated_by": "store" if random.random() < 0.4 else "customer",
        "arrived_at": None,
        "repair_order_no": None,
        "visit": visit,
    }


def _booked(group: Group, random: Random) -> list[Row]:
    """Bookings for the days after the business date."""
    rows = []
    for visit in random.sample(group.visits, 60):
        row = _booking(visit, random) | {"status": "booked", "channel": "phone"}
        day = SAMPLE_AS_OF + timedelta(days=random.randrange(1, 8))
        row["scheduled_at"] = row["scheduled_at"].replace(year=day.year, month=day.month, day=day.day)
        created = NOW - timedelta(days=random.randrange(0, 4), minutes=random.randrange(120, 600))
        rows.append(row | {"created_at": created})
    return rows
