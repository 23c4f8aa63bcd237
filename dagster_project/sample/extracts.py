"""Distribute the rows over extracts: history, monthly and daily partials, late rows, corrections.

A row first appears in the extract of its day or the next one after it. It appears again when its state has changed
since (an open repair order is delivered, a booking is kept), when it was wrong at first, or in a full extract.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from dagster_project.contracts import read_contracts
from dagster_project.sample.dirt import QUARANTINED, spoiler
from dagster_project.sample.formats import FORMATS, Format
from dagster_project.sample.months import Row, Tables, last_day, rng
from dagster_project.sample.repair_orders import as_of
from dagster_project.sample.write import Extract, Style

Days = Callable[[Row], date]
State = Callable[[Row, datetime], Row]
LATE, WRONG = 0.003, 0.004


@dataclass(frozen=True)
class Timing:
    """When a row first exists, and what it looks like at earlier moments."""

    day: Days
    state: State = lambda row, moment: row
    wrong: Callable[[Row], Row] | None = None
    """Makes a wrong first version of the row."""


def plan_extracts(tables: Tables) -> Iterator[Extract]:
    """Every file of the sample with its rows, dataset by dataset, oldest first."""
    contracts = read_contracts()
    timings = _timings(tables)
    for name, rows in tables.items():
        for form, carried in _distribute(name, rows, FORMATS[name], timings[name]):
            for file, style, part in _files(name, form, carried):
                yield Extract(file, contracts[name], part, style, form.without, form.added, spoiler(file))
    calls = tables["survey/callbacks"][-60:]
    form = next(f for f in FORMATS["survey/callbacks"] if f.style.suffix == "csv")
    yield Extract(QUARANTINED, contracts["survey/callbacks"], calls, form.style, without=("outcome",))


def _distribute(
    name: str, rows: list[Row], forms: tuple[Format, ...], timing: Timing
) -> Iterator[tuple[Format, list[Row]]]:
    """Rows by extract, in the order in which the tables hold them."""
    random = rng(f"extracts/{name}")
    carried: list[list[Row]] = [[] for _ in forms]
    days = [form.day for form in forms]
    moments = [datetime.combine(day, time(21, 0)) for day in days]
    last = len(forms) - 1
    full = any(form.full for form in forms)
    for row in rows:
        first = min(bisect_left(days, timing.day(row)), last)
        seen: Row | None = None
        if timing.wrong and first < last:
            draw = random.random()
            if draw < WRONG:
                seen = timing.wrong(timing.state(row, moments[first]))
                carried[first].append(seen)
            if draw < WRONG + LATE:
                first += 1
        for position in range(first, last + 1):
            state = timing.state(row, moments[position])
            if full or state != seen:
                carried[position].append(state)
                seen = state
            if state is row and not full:
                break
    yield from zip(forms, carried, strict=True)


def _files(name: str, form: Format, rows: list[Row]) -> Iterator[tuple[str, Style, list[Row]]]:
    """One file, or two where a store sends its own workbook."""
    own = [row for row in rows if form.own_store and row["store_code"] == form.own_store]
    rest = [row for row in rows if not form.own_store or row["store_code"] != form.own_store]
    yield f"{name}/{form.file}", form.style, rest
    if own and form.own_style:
        yield f"{name}/{form.own_file}", form.own_style, own


def _timings(tables: Tables) -> dict[str, Timing]:
    """The timing of each dataset; lines, answers and vehicles follow the row that they belong to."""
    orders = {(r["store_code"], r["repair_order_no"]): r["checked_in_at"].date() for r in tables["dms/repair_orders"]}
    calls = {(r["store_code"], r["callback_no"]): r["called_at"].date() for r in tables["survey/callbacks"]}
    registered = {(r["store_code"], r["customer_no"]): r["registered_on"] for r in tables["dms/customers"]}
    always = Timing(lambda row: date(2024, 1, 1))
    return {
        "dms/stores": always,
        "dms/employees": always,
        "dms/customers": Timing(lambda row: row["registered_on"], wrong=_with("occupation", "其他")),
        "dms/vehicles": Timing(lambda row: registered[row["store_code"], row["customer_no"]]),
        "dms/appointments": Timing(lambda row: row["created_at"].date(), _booking_state),
        "dms/repair_orders": Timing(lambda row: row["checked_in_at"].date(), as_of, _with("odometer_km", None)),
        "dms/repair_order_lines": Timing(
            lambda row: orders[row["store_code"], row["repair_order_no"]], wrong=_with("labour_hours", 0.1)
        ),
        "survey/css_responses": Timing(_period_end),
        "survey/css_benchmarks": Timing(_period_end),
        "survey/callbacks": Timing(lambda row: row["called_at"].date(), wrong=_with("outcome", "no_answer")),
        "survey/callback_answers": Timing(lambda row: calls[row["store_code"], row["callback_no"]]),
        "survey/churn_callbacks": Timing(lambda row: row["called_at"].date()),
        "survey/mystery_visits": Timing(lambda row: row["visited_on"]),
        "complaint/cases": Timing(lambda row: row["received_at"].date(), wrong=_with("category", "other")),
        "complaint/case_events": Timing(lambda row: row["event_at"].date()),
        "planning/improvement_actions": Timing(_period_start, _action_state),
        "planning/targets": Timing(lambda row: date(2025, 1, 1) if row["store_code"] == "S001" else date(2025, 9, 1)),
    }


def _with(column: str, value: object) -> Callable[[Row], Row]:
    return lambda row: row | {column: value}


def _period(row: Row) -> int:
    year, month = map(int, row["period"].split("-"))
    return year * 12 + month - 1


def _period_end(row: Row) -> date:
    return last_day(_period(row))


def _period_start(row: Row) -> date:
    return last_day(_period(row)).replace(day=1)


def _booking_state(row: Row, moment: datetime) -> Row:
    if row["scheduled_at"] <= moment or row["status"] == "booked":
        return row
    return row | {"status": "booked", "arrived_at": None, "repair_order_no": None}


def _action_state(row: Row, moment: datetime) -> Row:
    if row["completed_on"] is None or row["completed_on"] <= moment.date():
        return row
    return row | {"completed_on": None, "status": "in_progress"}
