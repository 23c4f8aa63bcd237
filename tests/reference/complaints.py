"""Enquiries, dissatisfactions and complaints."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from tests.reference.arithmetic import add_months, durations, group, known, mean, median, month_of, p90, total
from tests.reference.facts import Facts, store_month
from tests.reference.landing import Row
from tests.reference.rates import rate

IN_TIME = timedelta(hours=24)
SOON = timedelta(hours=72)


@dataclass(frozen=True)
class Case:
    """A case and the outcome of its events."""

    row: Row
    responded_at: datetime | None
    assigned_at: datetime | None
    proposed_at: datetime | None
    resolved_at: datetime | None
    is_resolved: bool
    is_ever_resolved: bool
    is_reopened: bool
    satisfaction: Fraction | None
    compensation: Fraction

    @property
    def received_at(self) -> datetime:
        """When it was received."""
        return self.row["received_at"]

    @property
    def month(self) -> date:
        """The month it counts in."""
        return month_of(self.received_at)

    def is_within(self, end: datetime | None, limit: timedelta) -> bool:
        """Whether `end` came no later than `limit` after the case; an end before it is unknown."""
        return end is not None and timedelta(0) <= end - self.received_at <= limit

    @property
    def is_answered_in_time(self) -> bool:
        """First response within 24 hours."""
        return self.is_within(self.responded_at, IN_TIME)

    @property
    def is_resolved_soon(self) -> bool:
        """Resolved now, and within 72 hours."""
        return self.is_resolved and self.is_within(self.resolved_at, SOON)


def _case(row: Row, events: list[Row]) -> Case:
    events = sorted(events, key=lambda event: (event["event_at"], event["event_no"]))

    def times(kind: str) -> list[datetime]:
        return [event["event_at"] for event in events if event["event_type"] == kind]

    states = [e["event_type"] for e in events if e["event_type"] in ("resolved", "closed", "reopened")]
    scores = known(event["satisfaction_score"] for event in events)
    return Case(
        row=row,
        responded_at=min(times("first_response"), default=None),
        assigned_at=min(times("assigned"), default=None),
        proposed_at=min(times("solution_proposed"), default=None),
        resolved_at=max(times("resolved"), default=None),
        is_resolved=bool(states) and states[-1] != "reopened",
        is_ever_resolved="resolved" in states or "closed" in states,
        is_reopened="reopened" in states,
        satisfaction=scores[-1] if scores else None,
        compensation=total(event["compensation_amount"] for event in events),
    )


def cases_of(facts: Facts) -> list[Case]:
    """Every case with its events."""
    return [_case(row, facts.events.get((row["store_code"], row["case_no"]), [])) for row in facts.cases]


def _voiced(facts: Facts) -> list[Row]:
    return [row for row in facts.cases if row["case_type"] != "enquiry"]


def week_of_month(day: int) -> int:
    """Weeks of seven days; the fourth takes the rest of the month."""
    return min((day - 1) // 7 + 1, 4)


def complaint_reason_weekly(facts: Facts) -> list[Row]:
    """One row per store, month, week and category with a dissatisfaction or complaint."""
    counts = Counter(
        (*store_month(row, "received_at"), week_of_month(row["received_at"].day), row["category"])
        for row in _voiced(facts)
    )
    names = ("store_code", "month", "week_of_month", "category")
    return [dict(zip(names, key, strict=True)) | {"cases": count} for key, count in counts.items()]


def complaint_reason_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and category with a dissatisfaction or complaint."""
    counts = Counter((*store_month(row, "received_at"), row["category"]) for row in _voiced(facts))
    totals = Counter(store_month(row, "received_at") for row in _voiced(facts))
    rows = []
    for (store, month, category), count in counts.items():
        before = add_months(month, -1)
        rows.append(
            {
                "store_code": store,
                "month": month,
                "category": category,
                "cases": count,
                "share": Fraction(count, totals[store, month]),
                "previous_cases": counts[store, before, category] if totals[store, before] else None,
            }
        )
    return rows


