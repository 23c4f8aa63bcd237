"""The record of issued monthly reports: a figure of a store-month that was reported must not change unnoticed.

One small file per issue in `<lake>/quality/reported_months/`; files are only added. Whoever issues a monthly report
calls `record_reported` once its files are in place.
"""

from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.parquet_rows import write_rows

REPORTED_SCHEMA = pa.schema([("store_code", pa.string()), ("month", pa.date32()), ("issued_at", pa.timestamp("us"))])


def _folder(lake: Path) -> Path:
    return lake / "quality" / "reported_months"


def record_reported(lake: Path, store_code: str, month: date, issued_at: datetime) -> Path:
    """Record that the report of a store and month (its first day) was issued; a later one is another issue."""
    # A store's code may have characters that a file name can't.
    name = f"{month:%Y-%m}_{quote(store_code, safe='')}_{issued_at:%Y%m%d%H%M%S%f}.parquet"
    row = {"store_code": store_code, "month": month, "issued_at": issued_at}
    return write_rows(_folder(lake) / name, [row], REPORTED_SCHEMA)


def reported_months(lake: Path) -> pa.Table:
    """Every issue of a report: store, month, time; empty before the first."""
    if not any(_folder(lake).glob("*.parquet")):
        return REPORTED_SCHEMA.empty_table()
    return pq.read_table(_folder(lake), schema=REPORTED_SCHEMA)
