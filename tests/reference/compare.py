"""Compare published marts cell by cell with what is expected of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from tests.reference.landing import Key, Landed, Row

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Mart:
    """A published table."""

    columns: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Rules:
    """How to compare one mart: its key, and the columns left out because the contracts do not define them."""

    key: Sequence[str]
    not_judged: tuple[str, ...] = ()


_STORE_MONTH = ("store_code", "month")
RULES = {
    "css_store_monthly": Rules(_STORE_MONTH),
    "css_item_monthly": Rules((*_STORE_MONTH, "item_code")),
    "css_advisor_monthly": Rules((*_STORE_MONTH, "advisor_no")),
    "css_advisor_item_monthly": Rules((*_STORE_MONTH, "advisor_no", "item_code")),
    "css_segment_monthly": Rules((*_STORE_MONTH, "segment", "segment_value")),
    "css_driver": Rules(("store_code", "item_code")),
    "callback_store_monthly": Rules(_STORE_MONTH),
    "callback_question_monthly": Rules((*_STORE_MONTH, "question_code")),
    "callback_advisor_monthly": Rules((*_STORE_MONTH, "advisor_no", "question_code")),
    "mystery_store_monthly": Rules((*_STORE_MONTH, "section_code")),
    "complaint_reason_weekly": Rules((*_STORE_MONTH, "week_of_month", "category")),
    "complaint_reason_monthly": Rules((*_STORE_MONTH, "category")),
    "complaint_store_monthly": Rules(_STORE_MONTH),
    "complaint_responsibility_monthly": Rules((*_STORE_MONTH, "responsible_department", "responsible_employee_no")),
    "complaint_channel_monthly": Rules((*_STORE_MONTH, "channel", "topic")),
    "agent_monthly": Rules((*_STORE_MONTH, "agent_no")),
    "first_fix_technician_monthly": Rules((*_STORE_MONTH, "technician_no")),
    "first_fix_reason_monthly": Rules((*_STORE_MONTH, "technician_no", "reason")),
    "first_fix_store_monthly": Rules(_STORE_MONTH),
    "appointment_store_monthly": Rules(_STORE_MONTH),
    "service_efficiency_monthly": Rules(_STORE_MONTH),
    "customer_base_monthly": Rules(_STORE_MONTH),
    "churn_cohort_monthly": Rules((*_STORE_MONTH, "customer_type")),
    "churn_callback_monthly": Rules((*_STORE_MONTH, "outcome")),
    "churn_reason_monthly": Rules((*_STORE_MONTH, "reason")),
    "lost_vehicle": Rules((*_STORE_MONTH, "vin")),
    "kpi_monthly": Rules((*_STORE_MONTH, "kpi_code")),
    "scorecard_monthly": Rules((*_STORE_MONTH, "kpi_code")),
    "improvement_action": Rules(("store_code", "action_no")),
    "quality_load": Rules(("system", "dataset", "file"), not_judged=("error",)),
    "quality_rejected_row": Rules(("system", "dataset", "file", "line"), not_judged=("row",)),
}


def read_marts(database: Path) -> dict[str, Mart]:
    """All published marts by name."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        marts = {}
        for (table,) in sorted(tables):
            cursor = connection.execute(f'select * from marts."{table}"')
            columns = tuple(column[0] for column in cursor.description)
            marts[table] = Mart(columns, [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()])
    return marts


def plain(value: Any) -> Any:
    """A value as the other side would hold it: fractions are floats, midnights are dates."""
    if isinstance(value, (Fraction, Decimal)):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date()
    return value


def is_same(one: Any, other: Any) -> bool:
    """Whether two cells hold the same; numbers within 1e-9; an unknown value equals only another unknown one."""
    one, other = plain(one), plain(other)
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))
    return one == other


def _by_key(rows: Iterable[Row], key: Sequence[str]) -> dict[Key, Row]:
    return {tuple(plain(row[name]) for name in key): row for row in rows}


def _place(mart: str, rules: Rules, key: Key) -> str:
    return " ".join([mart, *(f"{name}={_shown(value)}" for name, value in zip(rules.key, key, strict=True))])


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, (date, str)) else repr(plain(value))


