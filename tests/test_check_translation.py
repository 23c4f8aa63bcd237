"""The checks' DuckDB SQL translated for Spark, where a plain translation would give other results."""

import pytest
import yaml

from dagster_project.checks.dialect import Untranslatable
from dagster_project.checks.spark import SparkDialect, spark_macros
from dagster_project.checks.suites import SQL, read_suites
from dagster_project.checks.translation import in_order, java_regex, to_spark
from dagster_project.checks.views import relation_of, views
from dagster_project.settings import DBT_DIR
from dagster_project.spark_server import SESSION_SETTINGS, in_own_words


def to_spark_sql(sql: str) -> str:
    return to_spark(sql, spark_macros())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("select a / b", "SELECT CAST(a AS DOUBLE) / CAST(NULLIF(b, 0) AS DOUBLE)"),
        ("select avg(a)", "SELECT AVG(CAST(a AS DOUBLE))"),
        ("select max_by(a, b)", "SELECT MAX_BY(a, b) FILTER(WHERE NOT a IS NULL)"),
        (
            "select date_diff('month', a, b)",
            "SELECT DATEDIFF(MONTH, CAST(DATE_TRUNC('MONTH', a) AS DATE), CAST(DATE_TRUNC('MONTH', b) AS DATE))",
        ),
        ("select regexp_full_match(a, 'x|y')", "SELECT a RLIKE '^(?:x|y)(?!(?s:.))'"),
        ("select epoch_us(a)", "SELECT UNIX_MICROS(CAST(a AS TIMESTAMP_LTZ))"),
        (
            "select min_by(a, came(b.extract_at, b.source_file, c))",
            "SELECT MIN_BY(a, (b.extract_at, b.source_file, c)) FILTER(WHERE NOT a IS NULL)",
        ),
        (
            "select ours.a from ours asof join theirs as other on ours.a <= other.b",
            "SELECT ours.a FROM ours INNER JOIN"
            " (SELECT *, LAG(other.b) OVER (ORDER BY other.b) AS earlier FROM theirs AS other) AS other"
            " ON ours.a <= other.b AND (other.earlier IS NULL OR ours.a > other.earlier)",
        ),
    ],
)
def test_spark_sql_keeps_what_a_plain_translation_would_change(ours: str, theirs: str) -> None:
    assert to_spark_sql(ours) == theirs


@pytest.mark.parametrize(
    "sql",
    [
        "select * replace (1 as a) from t",
        "select max(a) over (order by b rows between unbounded preceding and current row exclude group) from t",
        "select a from t asof join u on t.a >= u.b",
        "select a from",
    ],
)
def test_sql_that_spark_cannot_run_is_refused(sql: str) -> None:
    with pytest.raises(Untranslatable):
        to_spark_sql(sql)


def test_every_suite_and_view_can_be_translated() -> None:
    for suite in read_suites().values():
        for view in views(suite.contract).values():
            to_spark_sql(view)
        for check in (check for check in suite.checks if check.type == SQL):
            for query in filter(None, (check.kwargs["unexpected_rows_query"], check.evaluated_query)):
                translated = to_spark_sql(
                    query.format(
                        batch=relation_of(check.rows, suite.contract), as_of="date '2025-11-30'", latency_days=3
                    )
                )
                assert "CAME(" not in translated
                assert "VIN_CHECK_DIGIT(" not in translated


def test_a_spark_error_is_reported_in_its_own_words() -> None:
    trace = "infoMessages=['*org.apache.hive.Error:Error running query: [X] it\\'s wrong:1:2', 'a.b.C:d:E.scala:46']"
    response = (
        f"TExecuteStatementResp(status=TStatus(statusCode=3, {trace}, sqlState=None, errorCode=0, "
        'errorMessage="Error running query: [X] it\'s wrong; line 1"), operationHandle=None)'
    )
    assert in_own_words(f"Runtime Error in model a Database Error {response}") == (
        "Runtime Error in model a Database Error [X] it's wrong; line 1"
    )
    message = f"(pyhive.exc.OperationalError) {response}\n[SQL: select 'x']"
    assert SparkDialect().shortened(message) == "[X] it's wrong; line 1"
    assert in_own_words("IO Error: 'a'") == "IO Error: 'a'"


def test_a_session_of_the_checks_has_the_settings_of_the_models() -> None:
    profile = yaml.safe_load((DBT_DIR / "profiles.yml").read_text(encoding="utf-8"))
    assert profile["aftersales"]["outputs"]["spark"]["server_side_parameters"] == SESSION_SETTINGS


def test_order_and_the_end_of_a_value_are_translated() -> None:
    assert in_order("select a, b from t") == "select * from (select a, b from t) order by 1 nulls last, 2 nulls last"
    assert java_regex("^a$") == "^a(?!(?s:.))"
    assert java_regex("a[$]") == "a[$]"
