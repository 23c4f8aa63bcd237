"""Encodings of real files: detected without a declaration; wrong bytes are reported with their line."""

import gzip

import pytest

from tests.support.customers_file import EXPECTED, HEADER, READ, ROWS, csv_text


@pytest.mark.parametrize(
    ("encoding", "separator", "end"),
    [
        ("utf-8", ",", "\n"),
        ("utf-8-sig", ";", "\r\n"),
        ("gb18030", "\t", "\r\n"),
        ("gbk", ",", "\n"),
        ("utf-16", "\t", "\r\n"),
        ("utf-8", ",", "\r"),
        ("utf-8", ";", "\r\r\n"),
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


@pytest.mark.parametrize(
    ("header", "rows"),
    [("store_code,customer_no,customer_type,registered_on", "鑫淼"), ("门店代码,客户编号,客户类型,建档日期", "𠮷田")],
)
def test_rare_characters_are_read_as_gb18030_too(landing, header: str, rows: str) -> None:
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
        ["郑梅", "女"],
        [*["鲁A1"] * 30, "京A1"],
        [*["女"] * 25, "男"],
        ["粤Ｂ１２３４５"] * 40,
        ["Ａｎｄｙ"],
        ["陳國華", "張偉", "劉建國", "楊麗華", "吳志強", "鄭曉東", "黃小明", "孫中山", "馬英", "羅大佑"],
    ],
    ids=lambda words: words[-1],
)
def test_a_few_characters_are_enough_to_detect_gb18030(landing, words: list[str]) -> None:
    assert occupations(landing, words, "gb18030") == words


@pytest.mark.parametrize(
    "words", [["Müller"], ["Ärger"], ["5 m³"], ["±5"], ["¥5"], ["Maria·Lee"], ["Иван"], ["女"], ["鲁A1"]]
)
def test_a_few_characters_are_enough_to_detect_utf_8(landing, words: list[str]) -> None:
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


def test_a_stray_nul_byte_is_not_taken_for_an_encoding(landing) -> None:
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
