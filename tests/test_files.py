"""Files as they come in the wild: encodings, separators, workbooks, versions, and every kind of bad input."""

import gzip
import itertools
import os
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from dagster_project.load.load import load_landing
from dagster_project.load.manifest import read_manifest
from dagster_project.load.part import LakeError

HEADER = ["门店代码", "客户编号", "客户姓名", "客户类型", "建档日期", "职业"]
ROWS = [
    ["001", "C1", "测试甲", "私车", "2026-04-03", "教师"],
    ["001", "C2", "测试乙", "公车", "2026/4/3", "司机"],
]
EXPECTED = [("001", "C1", "private", "教师", 2), ("001", "C2", "corporate", "司机", 3)]
READ = "select store_code, customer_no, customer_type, occupation, source_line from lake.dms__customers order by 2, 5"


def csv_text(rows: list[list[str]], separator: str = ",", end: str = "\n") -> str:
    return end.join(separator.join(row) for row in rows) + end


@pytest.mark.parametrize(
    ("encoding", "separator", "end"),
    [
        ("utf-8", ",", "\n"),
        ("utf-8-sig", ";", "\r\n"),
        ("gb18030", "\t", "\r\n"),
        ("gbk", ",", "\n"),
        ("utf-16", "\t", "\r\n"),
        ("utf-8", ",", "\r"),
    ],
)
def test_csv_encodings_and_separators(landing, encoding: str, separator: str, end: str) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS], separator, end), encoding)
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert landing.file("a_20260401.csv")["encoding"] == {"utf-8-sig": "utf-8", "gbk": "gb18030"}.get(
        encoding, encoding
    )


def test_gzip(landing) -> None:
    landing.write("dms/customers/a_20260401.CSV.GZ", gzip.compress(csv_text([HEADER, *ROWS]).encode("gb18030")))
    landing.load()
    assert landing.query(READ) == EXPECTED


def test_quoted_cells_with_line_breaks_keep_lines_exact(landing) -> None:
    text = "store_code,case_no,case_type,channel,category,priority,received_at,description\n"
    text += '001,1,投诉,电话,质量,一般,2026-04-01 9:00,"first ""line""\nsecond, line\n\nthird"\n\n'
    text += "001,2,咨询,微信,时间,紧急,2026-04-01 9:00,plain\n"
    landing.write("complaint/cases/a_20260401.csv", text)
    landing.load()
    assert landing.query("select case_no, source_line, description from lake.complaint__cases order by 1") == [
        ("1", 2, 'first "line"\nsecond, line\n\nthird'),
        ("2", 7, "plain"),
    ]


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


def test_extract_time_is_in_the_name_or_else_the_modification_time(landing) -> None:
    names = ["a_20260401.csv", "b_202604011230.csv", "c20260401123059.csv", "d_20261341.csv", "e_1234567890.csv"]
    for name in names:
        path = landing.write(f"dms/customers/{name}", csv_text([HEADER]))
        os.utime(path, (1767225600, 1767225600))
    landing.load()
    modified = datetime(2026, 1, 1, 8)
    assert [landing.file(name)["extract_at"] for name in names] == [
        datetime(2026, 4, 1),
        datetime(2026, 4, 1, 12, 30),
        datetime(2026, 4, 1, 12, 30, 59),
        modified,
        modified,
    ]


def test_unknown_columns_are_kept_and_missing_optional_ones_reported(landing) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([[*HEADER[:5], "会员等级"], [*ROWS[0][:5], "金卡"]]))
    landing.load()
    assert landing.query("select unknown_columns, occupation from lake.dms__customers") == [
        ('{"会员等级": "金卡"}', None)
    ]
    record = landing.file("a_20260401.csv")
    assert record["unknown_columns"] == "会员等级"
    assert record["missing_columns"] == "gender, birth_year, occupation, phone"


