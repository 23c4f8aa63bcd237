"""CSV files and workbooks for people: the figures of the marts, text that stays text, all or nothing."""

import csv
import io
import os
import stat
import subprocess
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas
import pytest
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from dagster_project import cli
from dagster_project.publish import csv_files, workbook
from dagster_project.publish.csv_files import ExportRefused, export_csv
from dagster_project.publish.state import NothingPublished
from dagster_project.publish.workbook import export_xlsx
from dagster_project.settings import Settings
from tests.support.small_warehouse import TABLES, SmallWarehouse

DANGEROUS = ["=1+1", "+86 021", "-5", "@SUM(A1)", "\t=1", "＝1+1"]
HARMLESS = ["007", "客户", 'a "quoted", one', "two\nlines"]


@pytest.fixture
def small(tmp_path: Path) -> SmallWarehouse:
    small = SmallWarehouse(tmp_path, rows=3)
    texts = ", ".join(
        f"('S001', date '2026-02-01', {line}, -1, '{text}')" for line, text in enumerate(DANGEROUS + HARMLESS)
    )
    small.publish(1, second=f"values {texts}")
    return small


def as_shown(value: object) -> object:
    """A value as a sheet can hold it: no null, a date as midnight, 15 digits."""
    if value is None:
        return ""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return pytest.approx(value, rel=1e-14) if isinstance(value, float) else value


def shown_days(row: list) -> list:
    return [cell if isinstance(cell, datetime | float) else as_shown(cell) for cell in row]


def fail(*_: object) -> None:
    raise OSError("the disk is full")


def test_csv_opens_in_a_spreadsheet_with_chinese_and_without_formulas(small: SmallWarehouse, tmp_path: Path) -> None:
    assert export_csv(small.published, tmp_path / "csv", ["second_monthly"]) == {"second_monthly": 13}
    content = (tmp_path / "csv" / "second_monthly.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfstore_code,month,line,state,note\r\n")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    february = [row for row in rows if row["month"] == "2026-02-01"]
    assert [row["note"] for row in february] == [f"'{text}" for text in DANGEROUS] + HARMLESS
    assert {row["state"] for row in february} == {"-1"}, "a negative number is a number"


def test_csv_holds_the_figures_to_the_last_digit(sample_run: Settings, tmp_path: Path) -> None:
    rows = export_csv(sample_run.published, tmp_path / "csv")
    assert {path.stem for path in (tmp_path / "csv").iterdir()} == rows.keys()
    assert "css_store_monthly" in rows
    assert {name for name in rows if name.startswith(("fct_", "dim_"))} == {"dim_item", "dim_kpi", "dim_store"}
    name = "churn_cohort_monthly"
    with duckdb.connect(str(sample_run.published / "aftersales.duckdb"), read_only=True) as connection:
        published = connection.execute(f"select * from marts.{name}").df()
    read = pandas.read_csv(tmp_path / "csv" / f"{name}.csv", parse_dates=["month"])
    pandas.testing.assert_frame_equal(read, published, check_dtype=False, check_exact=True)


def test_an_export_replaces_the_earlier_one_or_leaves_it(small: SmallWarehouse, tmp_path: Path, monkeypatch) -> None:
    folder, file = tmp_path / "csv", tmp_path / "marts.xlsx"
    assert export_csv(small.published, folder).keys() == set(TABLES)
    export_xlsx(small.published, file)
    before = {path.name: path.read_bytes() for path in [*folder.iterdir(), file]}
    small.publish(2)
    with monkeypatch.context() as broken:
        broken.setattr(csv_files, "no_formula", fail)
        broken.setattr(workbook, "_form", fail)
        for export, path in ((export_csv, folder), (export_xlsx, file)):
            with pytest.raises(OSError, match="disk is full"):
                export(small.published, path)
    assert {path.name: path.read_bytes() for path in [*folder.iterdir(), file]} == before
    export_csv(small.published, folder, ["first_monthly"])
    assert [path.name for path in folder.iterdir()] == ["first_monthly.csv"]
    assert not list(tmp_path.glob(".*")), "leftovers"


def test_a_folder_of_something_else_is_refused(small: SmallWarehouse, tmp_path: Path) -> None:
    mine = tmp_path / "documents" / "thesis.csv"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(ExportRefused, match=r"thesis\.csv"):
        export_csv(small.published, mine.parent)
    assert mine.read_text() == "mine"


def test_an_export_through_a_link_keeps_the_link_and_who_may_read(small: SmallWarehouse, tmp_path: Path) -> None:
    folder, link = tmp_path / "share" / "csv", tmp_path / "csv"
    export_csv(small.published, folder, ["first_monthly"])
    folder.chmod(0o2750)
    (folder / "first_monthly.csv").chmod(0o640)
    link.symlink_to(folder)
    export_csv(small.published, link)
    assert link.is_symlink()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o2750
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        f"{table}.csv": 0o640 for table in TABLES
    }


