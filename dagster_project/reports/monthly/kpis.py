"""The sixteen figures of the scorecard: how each is written, and where its interval comes from.

Rates bring their Wilson interval in the marts. Of scores and NPS the spread of the answers gives it, of the median
response its order statistics: too few answers have neither. Mystery shopping is one visit and the active base a full
count: neither has one.
"""

from dataclasses import dataclass
from datetime import date

from dagster_project.reports.monthly.blocks import Form, Text
from dagster_project.reports.monthly.labels import kpi_labels
from dagster_project.reports.monthly.noise import Estimate, Z, standard_error
from dagster_project.reports.monthly.read import Marts


@dataclass(frozen=True)
class Kpi:
    """A figure of the scorecard."""

    code: str
    form: Form
    higher_is_better: bool
    intervals: str
    decimals: int | None = None

    @property
    def label(self) -> Text:
        """What it is called."""
        return kpi_labels()[self.code]


def _rate(mart: str, rate: str, count: str, condition: str = "true") -> str:
    return (
        f"select store_code, month, {rate} as value, {rate}_low as low, {rate}_high as high, {count} as sample_size "
        f"from {mart} where {condition}"
    )


def _mean(per_answer: str, mart: str, score: str) -> str:
    """A score of the marts with the interval of a mean, and how many answers, of `store_code, month, answer`."""
    return (
        f"with answers as ({per_answer}), "
        f"spread as (select store_code, month, {standard_error('answer')} as error, count(answer) as known "
        "from answers group by store_code, month) "
        f"select m.store_code, m.month, m.{score} as value, m.{score} - {Z} * s.error as low, "
        f"m.{score} + {Z} * s.error as high, coalesce(s.known, 0) as sample_size "
        f"from {mart} m left join spread s using (store_code, month)"
    )


_MOT = (
    "select store_code, month, response_no, sum(score * weight) / sum(weight) as answer "
    "from fct_css_answer join dim_item using (item_code) where item_type = 'mot' "
    "group by store_code, month, response_no"
)
_OVERALL = "select store_code, month, score as answer from fct_css_answer where item_code = 'overall'"
_NPS = (
    "select store_code, month, 100 * (is_promoter::int - is_detractor::int) as answer from fct_callback "
    "where is_completed and q8_score is not null"
)
# The interval of a median: the values whose ranks lie Z standard deviations of Binomial(n, 1/2) beside the middle. The
# lowest to the highest of n answers hold the median with 1 - 2^(1 - n), which is less than 95% of five and fewer: no
# ranks do. Of six and seven it is more, though their ranks by the formula lie just outside.
_LEAST_FOR_MEDIAN = 6
_RESPONSE = (
    "with waits as (select store_code, month, list_sort(list(first_response_minutes)) as sorted, count(*) as n from "
    "fct_case where first_response_minutes is not null group by all), "
    f"ranks as (select *, {Z} * sqrt(n) / 2 as reach from waits where n >= {_LEAST_FOR_MEDIAN}) "
    "select m.store_code, m.month, m.first_response_minutes_median as value, "
    "sorted[greatest(1, floor(n / 2 - reach)::int)] as low, sorted[least(n, ceil(n / 2 + 1 + reach)::int)] as high, "
    "m.responded as sample_size from complaint_store_monthly m left join ranks r using (store_code, month)"
)
_MYSTERY = (
    "select store_code, month, value, null as low, null as high, sample_size "
    "from scorecard_monthly where kpi_code = 'mystery_score' and value is not null"
)
# Before cases were extracted no complaint is no figure. They were from the first month on since which most months, of
# all stores, have one: a mistyped year is none.
MONTHS_OF_CASES = (
    "month >= (select min(told.month) from (select month, count(*) over (order by month desc) as with_cases, "
    "date_diff('month', month, max(month) over ()) + 1 as since "
    "from (select distinct month from complaint_store_monthly where cases > 0)) as told where 2 * with_cases >= since)"
)
_ACTIVE = (
    "select store_code, month, active_customers as value, null as low, null as high, null as sample_size "
    "from customer_base_monthly"
)

KPIS = (
    Kpi("mot_score", Form.SCORE, True, _mean(_MOT, "css_store_monthly", "mot_score")),
    Kpi("css_score", Form.SCORE, True, _mean(_OVERALL, "css_store_monthly", "css_score")),
    Kpi("mystery_score", Form.SCORE, True, _MYSTERY, decimals=2),
    Kpi("callback_delighted_rate", Form.RATE, True, _rate("callback_store_monthly", "delighted_rate", "callbacks")),
    Kpi(
        "callback_disappointed_rate",
        Form.RATE,
        False,
        _rate("callback_store_monthly", "disappointed_rate", "callbacks"),
    ),
    Kpi("nps", Form.SCORE, True, _mean(_NPS, "callback_store_monthly", "nps")),
    Kpi(
        "complaint_rate",
        Form.RATE,
        False,
        _rate("complaint_store_monthly", "complaint_rate", "repair_orders", MONTHS_OF_CASES),
        2,
    ),
    Kpi("complaint_resolution_rate", Form.RATE, True, _rate("complaint_store_monthly", "resolution_rate", "cases")),
    Kpi("first_response_minutes", Form.MINUTES, False, _RESPONSE),
    Kpi("first_fix_rate", Form.RATE, True, _rate("first_fix_store_monthly", "first_fix_rate", "repairs"), 2),
    Kpi("appointment_rate", Form.RATE, True, _rate("appointment_store_monthly", "appointment_rate", "repair_orders")),
    Kpi(
        "proactive_appointment_rate",
        Form.RATE,
        True,
        _rate("appointment_store_monthly", "proactive_appointment_rate", "repair_orders"),
    ),
    Kpi("no_show_rate", Form.RATE, False, _rate("appointment_store_monthly", "no_show_rate", "kept + no_shows")),
    Kpi(
        "on_time_delivery_rate",
        Form.RATE,
        True,
        _rate("service_efficiency_monthly", "on_time_delivery_rate", "promised"),
    ),
    Kpi(
        "churn_rate",
        Form.RATE,
        False,
        _rate("churn_cohort_monthly", "churn_rate", "visited_vehicles", "customer_type = 'all'"),
        2,
    ),
    Kpi("active_customers", Form.COUNT, True, _ACTIVE),
)
BY_CODE = {kpi.code: kpi for kpi in KPIS}


class Estimates:
    """The figures of all stores and months with their intervals, read once."""

    def __init__(self, marts: Marts) -> None:
        self._found = {
            (kpi.code, row["store_code"], row["month"]): Estimate(
                row["value"], row["low"], row["high"], row["sample_size"]
            )
            for kpi in KPIS
            for row in marts.rows(kpi.intervals)
        }

    def of(self, kpi_code: str, store_code: str, month: date) -> Estimate:
        """A figure of a store in a month, empty where there is none."""
        return self._found.get((kpi_code, store_code, month), Estimate())
