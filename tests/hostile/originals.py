"""Valid small files of one dataset in every format, for mutation."""

import gzip
import io
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

DATASET = "complaint/cases"
HEADER = (
    "store_code",
    "case_no",
    "case_type",
    "channel",
    "category",
    "priority",
    "received_at",
    "topic",
    "description",
)
ROWS = tuple(
    (
        "001" if number % 5 else "002",
        f"C{number:03}",
        ("投诉", "complaint", "咨询")[number % 3],
        ("电话", "phone", "wechat")[number % 3],
        "质量",
        "normal",
        f"2026-04-{number % 28 + 1:02} 09:{number:02}:00",
        "",
        ("漆面有划痕", "plain, with comma", 'two\nlines and "quotes"', "")[number % 4],
    )
    for number in range(14)
)


def csv_text(separator: str = ",", end: str = "\n", rows: Sequence[Sequence[str]] = ROWS) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if set(text) & set('",;\t\n\r') else text

    return end.join(separator.join(map(cell, row)) for row in (HEADER, *rows)) + end


def workbook() -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["售后服务部 数据导出"])
        sheet.write_row(1, 0, HEADER)
        for number, row in enumerate(ROWS, start=2):
            sheet.write_row(number, 0, row)
            sheet.write_datetime(number, 6, datetime.fromisoformat(row[6]), day)
        sheet.write_formula(2, 7, "=1/0", None, "#DIV/0!")
    return stream.getvalue()


def parquet(compression: str = "none") -> bytes:
    columns: dict[str, pa.Array] = {
        name: pa.array(cells) for name, cells in zip(HEADER, zip(*ROWS, strict=True), strict=True)
    }
    columns["received_at"] = pa.array([datetime.fromisoformat(row[6]) for row in ROWS], pa.timestamp("us"))
    columns["case_type"] = columns["case_type"].dictionary_encode()
    columns["tags"] = pa.array([[{"a": [number]}] for number in range(len(ROWS))])
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, compression=compression)
    return stream.getvalue()


def originals() -> dict[str, tuple[str, bytes]]:
    """The file ending and content of each kind."""
    return {
        "csv": ("csv", csv_text().encode()),
        "csv gb18030": ("csv", csv_text(";", "\r\n").encode("gb18030")),
        "csv utf-16": ("csv", csv_text("\t", "\r\n").encode("utf-16")),
        "gzip": ("csv.gz", gzip.compress(csv_text().encode(), mtime=0)),
        "xlsx": ("xlsx", workbook()),
        "parquet": ("parquet", parquet()),
        "parquet snappy": ("parquet", parquet("snappy")),
    }
