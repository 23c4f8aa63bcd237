"""Every spelling the landing contract allows is read, and no other."""

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from dagster_project.contracts import read_contracts
from dagster_project.load.cells import CellReader
from dagster_project.load.extract import Chunk
from dagster_project.load.header import HeaderMatcher

ORDERS = read_contracts()["dms/repair_orders"]
LINES = read_contracts()["dms/repair_order_lines"]
CUSTOMERS = read_contracts()["dms/customers"]
RESPONSES = read_contracts()["survey/css_responses"]


def read(contract, column: str, texts: list[str]) -> tuple[list, list]:
    """Values of a column, and the rejection reasons that name it."""
    reader = CellReader(contract, [column], _Only(column))
    typed = reader.read(Chunk.of(pa.array(range(len(texts)), pa.int64()), [pa.array(texts)]))
    index = [c.name for c in contract.columns].index(column)
    return typed.columns[index].to_pylist(), typed.reasons.to_pylist()


class _Only:
    """A header that names one column."""

    def __init__(self, column: str) -> None:
        self.positions = {column: 0}
        self.unknown = {}


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-03",
        "2026/4/3",
        "20260403",
        "2026年4月3日",
        "２０２６-０４-０３",
        " 2026-4-3 ",
        "2026-04-03 00:00:00",
        "2026年4月3日0:00",
    ],
)
def test_dates(text: str) -> None:
    assert read(CUSTOMERS, "registered_on", [text]) == ([date(2026, 4, 3)], [None])


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-31",
        "03/04/2026",
        "26-4-3",
        "2026.4.3",
        "2026-04-03 09:05",
        "2026-04",
        "45000",
        "2026-4/3",
        "x",
        "2026-4-30:00",
        "202604030:00",
    ],
)
def test_invalid_dates_are_rejected(text: str) -> None:
    assert read(CUSTOMERS, "registered_on", [text]) == ([None], ["unreadable_date:registered_on"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-04-03 09:05:00", datetime(2026, 4, 3, 9, 5)),
        ("2026-04-03 9:05", datetime(2026, 4, 3, 9, 5)),
        ("2026/4/3 9:05:07", datetime(2026, 4, 3, 9, 5, 7)),
        ("20260403 23:59", datetime(2026, 4, 3, 23, 59)),
        ("2026年4月3日 9:05", datetime(2026, 4, 3, 9, 5)),
        ("2026年4月3日9:05", datetime(2026, 4, 3, 9, 5)),
        ("2026年12月13日 19：05：01", datetime(2026, 12, 13, 19, 5, 1)),
        ("2026-04-03", datetime(2026, 4, 3)),
        ("20260403", datetime(2026, 4, 3)),
        ("2026-04-03 09:05:00.250", datetime(2026, 4, 3, 9, 5, 0, 250000)),
    ],
)
def test_times(text: str, expected: datetime) -> None:
    assert read(ORDERS, "checked_in_at", [text]) == ([expected], [None])


@pytest.mark.parametrize("text", ["2026-04-03 24:00", "2026-04-03 9:5", "9:05", "2026-02-30 09:05", "2026-04-03 9:60"])
def test_invalid_times_are_rejected(text: str) -> None:
    assert read(ORDERS, "checked_in_at", [text]) == ([None], ["unreadable_timestamp:checked_in_at"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", "12"),
        ("-0.5", "-0.5"),
        ("1,234,567.89", "1234567.89"),
        ("¥1,234.50", "1234.5"),
        ("¥.5", "0.5"),
        ("￥ 99", "99"),
        ("-¥5", "-5"),
        ("１２．５", "12.5"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("007", "7"),
    ],
)
def test_numbers(text: str, expected: str) -> None:
    values, reasons = read(ORDERS, "total_amount", [text])
    assert (values, reasons) == ([Decimal(expected)], [None])


@pytest.mark.parametrize("text", ["20260403001", "999999999999999999", "1,234,567,890,123"])
def test_whole_numbers_of_a_database(text: str) -> None:
    assert read(LINES, "line_no", [text]) == ([int(text.replace(",", ""))], [None])


@pytest.mark.parametrize("text", ["1.5", "1.000000001", "1e-30", "1000000000000000000", "99999999999999999999", "1e40"])
def test_invalid_whole_numbers_are_rejected(text: str) -> None:
    assert read(LINES, "line_no", [text]) == ([None], ["unreadable_integer:line_no"])


@pytest.mark.parametrize(
    "text",
    ["1,23", "0,500", "01,234", "12元", "1 2 3 x", "--5", "NaN", "inf", "1_000", "1.2.3", "九", "1e300", "1,2345"],
)
def test_invalid_numbers_are_rejected(text: str) -> None:
    assert read(ORDERS, "total_amount", [text]) == ([None], ["unreadable_number:total_amount"])


def test_whole_numbers_may_carry_a_zero_fraction_only() -> None:
    assert read(LINES, "line_no", ["10", "010", "3.0", "3.5"]) == (
        [10, 10, 3, None],
        [None, None, None, "unreadable_integer:line_no"],
    )


def test_months_are_spelt_one_way() -> None:
    assert read(RESPONSES, "period", ["2026-04", "2026-13", "2026-4", "202604", "2026-04-01"]) == (
        [date(2026, 4, 1), None, None, None, None],
        [None, *["unreadable_month:period"] * 4],
    )


def test_booleans() -> None:
    texts = ["Y", "n", "1", "0", "TRUE", "false", "是", "否", "yes", "2"]
    values, reasons = read(LINES, "fixed_first_visit", texts)
    assert values == [True, False, True, False, True, False, True, False, None, None]
    assert reasons == [None] * 8 + ["unreadable_boolean:fixed_first_visit"] * 2


def test_enumerations_by_code_or_label() -> None:
    values, reasons = read(ORDERS, "service_type", ["warranty", "索赔", " 保养 ", "WARRANTY", "租赁"])
    assert values == ["warranty", "warranty", "maintenance", "warranty", None]
    assert reasons == [None, None, None, None, "unknown_value:service_type"]


def test_null_spellings_and_codes_keep_their_zeros() -> None:
    values, reasons = read(ORDERS, "advisor_no", ["", " ", "-", "NULL", "N/A", "－", "007", "Ａ０１"])
    assert values == [None] * 6 + ["007", "A01"]
    assert reasons == [None] * 8
    assert read(CUSTOMERS, "occupation", ["－", "ＮＵＬＬ", "n/a", "Ｎ"]) == ([None, None, None, "Ｎ"], [None] * 4)


def test_a_row_gets_every_reason_for_rejection() -> None:
    header = ["store_code", "customer_no", "customer_type", "registered_on", "birth_year"]
    matched = HeaderMatcher(CUSTOMERS).match(header)
    reader = CellReader(CUSTOMERS, header, matched)
    cells = [pa.array([text]) for text in ["001", "", "公司", "soon", "1980.5"]]
    reasons = reader.read(Chunk.of(pa.array([2], pa.int64()), cells)).reasons.to_pylist()
    assert reasons == [
        "missing:customer_no; unknown_value:customer_type; unreadable_integer:birth_year; unreadable_date:registered_on"
    ]
