"""Headline figures: a value, compared with last month, target and region."""

from dataclasses import dataclass
from datetime import date

from dagster_project.reports.monthly.blocks import Comparison, Figure, Form, Text, Tone
from dagster_project.reports.monthly.kpis import BY_CODE, MONTHS_OF_CASES, Estimates, Kpi
from dagster_project.reports.monthly.noise import Estimate, differ, difference, leaves_out, tone_of
from dagster_project.reports.monthly.scope import Scope, add_months, final_cohort

LAST_MONTH = Text("last month", "上月")
TARGET = Text("target", "目标")
REGION = Text("region", "分中心")
NATION = Text("nation", "全国")
OWN = Text("store", "本店")


@dataclass(frozen=True)
class Figured:
    """A figure of the scorecard, with the values that it is compared with."""

    kpi: Kpi
    now: Estimate
    before: Estimate
    target: float | None
    region: float | None
    rank: int | None


class Scorecard:
    """The store's figures: comparisons from the scorecard, values with intervals from `Estimates`."""

    def __init__(self, scope: Scope, estimates: Estimates) -> None:
        self.estimates = estimates
        self._scope = scope
        sql = f"from scorecard_monthly where store_code = ? and (kpi_code <> 'complaint_rate' or {MONTHS_OF_CASES})"
        self._rows = {(row["kpi_code"], row["month"]): row for row in scope.marts.rows(sql, scope.store_code)}

    def figured(self, kpi_code: str, month: date | None = None) -> Figured:
        """A figure of the month, or of another."""
        at = month or self._scope.month
        row = self._rows.get((kpi_code, at), {})
        return Figured(
            kpi=BY_CODE[kpi_code],
            now=self.estimates.of(kpi_code, self._scope.store_code, at),
            before=self.estimates.of(kpi_code, self._scope.store_code, add_months(at, -1)),
            target=row.get("target_value"),
            region=row.get("region_value"),
            rank=row.get("rank_in_region"),
        )

    def shown_month(self, kpi_code: str) -> date:
        """The month for which a figure is shown: for churn the last final cohort, if there is one."""
        cohort = final_cohort(self._scope) if kpi_code == "churn_rate" else None
        return cohort or self._scope.month

    def label(self, kpi_code: str) -> Text:
        """The label of the shown figure, with the cohort where an earlier one is shown."""
        label, month = BY_CODE[kpi_code].label, self.shown_month(kpi_code)
        if month == self._scope.month:
            return label
        return Text(f"{label.en}, {month:%Y-%m} cohort", f"{label.zh}（{month:%Y-%m} 批次）")

    def target(self, kpi_code: str, month: date) -> float | None:
        """The target of a month."""
        return self._rows.get((kpi_code, month), {}).get("target_value")

    def trend(self, kpi_code: str) -> tuple[float | None, ...]:
        """The figure over the months of a trend."""
        return tuple(self.estimates.of(kpi_code, self._scope.store_code, month).value for month in self._scope.months)


def kpi_figure(figured: Figured) -> Figure:
    """A figure of the scorecard as a headline figure."""
    kpi, now = figured.kpi, figured.now
    comparisons = [Comparison(LAST_MONTH, figured.before.value, differ(now, figured.before))]
    for label, reference in ((TARGET, figured.target), (REGION, figured.region)):
        if reference is not None:
            comparisons.append(Comparison(label, reference, leaves_out(now, reference)))
    moved = difference(now, figured.before)
    return Figure(
        label=kpi.label,
        value=now.value,
        form=kpi.form,
        comparisons=tuple(comparisons),
        low=now.low,
        high=now.high,
        sample_size=now.sample_size,
        is_small_sample=now.is_small,
        tone=tone_of(moved, differ(now, figured.before), kpi.higher_is_better),
        decimals=kpi.decimals,
    )


def count_figure(label: Text, value: int | None, before: int | None, note: Text | None = None) -> Figure:
    """A count beside last month's."""
    return Figure(label, value, Form.COUNT, (Comparison(LAST_MONTH, before),), tone=Tone.NEUTRAL, note=note)
