"""The quality report shows what failed, since when, what did not run, and how far the figures could move."""

import csv
import json
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import duckdb
import pyarrow.parquet as pq
import pytest

from dagster_project.checks.results import last_results
from dagster_project.checks.suites import Check, Suite
from dagster_project.contracts import read_contracts
from dagster_project.reports.quality import NoResults, write_quality_report
from dagster_project.reports.quality.content import read_report
from dagster_project.reports.quality.history import read_history
from dagster_project.reports.quality.lineage import KPIS, marts_by_dataset
from dagster_project.reports.quality.numbers import percent, score
from dagster_project.reports.quality.placing import Placed
from dagster_project.reports.quality.ranges import bounds, rate_ranges
from dagster_project.reports.quality.rates import RATES
from dagster_project.settings import PROJECT_DIR, Settings
from tests.support.quality_report import (
    APRIL,
    MARCH,
    NASTY,
    failed,
    not_run,
    page,
    result,
    sheets,
    small_published,
    text,
    write,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return small_published(tmp_path)


def test_pages_show_what_failed_and_what_is_quarantined(settings: Settings) -> None:
    write(settings, failed())
    index = write_quality_report(settings, suites={})
    assert index == settings.data / "reports" / "quality" / "run01" / "index.html"
    assert (index.parent.parent / "latest").resolve() == index.parent
    shown = text(index.read_text(encoding="utf-8"))
    assert "Published" in shown and "Not published" not in shown
    # The quarantined file comes before everything else that is counted.
    assert shown.index("bad <b>.csv") < shown.index("checks ran")
    assert "required column missing: outcome" in shown and "请导出包含该列的文件" in shown
    owner = text(page(settings, "dms_owner.html"))
    assert "dms/repair_orders · delivered_in_order" in owner
    assert "3 of 200" in owner and "交车不早于接车" in owner and "ro_20260401.csv, 12" in owner
    assert "aftersales failing --dataset dms/repair_orders --check delivered_in_order --out" in owner, "one row of 3"
    assert "On-time delivery rate" in owner.split("What failed")[1], "the figures made from delivered_at"
    assert "checked_in_at is not a time" in owner and "接车时间不是有效时间" in owner
    assert "All well" in text(page(settings, "planning_owner.html"))


def test_a_blocking_failure_comes_first_and_says_what_to_do(settings: Settings) -> None:
    write(settings, failed(check_name="rejected_share", is_blocking=True, severity="critical"), result())
    shown = text(write_quality_report(settings, suites={}).read_text(encoding="utf-8"))
    assert "Not published" in shown
    assert shown.index("rejected_share") < shown.index("bad <b>.csv")
    assert "usually one column of one file is at fault" in shown
    assert "Your data blocks publishing" in text(page(settings, "dms_owner.html"))


def test_a_check_that_did_not_run_is_shown_and_never_passed(settings: Settings) -> None:
    planned = Check(
        *("dms", "vehicles", "vin_form", "unexpected_rows_expectation", {}, "warning", "accuracy", "accepted"),
        *("Form of the VIN. / 车架号格式。", "dms_owner", "vin", None, False, None, (), None),
    )
    suites = {"dms/vehicles": Suite(read_contracts()["dms/vehicles"], (planned,))}
    write(settings, not_run(), result(check_name="other"))
    shown = text(write_quality_report(settings, suites=suites).read_text(encoding="utf-8"))
    assert "did not run" in shown and "Binder Error: no such column" in shown
    assert "vin_form" in shown and "the run has no result of this check" in shown
    assert "100.00 0 of 2 · 1 not run" in shown
    owner = text(page(settings, "dms_owner.html"))
    assert "3 checks planned" in owner and "1 passed" in owner and "2 did not run" in owner


def test_a_blocking_check_that_did_not_run_blocks(settings: Settings) -> None:
    write(settings, not_run(is_blocking=True))
    assert not read_report(settings, suites={}).is_published


def test_since_is_the_first_failure_after_the_last_pass(settings: Settings) -> None:
    for one in (failed(1), result(2), failed(3), not_run(4), failed(5)):
        write(settings, one)
    history = read_history(settings.lake / "quality")
    (streak,) = history.streaks.values()
    assert (streak.run_id, streak.runs) == ("run03", 2)
    assert list(history.failed_rows.values()) == [[3, 0, 3, None, 3]]
    assert [point.score for point in history.scores["consistency"]] == [0.985, 1.0, 0.985, None, 0.985]
    earlier = read_history(settings.lake / "quality", "run03")
    assert earlier.streaks[next(iter(earlier.streaks))].runs == 1 and not earlier.is_last


def test_a_check_that_passes_again_has_no_streak(settings: Settings) -> None:
    write(settings, failed(1))
    write(settings, result(2))
    assert read_history(settings.lake / "quality").streaks == {}


def test_a_report_of_an_earlier_run_leaves_latest_alone(settings: Settings) -> None:
    write(settings, failed(1))
    write(settings, result(2))
    write_quality_report(settings, suites={})
    earlier = write_quality_report(settings, "run01", suites={})
    assert "This is an earlier run" in text(earlier.read_text(encoding="utf-8"))
    assert (earlier.parent.parent / "latest").resolve().name == "run02"
    assert write_quality_report(settings, "run01", suites={}) == earlier, "written again in place"
    assert {path.name for path in earlier.parent.parent.iterdir()} == {"run01", "run02", "latest"}


def test_each_run_shows_its_own_business_date_and_older_results_none(settings: Settings) -> None:
    write(settings, failed(run=1))
    kept = settings.lake / "quality" / "check_results" / "run01.parquet"
    # As results were stored before they held the date.
    pq.write_table(pq.read_table(kept).drop_columns("as_of"), kept)
    write_quality_report(settings, suites={})
    assert "As of" not in text(page(settings, "index.html"))
    write(settings, failed(run=2, as_of=date(2026, 4, 3)))
    write(settings, failed(run=3, as_of=date(2026, 4, 4)))
    write_quality_report(settings, suites={})
    assert "As of 业务日期 2026-04-04" in text(page(settings, "index.html"))
    assert "As of 业务日期 2026-04-04" in text(page(settings, "dms_owner.html"))
    earlier = write_quality_report(settings, "run02", suites={}).read_text(encoding="utf-8")
    assert "As of 业务日期 2026-04-03" in text(earlier)
    assert last_results(settings.lake / "quality")[0].as_of == date(2026, 4, 4)


def test_missing_results_are_reported(settings: Settings) -> None:
    with pytest.raises(NoResults, match="no check has run yet"):
        write_quality_report(settings)
    write(settings, result())
    with pytest.raises(NoResults, match="run nosuch"):
        write_quality_report(settings, "nosuch", suites={})


def test_bounds_equal_those_worked_by_hand() -> None:
    assert bounds(8, 10, 2) == (8 / 12, 10 / 12)
    assert bounds(10, 10, 0, 1) == (0.9, 1.0)
    assert bounds(0, 0, 1) == (0.0, 1.0)
    assert bounds(1, 4, 1, 2) == (0.0, 0.8)
    assert bounds(0, 0, 0) is None


def test_a_unit_counts_once_and_open_months_have_no_range() -> None:
    both = frozenset({("001", APRIL), ("001", MARCH)})
    twice = [Placed(("001", "R1"), adds=True, store_months=both, is_exact=False)] * 2
    found = rate_ranges(RATES[0], twice, {("001", APRIL): (3, 4), ("001", MARCH): (None, 7)})
    assert [(r.month, r.added, r.low, r.high) for r in found] == [(APRIL, 1, 3 / 5, 4 / 5)]


def test_ranges_of_a_published_state(settings: Settings) -> None:
    write(settings, result())
    (owner,) = [o for o in read_report(settings, suites={}).owners if o.name == "dms_owner"]
    effects = {effect.rate.code: effect for effect in owner.effects}
    assert set(effects) == {"first_fix_rate", "on_time_delivery_rate"}
    fix = effects["first_fix_rate"]
    # R1 has its current row; the header, the void order and the line of an unknown order have no effect.
    assert (fix.accepted, fix.unrelated, fix.in_doubt) == (1, 3, 5)
    found = {(r.store_code, r.month): r for r in fix.ranges}
    # 001 April, 8 of 10: R8 is its own, R9 may be (April, any store), R10 may be (store 001, any month).
    april = found["001", APRIL]
    assert (april.added, april.changed, april.from_row) == (3, 0, 1)
    assert (april.low, april.high) == (8 / 13, 11 / 13)
    # 001 March, 4 of 4: R10 may be; the line of R2 may turn one.
    march = found["001", MARCH]
    assert (march.added, march.changed, march.low, march.high) == (1, 1, 3 / 5, 1.0)
    # 002 April, 15 of 20: R9 may be; R4 has its first line.
    other = found["002", APRIL]
    assert (other.added, other.changed, other.low, other.high) == (2, 0, 15 / 22, 17 / 22)
    # Lines have no effect on delivery.
    assert {(r.store_code, r.month): r.rows for r in effects["on_time_delivery_rate"].ranges} == {
        ("001", APRIL): 3,
        ("001", MARCH): 1,
        ("002", APRIL): 1,
    }


def test_pages_are_well_formed_escaped_and_refer_to_nothing_outside(settings: Settings) -> None:
    nasty = {"store_code": "001", "repair_order_no": NASTY, "source_file": NASTY, "source_line": 1}
    write(settings, failed(description=f"{NASTY} / 中文\x00", failing=[nasty]), not_run(check_name="b", error=NASTY))
    folder = write_quality_report(settings, suites={}).parent
    pages = sorted(folder.glob("*.html"))
    assert len(pages) == 6
    for path in pages:
        html = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>"))
        assert not [element for element in root.iter() if element.tag in ("script", "link", "img", "iframe")]
        assert not re.search(r"https?://|url\(|@import|javascript:", html)
        for element in root.iter():
            target = element.get("href", "").partition("#")[0]
            assert not target or (folder / target).exists(), f"{path.name} names {target}"
    assert "&lt;script&gt;" in page(settings, "survey_owner.html")


def test_the_workbook_holds_all_rows_as_text(settings: Settings) -> None:
    nasty = {"store_code": "-1", "repair_order_no": NASTY, "source_file": "ro.csv", "source_line": 4}
    write(settings, failed(failing=[nasty] * 120), not_run(check_name="b"))
    folder = write_quality_report(settings, suites={}).parent
    dms = sheets(settings, "dms_owner")
    assert list(dms) == [
        "Findings 检查结果",
        "Effect 指标影响",
        "Headers 表头",
        "repair_order_lines 拒收行",
        "repair_orders 拒收行",
        "repair_orders 检查未通过",
    ]
    states = [row[3] for row in dms["Findings 检查结果"][1:]]
    assert states == ["failed 未通过", "rejected 拒收", "rejected 拒收", "did not run 未运行"]
    assert len(dms["repair_orders 检查未通过"]) == 121
    assert dms["repair_orders 检查未通过"][1][3:] == ["ro.csv", 4.0, "-1", NASTY]
    rejected = dms["repair_orders 拒收行"]
    assert [row[1] for row in rejected[1:]] == [2, 3, 4, 5, 6, 7]
    assert "status is not one of" in rejected[4][2] and "工单状态不在允许值之内" in rejected[4][3]
    header = [cell.split("\n")[0] for cell in rejected[0]]
    assert rejected[1][header.index("repair_order_no")] == "R8"
    assert sheets(settings, "survey_owner")["callbacks 拒收行"][1][4] == NASTY
    for path in folder.glob("*.xlsx"):
        with ZipFile(path) as book:
            xml = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert all("<f>" not in sheet and "<f " not in sheet and "hyperlink" not in sheet for sheet in xml)
        assert all('state="frozen"' in sheet and "<autoFilter" in sheet for sheet in xml)


def test_headers_that_differ_from_the_contract_are_shown(settings: Settings) -> None:
    write(settings, result())
    index = text(write_quality_report(settings, suites={}).read_text(encoding="utf-8"))
    assert "dms/repair_orders 备注, 内部 , " in index.split("Headers that differ")[1]
    shown = text(page(settings, "dms_owner.html")).split("Headers that differ from the contract")[1]
    assert f"dms/repair_orders 备注, 内部 , {NASTY} 2 ro_20260429.csv" in shown, "the newest of two files"
    assert "dms/repair_orders promised_at 预计交车时间 , quoted_amount 预估金额 1 ro_20260427.csv" in shown
    assert sheets(settings, "dms_owner")["Headers 表头"][1:] == [
        ["dms/repair_orders", "ro_20260429.csv", date(2026, 4, 29), f"备注, 内部 · {NASTY}", ""],
        ["dms/repair_orders", "ro_20260428.csv", date(2026, 4, 28), f"备注, 内部 · {NASTY}", ""],
        [
            "dms/repair_orders",
            "ro_20260427.csv",
            date(2026, 4, 27),
            "",
            "promised_at 预计交车时间 · quoted_amount 预估金额",
        ],
    ]
    assert "Headers that differ" not in text(page(settings, "planning_owner.html"))
    assert "Headers 表头" not in sheets(settings, "planning_owner")


def test_keys_that_hold_a_phone_number_are_masked(settings: Settings) -> None:
    row = {"store_code": "001", "customer_no": "13912345678", "source_file": "c.csv", "source_line": 2}
    write(settings, failed(dataset="customers", column_name=None, failing=[row]))
    write_quality_report(settings, suites={})
    assert "13912345678" not in page(settings, "dms_owner.html")
    assert "13912345678" not in str(sheets(settings, "dms_owner"))


def personal_values(settings: Settings) -> set[str]:
    """Every name, phone number and plate that the lake holds, of rejected rows too."""
    columns = [
        (contract, column.name)
        for contract in read_contracts().values()
        for column in contract.columns
        if column.personal and column.personal.name in ("person_name", "phone", "plate")
    ]
    found: set[str] = set()
    with duckdb.connect() as connection:
        for contract, name in columns:
            parts = settings.lake / contract.system / contract.dataset
            files = parts / "accepted" / "*.parquet"
            sql = f"select distinct {name} from read_parquet('{files}') where {name} is not null"
            found |= {value for (value,) in connection.execute(sql).fetchall()}
            for path in (parts / "rejected").glob("*.parquet"):
                raw = connection.execute("select row_raw from read_parquet(?)", [str(path)]).fetchall()
                cells = [json.loads(row) for (row,) in raw]
                labels = (name, contract.column(name).label)
                found |= {row[label] for row in cells for label in labels if row.get(label)}
    return {value for value in found if len(value) > 1}


def test_no_name_phone_or_plate_of_the_sample_is_shown(sample_run: Settings) -> None:
    secrets = personal_values(sample_run)
    assert len(secrets) > 1000
    folder = write_quality_report(sample_run).parent
    shown = [path.read_text(encoding="utf-8") for path in folder.glob("*.html")]
    for path in folder.glob("*.xlsx"):
        with ZipFile(path) as book:
            shown += [book.read(name).decode() for name in book.namelist() if name.endswith(".xml")]
    assert len(shown) > 20
    words = set(re.split(r"[\s<>]+", "\n".join(shown)))
    lengths = {len(secret) for secret in secrets}
    pieces = {word[i : i + n] for word in words for n in lengths for i in range(len(word) - n + 1)}
    assert not secrets & pieces


def test_a_report_can_be_written_before_anything_is_published(tmp_path: Path) -> None:
    settings = Settings(landing=tmp_path, data=tmp_path / "data", as_of=date(2026, 4, 30))
    write(settings, failed(system="marts", dataset="dim_store", owner="warehouse", is_blocking=True))
    shown = text(write_quality_report(settings, suites={}).read_text(encoding="utf-8"))
    assert "Not published" in shown and "dbt build --select dim_store" in shown


def test_figures_name_columns_and_marts_that_exist() -> None:
    contracts = read_contracts()
    for kpi in KPIS:
        for dataset, columns in kpi.columns.items():
            assert columns <= {column.name for column in contracts[dataset].columns}, f"{kpi.code}: {dataset}"
    for rate in RATES:
        for feed in rate.feeds:
            names = {rate.unit, "store_code", feed.date_column or rate.unit, *(feed.only or ())[:1]}
            assert names <= {column.name for column in contracts[feed.dataset].columns}


def test_figures_are_those_of_the_scorecard_by_the_same_names() -> None:
    with (PROJECT_DIR / "seeds" / "kpis.csv").open(encoding="utf-8", newline="") as file:
        names = {row["kpi_code"]: (row["kpi_name"], row["kpi_name_zh"]) for row in csv.DictReader(file)}
    assert {kpi.code: (kpi.label.en, kpi.label.zh) for kpi in KPIS} == names


def test_marts_are_those_that_descend_from_staging(tmp_path: Path) -> None:
    def node(name: str, schema: str, kind: str = "model") -> dict:
        return {"name": name, "schema": schema, "resource_type": kind}

    nodes = {
        "a": node("stg_dms__vehicles", "staging"),
        "b": node("int_vehicle", "intermediate"),
        "c": node("lost_vehicle", "marts"),
        "d": node("quality_load", "marts"),
        "e": node("unique_lost_vehicle", "marts", "test"),
        "f": node("dim_vehicle", "core"),
    }
    children = {"a": ["b", "d"], "b": ["c", "f"], "c": ["e"]}
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": nodes, "child_map": children}), encoding="utf-8")
    assert marts_by_dataset(path) == {"dms/vehicles": ["lost_vehicle"]}
    assert marts_by_dataset(tmp_path / "none.json") == {}


def test_numbers_round_half_away_from_zero_and_never_flatter() -> None:
    assert (percent(0.0525), percent(0.12345, 2), percent(None)) == ("5.3%", "12.35%", "–")
    assert (percent(23 / 80), percent(23 / 160, 2)) == ("28.8%", "14.38%"), "ties, which binary fractions round wrongly"
    assert (score(1.0), score(0.999999), score(0.99985), score(None)) == ("100.00", ">99.99", "99.99", "–")
