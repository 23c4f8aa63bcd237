"""Random repair orders, their lines, and appointments."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.reference.arithmetic import add_months
from tests.reference.chance import MONTHS, Chance
from tests.reference.people import ADVISORS, TECHNICIANS, World

CONCERNS = ["发动机异响", "刹车", "brake", "空调"]
END = datetime(2026, 7, 1)
SECOND = timedelta(seconds=1)
STATUSES = {"delivered": 80, "open": 6, "completed": 4, "void": 10}


def cents(chance: Chance, most: int) -> Decimal:
    """A random amount, up to this number of hundredths."""
    return Decimal(chance.randint(0, most)) / 100


def _amounts(chance: Chance) -> dict[str, Decimal | None]:
    quoted = chance.pick(
        None, Decimal(100), Decimal(90), Decimal(70), Decimal("333.30"), Decimal(30), Decimal(0), Decimal(-1)
    )
    expected = Decimal(500) if quoted is None else quoted
    limit = (expected * 11 / 10).quantize(Decimal("0.01"))
    return {
        "quoted_amount": quoted,
        "labour_amount": chance.pick(
            cents(chance, 90000), cents(chance, 90000), cents(chance, 90000), None, Decimal(-10)
        ),
        "parts_amount": chance.pick(None, cents(chance, 99999)),
        "total_amount": chance.pick(None, expected, limit, limit, limit + Decimal("0.01"), cents(chance, 500000)),
    }


def _delivery(chance: Chance, checked_in_at: datetime) -> datetime:
    if chance.maybe(0.02):
        return checked_in_at - timedelta(hours=1)
    return checked_in_at + chance.pick(
        timedelta(hours=chance.randint(1, 9)),
        timedelta(days=chance.randint(1, 4), seconds=chance.randint(0, 9999)),
        timedelta(0),
        timedelta(hours=2),
    )


def _repair_order(chance: Chance, checked_in_at: datetime, delivery: datetime, odometer: Decimal) -> dict[str, Any]:
    status = chance.one_of(STATUSES)
    is_given_back = status == "delivered" and not chance.maybe(0.04)
    is_given_back |= status in ("void", "completed") and chance.maybe(0.5)
    signed = [checked_in_at + timedelta(minutes=chance.randint(1, 40))] * 7
    return {
        "advisor_no": chance.choice([*ADVISORS, "A99", None]),
        "appointment_no": None,
        "service_type": chance.code("service_type"),
        "odometer_km": odometer if chance.maybe(0.9) else chance.pick(None, None, Decimal(-5)),
        "checked_in_at": checked_in_at,
        "order_signed_at": chance.choice([None, checked_in_at, checked_in_at - timedelta(minutes=3), *signed]),
        "promised_at": chance.pick(
            None,
            delivery,
            delivery,
            delivery - SECOND,
            delivery + SECOND,
            delivery + timedelta(hours=1),
            checked_in_at - timedelta(hours=1),
        ),
        "completed_at": delivery - timedelta(minutes=10),
        "settled_at": chance.pick(None, delivery),
        "delivered_at": delivery if is_given_back else None,
        "status": status,
        "original_repair_order_no": None,
        **_amounts(chance),
    }


def _next_visit(chance: Chance, checked_in_at: datetime, delivery: datetime) -> datetime:
    """Often just inside or outside the windows of a comeback or of churn."""
    kind = chance.random()
    if kind < 0.30:
        month = timedelta(days=30)
        some = timedelta(days=chance.randint(1, 29))
        return delivery + chance.pick(month, month, month + SECOND, month - SECOND, timedelta(0), SECOND, some)
    if kind < 0.55:
        return max(add_months(checked_in_at, 6) + chance.pick(timedelta(0), timedelta(0), SECOND, -SECOND), delivery)
    if kind < 0.65:
        moment = chance.moment_in(chance.choice(MONTHS))
        return moment if moment >= delivery else delivery + timedelta(days=chance.randint(5, 200))
    return delivery + timedelta(days=chance.randint(1, 220), minutes=chance.randint(0, 600))


def _add_vehicle_visits(world: World, home: str, vin: str, owners: dict[tuple[str, str], str]) -> None:
    chance = world.chance
    moment = chance.moment_in(chance.choice(MONTHS[:10]))
    odometer = Decimal(chance.randint(1000, 60000))
    while moment < END:
        store = chance.choice(world.stores) if chance.maybe(0.12) else home
        owner = owners.setdefault((store, vin), chance.choice(world.customers[store]))
        delivery = _delivery(chance, moment)
        world.repair_orders[store].append(
            {
                "store_code": store,
                "repair_order_no": f"R{len(world.repair_orders[store]) + 1:04d}",
                "customer_no": chance.choice(world.customers[store]) if chance.maybe(0.1) else owner,
                "vin": vin,
                **_repair_order(chance, moment, delivery, odometer),
            }
        )
        steps = [Decimal(step) for step in (1000, 1001, 999, -200, chance.randint(0, 9000))]
        odometer += chance.choice(steps)
        moment = _next_visit(chance, moment, delivery)


def _part_equal_times(repair_orders: list[dict[str, Any]]) -> None:
    """Two visits of a vehicle in the same second would tie for the last of the month."""
    seen = set()
    for row in repair_orders:
        while (row["vin"], row["checked_in_at"]) in seen:
            row["checked_in_at"] += SECOND
        seen.add((row["vin"], row["checked_in_at"]))


def _name_originals(world: World, store: str) -> None:
    chance = world.chance
    repair_orders = world.repair_orders[store]
    by_vin = defaultdict(list)
    for row in repair_orders:
        by_vin[row["vin"]].append(row["repair_order_no"])
    for row in repair_orders:
        if chance.maybe(0.12):
            some = by_vin[row["vin"]] if chance.maybe(0.8) else [other["repair_order_no"] for other in repair_orders]
            named = [chance.choice(some) for _ in range(3)]
            row["original_repair_order_no"] = chance.choice([*named, "R9999", row["repair_order_no"]])


def _add_lines(world: World, store: str) -> None:
    chance = world.chance
    for repair_order in world.repair_orders[store]:
        usual = chance.choice(CONCERNS)
        for number in chance.sample([1, 2, 3, 9, 10, 11], chance.pick(0, 1, 1, 2, 2, 3, 4)):
            fixed = chance.choices([True, False, None], [80, 10, 10])[0]
            reason = chance.code("not_fixed_reason", 0.3) if fixed is False or chance.maybe(0.03) else None
            hours = chance.pick(None, *[Decimal(chance.randint(1, 50)) / 10] * 3)
            world.add(
                "dms/repair_order_lines",
                store_code=store,
                repair_order_no=repair_order["repair_order_no"],
                line_no=number,
                technician_no=chance.choices([*TECHNICIANS, "T99", None], [30, 30, 30, 4, 6])[0],
                job_code=chance.pick("J1", "J2", None),
                concern=chance.pick(usual, usual, chance.choice(CONCERNS), None),
                labour_hours=hours if chance.maybe(0.98) else Decimal("-0.5"),
                labour_amount=cents(chance, 30000),
                parts_amount=chance.pick(None, cents(chance, 30000)),
                fixed_first_visit=fixed,
                not_fixed_reason=reason,
            )
    for number in range(3):
        world.add(
            "dms/repair_order_lines",
            store_code=store,
            repair_order_no=f"R88{number:02d}",  # unknown
            line_no=1,
            technician_no="T01",
            job_code=None,
            concern=CONCERNS[0],
            labour_hours=Decimal(1),
            labour_amount=Decimal(1),
            parts_amount=Decimal(1),
            fixed_first_visit=False,
            not_fixed_reason=None,
        )


def _add_appointment(world: World, store: str, number: str, repair_order: dict[str, Any] | None) -> None:
    chance = world.chance
    quarter = timedelta(minutes=15)
    scheduled_at = chance.moment_in(chance.choice(MONTHS))
    statuses = {"kept": 30, "no_show": 40, "cancelled": 20, "booked": 10}
    named = None
    if repair_order:
        scheduled_at = repair_order["checked_in_at"] + chance.pick(timedelta(0), quarter, timedelta(days=-1))
        statuses = {"kept": 65, "no_show": 18, "cancelled": 10, "booked": 7}
        way = chance.random()
        if way < 0.7:
            named = repair_order["repair_order_no"]
        if way > 0.5:
            repair_order["appointment_no"] = number
    elif chance.maybe(0.3):
        named = chance.pick("R9998", chance.choice(world.repair_orders[store])["repair_order_no"])
    status = chance.one_of(statuses)
    some = timedelta(minutes=chance.randint(-60, 60))
    late = chance.pick(quarter, -quarter, quarter + SECOND, -quarter - SECOND, timedelta(0), some)
    world.add(
        "dms/appointments",
        store_code=store,
        appointment_no=number,
        customer_no=chance.choice([*world.customers[store], None]),
        vin=chance.choice([*world.vins[store], None]),
        advisor_no=chance.choice(ADVISORS),
        created_at=scheduled_at - timedelta(days=chance.randint(0, 40)),
        scheduled_at=scheduled_at,
        channel=chance.code("appt_channel", 0.1),
        initiated_by=chance.code("initiated_by"),
        status=status,
        arrived_at=scheduled_at + late if chance.maybe(0.8 if status == "kept" else 0.1) else None,
        repair_order_no=named,
    )


def _add_appointments(world: World, store: str) -> None:
    chance = world.chance
    repair_orders = world.repair_orders[store]
    count = 0
    for repair_order in [*repair_orders, *[None] * (len(repair_orders) // 2)]:
        if repair_order and not chance.maybe(0.4):
            continue
        for _ in range(2 if chance.maybe(0.08) else 1):
            count += 1
            _add_appointment(world, store, f"P{count:04d}", repair_order)
    for row in repair_orders:
        if chance.maybe(0.03):
            row["appointment_no"] = chance.pick("P9999", f"P{chance.randint(1, max(count, 1)):04d}")


def add_visits(world: World) -> None:
    """Repair orders with lines and appointments, of every store."""
    owners: dict[tuple[str, str], str] = {}
    for store in world.every_store:
        for vin in world.vins[store]:
            _add_vehicle_visits(world, store, vin, owners)
    for store in world.every_store:
        _part_equal_times(world.repair_orders[store])
        _name_originals(world, store)
        _add_lines(world, store)
        _add_appointments(world, store)
        world.rows["dms/repair_orders"] += world.repair_orders[store]
