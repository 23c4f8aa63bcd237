"""Workbooks and Parquet files: their types, sheets and extents are read as the same rows in CSV would be."""

from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from dagster_project.settings import TIME_ZONE
from tests.support.customers_file import EXPECTED, HEADER, READ, ROWS, csv_text


@pytest.mark.parametrize("titles", [0, 3])
@pytest.mark.parametrize("sheet", ["customers", "导出"])
def test_xlsx_with_titles_real_dates_and_other_sheets(landing, titles: int, sheet: str) -> None:
    path = landing.path("dms/customers/a_20260401.xlsx")
    with xlsxwriter.Workbook(path) as book:
        if sheet == "customers":
            book.add_worksheet("说明").write(0, 0, "notes")
        page = book.add_worksheet(sheet)
        for row in range(titles):
            page.write(row, 0, f"标题 {row}")
        page.write_row(titles, 0, HEADER)
        page.write_row(titles + 1, 0, ROWS[0])
        page.write_row(titles + 2, 0, ROWS[1])
        page.write_datetime(titles + 2, 4, datetime(2026, 4, 3), book.add_format({"num_format": "yyyy-mm-dd"}))
    landing.load()
    assert landing.query(READ) == [(*row[:-1], row[-1] + titles) for row in EXPECTED]
    assert landing.query("select distinct registered_on from lake.dms__customers") == [(date(2026, 4, 3),)]


def test_numbers_in_a_workbook_are_codes_without_a_fraction(landing) -> None:
    path = landing.path("dms/repair_order_lines/a_20260401.xlsx")
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["store_code", "repair_order_no", "line_no", "labour_hours"])
        page.write_row(1, 0, ["001", 20260401001, 1, 0.1])
    landing.load()
    query = "select repair_order_no, line_no, cast(labour_hours as double) from lake.dms__repair_order_lines"
    assert landing.query(query) == [("20260401001", 1, 0.1)]


def test_a_workbook_with_a_cell_in_the_last_corner_takes_little_memory(landing) -> None:
    with xlsxwriter.Workbook(landing.path("dms/customers/a.xlsx")) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        page.write(1048575, 16383, "x")
    landing.load()
    assert "cells down to XFD1048576: delete" in landing.file("a.xlsx")["error"]


def test_a_chart_sheet_and_blank_columns_before_the_table_are_skipped(landing) -> None:
    with xlsxwriter.Workbook(landing.path("dms/customers/a_20260401.xlsx")) as book:
        book.add_chartsheet("图")
        page = book.add_worksheet()
        for index, row in enumerate([HEADER, *ROWS]):
            page.write_row(index, 2, row)
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert landing.file("a_20260401.xlsx")["unknown_columns"] == ""


def test_parquet_native_types(landing) -> None:
    path = landing.path("dms/repair_orders/a_20260401.parquet")
    columns = {
        "Store_Code": pa.array(["001"]),
        "工单号": pa.array([1001.0]),
        "customer_no": pa.array([7]),
        "vin": pa.array(["V1"]).dictionary_encode(),
        "service_type": pa.array(["维修"]),
        "status": pa.array(["delivered"]),
        "checked_in_at": pa.array([datetime(2026, 4, 1, 1, 30)], pa.timestamp("ns", "UTC")),
        "promised_at": pa.array([date(2026, 4, 1)]),
        "odometer_km": pa.array([float("nan")]),
        "total_amount": pa.array(["12.50"]).cast(pa.decimal128(10, 2)),
    }
    pq.write_table(pa.table(columns), path)
    landing.load()
    query = (
        "select repair_order_no, customer_no, vin, checked_in_at, promised_at, odometer_km, "
        "cast(total_amount as double), source_line from lake.dms__repair_orders"
    )
    row = ("1001", "7", "V1", datetime(2026, 4, 1, 9, 30), datetime(2026, 4, 1), None, 12.5, 1)
    assert landing.query(query) == [row]


def test_instants_during_daylight_saving_time_are_read_as_local_clocks_showed_them(landing) -> None:
    path = landing.path("dms/repair_orders/a_20260401.parquet")
    shown = [datetime(1988, 7, 1, 9, 30), datetime(1988, 12, 1, 9, 30), datetime(1995, 7, 1, 9, 30), None]
    instants = [moment and moment.replace(tzinfo=TIME_ZONE) for moment in shown]
    columns = {
        "store_code": pa.array(["001"] * 4),
        "repair_order_no": pa.array(["1", "2", "3", "4"]),
        "customer_no": pa.array(["7"] * 4),
        "vin": pa.array(["V1"] * 4),
        "service_type": pa.array(["维修"] * 4),
        "status": pa.array(["delivered"] * 4),
        "checked_in_at": pa.array([datetime(2026, 4, 1)] * 4),
        "promised_at": pa.array(instants, pa.timestamp("us", "Asia/Shanghai")),
    }
    pq.write_table(pa.table(columns), path)
    landing.load()
    query = "select promised_at from lake.dms__repair_orders order by repair_order_no"
    assert [moment for (moment,) in landing.query(query)] == shown


def parquet_customers(**columns: pa.Array) -> pa.Table:
    table = {"store_code": ["001"], "customer_no": ["C1"], "customer_type": ["private"], "registered_on": ["20260403"]}
    return pa.table({name: pa.array(values) for name, values in table.items()} | columns)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pa.array([b"A1"]), "A1"),
        (pa.array([1234.56], pa.float32()), "1234.56"),
        (pa.array([9007199254740992.0]), "9007199254740992"),
        (pa.array(["1001"]).cast(pa.decimal128(38, 10)), "1001"),
        (pa.array(["x"], pa.large_string()), "x"),
        (pa.nulls(1), None),
    ],
)
def test_parquet_cells_as_text(landing, cells: pa.Array, expected: str | None) -> None:
    pq.write_table(parquet_customers(occupation=cells), landing.path("dms/customers/a_20260401.parquet"))
    landing.load()
    assert landing.query("select occupation from lake.dms__customers") == [(expected,)]


def test_unknown_parquet_columns_may_hold_anything(landing) -> None:
    table = parquet_customers(tags=pa.array([[1, 2]]), photo=pa.array([b"\xff\x00"]), at=pa.array([{"x": None}]))
    pq.write_table(table, landing.path("dms/customers/a_20260401.parquet"))
    landing.load()
    assert landing.query("select unknown_columns from lake.dms__customers") == [
        ('{"tags": "[1, 2]", "photo": "ff00", "at": "{\\"x\\": null}"}',)
    ]


def test_parquet_text_that_is_not_utf8_is_quarantined(landing) -> None:
    name = pa.array(["测试甲".encode("gbk")])
    damaged = pa.Array.from_buffers(pa.string(), 1, name.buffers())
    pq.write_table(parquet_customers(customer_name=damaged), landing.path("dms/customers/a.parquet"))
    landing.write("dms/customers/good_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    assert "column 'customer_name' (string) is not UTF-8 text" in landing.file("a.parquet")["error"]
    assert landing.query(READ) == EXPECTED
