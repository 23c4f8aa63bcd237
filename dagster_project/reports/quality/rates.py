"""The headline rates that rejected rows can change, and the datasets that each is counted from."""

from dataclasses import dataclass

from dagster_project.reports.text import Text


@dataclass(frozen=True)
class Feed:
    """A dataset whose rejected rows may affect a rate.

    With `date_column`, a row is a further unit of the denominator, in the month of that column. Without, it belongs to
    a unit and may change whether that one counts. Where `only` names a column and its values, a row with another value
    has no effect; one whose value can't be read may have.
    """

    dataset: str
    date_column: str | None = None
    only: tuple[str, frozenset[str]] | None = None


@dataclass(frozen=True)
class Rate:
    """A rate of a mart by store and month: SQL of its two counts, and the fact whose rows are its units.

    `counted` is the fact with the units of the denominator, where these are not all of `fact`.
    """

    code: str
    label: Text
    mart: str
    numerator: str
    denominator: str
    unit: str
    fact: str
    feeds: tuple[Feed, ...]
    where: str = "true"
    counted: str | None = None


_REPAIR_ORDERS = Feed(
    "dms/repair_orders", date_column="checked_in_at", only=("status", frozenset({"open", "completed", "delivered"}))
)

RATES = (
    Rate(
        code="first_fix_rate",
        label=Text("First-time fix rate", "一次修复率"),
        mart="first_fix_store_monthly",
        numerator="repairs - not_fixed",
        denominator="repairs",
        unit="repair_order_no",
        fact="fct_repair_order",
        counted="fct_job_line",
        feeds=(_REPAIR_ORDERS, Feed("dms/repair_order_lines")),
    ),
    Rate(
        code="on_time_delivery_rate",
        label=Text("On-time delivery rate", "准时交车率"),
        mart="service_efficiency_monthly",
        numerator="on_time_deliveries",
        denominator="promised",
        unit="repair_order_no",
        fact="fct_repair_order",
        feeds=(_REPAIR_ORDERS,),
    ),
    Rate(
        code="churn_rate",
        label=Text("Churn rate", "流失率"),
        mart="churn_cohort_monthly",
        where="customer_type = 'all'",
        numerator="lost_vehicles",
        denominator="visited_vehicles",
        unit="repair_order_no",
        fact="fct_repair_order",
        feeds=(_REPAIR_ORDERS,),
    ),
    Rate(
        code="delighted_rate",
        label=Text("Delighted rate of callbacks", "回访欣喜率"),
        mart="callback_store_monthly",
        numerator="delighted",
        denominator="callbacks",
        unit="callback_no",
        fact="fct_callback",
        feeds=(
            Feed("survey/callbacks", date_column="called_at"),
            Feed("survey/callback_answers", only=("question_code", frozenset({"Q1"}))),
        ),
    ),
    Rate(
        code="resolution_rate",
        label=Text("Complaint resolution rate", "投诉解决率"),
        mart="complaint_store_monthly",
        numerator="resolved",
        denominator="cases",
        unit="case_no",
        fact="fct_case",
        feeds=(
            Feed("complaint/cases", date_column="received_at"),
            Feed("complaint/case_events", only=("event_type", frozenset({"resolved", "closed", "reopened"}))),
        ),
    ),
)
