"""The stores of a group in a month, and each figure's group value."""

from dataclasses import dataclass
from datetime import date

from dagster_project.reports.monthly.blocks import Text
from dagster_project.reports.monthly.kpis import MONTHS_OF_CASES, Estimates, Kpi
from dagster_project.reports.monthly.labels import capital
from dagster_project.reports.monthly.noise import Estimate, leaves_out
from dagster_project.reports.monthly.read import Marts, NothingToReport, Row
from dagster_project.reports.monthly.scope import last_final_cohort, require_month

# Like the region's value in dbt's `scorecard_monthly`, over any stores.
_GROUP_VALUES = f"""
    select kpi_code, month, case any_value(region_method)
        when 'pooled_counts' then sum(numerator) / nullif(sum(sample_size), 0)
        when 'weighted_mean'
            then sum(value * sample_size) / nullif(sum(sample_size) filter (where value is not null), 0)
        else quantile_cont(value, 0.5)
    end as group_value
    from kpi_monthly join dim_kpi using (kpi_code)
    where list_contains(?, store_code) and (kpi_code <> 'complaint_rate' or {MONTHS_OF_CASES})
    group by kpi_code, month
    having group_value is not null
"""


@dataclass(frozen=True)
class Group:
    """The stores of a group in a month, with the figures of all stores; churn is shown for the last final cohort."""

    marts: Marts
    name: Text
    stores: tuple[Row, ...]
    month: date
    estimates: Estimates
    regions: dict[tuple[str, str, date], float]
    group_values: dict[tuple[str, date], float]
    churn_month: date | None

    @property
    def codes(self) -> list[str]:
        """The codes of the stores."""
        return [store["store_code"] for store in self.stores]

    def month_of(self, kpi: Kpi) -> date:
        """The month for which the figure is shown."""
        return self.churn_month or self.month if kpi.code == "churn_rate" else self.month

    def label(self, kpi: Kpi) -> Text:
        """The label of a figure, with the cohort where an earlier one is shown."""
        month = self.month_of(kpi)
        if month == self.month:
            return capital(kpi.label)
        return Text(f"{kpi.label.en}, {month:%Y-%m} cohort", f"{kpi.label.zh}（{month:%Y-%m} 批次）")

    def estimate(self, kpi: Kpi, store_code: str) -> Estimate:
        """A store's figure."""
        return self.estimates.of(kpi.code, store_code, self.month_of(kpi))

    def region_value(self, kpi: Kpi, store_code: str) -> float | None:
        """The figure of the store's region, from the scorecard."""
        return self.regions.get((kpi.code, store_code, self.month_of(kpi)))

    def group_value(self, kpi: Kpi) -> float | None:
        """The figure of all stores shown, by the scorecard's method for regions."""
        return self.group_values.get((kpi.code, self.month_of(kpi)))

    def is_behind(self, kpi: Kpi, store_code: str) -> bool:
        """Whether a store is worse than its region by more than noise."""
        estimate, reference = self.estimate(kpi, store_code), self.region_value(kpi, store_code)
        if reference is None or estimate.value is None or not leaves_out(estimate, reference):
            return False
        return (estimate.value < reference) == kpi.higher_is_better


def store_name(store: Row) -> Text:
    """A store by its code and name."""
    return Text(store["store_code"], store["store_name"] or "")


def read_group(marts: Marts, region: str | None, month: date) -> Group:
    """The stores of a region, by code or name, or all; raises NothingToReport for an unknown region or empty month."""
    stores = marts.rows("from dim_store order by store_code")
    subject, name = "all stores", Text("All stores", "全部门店")
    if region:
        chosen = [store for store in stores if store["region_code"] == region]
        chosen = chosen or [store for store in stores if store["region_name"] == region]
        if len(found := sorted({store["region_code"] for store in chosen})) > 1:
            raise NothingToReport(f"several regions are called {region!r}: give the code, {' or '.join(found)}")
        if not chosen:
            known = {store["region_code"]: store["region_name"] for store in stores}
            listed = ", ".join(f"{code} {label}" for code, label in sorted(known.items())) or "none"
            raise NothingToReport(f"no region {region!r}; published regions: {listed}")
        stores = chosen
        code = stores[0]["region_code"]
        subject, name = f"region {code}", Text(f"Region {code}", stores[0]["region_name"] or "")
    codes = [store["store_code"] for store in stores]
    require_month(marts, codes, month, subject)
    regions = {
        (row["kpi_code"], row["store_code"], row["month"]): row["region_value"]
        for row in marts.rows(
            "select kpi_code, store_code, month, region_value from scorecard_monthly "
            f"where kpi_code <> 'complaint_rate' or {MONTHS_OF_CASES}"
        )
        if row["region_value"] is not None
    }
    group_values = {(row["kpi_code"], row["month"]): row["group_value"] for row in marts.rows(_GROUP_VALUES, codes)}
    return Group(
        marts=marts,
        name=name,
        stores=tuple(stores),
        month=month,
        estimates=Estimates(marts),
        regions=regions,
        group_values=group_values,
        churn_month=last_final_cohort(marts, codes, month),
    )
