"""The check engine gives the right results on a tiny hand-made warehouse."""

import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from multiprocessing import get_context

import duckdb
import pyarrow.parquet as pq
import pytest

from dagster_project import cli
from dagster_project.checks.failing import write_failing_file
from dagster_project.checks.results import RunInfo, write_results
from dagster_project.checks.run import run_checks
from dagster_project.checks.session import open_session, shown_columns
from dagster_project.checks.suites import SQL, Suite, read_suites
from dagster_project.checks.worker import CheckWorker
from dagster_project.contracts import read_contracts
from dagster_project.run.lock import only_run
from dagster_project.settings import PROJECT_DIR, Settings
from tests.support.probes import entry, suite_of

RUN = RunInfo("run-1", datetime(2026, 4, 4, 6), date(2026, 4, 3))
HIDDEN = {c.name for contract in read_contracts().values() for c in contract.columns if c.is_hidden}


# ---------- engine

ROWS = [
    # customer_no, name, type, gender, birth_year, phone, registered_on, line
    ("1", "张一", "private", "M", 1980, "13800138001", "2026-03-01", 2),
    ("2", "李二", "private", None, 1890, "13800138002", "2026-03-02", 3),
    ("3", "王三", "corporate", None, None, "138", "2026-03-03", 4),
    ("4", "赵四", "private", "F", 1990, None, "2026-04-05", 5),
]


