"""The current rows of a landing folder, one per key, and what became of every other row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.cells import Unreadable, read_cell
from tests.reference.columns import DATASETS, Column
from tests.reference.reading import Quarantined, RawRow, read_file, suffix_of

SHANGHAI = ZoneInfo("Asia/Shanghai")

_TIMES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_UNREADABLE = {
    "int": "unreadable_integer",
    "num": "unreadable_number",
    "date": "unreadable_date",
    "time": "unreadable_timestamp",
    "month": "unreadable_month",
    "bool": "unreadable_boolean",
}

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass
class Extract:
    """One landed file and the fate of its rows."""

    dataset: str
    path: Path
    extract_at: datetime
    encoding: str | None = None
    error: str | None = None
    rows: list["LandedRow"] = field(default_factory=list)
    superseded: int = 0

    @property
    def rejected(self) -> int:
        """How many rows could not be accepted."""
        return sum(bool(row.reasons) for row in self.rows)


@dataclass
class LandedRow:
    """A row with its values read, and the reasons to reject it."""

    line: int
    values: Row
    reasons: list[str]


@dataclass
class Landed:
    """The extracts of a landing folder, and the current rows of each dataset by key."""

    extracts: list[Extract]
    current: dict[str, dict[Key, Row]]


def extract_time(path: Path) -> datetime:
    """The time at the end of the file name's stem, else the modification time."""
    stem = path.name[: -len(suffix_of(path.name) or "")]
    digits = re.search(r"(\d+)$", stem, re.ASCII)
    if digits and (form := _TIMES.get(len(digits[1]))):
        try:
            return datetime.strptime(digits[1], form)
        except ValueError:
            pass
    seconds, nanoseconds = divmod(path.stat().st_mtime_ns, 10**9)
    local = datetime.fromtimestamp(seconds, SHANGHAI)
    return local.replace(tzinfo=None, microsecond=nanoseconds // 1000)


def _read_row(raw: RawRow, columns: list[Column]) -> LandedRow:
    values: Row = {}
    reasons = list(raw.problems)
    # It is unknown which cells of a row that is too wide belong to which column.
    for column in [] if reasons else columns:
        values[column.name] = None
        try:
            values[column.name] = read_cell(column, raw.cells.get(column.name))
        except Unreadable:
            reasons.append(f"{_UNREADABLE.get(column.type, 'unknown_value')}:{column.name}")
            continue
        if values[column.name] is None and column.required:
            reasons.append(f"missing:{column.name}")
    return LandedRow(raw.line, values, reasons)


def _read_extracts(landing: Path) -> Iterator[Extract]:
    for dataset, columns in DATASETS.items():
        folder = landing / dataset
        for path in sorted(folder.iterdir(), key=lambda path: path.name) if folder.is_dir() else []:
            if suffix_of(path.name) is None or path.name.startswith((".", "~$")):
                continue
            extract = Extract(dataset, path, extract_time(path))
            try:
                file = read_file(path, folder.name, columns)
            except Quarantined as error:
                extract.error = str(error)
            else:
                extract.encoding = file.encoding
                extract.rows = [_read_row(raw, columns) for raw in file.rows]
            yield extract


def _reject_unknown_stores(extracts: list[Extract]) -> None:
    stores = {
        row.values["store_code"]
        for extract in extracts
        if extract.dataset == "dms/stores"
        for row in extract.rows
        if not row.reasons
    }
    for extract in extracts:
        if extract.dataset == "dms/stores":
            continue
        for row in extract.rows:
            if row.values.get("store_code") is not None and row.values["store_code"] not in stores:
                row.reasons.append("unknown_store:store_code")


def _current_rows(extracts: list[Extract], columns: list[Column]) -> dict[Key, Row]:
    """The latest extract wins, among equals the last file name, in a file the last row."""
    winners: dict[Key, tuple[Extract, Row]] = {}
    for extract in sorted(extracts, key=lambda extract: (extract.extract_at, extract.path.name)):
        for row in extract.rows:
            if row.reasons:
                continue
            key = tuple(row.values[column.name] for column in columns if column.is_key)
            if key in winners:
                winners[key][0].superseded += 1
            winners[key] = extract, row.values
    return {key: values for key, (_, values) in winners.items()}


def read_landing(landing: Path) -> Landed:
    """Read every extract and decide which rows are current."""
    extracts = list(_read_extracts(landing))
    _reject_unknown_stores(extracts)
    current = {
        dataset: _current_rows([extract for extract in extracts if extract.dataset == dataset], columns)
        for dataset, columns in DATASETS.items()
    }
    return Landed(extracts, current)


def quality_load(landed: Landed) -> list[Row]:
    """One row per file."""
    rows = []
    for extract in landed.extracts:
        system, dataset = extract.dataset.split("/")
        accepted = len(extract.rows) - extract.rejected - extract.superseded
        rows.append(
            {
                "system": system,
                "dataset": dataset,
                "file": extract.path.name,
                "extract_at": extract.extract_at,
                "rows_read": len(extract.rows),
                "rows_accepted": accepted,
                "rows_rejected": extract.rejected,
                "rows_superseded": extract.superseded,
                "encoding": extract.encoding,
                "status": "quarantined" if extract.error else "loaded",
            }
        )
    return rows


def quality_rejected_row(landed: Landed) -> list[Row]:
    """One row per rejected row."""
    rows = []
    for extract in landed.extracts:
        system, dataset = extract.dataset.split("/")
        place = {"system": system, "dataset": dataset, "file": extract.path.name}
        rows += [
            place | {"line": row.line, "reasons": "; ".join(sorted(set(row.reasons)))}
            for row in extract.rows
            if row.reasons
        ]
    return rows