@pytest.mark.parametrize("end", ["", "\n\n"])
def test_a_column_without_a_name_is_kept_where_it_holds_anything(landing, end: str) -> None:
    header = "store_code,customer_no,customer_type,registered_on"
    empty = f'"","",""\n{header},,\n001,C1,private,2026-04-03,,\n001,C2,private,2026-04-03\n{end}'
    landing.write("dms/customers/a_20260401.csv", empty)
    landing.write("dms/customers/b_20260401.csv", f"{header},,\n001,C3,private,2026-04-03,,remark\n{end}")
    landing.load()
    found = landing.query("select customer_no, source_line, unknown_columns from lake.dms__customers order by 1")
    unnamed = '{"column 5": "", "column 6": "remark"}'
    assert found == [("C1", 3, None), ("C2", 4, None), ("C3", 2, unnamed)]
    assert landing.file("a_20260401.csv")["unknown_columns"] == ""
    assert landing.file("b_20260401.csv")["unknown_columns"] == "column 5, column 6"
    assert [landing.file(f"{name}_20260401.csv")["short_rows"] for name in "ab"] == [0, 0]


def quarantine_cases() -> dict[str, tuple[str, bytes, str]]:
    good = csv_text([HEADER, *ROWS])
    latin = "store_code,customer_no,customer_name,customer_type,registered_on\n001,1,Müller Ärzte,private,2026-04-03\n"
    return {
        "empty": ("a.csv", b"", "empty"),
        "blank": ("a.csv", b" \r\n\r\n", "empty"),
        "no header": ("a.csv", b"1,2,3\n4,5,6\n", "no header"),
        "required column missing": ("a.csv", b"store_code,customer_no\n001,C1\n", "customer_type (客户类型)"),
        "a column named twice": ("a.csv", csv_text([[*HEADER, "store_code"]]).encode(), "named twice"),
        "damaged utf-8": ("a.csv", (good * 3).encode().replace("司".encode(), b"\xff\xff"), "line 3"),
        "latin-1": ("a.csv", latin.encode("latin-1"), "wrong encoding"),
        "utf-16 without a mark": ("a.csv", good.encode("utf-16-le"), "wrong encoding"),
        "no workbook": ("a.xlsx", b"PK not a zip", "damaged"),
        "no parquet": ("a.parquet", b"PAR1 nothing", "damaged"),
        "broken gzip": ("a.csv.gz", gzip.compress(good.encode() * 500)[:60], "gzip"),
        "unknown ending": ("a.txt", good.encode(), "is not an extract"),
    }


@pytest.mark.parametrize("case", quarantine_cases())
def test_a_file_that_cannot_be_read_is_quarantined_and_the_others_load(landing, case: str) -> None:
    name, content, reason = quarantine_cases()[case]
    landing.write(f"dms/customers/{name}", content)
    landing.write("dms/customers/good_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    record = landing.file(name)
    assert record["status"] == "quarantined"
    assert reason in record["error"]
    assert landing.query(READ) == EXPECTED


def test_a_folder_and_a_misplaced_file_are_quarantined(landing) -> None:
    (landing.settings.landing / "dms/customers/folder.csv").mkdir(parents=True)
    landing.write("dms/custommers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.write("dms/customers/.hidden.csv", "x")
    landing.load()
    assert "folder" in landing.file("folder.csv")["error"]
    assert "no dataset is called dms/custommers" in landing.file("a_20260401.csv")["error"]
    assert landing.query("select count(*) from lake.loads") == [(3,)]


@pytest.mark.parametrize(
    ("header", "rows"),
    [("store_code,customer_no,customer_type,registered_on", "鑫淼"), ("门店代码,客户编号,客户类型,建档日期", "𠮷田")],
)
def test_rare_characters_are_gb18030_too(landing, header: str, rows: str) -> None:
    landing.write("dms/customers/a_20260401.csv", f"{header},职业\n001,C1,private,2026-04-03,{rows}\n", "gb18030")
    landing.load()
    assert landing.query("select occupation from lake.dms__customers") == [(rows,)]


def occupations(landing, words: list[str], encoding: str) -> list[str]:
    rows = [f"001,C{place},private,2026-04-03,{word}\n" for place, word in enumerate(words)]
    text = "".join(["store_code,customer_no,customer_type,registered_on,occupation\n", *rows])
    landing.write("dms/customers/a_20260401.csv", text.encode(encoding))
    landing.load()
    found = landing.query("select occupation from lake.dms__customers order by source_line")
    return [word for (word,) in found]


@pytest.mark.parametrize(
    "words",
    [
        ["喆"],
        ["鲁A1"],
        ["女", "前台", "太远"],
        [*["鲁A1"] * 30, "京A1"],
        [*["女"] * 25, "男"],
        ["粤Ｂ１２３４５"] * 40,
        ["Ａｎｄｙ"],
        ["陳國華", "張偉", "劉建國", "楊麗華", "吳志強", "鄭曉東", "黃小明", "孫中山", "馬英", "羅大佑"],
    ],
    ids=lambda words: words[-1],
)
def test_few_letters_are_told_to_be_gb18030(landing, words: list[str]) -> None:
    assert occupations(landing, words, "gb18030") == words


@pytest.mark.parametrize("words", [["Müller"], ["5 m³"], ["±5"], ["¥5"], ["Maria·Lee"], ["Иван"], ["女"], ["鲁A1"]])
def test_few_letters_are_told_to_be_utf_8(landing, words: list[str]) -> None:
    assert occupations(landing, words, "utf-8") == words


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("big5", "售後服務滿意度調查結果顯示客戶對維修品質與等候時間最為關注經銷商應當改善預約流程並及時回訪"),
        ("cp1252", "“Müller”"),
    ],
)
def test_other_encodings_are_quarantined(landing, encoding: str, text: str) -> None:
    assert not occupations(landing, [text], encoding)
    assert "wrong encoding" in landing.file("a_20260401.csv")["error"]


