"""The top five problems of each department, proposed from the data by the rules of `problems.yml`.

| figure | falls short of |
|---|---|
| KPI | its target, else the region's value |
| MOT item | the region's score, else the survey's target of 100 |
| callback question | the other stores of the region, else the store's own previous six months |
| complaint category, not-fixed reason | the store's own previous six months, per 100 repair orders |

A shortfall is expressed as a share of its reference, so that figures of different units can be ranked together. For a
reference of 0 there is no share: such a shortfall ranks above all others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import inf, sqrt
from pathlib import Path

import yaml

from dagster_project.reports.monthly.blocks import Form, Measure, Text
from dagster_project.reports.monthly.callbacks import question_estimates
from dagster_project.reports.monthly.figures import Scorecard
from dagster_project.reports.monthly.kpis import KPIS, MONTHS_OF_CASES
from dagster_project.reports.monthly.labels import capital, seed_label
from dagster_project.reports.monthly.noise import Estimate, Z, leaves_out
from dagster_project.reports.monthly.satisfaction import item_estimates
from dagster_project.reports.monthly.scope import Scope, add_months

TOP = 5
MONTHS_BEFORE = 6
_RULES = Path(__file__).parent / "problems.yml"

_TARGET = Text("target", "目标")
_REGION = Text("region", "分中心")
_SURVEY_TARGET = Text("survey target", "调研目标")
_OTHERS = Text("other stores in the region", "分中心其他门店")
_OWN = Text(f"store's previous {MONTHS_BEFORE} months", f"本店前 {MONTHS_BEFORE} 个月")


@dataclass(frozen=True)
class Problem:
    """A figure that falls short of its reference; `shortfall` is a share of the reference, None if that is 0."""

    label: Text
    now: Measure
    reference: Measure
    against: Text
    shortfall: float | None
    is_news: bool | None


@cache
def department_rules() -> dict[str, dict[str, list[str]]]:
    """Department to the codes that it is responsible for, by kind."""
    rules: dict[str, dict[str, list[str]]] = yaml.safe_load(_RULES.read_text(encoding="utf-8"))
    return rules


def _problem(
    label: Text,
    estimate: Estimate,
    *,
    reference: float | None,
    against: Text,
    form: Form,
    better: bool,
    decimals: int | None = None,
) -> Problem | None:
    """The problem, when the figure falls short at all."""
    if estimate.value is None or reference is None:
        return None
    short = (reference - estimate.value) * (1 if better else -1)
    if short <= 0:
        return None
    return Problem(
        capital(label),
        Measure(estimate.value, form, decimals),
        Measure(reference, form, decimals),
        against,
        short / abs(reference) if reference else None,
        leaves_out(estimate, reference),
    )


def _kpis(scope: Scope, card: Scorecard, codes: list[str]) -> Iterator[Problem | None]:
    for kpi in KPIS:
        if kpi.code in codes:
            figured = card.figured(kpi.code, card.shown_month(kpi.code))
            against = _REGION if figured.target is None else _TARGET
            reference = figured.region if figured.target is None else figured.target
            yield _problem(
                card.label(kpi.code),
                figured.now,
                reference=reference,
                against=against,
                form=kpi.form,
                better=kpi.higher_is_better,
                decimals=kpi.decimals,
            )


def _items(scope: Scope, card: Scorecard, codes: list[str]) -> Iterator[Problem | None]:
    estimates = item_estimates(scope, scope.month)
    for row in scope.rows("css_item_monthly", order="item_code"):
        code, region = row["item_code"], row["region_score"]
        if code in codes:
            against = _SURVEY_TARGET if region is None else _REGION
            label = _named("MOT", seed_label("mot_items", code))
            yield _problem(
                label,
                estimates[code],
                reference=100.0 if region is None else region,
                against=against,
                form=Form.SCORE,
                better=True,
            )


def _questions(scope: Scope, card: Scorecard, codes: list[str]) -> Iterator[Problem | None]:
    others = {
        row["question_code"]: row["score"]
        for row in scope.marts.rows(
            "select question_code, sum(score * answers) / sum(answers) as score from callback_question_monthly "
            "join dim_store using (store_code) where region_code = ? and store_code <> ? and month = ? and answers > 0 "
            "group by question_code",
            scope.store["region_code"],
            scope.store_code,
            scope.month,
        )
    }
    own = {
        row["question_code"]: row["score"]
        for row in scope.marts.rows(
            "select question_code, sum(score * answers) / sum(answers) as score from callback_question_monthly "
            "where store_code = ? and month >= ? and month < ? and answers > 0 group by question_code",
            scope.store_code,
            add_months(scope.month, -MONTHS_BEFORE),
            scope.month,
        )
    }
    for code, estimate in sorted(question_estimates(scope, scope.month).items()):
        if code in codes:
            reference, against = (others[code], _OTHERS) if code in others else (own.get(code), _OWN)
            label = _named(f"callback {code}", seed_label("callback_questions", code), f"回访 {code}")
            yield _problem(label, estimate, reference=reference, against=against, form=Form.SCORE, better=True)


def _named(kind: str, label: Text, kind_zh: str | None = None) -> Text:
    return Text(f"{kind}: {label.en}", f"{kind_zh or kind}：{label.zh}")


def _categories(scope: Scope, card: Scorecard, codes: list[str]) -> Iterator[Problem | None]:
    found = _per_100_orders(scope, "complaint_reason_monthly", "category", "cases", MONTHS_OF_CASES)
    for code in codes:
        label = seed_label("complaint_categories", code)
        yield _rise(
            Text(f"cases about {label.en}, per 100 repair orders", f"{label.zh}类不满（每百台次）"),
            found.get(code),
        )


def _not_fixed_reasons(scope: Scope, card: Scorecard, codes: list[str]) -> Iterator[Problem | None]:
    found = _per_100_orders(scope, "first_fix_reason_monthly", "reason", "not_fixed", "true")
    for code in codes:
        label = seed_label("not_fixed_reasons", code)
        yield _rise(
            Text(f"not fixed: {label.en}, per 100 repair orders", f"未一次修复：{label.zh}（每百台次）"),
            found.get(code),
        )


def _rise(label: Text, found: tuple[Estimate, float] | None) -> Problem | None:
    if found is None:
        return None
    return _problem(label, found[0], reference=found[1], against=_OWN, form=Form.SCORE, better=False, decimals=2)


def _per_100_orders(
    scope: Scope, mart: str, code: str, count: str, extracted: str
) -> dict[str, tuple[Estimate, float]]:
    """Counts per 100 repair orders: this month's with its Poisson interval, and that of the months before.

    `extracted` is an SQL condition of the months in which such counts were extracted at all.
    """
    sql = (
        "with orders as (select month, repair_orders from complaint_store_monthly where store_code = $store), "
        f"counts as (select month, {code} as code, sum({count}) as events from {mart} where store_code = $store "
        "group by all), "
        "sums as (select sum(repair_orders) filter (where month = $month) as now_orders, "
        "sum(repair_orders) filter (where month >= $first and month < $month "
        f"and {extracted}) as before_orders from orders) "
        "select code, coalesce(sum(events) filter (where month = $month), 0) as events, "
        "coalesce(sum(events) filter (where month >= $first and month < $month), 0) as events_before, "
        "any_value(now_orders) as now_orders, any_value(before_orders) as before_orders from counts, sums group by code"
    )
    at = {"store": scope.store_code, "month": scope.month, "first": add_months(scope.month, -MONTHS_BEFORE)}
    found = {}
    for code_, events, events_before, orders, orders_before in scope.marts.connection.execute(sql, at).fetchall():
        if orders and orders_before:
            rate, reach = 100 * events / orders, 100 * Z * sqrt(events) / orders
            now = Estimate(rate, rate - reach, rate + reach, int(events))
            found[code_] = (now, 100 * float(events_before) / float(orders_before))
    return found


_KINDS = {
    "kpis": _kpis,
    "mot_items": _items,
    "callback_questions": _questions,
    "complaint_categories": _categories,
    "not_fixed_reasons": _not_fixed_reasons,
}


def top_problems(scope: Scope, card: Scorecard, department: str) -> list[Problem]:
    """The department's problems: those beyond noise first, then by the size of the shortfall; five at most."""
    rules = department_rules()[department]
    found = [
        problem for kind, codes in rules.items() for problem in _KINDS[kind](scope, card, codes) if problem is not None
    ]
    found.sort(key=lambda problem: (not problem.is_news, -_size(problem), problem.label.en))
    return found[:TOP]


def _size(problem: Problem) -> float:
    """The size of the problem, for ranking."""
    return inf if problem.shortfall is None else problem.shortfall
