"""The scorecard of a store and month, and the improvement actions."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from tests.reference import appointments, callbacks, churn, complaints, css, first_fix, mystery
from tests.reference.arithmetic import add_months, group, known, median, total
from tests.reference.facts import Facts, store_month
from tests.reference.landing import Key, Row

SMALL_SAMPLE = 30
PHONE = re.compile(r"(\+?86[- ]?)?1[3-9]\d([- ]?\d{4}){2}", re.ASCII)
PLATE = re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][· .]?[A-Z0-9]{5,6}")


def _mystery_totals(facts: Facts) -> list[Row]:
    checks = [row for row in facts.mystery_checks if row["points"] is not None and row["max_points"]]
    visits = {
        key: len({row["visit_no"] for row in found})
        for key, found in group(checks, lambda row: store_month(row, "visited_on")).items()
    }
    return [
        row | {"visits": visits[row["store_code"], row["month"]]}
        for row in mystery.mystery_store_monthly(facts)
        if row["section_code"] == "total"
    ]


def _churn_of_all(facts: Facts) -> list[Row]:
    return [row for row in churn.churn_cohort_monthly(facts) if row["customer_type"] == "all"]


@dataclass(frozen=True)
class Kpi:
    """A figure: the table and column that hold it, and the columns of its sample and, for a rate, of its count."""

    table: Callable[[Facts], list[Row]]
    column: str
    sample: tuple[str, ...] = ()
    count: str | None = None
    # The count may be of the cases that the rate leaves out.
    is_count_of_others: bool = False
    is_weighted: bool = False
    is_down: bool = False


_CSS, _CALLS, _CASES = css.css_store_monthly, callbacks.callback_store_monthly, complaints.complaint_store_monthly
_ARRIVALS, _ORDERS = appointments.appointment_store_monthly, ("repair_orders",)
KPIS = {
    "mot_score": Kpi(_CSS, "mot_score", ("sample_size",), is_weighted=True),
    "css_score": Kpi(_CSS, "css_score", ("sample_size",), is_weighted=True),
    "mystery_score": Kpi(_mystery_totals, "score", ("visits",), is_weighted=True),
    "callback_delighted_rate": Kpi(_CALLS, "delighted_rate", ("callbacks",), "delighted"),
    "callback_disappointed_rate": Kpi(_CALLS, "disappointed_rate", ("callbacks",), "disappointed", is_down=True),
    "nps": Kpi(_CALLS, "nps", ("nps_answers",)),
    "complaint_rate": Kpi(_CASES, "complaint_rate", _ORDERS, "complaints", is_down=True),
    "complaint_resolution_rate": Kpi(_CASES, "resolution_rate", ("cases",), "resolved"),
    "first_response_minutes": Kpi(_CASES, "first_response_minutes_median", ("responded",), is_down=True),
    "first_fix_rate": Kpi(
        first_fix.first_fix_store_monthly, "first_fix_rate", ("repairs",), "not_fixed", is_count_of_others=True
    ),
    "appointment_rate": Kpi(_ARRIVALS, "appointment_rate", _ORDERS, "appointment_repair_orders"),
    "proactive_appointment_rate": Kpi(
        _ARRIVALS, "proactive_appointment_rate", _ORDERS, "proactive_appointment_repair_orders"
    ),
    "no_show_rate": Kpi(_ARRIVALS, "no_show_rate", ("kept", "no_shows"), "no_shows", is_down=True),
    "on_time_delivery_rate": Kpi(
        appointments.service_efficiency_monthly, "on_time_delivery_rate", ("promised",), "on_time_deliveries"
    ),
    "churn_rate": Kpi(_churn_of_all, "churn_rate", ("visited_vehicles",), "lost_vehicles", is_down=True),
    "active_customers": Kpi(churn.customer_base_monthly, "active_customers"),
}


@dataclass(frozen=True)
class Figure:
    """A figure of one store and month."""

    value: Fraction | None
    sample: int
    count: int | None


def _figures(facts: Facts, kpi: Kpi) -> dict[Key, Figure]:
    figures = {}
    for row in kpi.table(facts):
        sample = sum(row[column] for column in kpi.sample)
        count = row[kpi.count] if kpi.count else None
        if count is not None and kpi.is_count_of_others:
            count = sample - count
        figures[row["store_code"], row["month"]] = Figure(row[kpi.column], sample, count)
    return figures


def _by_region(facts: Facts, figures: dict[Key, Figure]) -> dict[Key, list[Figure]]:
    groups = group(figures.items(), lambda item: (facts.stores[item[0][0]]["region_code"], item[0][1]))
    return {key: [figure for _, figure in found] for key, found in groups.items()}


def _region_value(kpi: Kpi, figures: list[Figure]) -> Fraction | None:
    valued = [figure for figure in figures if figure.value is not None]
    if kpi.count:
        counts, of = known(figure.count for figure in figures), sum(figure.sample for figure in figures)
        return Fraction(sum(counts), of) if counts and of else None
    if kpi.is_weighted:
        of = sum(figure.sample for figure in valued)
        return total(figure.value * figure.sample for figure in valued) / of if of else None
    return median([Fraction(figure.value) for figure in valued])


def _at_9_decimals(value: Fraction) -> Fraction:
    return round(Fraction(value), 9)


def _status(kpi: Kpi, value: Fraction | None, target: Fraction | None) -> str | None:
    if target is None:
        return "no_target"
    if value is None:
        return None
    # Targets are kept with 8 decimals.
    lead = round(Fraction(value), 8) - round(Fraction(target), 8)
    return "met" if lead == 0 or (lead < 0) == kpi.is_down else "missed"


def _rank(kpi: Kpi, value: Fraction | None, others: list[Figure]) -> int | None:
    if value is None:
        return None
    leads = [_at_9_decimals(other.value) - _at_9_decimals(value) for other in others if other.value is not None]
    return 1 + sum(lead < 0 if kpi.is_down else lead > 0 for lead in leads)


def _rows(facts: Facts, code: str, kpi: Kpi) -> Iterator[Row]:
    figures = _figures(facts, kpi)
    targets = {key[:2]: row["target_value"] for key, row in facts.targets.items() if key[2] == code}
    regions = _by_region(facts, figures)
    nothing = Figure(None, 0, None)
    for key in {key for key, figure in figures.items() if figure.value is not None} | targets.keys():
        store, month = key
        figure = figures.get(key, nothing)
        region = regions.get((facts.stores[store]["region_code"], month), [])
        yield {
            "store_code": store,
            "month": month,
            "kpi_code": code,
            "value": figure.value,
            "target_value": targets.get(key),
            "previous_value": figures.get((store, add_months(month, -1)), nothing).value,
            "region_value": _region_value(kpi, region),
            "rank_in_region": _rank(kpi, figure.value, region),
            "direction": "down" if kpi.is_down else "up",
            "status": _status(kpi, figure.value, targets.get(key)),
            "sample_size": figure.sample if kpi.sample else None,
            "is_small_sample": bool(kpi.sample) and figure.sample < SMALL_SAMPLE,
        }


def kpi_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and figure that has a row in its own table."""
    return [
        {
            "store_code": store,
            "month": month,
            "kpi_code": code,
            "value": figure.value,
            "numerator": figure.count,
            "sample_size": figure.sample if kpi.sample else None,
        }
        for code, kpi in KPIS.items()
        for (store, month), figure in _figures(facts, kpi).items()
    ]


