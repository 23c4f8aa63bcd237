"""The rows that figures are made from: implausible values become unknown, rows of an unknown parent are left out."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from tests.reference.arithmetic import group, month_of
from tests.reference.landing import Key, Landed, Row

CSS_SCALE = (0, 150)
ANSWER_SCALE = (1, 5)
RECOMMENDATION_SCALE = (0, 10)
SATISFACTION_SCALE = (1, 5)


@dataclass
class Facts:
    """Current rows as the marts read them.

    `repair_orders` are those that count; `all_repair_orders` includes void ones, which only show to whom a
    response belongs.
    """

    as_of: date
    stores: dict[str, Row]
    customers: dict[Key, Row]
    appointments: dict[Key, Row]
    all_repair_orders: dict[Key, Row]
    repair_orders: dict[Key, Row]
    lines: dict[Key, list[Row]]
    css_answers: list[Row]
    benchmarks: dict[Key, Row]
    callbacks: list[Row]
    answers: list[Row]
    churn_callbacks: list[Row]
    mystery_checks: list[Row]
    cases: list[Row]
    events: dict[Key, list[Row]]
    targets: dict[Key, Row]
    actions: list[Row]

    def lines_of(self, repair_order: Row) -> list[Row]:
        """The lines of a repair order that counts."""
        return self.lines.get((repair_order["store_code"], repair_order["repair_order_no"]), [])


def _not_negative(row: Row, *columns: str) -> Row:
    return row | {column: None for column in columns if row[column] is not None and row[column] < 0}


def _within(row: Row, column: str, scale: tuple[int, int]) -> Row:
    low, high = scale
    is_known = row[column] is not None and low <= row[column] <= high
    return row if is_known else row | {column: None}


def _answer(row: Row, callback: Row) -> Row:
    question = row["question_code"]
    if question != "Q9":
        row = _within(row, "score", RECOMMENDATION_SCALE if question == "Q8" else ANSWER_SCALE)
    return callback | row


def _event(row: Row) -> Row:
    return _not_negative(_within(row, "satisfaction_score", SATISFACTION_SCALE), "compensation_amount")


def _check(row: Row) -> Row:
    return row if 0 <= row["points"] <= row["max_points"] else row | {"points": None}


def read_facts(landed: Landed, as_of: date) -> Facts:
    """The current rows that count."""
    rows = landed.current
    amounts = ("quoted_amount", "labour_amount", "parts_amount", "total_amount")
    all_repair_orders = {
        key: _not_negative(row, "odometer_km", *amounts) for key, row in rows["dms/repair_orders"].items()
    }
    repair_orders = {key: row for key, row in all_repair_orders.items() if row["status"] != "void"}
    lines = defaultdict(list)
    for (store, number, _), row in rows["dms/repair_order_lines"].items():
        if (store, number) in repair_orders:
            lines[store, number].append(_not_negative(row, "labour_hours", "labour_amount", "parts_amount"))
    callbacks = rows["survey/callbacks"]
    cases = rows["complaint/cases"]
    events = [_event(row) for row in rows["complaint/case_events"].values()]
    return Facts(
        as_of=as_of,
        stores={key[0]: row for key, row in rows["dms/stores"].items()},
        customers=rows["dms/customers"],
        appointments=rows["dms/appointments"],
        all_repair_orders=all_repair_orders,
        repair_orders=repair_orders,
        lines=dict(lines),
        css_answers=[_within(row, "score", CSS_SCALE) for row in rows["survey/css_responses"].values()],
        benchmarks={key: _within(row, "score", CSS_SCALE) for key, row in rows["survey/css_benchmarks"].items()},
        callbacks=list(callbacks.values()),
        answers=[
            _answer(row, callbacks[store, number])
            for (store, number, _), row in rows["survey/callback_answers"].items()
            if (store, number) in callbacks
        ],
        churn_callbacks=list(rows["survey/churn_callbacks"].values()),
        mystery_checks=[_check(row) for row in rows["survey/mystery_visits"].values()],
        cases=list(cases.values()),
        events=group(events, lambda row: (row["store_code"], row["case_no"])),
        targets=rows["planning/targets"],
        actions=list(rows["planning/improvement_actions"].values()),
    )


def store_month(row: Row, column: str) -> tuple[str, date]:
    """The store of a row, and the month of one of its dates."""
    return row["store_code"], month_of(row[column])