@pytest.fixture
def warehouse(tmp_path):
    """Four customers, three of them with one or two defects; no other dataset."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema staging; create schema lake")
        connection.execute("""
            create table lake.dms__customers (
                customer_no varchar, customer_name varchar, customer_type varchar, gender varchar, birth_year bigint,
                phone varchar, registered_on date, source_line bigint, store_code varchar default '001',
                occupation varchar, source_file varchar default 'customers_20260403.csv',
                source_path varchar default 'dms/customers/customers_20260403.csv',
                extract_at timestamp default '2026-04-03'
            )""")
        names = "customer_no, customer_name, customer_type, gender, birth_year, phone, registered_on, source_line"
        connection.executemany(f"insert into lake.dms__customers ({names}) values (?, ?, ?, ?, ?, ?, ?, ?)", ROWS)
        connection.execute(
            "create table staging.stg_dms__customers as select * exclude (source_path) from lake.dms__customers"
        )
    return path


PROBES = {
    "null_within": (entry(kwargs={"column": "gender", "mostly": 0.5}), 4, 2, True, []),
    "null_beyond": (entry(kwargs={"column": "gender", "mostly": 0.51}), 4, 2, False, [3, 4]),
    "between": (
        entry("expect_column_values_to_be_between", {"column": "birth_year", "min_value": 1900}), 3, 1, False, [3],
    ),
    "in_set": (
        entry("expect_column_values_to_be_in_set", {"column": "customer_type", "value_set": ["private"]}),
        4, 1, False, [4],
    ),
    "regex": (
        entry("expect_column_values_to_match_regex", {"column": "phone", "regex": "^1[0-9]{10}$"}), 3, 1, False, [4],
    ),
    "regex_mostly": (
        entry("expect_column_values_to_match_regex", {"column": "phone", "regex": "^1[0-9]{10}$", "mostly": 0.6}),
        3, 1, True, [],
    ),
    "pair": (
        entry(
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "gender", "column_B": "customer_type", "or_equal": True,
             "ignore_row_if": "either_value_is_missing"},
        ),
        2, 2, False, [2, 5],
    ),
    "sql": (
        entry(
            SQL,
            {"unexpected_rows_query": "select * from {batch} as batch where phone is null or regexp_full_match(phone,"
             " '[0-9]{{3}}')"},
        ),
        4, 2, False, [4, 5],
    ),
    "sql_of_some": (
        entry(
            SQL,
            {"unexpected_rows_query": "select customer_no, source_file, source_line from {batch}"
             " where registered_on + {latency_days} > {as_of} + 2"},
            evaluated_query="select count(*) from {batch} where customer_type = 'private'",
        ),
        3, 1, False, [5],
    ),
    "nothing_to_evaluate": (
        entry("expect_column_values_to_be_in_set", {"column": "occupation", "value_set": ["x"]}), 0, 0, True, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("rows", ["accepted", "original", "parsed"])
def test_engine_counts_and_names_the_failing_rows(tmp_path, warehouse, rows):
    entries = [{**e, "meta": {**e["meta"], "name": name, "rows": rows}} for name, (e, *_) in PROBES.items()]
    results = run_checks(warehouse, RUN, {"dms/customers": suite_of(tmp_path, *entries)})
    assert [result.check_name for result in results] == list(PROBES)
    for result in results:
        _, evaluated, failed, passed, lines = PROBES[result.check_name]
        assert (result.evaluated, result.failed, result.passed, result.error) == (evaluated, failed, passed, None)
        assert result.pass_rate == (1 - failed / evaluated if evaluated else None)
        assert [row["source_line"] for row in result.failing] == lines, result.check_name
        assert all(not HIDDEN & row.keys() for row in result.failing)
        assert all(row["source_file"] == "customers_20260403.csv" for row in result.failing)


@pytest.mark.parametrize("rows", ["accepted", "original", "parsed"])
def test_checks_of_an_empty_dataset_pass_with_no_failed_row(tmp_path, warehouse, rows):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from staging.stg_dms__customers; delete from lake.dms__customers")
    entries = [{**e, "meta": {**e["meta"], "name": name, "rows": rows}} for name, (e, *_) in PROBES.items()]
    results = run_checks(warehouse, RUN, {"dms/customers": suite_of(tmp_path, *entries)})
    assert [result.check_name for result in results] == list(PROBES)
    for result in results:
        assert (result.evaluated, result.failed, result.passed, result.error) == (0, 0, True, None), result.check_name


def test_all_failing_rows_can_be_listed(tmp_path, warehouse):
    suite = suite_of(tmp_path, entry(name="within"), entry(SQL, {"unexpected_rows_query": "select * from {batch}"}))
    with open_session(warehouse, RUN.as_of) as session:
        assert [row["source_line"] for row in session.failing_rows(suite, suite.check("within"))] == [3, 4]
        assert [row["source_line"] for row in session.failing_rows(suite, suite.check("probe"))] == [2, 3, 4, 5]
        assert len(session.failing_rows(suite, suite.check("probe"), limit=1)) == 1


def test_all_failing_rows_are_written_as_the_last_run_counted_them(tmp_path, warehouse):
    # The configured date differs from the run's: the rows are those of the run.
    settings = Settings(landing=tmp_path, data=tmp_path, as_of=date(2030, 1, 1))
    stray = "select '=1380013800' || customer_no as customer_no, customer_name, store_code, source_file, source_line"
    query = f"{stray} from {{batch}} where registered_on < {{as_of}} order by customer_no desc"
    suite = suite_of(tmp_path, entry(SQL, {"unexpected_rows_query": query}))
    results = run_checks(warehouse, RUN, {"dms/customers": suite})
    write_results(settings.lake / "quality", results)
    listed = write_failing_file(settings, suite, "probe", tmp_path / "rows.csv")
    assert (listed.rows, listed.result.failed) == (3, 3)
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "customer_no,store_code,source_file,source_line",
        *(f"'=***,001,customers_20260403.csv,{line}" for line in (2, 3, 4)),
    ]
    assert not list(tmp_path.glob(".*.tmp"))


def test_the_reason_why_failing_rows_cannot_be_listed_is_given_in_a_sentence(tmp_path, warehouse, capsys):
    def error_of(check: str, dataset: str = "dms/customers") -> str:
        assert cli.main(["failing", "--dataset", dataset, "--check", check, "--data", str(tmp_path)]) == 1
        return capsys.readouterr().err

    assert "did you mean gender_filled" in error_of("gender_filed")
    assert "did you mean dms/customers" in error_of("gender_filled", "dms/customer")
    assert "has none to list: Every row read is accepted" in error_of("rows_conserved")
    assert "has no result" in error_of("gender_filled")
    command = [sys.executable, "-m", "dagster_project.cli", "failing", "--dataset", "dms/customers", "--check", "x"]
    assert subprocess.run([*command, "--data", str(tmp_path)], capture_output=True, check=False).returncode == 1
    with only_run(Settings(landing=tmp_path, data=tmp_path, as_of=RUN.as_of)):
        assert "another run or loader is writing" in error_of("gender_filled")
    gender = read_suites()["dms/customers"].check("gender_filled")
    results = run_checks(warehouse, RUN, {"dms/customers": Suite(read_contracts()["dms/customers"], (gender,))})
    write_results(tmp_path / "lake" / "quality", results)
    hold = "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", hold, str(warehouse)], stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        assert "open in another program" in error_of("gender_filled")
        holder.kill()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table staging.stg_dms__customers")
    assert "is not built, as the last run stopped" in error_of("gender_filled")
    warehouse.unlink()
    assert "nothing was checked" in error_of("gender_filled")


def test_personal_columns_are_never_shown():
    shown = shown_columns(read_contracts().values())
    assert not shown & HIDDEN
    assert {"customer_name", "employee_name", "phone", "plate_no", "description", "answer_text"} <= HIDDEN
    for suite in read_suites().values():
        assert {*suite.contract.key, "source_file", "source_line"} <= shown


def test_a_check_that_fails_to_run_has_not_passed_and_spares_the_others(tmp_path, warehouse):
    broken = {
        "no_such_column": "select nothing from {batch}",
        "no_such_relation": "select * from accepted__dms__vehicles",
        "no_sql": "selct 1",
    }
    entries = [entry(SQL, {"unexpected_rows_query": sql}, name=name) for name, sql in broken.items()]
    entries.append(entry(SQL, {"unexpected_rows_query": "select * from {batch} where false"}, name="uncounted",
                         evaluated_query="select count(nothing) from {batch}"))  # fmt: skip
    results = run_checks(warehouse, RUN, {"dms/customers": suite_of(tmp_path, *entries, entry(name="sound"))})
    by_name = {result.check_name: result for result in results}
    for name in (*broken, "uncounted"):
        assert (by_name[name].passed, by_name[name].failed) == (None, None), name
        assert by_name[name].error, name
    assert by_name["sound"].passed is True


def test_a_missing_relation_fails_its_checks_only(warehouse):
    suites = read_suites()
    results = run_checks(warehouse, RUN, {name: suites[name] for name in ("dms/stores", "dms/customers")})
    assert len(results) == sum(len(suites[name].checks) for name in ("dms/stores", "dms/customers"))
    assert {r.passed for r in results if r.dataset == "stores"} == {None}
    assert all(r.error for r in results if r.dataset == "stores")
    found = {r.check_name: r.failed for r in results if r.passed is False}
    assert found == {
        "gender_filled": 2, "occupation_filled": 4, "phone_filled": 1, "phone_form": 1, "birth_year_plausible": 1,
        "nothing_after_extract": 1,
    }  # fmt: skip
    assert {r.check_name for r in results if r.dataset == "customers" and r.passed is None} == {
        "newest_extract_in_time",
        "carried_in_time",
    }


def test_the_warehouse_is_closed_after_the_checks(tmp_path, warehouse):
    run_checks(warehouse, RUN, {"dms/customers": suite_of(tmp_path, entry())})
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table after_checks (number integer)")
    code = f"import duckdb; duckdb.connect({str(warehouse)!r}).execute('drop table after_checks')"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_great_expectations_is_not_imported_before_checks_run():
    code = "import sys, dagster_project.checks.run; assert 'great_expectations' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT_DIR)


# ---------- results


def test_results_are_written_completely(tmp_path, warehouse):
    results = run_checks(
        warehouse, RUN, {"dms/customers": suite_of(tmp_path, entry(kwargs={"column": "gender", "mostly": 1}))}
    )
    results_path, failures_path = write_results(tmp_path / "out", results)
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")) == [
        "check_failures/run-1.parquet",
        "check_results/run-1.parquet",
    ]
    (row,) = pq.read_table(results_path).to_pylist()
    assert (row["check_name"], row["evaluated"], row["failed"], row["passed"]) == ("probe", 4, 2, False)
    assert (row["owner"], row["column_name"], row["run_at"]) == ("dms_owner", "gender", RUN.run_at)
    assert row["as_of"] == RUN.as_of
    failures = pq.read_table(failures_path).to_pylist()
    assert [(row["source_file"], row["source_line"]) for row in failures] == [
        ("customers_20260403.csv", 3),
        ("customers_20260403.csv", 4),
    ]
    assert json.loads(failures[0]["row_key"]) == {"customer_no": "2", "store_code": "001"}
    with pytest.raises(ValueError, match="one run"):
        write_results(tmp_path / "out", [*results, replace(results[0], run_id="run-2")])


def test_checks_whose_process_dies_are_reported_as_not_run(tmp_path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=os._exit, initargs=(1,)) as pool:
        results = CheckWorker(pool).run(tmp_path / "warehouse.duckdb", RunInfo("run", datetime(2026, 6, 30), date.min))
    assert len(results) == sum(len(suite.checks) for suite in read_suites().values())
    assert all(result.passed is None and "could not run" in result.error for result in results)
