"""The scope of a report: one store, one month, and its rows in the marts."""

from dataclasses import dataclass
from datetime import date

from dagster_project.reports.monthly.blocks import Text
from dagster_project.reports.monthly.read import Marts, NothingToReport, Row
from dagster_project.reports.monthly.written import month_name

TREND_MONTHS = 13
"""A trend shows the report's month and the twelve before it, so it starts with the same month of last year."""

# Marts whose rows show that something happened in a month, unlike targets and actions, which are plans.
_EVENTS = (
    "css_store_monthly",
    "mystery_store_monthly",
    "callback_store_monthly",
    "complaint_store_monthly",
    "first_fix_store_monthly",
    "appointment_store_monthly",
    "churn_cohort_monthly",
)


def add_months(month: date, count: int) -> date:
    """The first day of the month that is `count` months later."""
    months = month.year * 12 + month.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True)
class Scope:
    """A store in a month."""

    marts: Marts
    store: Row
    month: date

    @property
    def store_code(self) -> str:
        """The store's code."""
        return self.store["store_code"]

    @property
    def previous(self) -> date:
        """The month before."""
        return add_months(self.month, -1)

    @property
    def months(self) -> list[date]:
        """The months of a trend, the last one that of the report."""
        return [add_months(self.month, back - TREND_MONTHS + 1) for back in range(TREND_MONTHS)]

    @property
    def month_name(self) -> Text:
        """The name of the month."""
        return month_name(self.month)

    def rows(self, mart: str, month: date | None = None, order: str = "all") -> list[Row]:
        """The store's rows of a mart in the month, or in another."""
        sql = f"from {mart} where store_code = ? and month = ? order by {order}"
        return self.marts.rows(sql, self.store_code, month or self.month)

    def row(self, mart: str, month: date | None = None) -> Row | None:
        """The store's row of a mart in the month, or in another."""
        found = self.rows(mart, month)
        return found[0] if found else None

    def trend(self, mart: str, column: str, condition: str = "true") -> tuple[float | None, ...]:
        """A column of a mart over the months of a trend."""
        sql = f"select month, {column} as value from {mart} where store_code = ? and {condition}"
        values = {row["month"]: row["value"] for row in self.marts.rows(sql, self.store_code)}
        return tuple(values.get(month) for month in self.months)

    @property
    def trend_labels(self) -> tuple[str, ...]:
        """The months of a trend as categories."""
        return tuple(f"{month:%Y-%m}" for month in self.months)


def last_final_cohort(marts: Marts, store_codes: list[str], month: date) -> date | None:
    """The last final cohort of the stores up to the month: the last whose six months are over."""
    sql = (
        "select max(month) as month from churn_cohort_monthly where list_contains(?, store_code) and month <= ? "
        "and customer_type = 'all' and is_final"
    )
    return marts.rows(sql, store_codes, month)[0]["month"]


def final_cohort(scope: Scope) -> date | None:
    """The store's last final cohort up to the report's month."""
    return last_final_cohort(scope.marts, [scope.store_code], scope.month)


def months_with_data(marts: Marts, store_codes: list[str], until: date | None = None) -> list[date]:
    """The months in which something happened in one of the stores, up to that of the business date."""
    union = " union all ".join(f"select store_code, month from {mart}" for mart in _EVENTS)
    found = marts.rows(
        f"select distinct month from ({union}) where list_contains(?, store_code) and month <= ? order by month",
        store_codes,
        until or marts.as_of.replace(day=1),
    )
    return [row["month"] for row in found]


def require_month(marts: Marts, store_codes: list[str], month: date, subject: str) -> None:
    """Raise NothingToReport when nothing happened in the month; the message names the months with rows."""
    months = months_with_data(marts, store_codes)
    if month in months:
        return
    known = f"there are rows from {months[0]:%Y-%m} to {months[-1]:%Y-%m}" if months else "it has none at all"
    if months and len(months) < (months[-1].year - months[0].year) * 12 + months[-1].month - months[0].month + 1:
        known = "there are rows for " + ", ".join(f"{found:%Y-%m}" for found in months)
    raise NothingToReport(f"{subject} has no row in {month:%Y-%m}: {known}")


def store_scope(marts: Marts, store_code: str, month: date) -> Scope:
    """The scope of a store's report; raises NothingToReport for an unknown store or an empty month."""
    stores = {row["store_code"]: row for row in marts.rows("from dim_store order by store_code")}
    if store_code not in stores:
        known = ", ".join(f"{code} {row['store_name']}" for code, row in stores.items()) or "none"
        raise NothingToReport(f"no store {store_code!r}; published stores: {known}")
    require_month(marts, [store_code], month, f"store {store_code}")
    return Scope(marts, stores[store_code], month)
