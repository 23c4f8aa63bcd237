"""Each row of a file is read, or rejected alone with line and reason; quotes and line breaks affect no other row."""

import itertools

import pytest

from tests.support.customers_file import EXPECTED, HEADER, READ, ROWS, csv_text


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


@pytest.mark.parametrize("problem", ["等待时间长\n客户抱怨", "太慢,客户抱怨\n,多次", "1,2,3,4,5,6,7\n1,2,3,4,5,6,7"])
def test_a_row_may_begin_with_a_cell_of_several_lines(landing, problem: str) -> None:
    header = "problem,measure,store_code,action_no,period,department,due_on,status\n"
    text = header + f'"{problem}","增加工位\n错峰,分流" ,001,X1,2026-05,workshop,2026-05-20,done\n'
    landing.write("planning/improvement_actions/a_20260501.csv", text)
    landing.load()
    found = landing.query("select action_no, source_line, problem, measure from lake.planning__improvement_actions")
    assert found == [("X1", 2, problem, "增加工位\n错峰,分流")]


def test_spaces_before_a_quote_do_not_matter(landing) -> None:
    header = '"store_code", "store_name", "region_code"\n'
    landing.write("dms/stores/a_20260401.csv", header + '"003", "Store, three", "R ""1"""\n 004 , 5" tyres, R1\n')
    landing.load()
    found = landing.query(
        "select store_code, store_name, region_code from lake.dms__stores where source_line in (2, 3)"
    )
    assert {("003", "Store, three", 'R "1"'), ("004", '5" tyres', "R1")} <= set(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_files_that_were_joined_are_read_as_one(landing, encoding: str) -> None:
    mark = "\ufeff"
    joined = (
        csv_text([HEADER, ROWS[0]]) + mark + csv_text([HEADER]) + mark + csv_text([ROWS[1]]).replace("001", '"001"')
    )
    landing.write("dms/customers/a_20260401.csv", joined, encoding)
    landing.load()
    assert [row[:4] for row in landing.query(READ)] == [row[:4] for row in EXPECTED]
    assert landing.query("select source_line, reasons from lake.rejected_rows") == [(3, "repeated_header")]


@pytest.mark.parametrize("begins", ["", "\n", " \r\n", '"备\n注",'])
@pytest.mark.parametrize("ends", ["", "\r", "\r\r"])
def test_a_header_alone_is_an_extract_without_rows(landing, begins: str, ends: str) -> None:
    landing.write("dms/customers/a_20260401.csv", begins + ",".join(HEADER) + ends)
    landing.load()
    record = landing.file("a_20260401.csv")
    assert (record["status"], record["rows_read"]) == ("loaded", 0)


def test_carriage_returns_that_end_some_lines_only_lose_no_row(landing) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]).replace("\n", "\r", 1))
    landing.load()
    assert "line 1: a carriage return in the header" in landing.file("a_20260401.csv")["error"]


def test_a_quote_closed_many_rows_later_swallows_no_row(landing) -> None:
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


@pytest.mark.parametrize(
    ("header", "again"),
    [
        ("store_code,store_name,region_code", "门店代码,门店名称,分中心代码"),
        ("门店代码,门店名称,分中心代码", "Store_Code, store_name ,region_code"),
        ("store_code,store_name,region_code,remark", "门店代码,门店名称,,备注"),
        ("store_code,store_name,region_code,city", "门店代码,ｓｔｏｒｅ＿ｎａｍｅ,分中心代码,-"),
        ('"门店\n代码",store_name,region_code', '"门店\n代码",store_name,region_code'),
    ],
)
def test_a_repeated_header_in_the_other_language_is_not_a_store(landing, header: str, again: str) -> None:
    landing.write("dms/stores/stores_20260401.csv", f"{header}\n{again}\n003,Store three,R1\n{again}\n")
    landing.load()
    found = landing.query("select store_code from lake.dms__stores where source_file = 'stores_20260401.csv'")
    assert found == [("003",)]
    assert landing.query("select reasons from lake.rejected_rows") == [("repeated_header",)] * 2


@pytest.mark.parametrize("row", ["门店代码,Store three,R1", "003,门店名称,分中心代码", "门店名称,门店代码,分中心代码"])
def test_a_row_with_a_cell_that_does_not_name_its_column_is_data(landing, row: str) -> None:
    landing.write("dms/stores/stores_20260401.csv", f"store_code,store_name,region_code\n{row}\n")
    landing.load()
    found = landing.query("select store_code from lake.dms__stores where source_file = 'stores_20260401.csv'")
    assert found == [(row.split(",", maxsplit=1)[0],)]


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
