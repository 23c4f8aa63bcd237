"""A small published state with the inputs of its quality report, and helpers to read the report."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
from python_calamine import CalamineWorkbook

from dagster_project.checks.results import CheckResult, write_results
from dagster_project.load.landing import LandedFile
from dagster_project.load.manifest import Entry, join_names, write_manifest
from dagster_project.settings import Settings

DAY = datetime(2026, 4, 1, 21)
NASTY = '=cmd|"/c calc"!A1<script>alert(1)</script>'
APRIL, MARCH = date(2026, 4, 1), date(2026, 3, 1)


def result(run: int = 1, **found: Any) -> CheckResult:
    values: dict[str, Any] = {
        "run_id": f"run{run:02}",
        "system": "dms",
        "dataset": "repair_orders",
        "check_name": "delivered_in_order",
        "dimension": "consistency",
        "severity": "warning",
        "column_name": "delivered_at",
        "evaluated": 200,
        "failed": 0,
        "pass_rate": 1.0,
        "is_blocking": False,
        "passed": True,
        "run_at": DAY + timedelta(days=run),
        "owner": "dms_owner",
        "description": "Delivered after check-in. / 交车不早于接车。",
    }
    return CheckResult(**(values | found))


def failed(run: int = 1, **found: Any) -> CheckResult:
    row = {"store_code": "001", "repair_order_no": "R7", "source_file": "ro_20260401.csv", "source_line": 12}
    return result(run, **({"passed": False, "failed": 3, "pass_rate": 0.985, "failing": [row]} | found))


def not_run(run: int = 1, **found: Any) -> CheckResult:
    nothing = {"passed": None, "evaluated": None, "failed": None, "pass_rate": None}
    return result(run, **(nothing | {"error": "Binder Error: no such column"} | found))


TABLES = {
    "dim_store": "select unnest(['001', '002']) as store_code",
    "fct_repair_order": (
        "select * from (values ('001', 'R1', date '2026-04-01', 'ro_20260430.csv'), "
        "('001', 'R2', date '2026-03-01', 'ro_20260430.csv'), ('002', 'R3', date '2026-04-01', 'ro_20260430.csv'), "
        "('002', 'R4', date '2026-04-01', 'ro_20260430.csv')) as t(store_code, repair_order_no, month, source_file)"
    ),
    "fct_job_line": "select * from marts.fct_repair_order where repair_order_no <> 'R4'",
    "first_fix_store_monthly": (
        "select * from (values ('001', date '2026-04-01', 10, 2), ('001', date '2026-03-01', 4, 0), "
        "('002', date '2026-04-01', 20, 5)) as t(store_code, month, repairs, not_fixed)"
    ),
    "service_efficiency_monthly": (
        "select store_code, month, repairs as promised, repairs - not_fixed as on_time_deliveries "
        "from marts.first_fix_store_monthly"
    ),
}

RO = {"门店代码": "001", "工单号": "R8", "接车时间": "2026/4/9 8:00", "工单状态": "已交车", "客户编号": "C1"}
REJECTED = [
    # placed by its own cells; its key has a current row; store unknown; month unreadable; a repeated header; void
    ("dms", "repair_orders", "ro_20260430.csv", 2, "missing:vin", RO),
    ("dms", "repair_orders", "ro_20260430.csv", 3, "missing:vin", RO | {"工单号": "R1"}),
    (
        "dms",
        "repair_orders",
        "ro_20260430.csv",
        4,
        "unknown_store:store_code",
        RO | {"门店代码": "009", "工单号": "R9"},
    ),
    (
        "dms",
        "repair_orders",
        "ro_20260430.csv",
        5,
        "unreadable_timestamp:checked_in_at; unknown_value:status",
        RO | {"工单号": "R10", "接车时间": "2026/13/45", "工单状态": "报废"},
    ),
    ("dms", "repair_orders", "ro_20260430.csv", 6, "repeated_header", {name: name for name in RO}),
    ("dms", "repair_orders", "ro_20260430.csv", 7, "missing:vin", RO | {"工单号": "R11", "工单状态": "作废"}),
    # a line of an order that is counted, of one that has no line yet, of an unknown one
    (
        "dms",
        "repair_order_lines",
        "l_20260430.csv",
        2,
        "missing:line_no",
        {"store_code": "001", "repair_order_no": "R2"},
    ),
    (
        "dms",
        "repair_order_lines",
        "l_20260430.csv",
        3,
        "missing:line_no",
        {"store_code": "002", "repair_order_no": "R4"},
    ),
    (
        "dms",
        "repair_order_lines",
        "l_20260430.csv",
        4,
        "missing:line_no",
        {"store_code": "001", "repair_order_no": "X"},
    ),
    ("survey", "callbacks", NASTY, 9, "unknown_value:outcome", {"门店代码": NASTY, "回访编号": "+1", "回访结果": "@x"}),
]


def small_published(tmp_path: Path) -> Settings:
    """A small published state, the accepted part that its orders came from, and no check results."""
    found = Settings(landing=tmp_path / "landing", data=tmp_path / "data", as_of=date(2026, 4, 30))
    found.published.mkdir(parents=True)
    rejected = [(*row[:5], json.dumps(row[5], ensure_ascii=False)) for row in REJECTED]
    with duckdb.connect(str(found.published / "aftersales.duckdb")) as connection:
        connection.execute("create schema marts")
        for name, sql in TABLES.items():
            connection.execute(f"create table marts.{name} as {sql}")
        connection.execute(
            "create table marts.quality_rejected_row "
            "(system text, dataset text, file text, line bigint, reasons text, row text)"
        )
        connection.executemany("insert into marts.quality_rejected_row values (?, ?, ?, ?, ?, ?)", rejected)
        connection.execute(
            "create table marts.quality_load as select * from (values "
            "('dms', 'repair_orders', 'ro_20260430.csv', timestamp '2026-04-30', 10, 6, 'loaded', null), "
            "('survey', 'callbacks', 'bad <b>.csv', timestamp '2026-04-30', 0, 0, 'quarantined', "
            "'required column missing: outcome (回访结果)')) "
            "as t(system, dataset, file, extract_at, rows_read, rows_rejected, status, error)"
        )
        accepted = found.lake / "dms" / "repair_orders" / "accepted"
        accepted.mkdir(parents=True)
        connection.execute(f"copy marts.fct_repair_order to '{accepted / 'part.parquet'}' (format parquet)")
    entries = [
        entry("ro_20260430.csv", accepted_part="accepted/part.parquet"),
        entry("ro_20260428.csv", unknown_columns=join_names(["备注, 内部", NASTY])),
        entry("ro_20260429.csv", unknown_columns=join_names(["备注, 内部", NASTY])),
        entry("ro_20260427.csv", missing_columns="promised_at, quoted_amount"),
    ]
    write_manifest(accepted.parent, {file.source_path: file for file in entries})
    return found


def entry(name: str, **found: Any) -> Entry:
    """A loaded file of dms/repair_orders."""
    day = datetime.strptime(name[3:11], "%Y%m%d")
    file = LandedFile("dms", "repair_orders", Path(name), extract_at=day, size=1, mtime_ns=1, ctime_ns=1)
    return Entry.of(file, f"dms/repair_orders/{name}", "loaded", **found)


def write(settings: Settings, *results: CheckResult) -> None:
    write_results(settings.lake / "quality", list(results))


def page(settings: Settings, name: str) -> str:
    return (settings.data / "reports" / "quality" / "latest" / name).read_text(encoding="utf-8")


def text(html: str) -> str:
    return " ".join(" ".join(ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>")).itertext()).split())


def sheets(settings: Settings, owner: str) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(settings.data / "reports" / "quality" / "latest" / f"{owner}.xlsx")
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
