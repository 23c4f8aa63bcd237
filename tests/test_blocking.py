"""Blocking rules: each keeps figures from being published; what readers see and which message is given."""

import re
import shutil
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project import cli
from dagster_project.checks.blocking import blocks, judge
from dagster_project.checks.results import RunInfo
from dagster_project.contracts import read_contracts
from dagster_project.models.dbt_build import NodeResult, ask_dbt, read_node_results, target_path
from dagster_project.publish.state import StateInfo, write_state
from dagster_project.settings import Settings
from tests.support.published import differences, tables

RUN = RunInfo("20260630-1", datetime(2026, 6, 30, 6), date(2026, 6, 30))
BUILT = NodeResult("quality_load", "quality_load", False, "success", None, "", "")
FINE = (10, 9, 1, 0)


def counts(path: Path, changed: dict[str, tuple[int, int, int, int]]) -> Path:
    """A database with the row counts of all datasets: read, accepted, rejected, superseded."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema marts; create table marts.quality_load (system varchar, dataset varchar, rows_read bigint, "
            "rows_accepted bigint, rows_rejected bigint, rows_superseded bigint)"
        )
        for name in read_contracts():
            values = [*name.split("/"), *changed.get(name, FINE)]
            connection.execute("insert into marts.quality_load values (?, ?, ?, ?, ?, ?)", values)
    return path


def blocked(tmp_path: Path, now: dict, before: dict | None = None) -> list[str]:
    published = counts(tmp_path / "before.duckdb", before) if before is not None else tmp_path / "none.duckdb"
    sentences = blocks(judge(RUN, counts(tmp_path / "now.duckdb", now), published, [BUILT]))
    return [sentence.split(":")[0] for sentence in sentences]


def test_an_emptied_dataset_stays_blocked_until_its_rows_are_back(tmp_path: Path) -> None:
    empty = {"dms/vehicles": (0, 0, 0, 0)}
    current = tmp_path / "current"
    current.mkdir()
    state = StateInfo("20260629", RUN.run_at, RUN.as_of, "20260629-1", accepted=dict.fromkeys(read_contracts(), 9))
    write_state(current, state)
    # The blocked run has updated the quality tables beside the marts.
    published = counts(tmp_path / "before.duckdb", empty)
    sentences = blocks(judge(RUN, counts(tmp_path / "now.duckdb", empty), published, [BUILT]))
    assert [sentence.split(":")[0] for sentence in sentences] == ["dms/vehicles not_emptied"]


def test_a_first_run_that_a_failed_model_blocked_does_not_stop_the_next(tmp_path: Path) -> None:
    published = tmp_path / "before.duckdb"
    with duckdb.connect(str(published)) as connection:
        connection.execute("create schema marts; create table marts.quality_check_result as select 1 as failed")
    assert blocks(judge(RUN, counts(tmp_path / "now.duckdb", {}), published, [BUILT])) == []


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({}, {}, []),
        ({"dms/vehicles": (10, 8, 1, 0)}, None, ["dms/vehicles rows_conserved"]),
        ({"dms/vehicles": (10, 9, 2, 0)}, None, ["dms/vehicles rows_conserved"]),
        ({"dms/stores": (0, 0, 0, 0)}, None, ["dms/stores not_emptied"]),
        ({"dms/vehicles": (0, 0, 0, 0)}, {}, ["dms/vehicles not_emptied"]),
        ({"dms/vehicles": (0, 0, 0, 0)}, None, []),
        ({"dms/vehicles": (0, 0, 0, 0)}, {"dms/vehicles": (0, 0, 0, 0)}, []),
        ({"dms/vehicles": (100, 79, 21, 0)}, None, ["dms/vehicles rejected_share"]),
        ({"dms/vehicles": (100, 80, 20, 0)}, None, []),
        ({"dms/vehicles": (99, 1, 98, 0)}, None, []),
    ],
)
def test_rules_of_datasets(tmp_path: Path, now: dict, before: dict | None, expected: list[str]) -> None:
    assert blocked(tmp_path, now, before) == expected


def test_a_node_that_failed_or_did_not_run_blocks(tmp_path: Path) -> None:
    nodes = [
        BUILT,
        NodeResult("key", "css_store_monthly", True, "pass", 0, "", ""),
        NodeResult("parity", "css_item_monthly", True, "fail", 3, "Got 3 results", "Both say the same."),
        NodeResult("later", "css_item_monthly", True, "skipped", None, "", ""),
        NodeResult("later_still", "css_driver", False, "skipped", None, "", ""),
        NodeResult("css_driver", "css_driver", False, "error", None, "contract broken", ""),
    ]
    results = judge(RUN, counts(tmp_path / "now.duckdb", {}), tmp_path / "none.duckdb", nodes)
    assert blocks(results) == [
        "marts/css_item_monthly parity: Both say the same. (Got 3 results)",
        "marts/css_driver css_driver: contract broken",
        "2 more could not be reached: what they are built on failed",
    ]
    passed = {result.check_name: result.passed for result in results if result.system == "marts"}
    assert passed == {"key": True, "parity": False, "later": None, "later_still": None, "css_driver": None}


def test_marts_that_disagree_on_a_metric_block_but_sums_that_differ_in_their_last_digits_do_not(
    sample_run: Settings, tmp_path: Path
) -> None:
    settings = replace(sample_run, data=tmp_path)
    shutil.copy(sample_run.warehouse, settings.warehouse)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("update marts.appointment_store_monthly set repair_orders = repair_orders + 1")
        connection.execute(
            "update marts.css_store_monthly set mot_score = mot_score + 4e-10, css_score = css_score + 4e-10"
        )
    ask_dbt(settings, ["test", "--select", "test_type:singular"])
    nodes = read_node_results(target_path(settings))
    failed = [node for node in nodes if node.has_failed]
    assert any("repair_orders" in node.name for node in failed)
    passed = {node.name for node in nodes if not node.has_failed}
    assert {"assert_css_store_matches_fact", "assert_css_store_matches_items"} <= passed
    sentences = blocks(judge(RUN, settings.warehouse, tmp_path / "none.duckdb", nodes))
    assert len(sentences) == len(failed) > 0


def test_blocked_marts_keep_their_state_and_the_quality_tables_say_why(
    copied_run: Settings, tmp_path: Path, capsys
) -> None:
    settings = replace(copied_run, landing=tmp_path / "landing")
    shutil.copytree(copied_run.landing, settings.landing)
    shutil.rmtree(settings.landing / "planning" / "targets")
    shutil.rmtree(settings.lake / "planning" / "targets")
    bad = "store_code,employee_no,role\n" + "".join(f"S001,X{number},pilot\n" for number in range(200))
    (settings.landing / "dms" / "employees" / "bad_20251129.csv").write_text(bad)
    before = settings.published.joinpath("aftersales.duckdb").resolve()

    arguments = ["run", "--quiet", "--landing", str(settings.landing), "--data", str(settings.data)]
    assert cli.main([*arguments, "--as-of", settings.as_of.isoformat()]) == 1
    summary, said = capsys.readouterr()
    # The outcome for rows, files and headers is printed as after a run that published.
    assert re.search(r"^dms/employees +\d+ +346 +\d+ +200 +\d+$", summary, re.MULTILINE)
    assert "survey/callbacks/callbacks_20251120.csv: required column missing: outcome" in summary
    assert "dms/employees: no column 'department' in 1 file(s), e.g. bad_20251129.csv" in summary
    assert "dms/appointments: unknown column '会员等级' in 2 file(s)" in summary
    assert "planning/targets not_emptied: No row is left" in said
    assert "dms/employees rejected_share: 200 of 346 rows are rejected" in said

    after = settings.published / "aftersales.duckdb"
    changed = {line.split(":")[0] for line in differences(before, after)}
    assert changed == {"quality_load", "quality_rejected_row"}
    assert tables(after).keys() == tables(before).keys()
    with duckdb.connect(str(after), read_only=True) as connection:
        found = connection.execute(
            "select dataset, check_name from marts.quality_check_result where is_blocking and not passed "
            "and run_id = (select max(run_id) from marts.quality_check_result) order by all"
        ).fetchall()
    assert found == [("employees", "rejected_share"), ("targets", "not_emptied")]
