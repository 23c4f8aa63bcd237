"""MetricFlow gives every figure as the marts do, and never a wrong one where the marts give none."""

import csv
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.errors.error_classes import InvalidQueryException
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from dagster_project.models.dbt_build import DBT, dbt_environment
from dagster_project.reports.quality.lineage import KPIS
from dagster_project.settings import DBT_DIR, Settings

STORE_AND_MONTH = ["store", "metric_time__month"]
REGION_AND_QUARTER = ["store__region_code", "metric_time__quarter"]

# For each figure: the mart that holds it by store and month, its column there, and its pooled value over the rows.
# Visits are not in the mart: counted from the checks.
MYSTERY = """(
    select store_code, month, score, visits from mystery_store_monthly inner join (
        select store_code, month, count(distinct visit_no) as visits
        from fct_mystery_check where points is not null group by all
    ) using (store_code, month) where section_code = 'total'
)"""
MARTS = {
    "mot_score": ("css_store_monthly", "mot_score", "sum(mot_score * sample_size) / sum(sample_size)"),
    "css_score": ("css_store_monthly", "css_score", "sum(css_score * sample_size) / sum(sample_size)"),
    "mystery_score": (MYSTERY, "score", "sum(score * visits) / sum(visits)"),
    "callback_delighted_rate": ("callback_store_monthly", "delighted_rate", "sum(delighted) / sum(callbacks)"),
    "callback_disappointed_rate": ("callback_store_monthly", "disappointed_rate", "sum(disappointed) / sum(callbacks)"),
    "nps": ("callback_store_monthly", "nps", "sum(nps * nps_answers) / sum(nps_answers)"),
    "complaint_rate": ("complaint_store_monthly", "complaint_rate", "sum(complaints) / sum(repair_orders)"),
    "complaint_resolution_rate": (
        "complaint_store_monthly",
        "resolution_rate",
        "sum(resolved) / nullif(sum(cases), 0)",
    ),
    "first_response_minutes": ("complaint_store_monthly", "first_response_minutes_median", None),
    "first_fix_rate": ("first_fix_store_monthly", "first_fix_rate", "1 - sum(not_fixed) / sum(repairs)"),
    "appointment_rate": (
        "appointment_store_monthly",
        "appointment_rate",
        "sum(appointment_repair_orders) / sum(repair_orders)",
    ),
    "proactive_appointment_rate": (
        "appointment_store_monthly",
        "proactive_appointment_rate",
        "sum(proactive_appointment_repair_orders) / sum(repair_orders)",
    ),
    "no_show_rate": ("appointment_store_monthly", "no_show_rate", "sum(no_shows) / sum(kept + no_shows)"),
    "on_time_delivery_rate": (
        "service_efficiency_monthly",
        "on_time_delivery_rate",
        "sum(on_time_deliveries) / sum(promised)",
    ),
    "churn_rate": (
        "(from churn_cohort_monthly where customer_type = 'all')",
        "churn_rate",
        "sum(lost_vehicles) / sum(visited_vehicles) filter (is_final)",
    ),
    "active_customers": ("customer_base_monthly", "active_customers", None),
}
POOLED = [kpi for kpi, (_, _, pooled) in MARTS.items() if pooled]

Figures = dict[tuple[str, date], float]
Query = Callable[..., list[tuple]]


class DuckDbSql:
    """What MetricFlow has to know about an engine to write SQL for it."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


@pytest.fixture(scope="module")
def project(sample_run: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dbt project as `mf` wants it: settings, and the semantic manifest over the published tables."""
    root = tmp_path_factory.mktemp("semantic")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(DBT_DIR / name, root)
    command = [*DBT, "--warn-error", "parse", "--target", "published", "--target-path", str(root / "target")]
    parsed = subprocess.run(
        command, cwd=sample_run.data, env=dbt_environment(sample_run), capture_output=True, text=True, check=False
    )
    assert parsed.returncode == 0, parsed.stdout[-5000:]
    return root


@pytest.fixture(scope="module")
def metricflow(project: Path) -> MetricFlowEngine:
    manifest = (project / "target" / "semantic_manifest.json").read_text(encoding="utf-8")
    lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(manifest))
    return MetricFlowEngine(lookup, DuckDbSql())


@pytest.fixture
def ask(metricflow: MetricFlowEngine, sample_mart: Query) -> Callable[[str, list[str]], Figures]:
    """MetricFlow's answer, by the two group-by items of the query."""

    def answer(metric: str, group_by: list[str]) -> Figures:
        request = MetricFlowQueryRequest.create(metric_names=[metric], group_by_names=group_by)
        sql = metricflow.explain(request).sql_statement.without_descriptions.sql
        names = ", ".join(group_by)
        return figures(sample_mart(f"select {names}, {metric} from ({sql})"))

    return answer


def figures(rows: list[tuple]) -> Figures:
    """The known values by group and month, from rows of group, month and value."""
    known = {(group, as_date(month)): float(value) for group, month, value in rows if value is not None}
    assert len(known) == sum(value is not None for _, _, value in rows), "a group has two rows"
    return known


