"""The checks give the same results on a cluster as in DuckDB: every count, every verdict, every listed row."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from dagster_project.checks.results import CheckResult, RunInfo
from dagster_project.checks.run import run_checks
from dagster_project.checks.session import open_session
from dagster_project.checks.suites import NOT_NULL, SQL, read_suites
from dagster_project.settings import Settings
from dagster_project.spark_server import SparkServer, read_spark_server
from tests.spark.cluster import CATALOG, Cluster
from tests.support.mutations import RELATIONS, copy_relations, defect_of, plant

RUN = RunInfo("run", datetime(2025, 12, 1, 6), date(2025, 11, 30))
SUITES = read_suites()

# Checks of every kind, with a defect planted for each; no defect removes the rows of another.
PLANTED = (
    "dms/repair_orders.vin_check_digit",
    "dms/repair_orders.months_without_extract",
    "dms/repair_orders.total_is_labour_and_parts",
    "dms/repair_orders.odometer_not_below_earlier",
    "dms/repair_orders.odometer_km_not_negative",
    "dms/repair_orders.delivered_after_completed",
    "dms/repair_orders.customer_no_known",
    "dms/customers.phone_form",
    "dms/vehicles.plate_form",
    "dms/vehicles.key_unique",
    "dms/vehicles.brand_alike_at_all_stores",
    "dms/employees.newest_extract_in_time",
    "dms/appointments.kept_means_repair_order",
    "dms/appointments.nothing_after_extract",
    "complaint/cases.carried_in_time",
    "survey/callback_answers.score_inside_scale",
    "survey/css_responses.response_told_alike",
    "survey/css_benchmarks.mot_is_weighted_items",
    "survey/css_benchmarks.scope_code_known",
    "survey/css_benchmarks.store_score_as_computed",
    "planning/targets.rate_is_fraction",
)


def key(result: CheckResult) -> str:
    return f"{result.system}/{result.dataset}.{result.check_name}"


@pytest.fixture(scope="module")
def damaged(sample_run: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's warehouse with the defects in it, and some blanks."""
    copy = tmp_path_factory.mktemp("spark") / "warehouse.duckdb"
    copy_relations(sample_run.warehouse, copy)
    with open_session(copy, RUN.as_of, read_only=False) as session:
        for name in PLANTED:
            dataset, check_name = name.split(".")
            suite = SUITES[dataset]
            check = suite.check(check_name)
            plant(session.execute, suite, check, defect_of(suite, check))
        session.execute("update staging.stg_dms__repair_orders set advisor_no = null where source_line % 10 = 0")
        session.commit()
    return copy


@pytest.fixture(scope="module")
def server(damaged: Path, cluster: Cluster) -> Iterator[SparkServer]:
    """A cluster on which the checks read the same rows."""
    catalog = SqlCatalog(CATALOG, uri=cluster.catalog_uri, warehouse=cluster.warehouse.as_uri())
    with duckdb.connect(str(damaged), read_only=True) as connection:
        for name in RELATIONS:
            rows = connection.execute(f"from {name}").to_arrow_table()
            catalog.create_namespace_if_not_exists(name.split(".")[0])
            catalog.create_table(name, rows.schema).append(rows)
    yield read_spark_server(cluster.environment)
    for name in RELATIONS:
        catalog.drop_table(name)
    catalog.close()


@dataclass(frozen=True)
class Found:
    """The results of all checks, by engine."""

    duckdb: list[CheckResult]
    spark: list[CheckResult]


@pytest.fixture(scope="module")
def found(damaged: Path, server: SparkServer) -> Found:
    return Found(run_checks(damaged, RUN), run_checks(server, RUN))


def test_every_check_says_on_spark_what_it_says_in_duckdb(found: Found) -> None:
    assert {key(result): result.error for result in found.spark if result.passed is None} == {}
    differing = [
        (key(ours), ours, theirs) for ours, theirs in zip(found.duckdb, found.spark, strict=True) if ours != theirs
    ]
    assert differing == []
    assert len(found.spark) == sum(len(suite.checks) for suite in SUITES.values())


def test_planted_defects_are_found(found: Found) -> None:
    failed = {key(result): result for result in found.spark if result.passed is False}
    assert {*PLANTED, "dms/repair_orders.advisor_no_filled"} <= failed.keys()
    assert all(result.failing for result in failed.values())


def test_what_spark_cannot_run_is_named(server: SparkServer) -> None:
    suite = SUITES["dms/stores"]
    check = next(check for check in suite.checks if check.type == SQL)
    wrong = {
        "untranslatable": "select * replace (1 as source_line) from {batch}",
        "unknown": "select quantile_disc(source_line, 0.5) as source_line from {batch}",
        "unreadable": "select source_line from {batch} where cast(store_code || '张三丰' as integer) = 1",
    }
    checks = tuple(
        replace(check, name=name, kwargs={"unexpected_rows_query": query}, evaluated_query=None)
        for name, query in wrong.items()
    )
    others = tuple(check for check in suite.checks if check.type == NOT_NULL)
    results = run_checks(server, RUN, {suite.name: replace(suite, checks=(*checks, *others))})
    errors = {result.check_name: result.error for result in results if result.passed is None}
    assert errors.keys() == wrong.keys()
    assert all(error.startswith("Spark can't run it: ") for error in errors.values()), errors
    assert "REPLACE" in errors["untranslatable"]
    assert "PERCENTILE_DISC" in errors["unknown"]
    assert "CAST_INVALID_INPUT" in errors["unreadable"] and "张三丰" not in errors["unreadable"]
