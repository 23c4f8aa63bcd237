"""Whatever a file holds, no row is lost, no error escapes, no other file suffers: the short form of the soak test."""

import io
import resource
import time
from datetime import date
from zipfile import ZipFile

import pytest

from dagster_project.load import encoding, isolation
from tests.hostile.bombs import bombs, nested_parquet
from tests.hostile.mutate import mutate
from tests.hostile.oracle import Broken, Counts, check_folder
from tests.hostile.originals import DATASET, HEADER, ROWS, csv_text, originals, parquet, workbook
from tests.hostile.soak import run, try_round
from tests.hostile.values import DATES, NUMBERS, UNSEEN

_FILES = {"csv": 80, "csv gb18030": 40, "csv utf-16": 40, "gzip": 40, "xlsx": 40, "parquet": 30, "parquet snappy": 20}
LOADS = "select status, error, rows_read, rows_parsed, rows_rejected from lake.loads where dataset = 'cases'"


@pytest.mark.parametrize("kind", _FILES)
def test_mutated_files_lose_no_row_and_break_no_run(kind: str) -> None:
    counts = Counts()
    try_round(kind, range(_FILES[kind]), counts)
    assert counts.files == _FILES[kind]
    assert counts.loaded and counts.quarantined, "the mutations are too small, or too large, to test anything"


def test_changes_are_the_same_for_the_same_seed() -> None:
    for kind, (_, content) in originals().items():
        assert mutate(kind, content, 7) == mutate(kind, content, 7)


def test_the_soak_test_runs_until_its_deadline_and_reports_figures() -> None:
    messages: list[str] = []
    figures = run(time.monotonic() + 0.1, messages.append)
    assert figures["files"] == figures["loaded"] + figures["quarantined"] > 0
    assert messages


def test_a_lost_row_is_found(tmp_path, monkeypatch) -> None:
    """The oracle itself: it must detect a reader that drops a row."""
    from dagster_project.load.csv_file import _RowBuilder

    add = _RowBuilder.add
    monkeypatch.setattr(_RowBuilder, "add", lambda rows, line, *row: None if line == 5 else add(rows, line, *row))
    folder = tmp_path / "landing" / DATASET
    folder.mkdir(parents=True)
    rows = [[*row[:8], "x\0"] for row in ROWS]
    (folder / "a.csv").write_text(csv_text(rows=rows))
    with pytest.raises(Broken, match="a plain reader sees"):
        check_folder(DATASET, tmp_path / "landing", tmp_path / "lake", Counts())


def test_files_that_unpack_to_gigabytes_are_quarantined_and_the_others_load(landing, monkeypatch) -> None:
    monkeypatch.setattr(isolation, "MAX_MEMORY_GB", 2)
    monkeypatch.setattr(encoding, "_SURELY_NO_BOMB", 16 * 1024 * 1024)
    for at, (ending, content, _) in enumerate(bombs().values()):
        landing.write(f"{DATASET}/bomb{at}.{ending}", content)
    for name, content in {"a.csv": csv_text().encode(), "z.xlsx": workbook(), "z.parquet": parquet()}.items():
        landing.write(f"{DATASET}/{name}", content)
    landing.load()
    for name in ("a.csv", "z.xlsx", "z.parquet"):
        assert landing.file(name)["rows_read"] == len(ROWS), name
    for at, (what, (ending, _, message)) in enumerate(bombs().items()):
        record = landing.file(f"bomb{at}.{ending}")
        assert (record["status"], record["rows_read"]) == ("quarantined", 0), what
        assert message in record["error"], f"{what}: {record['error']}"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2_000_000


def test_a_reader_that_the_system_kills_is_retried(landing, monkeypatch) -> None:
    landing.write(f"{DATASET}/a.xlsx", workbook())
    start = isolation.IsolatedReader._start

    def start_and_kill(reader: isolation.IsolatedReader) -> None:
        start(reader)
        assert reader._process is not None
        reader._process.kill()

    with monkeypatch.context() as patch:
        patch.setattr(isolation.IsolatedReader, "_start", start_and_kill)
        landing.load()
    assert "want of memory; the next run tries again" in landing.file("a.xlsx")["error"]
    landing.load()
    assert landing.file("a.xlsx")["rows_read"] == len(ROWS)


def test_a_reader_that_never_answers_is_killed(landing, monkeypatch) -> None:
    monkeypatch.setattr(isolation, "MAX_SECONDS", 0)
    landing.write(f"{DATASET}/a.xlsx", workbook())
    landing.load()
    assert "reading the file takes more than" in landing.file("a.xlsx")["error"]