def scorecard_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and figure with a value or a target."""
    return [row for code, kpi in KPIS.items() for row in _rows(facts, code, kpi)]


def _masked(text: str | None) -> str | None:
    return text and PLATE.sub("***", PHONE.sub("***", text))


ITEMS_BY_NAME = {"解释结算清单": "mot04", "接车过程迅速": "mot02"}


def _item(written: str | None) -> str | None:
    """The code of the item that a manager names by its code or by its Chinese name."""
    return written and ITEMS_BY_NAME.get(written, written.lower())


def improvement_action(facts: Facts) -> list[Row]:
    """One row per improvement action of a store."""
    scores = {(row["store_code"], row["item_code"], row["month"]): row["score"] for row in css.css_item_monthly(facts)}
    rows = []
    for row in facts.actions:
        is_overdue = row["status"] != "done" and row["due_on"] < facts.as_of
        around = [
            scores.get((row["store_code"], _item(row["mot_item"]), add_months(row["period"], step)))
            for step in (-1, 0, 1)
        ]
        rows.append(
            row
            | {column: _masked(row[column]) for column in ("problem", "measure", "evidence")}
            | {
                "status_now": "overdue" if is_overdue else row["status"],
                "days_overdue": (facts.as_of - row["due_on"]).days if is_overdue else 0,
            }
            | dict(zip(("previous_item_score", "item_score", "next_item_score"), around, strict=True))
        )
    return rows