def _column_differences(mart: str, rules: Rules, expected: Row, published: Mart) -> list[str]:
    missing = [name for name in expected if name not in published.columns]
    more = [name for name in published.columns if name not in expected and name not in rules.not_judged]
    differences = [f"{mart}: column {name} is not published" for name in missing]
    return differences + [f"{mart}: column {name} is not expected" for name in more]


def _duplicates(mart: str, rules: Rules, side: str, rows: list[Row]) -> list[str]:
    counts = Counter(tuple(plain(row[name]) for name in rules.key) for row in rows)
    return [f"{_place(mart, rules, key)}: {n} rows {side}" for key, n in counts.items() if n > 1]


def compare_mart(mart: str, rules: Rules, expected: list[Row], published: Mart) -> list[str]:
    """Every difference of one mart, each with key, column and both values."""
    differences = _column_differences(mart, rules, expected[0], published) if expected else []
    if absent := [name for name in rules.key if name not in published.columns]:
        return [f"{mart}: key column {name} is not published" for name in absent]
    differences += _duplicates(mart, rules, "expected", expected)
    differences += _duplicates(mart, rules, "published", published.rows)
    theirs, ours = _by_key(expected, rules.key), _by_key(published.rows, rules.key)
    for key in sorted(theirs.keys() | ours.keys(), key=str):
        place = _place(mart, rules, key)
        if key not in ours:
            differences.append(f"{place}: expected, not published: {_cells(theirs[key])}")
        elif key not in theirs:
            differences.append(f"{place}: published, not expected: {_cells(ours[key])}")
        else:
            differences += [
                f"{place} {name}: expected {_shown(value)}, published {_shown(ours[key][name])}"
                for name, value in theirs[key].items()
                if name in published.columns and name not in rules.not_judged and not is_same(value, ours[key][name])
            ]
    return differences


def _cells(row: Row) -> str:
    return ", ".join(f"{name}={_shown(value)}" for name, value in row.items())


def with_vins(lost: Mart, repair_orders: Mart, vins: dict[Key, str]) -> Mart:
    """`lost_vehicle` by VIN, which the published repair orders give for each vehicle key.

    `vins` has the VIN of each store's repair order. Raises AssertionError if keys and VINs are not one to one.
    """
    known: dict[str, str] = {}
    for row in repair_orders.rows:
        vin = vins[row["store_code"], row["repair_order_no"]]
        assert known.setdefault(row["vehicle_key"], vin) == vin, f"vehicle key of {vin} and of another VIN"
    assert len(set(known.values())) == len(known), "a VIN with two vehicle keys"
    columns = tuple("vin" if name == "vehicle_key" else name for name in lost.columns)
    rows = [row | {"vin": known[row["vehicle_key"]]} for row in lost.rows]
    return Mart(columns, [{name: row[name] for name in columns} for row in rows])


def comparable(landed: Landed, published: dict[str, Mart]) -> dict[str, Mart]:
    """The published marts in the form of the reference: vehicles by VIN, reasons in a fixed order."""
    repair_orders = landed.current["dms/repair_orders"]
    vins = {key: row["vin"] for key, row in repair_orders.items()}
    rejected = published["quality_rejected_row"]
    sorted_rows = [row | {"reasons": "; ".join(sorted(row["reasons"].split("; ")))} for row in rejected.rows]
    return published | {
        "lost_vehicle": with_vins(published["lost_vehicle"], published["fct_repair_order"], vins),
        "quality_rejected_row": Mart(rejected.columns, sorted_rows),
    }


def compare_marts(landed: Landed, expected: dict[str, list[Row]], published: dict[str, Mart]) -> list[str]:
    """Every difference of the marts that the reference has."""
    found = []
    marts = comparable(landed, published)
    for name, rows in expected.items():
        if name in marts:
            found += compare_mart(name, RULES[name], rows, marts[name])
        else:
            found.append(f"{name} is not published")
    return found


def counted(mart: Mart, without: Iterable[str] = ()) -> Counter[tuple[tuple[str, Any], ...]]:
    """The rows of a mart with the count of each, to compare two states of it; leaves out the columns `without`."""
    columns = [name for name in sorted(mart.columns) if name not in set(without)]
    return Counter(tuple((name, row[name]) for name in columns) for row in mart.rows)