def test_deeply_nested_parquet_is_kept_as_json_or_quarantined(landing) -> None:
    for depth in (20, 400):
        landing.write(f"{DATASET}/d{depth}.parquet", nested_parquet(depth))
    landing.load()
    assert (landing.file("d20.parquet")["status"], landing.file("d20.parquet")["unknown_columns"]) == ("loaded", "deep")
    assert "nested" in landing.file("d400.parquet")["error"]


def test_a_parquet_file_with_a_column_name_that_is_not_text_is_quarantined(landing) -> None:
    content = parquet()
    assert b"tags" in content
    landing.write(f"{DATASET}/a.parquet", content.replace(b"tags", b"\xff\xfeg\xff"))
    landing.load()
    assert landing.file("a.parquet")["error"].startswith("the Parquet file is damaged")


def test_spreadsheet_errors_are_not_blanks(landing) -> None:
    landing.write(f"{DATASET}/a.xlsx", workbook())
    rows = [["001", "#N/A", *ROWS[1][2:]], ["#REF!", "C2", *ROWS[1][2:]], [*ROWS[1][:6], "#DIV/0!", "", "#VALUE!"]]
    landing.write(f"{DATASET}/b.csv", csv_text(rows=rows))
    landing.load()
    assert landing.query("select source_file, source_line, reasons from lake.rejected_rows order by 1, 2") == [
        ("a.xlsx", 3, "unknown_value:topic"),
        ("b.csv", 2, "unreadable_string:case_no"),
        ("b.csv", 3, "unreadable_string:store_code"),
        ("b.csv", 4, "unreadable_timestamp:received_at; unreadable_string:description"),
    ]


def test_errors_in_a_strict_workbook_are_not_blanks(landing) -> None:
    strict = io.BytesIO()
    with ZipFile(io.BytesIO(workbook())) as plain, ZipFile(strict, "w") as written:
        for name in plain.namelist():
            content = plain.read(name)
            for kind in (b"spreadsheetml", b"officeDocument"):
                usual = b"http://schemas.openxmlformats.org/" + kind + b"/2006/"
                content = content.replace(usual, b"http://purl.oclc.org/ooxml/" + kind + b"/")
            written.writestr(name, content)
    landing.write(f"{DATASET}/a.xlsx", strict.getvalue())
    landing.load()
    assert landing.query("select source_line, reasons from lake.rejected_rows") == [(3, "unknown_value:topic")]


@pytest.mark.parametrize("value", [*NUMBERS, *DATES, *UNSEEN])
def test_odd_values_are_kept_as_they_are_or_rejected(value: str) -> None:
    """Codes keep every character after Unicode normalisation; what is not a number or date never becomes one."""
    from tests.test_spellings import CUSTOMERS, LINES, ORDERS, read

    [code], _ = read(ORDERS, "repair_order_no", [value])
    assert code is None or code.strip() == code
    [hours], reasons = read(LINES, "labour_hours", [value])
    assert hours is None or abs(hours) < 10**10
    assert hours is not None or reasons[0] or value.strip("\u3000\u00a0\u2028\x1f") in ("", "-")
    [day], _ = read(CUSTOMERS, "registered_on", [value])
    assert day is None or isinstance(day, date)
    assert value in (*UNSEEN, *DATES) or day is None


def test_times_that_do_not_exist_are_rejected(landing) -> None:
    times = ["2026-04-03 24:00", "2026-04-03 23:59:60", "0000-01-01 00:00", "10000-01-01", "2025-02-29 09:00"]
    rows = [["001", f"C{at}", *ROWS[1][2:6], text, "", ""] for at, text in enumerate(times)]
    landing.write(f"{DATASET}/a.csv", csv_text(rows=rows))
    landing.load()
    assert landing.query(LOADS) == [("loaded", None, 5, 0, 5)]
    reasons = landing.query("select distinct reasons from lake.rejected_rows")
    assert reasons == [("unreadable_timestamp:received_at",)]


def test_very_many_columns_and_a_header_of_one_name_are_handled(landing) -> None:
    landing.write(f"{DATASET}/many.csv", csv_text().replace("\n", "," * 20_000 + "\n", 1))
    landing.write(f"{DATASET}/alike.csv", ",".join([*HEADER, *["x"] * 3000]) + "\n")
    landing.load()
    assert landing.file("many.csv")["rows_parsed"] == len(ROWS)
    assert landing.file("alike.csv")["status"] == "loaded"