def _times(cases: list[Case]) -> Row:
    first_responses = durations(((case.received_at, case.responded_at) for case in cases), 60)
    resolutions = durations(((case.received_at, case.resolved_at) for case in cases if case.is_resolved), 3600)
    return {
        "first_response_minutes_median": median(first_responses),
        "first_response_minutes_p90": p90(first_responses),
        "assign_minutes_median": median(durations(((case.received_at, case.assigned_at) for case in cases), 60)),
        "solution_hours_median": median(durations(((case.assigned_at, case.proposed_at) for case in cases), 3600)),
        "resolution_hours_median": median(resolutions),
        "resolution_hours_p90": p90(resolutions),
    }


def _outcomes(cases: list[Case]) -> Row:
    urgent = [case for case in cases if case.row["priority"] == "urgent"]
    counts = {
        "responded": sum(case.responded_at is not None for case in cases),
        "resolved": sum(case.is_resolved for case in cases),
        "ever_resolved": sum(case.is_ever_resolved for case in cases),
        "reopened": sum(case.is_reopened for case in cases),
        "urgent_cases": len(urgent),
        "urgent_in_24h": sum(case.is_answered_in_time for case in urgent),
    }
    return (
        counts
        | rate("resolution_rate", counts["resolved"], len(cases))
        | rate("reopen_rate", counts["reopened"], counts["ever_resolved"])
        | rate("urgent_in_24h_rate", counts["urgent_in_24h"], len(urgent))
    )


def complaint_store_monthly(facts: Facts) -> list[Row]:
    """One row per store and month with a case or a repair order."""
    repair_orders = Counter(store_month(row, "checked_in_at") for row in facts.repair_orders.values())
    cases_by_month = group(cases_of(facts), lambda case: store_month(case.row, "received_at"))
    rows = []
    for key in cases_by_month.keys() | repair_orders.keys():
        cases = cases_by_month.get(key, [])
        types = Counter(case.row["case_type"] for case in cases)
        rows.append(
            {
                "store_code": key[0],
                "month": key[1],
                "enquiries": types["enquiry"],
                "dissatisfactions": types["dissatisfaction"],
                "complaints": types["complaint"],
                "repair_orders": repair_orders[key],
                "cases": len(cases),
                "satisfaction_mean": mean(known(case.satisfaction for case in cases)),
                "compensation_amount": total(case.compensation for case in cases),
            }
            | rate("complaint_rate", types["complaint"], repair_orders[key])
            | _times(cases)
            | _outcomes(cases)
        )
    return rows


def complaint_responsibility_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and responsible person; unassigned cases have a row of their own."""
    names = ("store_code", "month", "responsible_department", "responsible_employee_no")
    groups = group(
        facts.cases,
        lambda row: (*store_month(row, "received_at"), *(row[name] or "" for name in names[2:])),
    )
    return [
        dict(zip(names, key, strict=True))
        | {"cases": len(cases), "complaints": sum(row["case_type"] == "complaint" for row in cases)}
        for key, cases in groups.items()
    ]


def complaint_channel_monthly(facts: Facts) -> list[Row]:
    """One row per store, month, channel and topic."""
    counts = Counter((*store_month(row, "received_at"), row["channel"], row["topic"] or "") for row in facts.cases)
    names = ("store_code", "month", "channel", "topic")
    return [dict(zip(names, key, strict=True)) | {"cases": count} for key, count in counts.items()]


def agent_monthly(facts: Facts) -> list[Row]:
    """One row per agent and month with a case handled or a call made."""
    handled = group(cases_of(facts), lambda case: (case.row["handler_no"], *store_month(case.row, "received_at")))
    called = group(facts.callbacks, lambda row: (row["interviewer_no"], *store_month(row, "called_at")))
    rows = []
    for key in handled.keys() | called.keys():
        agent, store, month = key
        cases, calls = handled.get(key, []), called.get(key, [])
        soon = sum(case.is_resolved_soon for case in cases)
        completed = sum(row["outcome"] == "completed" for row in calls)
        rows.append(
            {
                "store_code": store,
                "agent_no": agent,
                "month": month,
                "cases": len(cases),
                "resolved": sum(case.is_resolved for case in cases),
                "resolved_in_72h": soon,
                "first_response_minutes_median": _times(cases)["first_response_minutes_median"],
                "satisfaction_mean": mean(known(case.satisfaction for case in cases)),
                "callbacks": len(calls),
                "callbacks_completed": completed,
            }
            | rate("resolved_in_72h_rate", soon, len(cases))
            | rate("callbacks_completed_rate", completed, len(calls))
        )
    return rows