def test_the_remains_of_a_killed_export_are_restored_or_removed(small: SmallWarehouse, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "csv"
    export_csv(small.published, folder)
    # Killed between the two renames; another was killed while it wrote, and one is still writing.
    ended = subprocess.Popen(["true"])
    ended.wait()
    folder.rename(folder.with_name(f".csv.{ended.pid}.old"))
    for process in (ended.pid, os.getpid(), os.getppid()):
        folder.with_name(f".csv.{process}.new").mkdir()
    with pytest.raises(NothingPublished, match="no published table third"):
        export_csv(small.published, folder, ["third"])
    assert {path.stem for path in folder.iterdir()} == set(TABLES), "readers have the last export again"
    assert {path.name for path in folder.parent.iterdir()} == {"csv", f".csv.{os.getppid()}.new"}


def test_a_workbook_has_an_index_meanings_and_text_that_stays_text(
    small: SmallWarehouse, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 5)
    export_xlsx(small.published, tmp_path / "few.xlsx")
    book = CalamineWorkbook.from_path(tmp_path / "few.xlsx")
    index = {row[0]: row for row in book.get_sheet_by_name("Index 目录").to_python()[1:]}
    assert book.sheet_names == ["Index 目录", "Columns 字段", "first_monthly"]
    assert index["first_monthly"][1:5] == ["first_monthly", 3, "Rows of the first_monthly.", "测试表。"]
    assert "too many rows" in index["second_monthly"][5]
    with pytest.raises(ExportRefused, match="of a sheet: second_monthly"):
        export_xlsx(small.published, tmp_path / "none.xlsx", ["second_monthly"])
    assert not (tmp_path / "none.xlsx").exists()
    monkeypatch.undo()

    export_xlsx(small.published, tmp_path / "all.xlsx")
    book = CalamineWorkbook.from_path(tmp_path / "all.xlsx")
    header, *rows = book.get_sheet_by_name("second_monthly").to_python()
    assert header[3] == "state\n版本"
    assert [row[4] for row in rows if row[3] == -1] == DANGEROUS + HARMLESS
    meanings = book.get_sheet_by_name("Columns 字段").to_python()
    assert ["second_monthly", "state", "bigint", "State.", "版本。"] in meanings


def test_a_workbook_of_the_sample_holds_the_figures_as_numbers_and_dates(sample_run: Settings, tmp_path: Path) -> None:
    names = ["churn_cohort_monthly", "quality_load"]
    export_xlsx(sample_run.published, tmp_path / "marts.xlsx", names)
    book = CalamineWorkbook.from_path(tmp_path / "marts.xlsx")
    with duckdb.connect(str(sample_run.published / "aftersales.duckdb"), read_only=True) as connection:
        for name in names:
            published = connection.execute(f"select * from marts.{name}").fetchall()
            sheet = book.get_sheet_by_name(name).to_python()[1:]
            assert len(sheet) == len(published)
            for shown, row in zip(sheet, published, strict=True):
                assert shown_days(shown) == [as_shown(value) for value in row]


def test_dates_that_excel_does_not_know_are_text(small: SmallWarehouse, tmp_path: Path) -> None:
    small.publish(1, also="date '1899-12-31' as day, timestamp '1753-01-01 08:00:00' as moment")
    export_xlsx(small.published, tmp_path / "old.xlsx", ["first_monthly"])
    sheet = CalamineWorkbook.from_path(tmp_path / "old.xlsx").get_sheet_by_name("first_monthly")
    assert sheet.to_python()[1][4:] == ["1899-12-31", "1753-01-01 08:00:00"]


def test_an_impossible_export_is_explained_in_a_sentence(small: SmallWarehouse, tmp_path: Path, capsys) -> None:
    data = str(small.published.parent)
    csv_to = ["--csv", str(tmp_path / "csv")]
    for arguments, said in (
        (["--data", data], "give --postgres, --csv or --xlsx"),
        (["--data", data, "--postgres", "postgresql://db/none", "--tables", "nosuch"], "--tables chooses what --csv"),
        (["--data", data, *csv_to, "--tables", "first_monthly,third"], "no published table third; choose from first"),
        (["--data", str(tmp_path / "nothing"), *csv_to], "nothing is published"),
    ):
        assert cli.main(["publish", *arguments]) == 1
        assert said in capsys.readouterr().err
    assert not (tmp_path / "csv").exists()
    with pytest.raises(NothingPublished):
        export_xlsx(tmp_path / "nothing", tmp_path / "nothing.xlsx")


def test_a_workbook_that_cannot_be_written_is_reported_with_the_reason(
    small: SmallWarehouse, tmp_path: Path, monkeypatch
) -> None:
    def denied(_: Workbook) -> None:
        raise FileCreateError("Permission denied")

    monkeypatch.setattr(Workbook, "close", denied)
    with pytest.raises(ExportRefused, match=r"can't write .*denied\.xlsx: Permission denied"):
        export_xlsx(small.published, tmp_path / "denied.xlsx")
    assert not list(tmp_path.glob("*.xlsx"))