def test_a_stray_nul_byte_is_no_encoding(landing) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]).replace("测试甲", "测\0试"))
    landing.load()
    assert landing.query(READ) == EXPECTED


def test_a_wrong_byte_is_named_by_its_line(landing) -> None:
    for name, encoding in {"a.csv": "gb18030", "b.csv": "utf-16"}.items():
        content = csv_text([HEADER, *ROWS * 9, ["上上"]]).encode(encoding)
        landing.write(f"dms/customers/{name}", content[:-1] + (b"\xff\xff" if encoding == "gb18030" else b""))
    landing.load()
    assert "in line 20 " in landing.file("a.csv")["error"]
    assert "in line 20 " in landing.file("b.csv")["error"]


def test_carriage_returns_that_end_some_lines_only_lose_no_row(landing) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]).replace("\n", "\r", 1))
    landing.load()
    assert "line 1: a carriage return in the header" in landing.file("a_20260401.csv")["error"]


def test_line_breaks_in_header_cells_are_ignored(landing) -> None:
    header = ['"门店\n代码"', '"客户\r\n编号"', *HEADER[2:]]
    landing.write("dms/customers/a_20260401.csv", csv_text([header, *ROWS]))
    landing.load()
    assert landing.query(READ) == [(*row[:-1], row[-1] + 2) for row in EXPECTED]


def test_unknown_columns_of_one_name_keep_the_cells_of_both(landing) -> None:
    rows = [[*HEADER, "备注", "备注"], [*ROWS[0], "n1", "n2"], ["001", "C9", "", "坏", "2026-04-03", "", "n3", "n4"]]
    landing.write("dms/customers/a_20260401.csv", csv_text(rows))
    landing.load()
    assert landing.file("a_20260401.csv")["unknown_columns"] == "备注 (column 7), 备注 (column 8)"
    assert landing.query("select unknown_columns from lake.dms__customers") == [
        ('{"备注 (column 7)": "n1", "备注 (column 8)": "n2"}',)
    ]
    ((raw,),) = landing.query("select row_raw from lake.rejected_rows")
    assert '"备注 (column 7)": "n3", "备注 (column 8)": "n4"' in raw


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


def test_a_workbook_with_a_cell_in_the_last_corner_takes_no_memory(landing) -> None:
    with xlsxwriter.Workbook(landing.path("dms/customers/a.xlsx")) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        page.write(1048575, 16383, "x")
    landing.load()
    assert "cells down to XFD1048576: delete" in landing.file("a.xlsx")["error"]


