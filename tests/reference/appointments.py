"""Appointments, and the timeliness of repair orders."""

from collections import Counter
from datetime import timedelta

from tests.reference.arithmetic import durations, group, median, p90, total
from tests.reference.facts import Facts, store_month
from tests.reference.landing import Key, Row
from tests.reference.rates import rate

TOLERANCE = timedelta(minutes=15)


def _kept_by_repair_order(facts: Facts) -> dict[Key, list[Row]]:
    """Kept appointments by the repair order they name, or that names them."""
    kept = {key: row for key, row in facts.appointments.items() if row["status"] == "kept"}
    links = [((row["store_code"], row["repair_order_no"]), row) for row in kept.values()]
    for key, row in facts.repair_orders.items():
        if appointment := kept.get((row["store_code"], row["appointment_no"])):
            links.append((key, appointment))
    return {key: [row for _, row in found] for key, found in group(links, lambda link: link[0]).items()}


def _appointments(rows: list[Row]) -> Row:
    statuses = Counter(row["status"] for row in rows)
    proactive = sum(row["initiated_by"] == "store" for row in rows)
    arrived = [row for row in rows if row["status"] == "kept" and row["arrived_at"] is not None]
    on_time = sum(abs(row["arrived_at"] - row["scheduled_at"]) <= TOLERANCE for row in arrived)
    expected = statuses["kept"] + statuses["no_show"]
    return (
        {
            "appointments": len(rows),
            "proactive": proactive,
            "kept": statuses["kept"],
            "no_shows": statuses["no_show"],
            "cancelled": statuses["cancelled"],
            "booked": statuses["booked"],
            "kept_with_arrival": len(arrived),
            "on_time_arrivals": on_time,
        }
        | rate("proactive_rate", proactive, len(rows))
        | rate("kept_rate", statuses["kept"], expected)
        | rate("no_show_rate", statuses["no_show"], expected)
        | rate("on_time_arrival_rate", on_time, len(arrived))
    )


def _by_appointment(rows: list[Row], kept: dict[Key, list[Row]]) -> Row:
    def kept_of(row: Row) -> list[Row]:
        return kept.get((row["store_code"], row["repair_order_no"]), [])

    def wait(found: list[Row]) -> object:
        return median(durations(((row["checked_in_at"], row["order_signed_at"]) for row in found), 60))

    expected = [row for row in rows if kept_of(row)]
    proactive = sum(any(a["initiated_by"] == "store" for a in kept_of(row)) for row in expected)
    return (
        {
            "repair_orders": len(rows),
            "appointment_repair_orders": len(expected),
            "proactive_appointment_repair_orders": proactive,
            "wait_minutes_median_appointment": wait(expected),
            "wait_minutes_median_walk_in": wait([row for row in rows if not kept_of(row)]),
        }
        | rate("appointment_rate", len(expected), len(rows))
        | rate("proactive_appointment_rate", proactive, len(rows))
    )


def appointment_store_monthly(facts: Facts) -> list[Row]:
    """One row per store and month with an appointment or a repair order."""
    kept = _kept_by_repair_order(facts)
    appointments = group(facts.appointments.values(), lambda row: store_month(row, "scheduled_at"))
    repair_orders = group(facts.repair_orders.values(), lambda row: store_month(row, "checked_in_at"))
    return [
        {"store_code": key[0], "month": key[1]}
        | _appointments(appointments.get(key, []))
        | _by_appointment(repair_orders.get(key, []), kept)
        for key in appointments.keys() | repair_orders.keys()
    ]


def service_efficiency_monthly(facts: Facts) -> list[Row]:
    """One row per store and month with a repair order."""
    rows = []
    for key, found in group(facts.repair_orders.values(), lambda row: store_month(row, "checked_in_at")).items():
        stays = durations(((row["checked_in_at"], row["delivered_at"]) for row in found), 3600)
        promised = [row for row in found if row["delivered_at"] is not None and row["promised_at"] is not None]
        on_time = sum(row["delivered_at"] <= row["promised_at"] for row in promised)
        quoted = [row for row in found if row["quoted_amount"] is not None and row["total_amount"] is not None]
        within_quote = sum(row["total_amount"] * 100 <= row["quoted_amount"] * 110 for row in quoted)
        amounts = {
            name: total(row[name] for row in found) for name in ("labour_amount", "parts_amount", "total_amount")
        }
        rows.append(
            {
                "store_code": key[0],
                "month": key[1],
                "repair_orders": len(found),
                "stay_hours_median": median(stays),
                "stay_hours_p90": p90(stays),
                "promised": len(promised),
                "on_time_deliveries": on_time,
                "quoted": len(quoted),
                "within_quote": within_quote,
                "labour_hours": total(line["labour_hours"] for row in found for line in facts.lines_of(row)),
                "revenue_per_repair_order": amounts["total_amount"] / len(found),
            }
            | amounts
            | rate("on_time_delivery_rate", on_time, len(promised))
            | rate("within_quote_rate", within_quote, len(quoted))
        )
    return rows
