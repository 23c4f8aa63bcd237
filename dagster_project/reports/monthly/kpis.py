"""The scorecard's sixteen figures: form, direction and label from `seeds/kpis.csv`, and the SQL of their intervals.

Rates have their Wilson interval in the marts. The interval of scores and NPS comes from the spread of the answers, that
of the median response from order statistics; with too few answers there is none. Mystery shopping, a single visit, and
the active base, a full count, have none.
"""

from dataclasses import dataclass
from datetime import date

from dagster_project.reports.monthly.blocks import Form, Text
from dagster_project.reports.monthly.labels import kpi_labels
from dagster_project.reports.monthly.noise import Estimate, Z, standard_error
from dagster_project.reports.monthly.read import Marts
from dagster_project.reports.seeds import seed_column


@dataclass(frozen=True)
class Kpi:
    """A figure of the scorecard; `intervals` is SQL of its values with their intervals, by store and month."""

    code: str
    form: Form
    higher_is_better: bool
    intervals: str
    decimals: int | None = None

    @property
    def label(self) -> Text:
        """The name of the figure."""
        return kpi_labels()[self.code]


def _rate(mart: str, rate: str, count: str, condition: str = "true") -> str:
    return (
        f"select store_code, month, {rate} as value, {rate}_low as low, {rate}_high as high, {count} as sample_size "
        f"from {mart} where {condition}"
    )


def _mean(per_answer: str, mart: str, score: str) -> str:
    """SQL of a mart's score with the interval of its mean; `per_answer` selects `store_code, month, answer`."""
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
# The interval of a median: the values whose ranks are Z standard deviations of Binomial(n, 1/2) from the middle. The
# range from the lowest to the highest of n answers covers the median with probability 1 - 2^(1 - n). For up to five
# answers it is below 95%: there is no interval. For six and seven it is above, but the formula's ranks are outside.
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
    "from kpi_monthly where kpi_code = 'mystery_score'"
)
# Months before cases were extracted have no complaint figures. Extraction began with the earliest month since which
# at least half of the months have a case in any store: a single case with a mistyped year does not count.
MONTHS_OF_CASES = (
    "month >= (select min(seen.month) from (select month, count(*) over (order by month desc) as with_cases, "
    "date_diff('month', month, max(month) over ()) + 1 as since "
    "from (select distinct month from complaint_store_monthly where cases > 0)) as seen where 2 * with_cases >= since)"
)
_ACTIVE = (
    "select store_code, month, active_customers as value, null as low, null as high, null as sample_size "
    "from customer_base_monthly"
)

_INTERVALS = {
    "mot_score": _mean(_MOT, "css_store_monthly", "mot_score"),
    "css_score": _mean(_OVERALL, "css_store_monthly", "css_score"),
    "mystery_score": _MYSTERY,
    "callback_delighted_rate": _rate("callback_store_monthly", "delighted_rate", "callbacks"),
    "callback_disappointed_rate": _rate("callback_store_monthly", "disappointed_rate", "callbacks"),
    "nps": _mean(_NPS, "callback_store_monthly", "nps"),
    "complaint_rate": _rate("complaint_store_monthly", "complaint_rate", "repair_orders", MONTHS_OF_CASES),
    "complaint_resolution_rate": _rate("complaint_store_monthly", "resolution_rate", "cases"),
    "first_response_minutes": _RESPONSE,
    "first_fix_rate": _rate("first_fix_store_monthly", "first_fix_rate", "repairs"),
    "appointment_rate": _rate("appointment_store_monthly", "appointment_rate", "repair_orders"),
    "proactive_appointment_rate": _rate("appointment_store_monthly", "proactive_appointment_rate", "repair_orders"),
    "no_show_rate": _rate("appointment_store_monthly", "no_show_rate", "kept + no_shows"),
    "on_time_delivery_rate": _rate("service_efficiency_monthly", "on_time_delivery_rate", "promised"),
    "churn_rate": _rate("churn_cohort_monthly", "churn_rate", "visited_vehicles", "customer_type = 'all'"),
    "active_customers": _ACTIVE,
}
# Figures that are shown with other decimals than their form has.
_DECIMALS = {"mystery_score": 2, "complaint_rate": 2, "first_fix_rate": 2, "churn_rate": 2}
_DIRECTIONS = seed_column("kpis", "direction")

KPIS = tuple(
    Kpi(code, Form(form), _DIRECTIONS[code] == "up", _INTERVALS[code], _DECIMALS.get(code))
    for code, form in seed_column("kpis", "form").items()
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
        """A figure of a store in a month; an empty estimate where there is none."""
        return self._found.get((kpi_code, store_code, month), Estimate())