def test_a_chart_sheet_and_blank_columns_before_the_table_are_passed_over(landing) -> None:
    with xlsxwriter.Workbook(landing.path("dms/customers/a_20260401.xlsx")) as book:
        book.add_chartsheet("图")
        page = book.add_worksheet()
        for index, row in enumerate([HEADER, *ROWS]):
            page.write_row(index, 2, row)
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert landing.file("a_20260401.xlsx")["unknown_columns"] == ""


def test_a_name_that_is_not_utf8_is_shown_escaped(landing) -> None:
    folder = os.fsencode(landing.path("dms/customers/x").parent)
    with open(folder + b"/\xb2\xe2_20260401.csv", "w") as file:
        file.write(csv_text([HEADER, *ROWS]))
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert landing.file("\\xb2\\xe2_20260401.csv")["status"] == "loaded"


def test_a_file_that_changes_while_it_is_read_is_read_by_the_next_run(landing, monkeypatch) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, ROWS[0]]))

    def detect(path: Path) -> str:
        path.write_bytes(csv_text([HEADER, *ROWS]).encode("gb18030"))
        return "utf-8"

    with monkeypatch.context() as patch:
        patch.setattr("dagster_project.load.csv_file.detect_encoding", lambda p: detect(p) if p == path else "utf-8")
        landing.load()
    assert "changed while it was read" in landing.file(path.name)["error"]
    landing.load()
    assert landing.query(READ) == EXPECTED


def test_a_file_that_could_not_be_opened_is_tried_again(landing, monkeypatch) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    gone = landing.write("dms/customers/gone.csv", csv_text([HEADER]))

    def refuse(path: Path) -> str:
        if path == gone:
            path.unlink()
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("dagster_project.load.dataset._content_digest", refuse)
        landing.load()
    assert "Permission denied; the next run tries again" in landing.file(path.name)["error"]
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert landing.query("select count(*) from lake.loads where source_file = 'gone.csv'") == [(0,)]


def test_a_full_disk_is_no_fault_of_the_file(landing, monkeypatch) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.ParquetWriter.write_batch", full)
        with pytest.raises(LakeError, match="No space left"):
            landing.load()
    landing.load()
    assert landing.query(READ) == EXPECTED


def test_a_quote_closed_many_rows_later_swallows_none(landing) -> None:
    rows = [
        ["001", f"C{n}", '"张' if n == 1 else f"王{n}", "私车", "20260403", '5"' if n == 8 else ""] for n in range(10)
    ]
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *rows]))
    landing.load()
    lines = landing.query("select source_line from lake.dms__customers order by 1")
    assert lines == [(2,), *((n,) for n in range(4, 12))]
    assert landing.query("select source_line, reasons from lake.rejected_rows") == [(3, "unclosed_quote")]


def bad_rows() -> dict[str, tuple[str, str]]:
    return {
        "too many fields": ("001,C8,x,private,2026-04-03,,surplus", "too_many_fields"),
        "unclosed quote": ('001,C8,"x,private,2026-04-03,', "unclosed_quote"),
        "long cell": (f"001,C8,{'长' * 4_000_000},private,2026-04-03,", "cell_too_long"),
        "header again": (",".join(HEADER), "repeated_header"),
    }


@pytest.mark.parametrize("case", bad_rows())
@pytest.mark.parametrize("quoted", [False, True])
def test_a_bad_row_is_rejected_alone_with_its_line(landing, case: str, quoted: bool) -> None:
    line, reason = bad_rows()[case]
    rows = [[f'"{cell}"' for cell in row] for row in ROWS] if quoted else ROWS
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, rows[0], [line], rows[1]]))
    landing.load()
    assert landing.query(READ) == [EXPECTED[0], (*EXPECTED[1][:-1], 4)]
    assert landing.query("select source_line, reasons from lake.rejected_rows") in (
        [(3, reason)],
        [(3, f"{reason}; unknown_value:customer_type; unreadable_date:registered_on")],
    )
    record = landing.file("a_20260401.csv")
    assert (record["rows_read"], record["rows_parsed"], record["rows_rejected"]) == (3, 2, 1)