def as_date(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def assert_same(actual: Figures, expected: Figures) -> None:
    assert expected, "nothing to compare with"
    assert actual.keys() == expected.keys()
    wrong = {
        key: (actual[key], value)
        for key, value in expected.items()
        if not math.isclose(actual[key], value, rel_tol=1e-9, abs_tol=1e-9)
    }
    assert not wrong


def test_every_kpi_is_a_metric_and_compared_with_its_mart(metricflow: MetricFlowEngine) -> None:
    kpis = {kpi.code for kpi in KPIS}
    assert kpis <= {metric.name for metric in metricflow.list_metrics()}
    assert kpis == MARTS.keys()


def test_every_metric_is_described_in_english_and_chinese(metricflow: MetricFlowEngine) -> None:
    for metric in metricflow.list_metrics():
        for text in (metric.label or "", metric.description or ""):
            assert any("\u4e00" <= c <= "\u9fff" for c in text), metric.name
            assert any(c.isascii() and c.isalpha() for c in text), metric.name


@pytest.mark.parametrize("kpi", MARTS)
def test_a_kpi_by_store_and_month_is_that_of_the_mart(kpi: str, ask, sample_mart: Query) -> None:
    mart, column, _ = MARTS[kpi]
    expected = figures(sample_mart(f"select store_code, month, {column} from {mart}"))
    assert_same(ask(kpi, STORE_AND_MONTH), expected)


@pytest.mark.parametrize("kpi", POOLED)
def test_a_kpi_of_a_region_and_quarter_is_pooled(kpi: str, ask, sample_mart: Query) -> None:
    mart, _, pooled = MARTS[kpi]
    expected = sample_mart(
        f"select region_code, date_trunc('quarter', month), {pooled} from {mart} join dim_store using (store_code) "
        "group by all"
    )
    assert_same(ask(kpi, REGION_AND_QUARTER), figures(expected))


def test_a_median_is_taken_over_cases_and_never_over_medians(ask, sample_mart: Query) -> None:
    expected = sample_mart(
        "select region_code, date_trunc('quarter', month), median(first_response_minutes) "
        "from fct_case join dim_store using (store_code) group by all"
    )
    assert_same(ask("first_response_minutes", REGION_AND_QUARTER), figures(expected))


def test_active_customers_add_up_over_stores_and_are_those_of_the_last_month(ask, sample_mart: Query) -> None:
    expected = sample_mart(
        "select region_code, date_trunc('quarter', month) as quarter, sum(active_customers) "
        "from customer_base_monthly join dim_store using (store_code) "
        "where month in (select max(month) from customer_base_monthly group by date_trunc('quarter', month)) "
        "group by all"
    )
    assert_same(ask("active_customers", REGION_AND_QUARTER), figures(expected))


def test_active_customers_of_a_region_are_distinct_people(ask, sample_run: Settings, sample_mart: Query) -> None:
    this_month = sample_run.as_of.replace(day=1)
    expected = sample_mart(
        "select region_code, cast(? as date), count(distinct customer_key) "
        "from fct_repair_order join dim_store using (store_code) "
        "where month <= cast(? as date) and month > cast(? as date) - interval 12 month group by all",
        [this_month] * 3,
    )
    actual = ask("active_customers", ["store__region_code", "metric_time__month"])
    assert_same({key: value for key, value in actual.items() if key[1] == this_month}, figures(expected))


def test_first_fix_by_technician_is_that_of_the_technicians_mart(ask, sample_mart: Query) -> None:
    expected = sample_mart(
        "select store_code || '/' || technician_no, month, first_fix_rate from first_fix_technician_monthly"
    )
    actual = ask("first_fix_rate", ["technician", "metric_time__month"])
    assert_same({key: value for key, value in actual.items() if key[0] is not None}, figures(expected))


@pytest.mark.parametrize(
    ("kpi", "group_by"),
    [
        ("complaint_rate", "case__category"),  # repair orders have no category
        ("churn_rate", "metric_time__day"),  # cohorts are months
        ("active_customers", "advisor"),  # a customer is the store's
    ],
)
def test_a_query_without_a_correct_answer_is_refused(kpi: str, group_by: str, metricflow: MetricFlowEngine) -> None:
    with pytest.raises(InvalidQueryException):
        metricflow.explain(MetricFlowQueryRequest.create(metric_names=[kpi], group_by_names=[group_by]))


def test_the_command_line_answers_from_the_published_file(
    project: Path, sample_run: Settings, sample_mart: Query, tmp_path: Path
) -> None:
    answer = tmp_path / "answer.csv"
    command = [Path(sys.executable).with_name("mf"), "query", "--metrics", "first_fix_rate", "--quiet", "--csv", answer]
    environment = dbt_environment(sample_run) | {
        "DBT_TARGET": "published",
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        # It looks for a newer version of itself: nothing listens there, and it goes on.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "TMPDIR": str(tmp_path),
    }
    asked = subprocess.run(
        [*command, "--group-by", ",".join(STORE_AND_MONTH)],
        cwd=sample_run.data,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    with answer.open(encoding="utf-8") as lines:
        rows = [
            (row["store"], datetime.fromisoformat(row["metric_time__month"]), float(row["first_fix_rate"]))
            for row in csv.DictReader(lines)
        ]
    expected = sample_mart("select store_code, month, first_fix_rate from first_fix_store_monthly")
    assert_same(figures(rows), figures(expected))
