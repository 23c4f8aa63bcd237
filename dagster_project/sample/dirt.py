"""Deliberate faults: rows that must be rejected, a file that must be quarantined, an unknown column.

Each planted row is a copy of the row above it with one fault, so most carry the key of a good row, which they must
not replace.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlantedRow:
    """A row that must be rejected: `line` is its line in the file (its row in a workbook), from 1."""

    file: str
    line: int
    fault: str
    column: str | None = None
    value: str = ""
    header: int = 1
    """Line of the header."""

    @property
    def reason(self) -> str:
        """The fault with its column, in the loader's spelling."""
        return f"{self.fault}:{self.column}" if self.column else self.fault


PLANTED: tuple[PlantedRow, ...] = (
    PlantedRow("dms/repair_orders/ro_20251031.csv", 7, "unknown_store", "store_code", "S999"),
    PlantedRow("dms/repair_orders/ro_20251031.csv", 12, "unreadable_timestamp", "checked_in_at", "2025/13/45 10:00"),
    PlantedRow("dms/repair_orders/ro_20251115.csv", 9, "unknown_value", "status", "报废"),
    PlantedRow("dms/repair_order_lines/lines_20251129.csv", 8, "unreadable_number", "labour_hours", "两小时"),
    PlantedRow("dms/customers/customers_20250331.csv", 6, "missing", "registered_on", ""),
    PlantedRow("dms/appointments/预约_20250331.csv", 7, "too_many_fields"),
    PlantedRow("dms/vehicles/车辆_20251031.csv", 9, "unclosed_quote"),
    PlantedRow("survey/callbacks/callbacks_20250630.csv", 11, "unknown_value", "outcome", "未知"),
    PlantedRow("survey/css_responses/css_20251010.csv", 40, "repeated_header"),
    PlantedRow("survey/churn_callbacks/流失回访_20251031.csv", 5, "unreadable_month", "cohort_month", "2025年5月"),
    PlantedRow("survey/mystery_visits/mystery_20251105.xlsx", 10, "missing", "points", "", header=3),
    PlantedRow("complaint/case_events/events_20251115.csv", 6, "missing", "case_no", ""),
    PlantedRow("planning/targets/targets_20251128.csv", 5, "unknown_value", "kpi_code", "profit_per_car"),
)
"""Rows that must be rejected; they must not change any published figure."""

QUARANTINED = "survey/callbacks/callbacks_20251120.csv"
"""The file without the required column `outcome`."""

DRIFT = {"dms/appointments/预约_20251129.csv": "会员等级", "dms/appointments/预约_202511302200.csv": "会员等级"}
"""Files with a column that the contract does not know."""

MISSING_OPTIONAL = {"dms/employees/员工_20241231.xlsx": "left_on"}
"""Files without an optional column; a later full extract has it."""


Spoiler = Callable[[list[list[Any]], list[str], list[str]], None]


def spoiler(file: str) -> Spoiler | None:
    """A function that inserts a file's planted rows; None where it has none."""
    planted = [row for row in PLANTED if row.file == file]
    if not planted:
        return None

    def spoil(body: list[list[Any]], names: list[str], header: list[str]) -> None:
        for row in sorted(planted, key=lambda row: row.line):
            place = row.line - row.header - 1
            cells = header if row.fault == "repeated_header" else _spoilt(row, list(body[place - 1]), names)
            body.insert(place, list(cells))

    return spoil


def _spoilt(row: PlantedRow, cells: list[Any], names: list[str]) -> list[Any]:
    if row.fault == "too_many_fields":
        return [*cells, "多余", "两格"]
    if row.fault == "unclosed_quote":
        return [f'"{cells[0]}', *cells[1:]]
    assert row.column is not None
    cells[names.index(row.column)] = row.value
    return cells