def test_an_unclosed_quote_in_the_last_line_costs_that_line_only(landing) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]) + '001,C3,"never closed')
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert landing.query("select source_line, reasons from lake.rejected_rows") == [(4, "unclosed_quote")]


def test_rows_are_exact_across_blocks(landing, monkeypatch) -> None:
    monkeypatch.setattr("dagster_project.load.encoding.BLOCK_BYTES", 64)
    rows = [["001", f"C{n}", f'"张\n{n}"' if n % 3 == 0 else f"王{n}", "私车", "20260403", ""] for n in range(50)]
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *rows], end="\r\n"), "gb18030")
    landing.load()
    expected = list(itertools.accumulate([2] + [2 if n % 3 == 0 else 1 for n in range(49)]))
    query = "select source_line from lake.dms__customers order by cast(substr(customer_no, 2) as integer)"
    assert [line for (line,) in landing.query(query)] == expected


def test_a_quoted_last_cell_may_go_on_in_the_next_block(landing, monkeypatch) -> None:
    monkeypatch.setattr("dagster_project.load.encoding.BLOCK_BYTES", 64)
    rows = [["001", f"C{n}", "张", "私车", "20260403", f'"教\n师{n}"'] for n in range(30)]
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *rows]))
    landing.load()
    query = "select occupation, source_line from lake.dms__customers order by 2"
    assert landing.query(query) == [(f"教\n师{n}", 2 + 2 * n) for n in range(30)]


def test_loading_again_changes_nothing_and_a_changed_file_replaces_its_old_version(landing) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    parts = sorted(landing.settings.lake.rglob("*.parquet"))
    stamps = [part.stat().st_mtime_ns for part in parts]
    assert sum(load.files_loaded for load in landing.load()) == 0
    os.utime(path)
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert [part.stat().st_mtime_ns for part in parts if "manifest" not in part.name] == [
        stamp for part, stamp in zip(parts, stamps, strict=True) if "manifest" not in part.name
    ]
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, ROWS[1]]))
    landing.load()
    assert landing.query(READ) == [(*EXPECTED[1][:-1], 2)]
    landing.write("dms/customers/a_20260401.csv", b"")
    landing.load()
    assert landing.query(READ) == [(*EXPECTED[1][:-1], 2)], "a bad copy must not take good rows away"
    assert "still stands" in landing.file("a_20260401.csv")["error"]


def test_a_file_that_vanishes_keeps_its_rows(landing) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    path.unlink()
    landing.load()
    assert landing.query(READ) == EXPECTED


def test_an_extract_whose_time_moved_is_another_one(landing) -> None:
    # Its name tells no time: written again, perhaps after a broken version, the same rows may win that lost before.
    path = landing.write("dms/customers/a.csv", csv_text([HEADER, *ROWS]))
    parts = set()
    for day in (1, 2):
        os.utime(path, (day * 86400, day * 86400))
        load_landing(landing.settings.landing, landing.settings.lake, reload=["dms/customers"])
        (entry,) = read_manifest(landing.settings.lake / "dms" / "customers").values()
        assert entry.extract_at.day == day + 1
        parts.add(entry.accepted_part)
    assert len(parts) == 2


def test_personal_data_is_masked_in_the_row_that_is_shown(landing) -> None:
    header = ["store_code", "customer_no", "customer_name", "customer_type", "registered_on", "phone", "备用电话"]
    bad = ["001", "C1 19900001234", "测试丙", "私车", "不详 沪A12345", "19900001111", "19900002222"]
    landing.write("dms/customers/a_20260401.csv", csv_text([header, bad, ["009", *bad[1:4], "20260403", *bad[5:]]]))
    landing.load()
    shown = [row for (row,) in landing.query("select row_masked from lake.rejected_rows")]
    shown += [row for (row,) in landing.query("select row_masked from lake.dms__customers")]
    assert len(shown) == 2
    for row in shown:
        assert not any(secret in row for secret in ("测试丙", "1990000", "A12345"))
        assert '"客户' not in row
        assert '"***"' in row
