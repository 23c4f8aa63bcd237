"""Real-world files: names, headers, versions, and files that are not a table of their dataset."""

import gzip
import os
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from dagster_project.load import dataset
from dagster_project.load.assets import load_metadata
from dagster_project.load.drift import read_drift
from dagster_project.load.load import load_landing
from dagster_project.load.manifest import read_manifest
from dagster_project.load.part import LakeError
from dagster_project.load.reload import files_to_reload
from dagster_project.run.summary import summarise_loads
from tests.support.customers_file import EXPECTED, HEADER, READ, ROWS, csv_text


def test_extract_time_is_in_the_name_or_else_the_modification_time(landing) -> None:
    names = ["a_20260401.csv", "b_202604011230.csv", "c20260401123059.csv", "d_20261341.csv", "e_1234567890.csv"]
    for name in names:
        path = landing.write(f"dms/customers/{name}", csv_text([HEADER]))
        os.utime(path, (1767225600, 1767225600))
    landing.load()
    modified = datetime(2026, 1, 1, 8)
    assert [landing.file(name)["extract_at"] for name in names] == [
        datetime(2026, 4, 1),
        datetime(2026, 4, 1, 12, 30),
        datetime(2026, 4, 1, 12, 30, 59),
        modified,
        modified,
    ]


def test_unknown_columns_are_kept_and_missing_optional_ones_reported(landing) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([[*HEADER[:5], "会员等级"], [*ROWS[0][:5], "金卡"]]))
    landing.load()
    assert landing.query("select unknown_columns, occupation from lake.dms__customers") == [
        ('{"会员等级": "金卡"}', None)
    ]
    record = landing.file("a_20260401.csv")
    assert record["unknown_columns"] == "会员等级"
    assert record["missing_columns"] == "gender, birth_year, occupation, phone"


@pytest.mark.parametrize("end", ["", "\n\n"])
def test_a_column_without_a_name_is_kept_where_it_holds_anything(landing, end: str) -> None:
    header = "store_code,customer_no,customer_type,registered_on"
    empty = f'"","",""\n{header},,\n001,C1,private,2026-04-03,,\n001,C2,private,2026-04-03\n{end}'
    landing.write("dms/customers/a_20260401.csv", empty)
    landing.write("dms/customers/b_20260401.csv", f"{header},,\n001,C3,private,2026-04-03,,remark\n{end}")
    landing.load()
    found = landing.query("select customer_no, source_line, unknown_columns from lake.dms__customers order by 1")
    unnamed = '{"column 5": "", "column 6": "remark"}'
    assert found == [("C1", 3, None), ("C2", 4, None), ("C3", 2, unnamed)]
    assert landing.file("a_20260401.csv")["unknown_columns"] == ""
    assert landing.file("b_20260401.csv")["unknown_columns"] == "column 5, column 6"
    assert [landing.file(f"{name}_20260401.csv")["short_rows"] for name in "ab"] == [0, 0]


def quarantine_cases() -> dict[str, tuple[str, bytes, str]]:
    good = csv_text([HEADER, *ROWS])
    latin = "store_code,customer_no,customer_name,customer_type,registered_on\n001,1,Müller Ärzte,private,2026-04-03\n"
    return {
        "empty": ("a.csv", b"", "empty"),
        "blank": ("a.csv", b" \r\n\r\n", "empty"),
        "no header": ("a.csv", b"1,2,3\n4,5,6\n", "no header"),
        "required column missing": ("a.csv", b"store_code,customer_no\n001,C1\n", "customer_type (客户类型)"),
        "a column named twice": ("a.csv", csv_text([[*HEADER, "store_code"]]).encode(), "named twice"),
        "damaged utf-8": ("a.csv", (good * 3).encode().replace("司".encode(), b"\xff\xff"), "line 3"),
        "latin-1": ("a.csv", latin.encode("latin-1"), "wrong encoding"),
        "utf-16 without a mark": ("a.csv", good.encode("utf-16-le"), "wrong encoding"),
        "no workbook": ("a.xlsx", b"PK not a zip", "damaged"),
        "no parquet": ("a.parquet", b"PAR1 nothing", "damaged"),
        "broken gzip": ("a.csv.gz", gzip.compress(good.encode() * 500)[:60], "gzip"),
        "unknown ending": ("a.txt", good.encode(), "is not an extract"),
    }


@pytest.mark.parametrize("case", quarantine_cases())
def test_a_file_that_cannot_be_read_is_quarantined_and_the_others_load(landing, case: str) -> None:
    name, content, reason = quarantine_cases()[case]
    landing.write(f"dms/customers/{name}", content)
    landing.write("dms/customers/good_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    record = landing.file(name)
    assert record["status"] == "quarantined"
    assert reason in record["error"]
    assert landing.query(READ) == EXPECTED


def test_a_folder_and_a_misplaced_file_are_quarantined(landing) -> None:
    (landing.settings.landing / "dms/customers/folder.csv").mkdir(parents=True)
    landing.write("dms/custommers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.write("dms/customers/.hidden.csv", "x")
    landing.load()
    assert "folder" in landing.file("folder.csv")["error"]
    assert "no dataset is called dms/custommers" in landing.file("a_20260401.csv")["error"]
    assert landing.query("select count(*) from lake.loads") == [(3,)]


def test_line_breaks_in_header_cells_are_ignored(landing) -> None:
    header = ['"门店\n代码"', '"客户\r\n编号"', *HEADER[2:]]
    landing.write("dms/customers/a_20260401.csv", csv_text([header, *ROWS]))
    landing.load()
    assert landing.query(READ) == [(*row[:-1], row[-1] + 2) for row in EXPECTED]


def test_unknown_columns_of_one_name_keep_the_cells_of_both(landing) -> None:
    rows = [[*HEADER, "备注", "备注"], [*ROWS[0], "n1", "n2"], ["001", "C9", "", "坏", "2026-04-03", "", "n3", "n4"]]
    landing.write("dms/customers/a_20260401.csv", csv_text(rows))
    landing.load()
    assert landing.file("a_20260401.csv")["unknown_columns"] == "备注 (column 7), 备注 (column 8)"
    assert landing.query("select unknown_columns from lake.dms__customers") == [
        ('{"备注 (column 7)": "n1", "备注 (column 8)": "n2"}',)
    ]
    ((raw,),) = landing.query("select row_raw from lake.rejected_rows")
    assert '"备注 (column 7)": "n3", "备注 (column 8)": "n4"' in raw


def test_an_unknown_column_with_a_comma_in_its_name_is_one_column(landing) -> None:
    landing.write(
        "dms/customers/a_20260401.csv",
        'store_code,customer_no,customer_type,registered_on,"备注, 内部","a,, b",\n001,C1,private,2026-04-01,x,y,z\n',
    )
    loads = landing.load()
    (entry,) = read_manifest(landing.settings.lake / "dms" / "customers").values()
    assert entry.unknown_names == ["备注, 内部", "a,, b", "column 7"]
    assert entry.missing_names == ["customer_name", "gender", "birth_year", "occupation", "phone"]
    (drift,) = [found for found in read_drift(landing.settings.lake) if found.file == "a_20260401.csv"]
    assert drift.unknown == ("备注, 内部", "a,, b", "column 7")
    said = summarise_loads(landing.settings)
    assert "dms/customers: unknown column '备注, 内部' in 1 file(s), e.g. a_20260401.csv" in said
    (customers,) = [load for load in loads if load.contract.name == "dms/customers"]
    shown = load_metadata(customers)
    assert shown["unknown_columns"].text == "'a,, b', 'column 7', '备注, 内部'"


def test_a_version_that_stays_in_use_keeps_its_drift(landing) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([[*HEADER, "会员等级"], [*ROWS[0], "金卡"]]))
    landing.load()
    path.write_text("nothing of it\n")
    landing.load()
    record = landing.file("a_20260401.csv")
    assert (record["status"], record["rows_read"], record["unknown_columns"]) == ("quarantined", 1, "会员等级")


def test_a_name_that_is_not_utf8_is_shown_escaped(landing) -> None:
    folder = os.fsencode(landing.path("dms/customers/x").parent)
    with open(folder + b"/\xb2\xe2_20260401.csv", "w") as file:
        file.write(csv_text([HEADER, *ROWS]))
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert landing.file("\\xb2\\xe2_20260401.csv")["status"] == "loaded"


def test_a_file_that_changes_while_it_is_read_is_read_by_the_next_run(landing, monkeypatch) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, ROWS[0]]))

    def detect(path: Path) -> str:
        path.write_bytes(csv_text([HEADER, *ROWS]).encode("gb18030"))
        return "utf-8"

    with monkeypatch.context() as patch:
        patch.setattr("dagster_project.load.csv_file.detect_encoding", lambda p: detect(p) if p == path else "utf-8")
        landing.load()
    assert "changed while it was read" in landing.file(path.name)["error"]
    landing.load()
    assert landing.query(READ) == EXPECTED


def test_a_file_that_could_not_be_opened_is_retried(landing, monkeypatch) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    gone = landing.write("dms/customers/gone.csv", csv_text([HEADER]))

    def refuse(path: Path) -> str:
        if path == gone:
            path.unlink()
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("dagster_project.load.dataset._content_digest", refuse)
        landing.load()
    assert "Permission denied; the next run tries again" in landing.file(path.name)["error"]
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert landing.query("select count(*) from lake.loads where source_file = 'gone.csv'") == [(0,)]


def test_a_full_disk_does_not_count_against_the_file(landing, monkeypatch) -> None:
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.ParquetWriter.write_batch", full)
        with pytest.raises(LakeError, match="No space left"):
            landing.load()
    landing.load()
    assert landing.query(READ) == EXPECTED


def test_loading_again_changes_nothing_and_a_changed_file_replaces_its_old_version(landing) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    parts = sorted(landing.settings.lake.rglob("*.parquet"))
    stamps = [part.stat().st_mtime_ns for part in parts]
    assert sum(load.files_loaded for load in landing.load()) == 0
    os.utime(path)
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert [part.stat().st_mtime_ns for part in parts if "manifest" not in part.name] == [
        stamp for part, stamp in zip(parts, stamps, strict=True) if "manifest" not in part.name
    ]
    landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, ROWS[1]]))
    landing.load()
    assert landing.query(READ) == [(*EXPECTED[1][:-1], 2)]
    landing.write("dms/customers/a_20260401.csv", b"")
    landing.load()
    assert landing.query(READ) == [(*EXPECTED[1][:-1], 2)], "a bad copy must not remove good rows"
    assert "is still in use" in landing.file("a_20260401.csv")["error"]


def test_a_file_that_vanishes_keeps_its_rows(landing) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    path.unlink()
    landing.load()
    assert landing.query(READ) == EXPECTED


def test_a_quarantined_file_is_no_longer_reported_once_it_is_removed(landing) -> None:
    extract = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    extract.write_bytes(b"")
    wrong = landing.write("dms/customers/b_20260402.csv.part", csv_text([HEADER, *ROWS]))
    (load,) = (load for load in landing.load() if load.contract.name == "dms/customers")
    assert len(load.quarantined) == 2
    extract.unlink()
    wrong.rename(wrong.with_suffix(""))
    (load,) = (load for load in landing.load() if load.contract.name == "dms/customers")
    assert load.quarantined == []
    assert [entry.source_file for entry in load.entries] == ["a_20260401.csv", "b_20260402.csv"]
    assert landing.query("select distinct source_file from lake.dms__customers order by 1") == [
        ("a_20260401.csv",),
        ("b_20260402.csv",),
    ]
    extract.write_text(csv_text([HEADER, *ROWS]))
    landing.load()
    assert landing.file(extract.name)["status"] == "loaded"


def test_a_quarantined_file_is_still_reported_while_its_folder_cannot_be_read(landing, monkeypatch) -> None:
    landing.write("dms/customers/a_20260401.csv", b"")
    landing.load()
    folder = landing.settings.landing / "dms" / "customers"
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("/")
    (load,) = (load for load in landing.load() if load.contract.name == "dms/customers")
    assert len(load.quarantined) == 2
    folder.unlink()
    folder.with_name("elsewhere").rename(folder)
    (load,) = (load for load in landing.load() if load.contract.name == "dms/customers")
    assert [entry.source_file for entry in load.quarantined] == ["a_20260401.csv"]


def test_a_file_reread_on_request_keeps_its_current_rows_when_it_changes_meanwhile(landing, monkeypatch) -> None:
    path = landing.write("dms/customers/a_20260401.csv", csv_text([HEADER, *ROWS]))
    landing.load()
    lake = landing.settings.lake
    digest = dataset._content_digest

    def digest_and_change(file: Path) -> str:
        found = digest(file)
        file.write_text(csv_text([HEADER, ROWS[0]]))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(dataset, "_content_digest", digest_and_change)
        load_landing(landing.settings.landing, lake, reload=["dms/customers"])
    path.unlink()
    landing.load()
    assert landing.query(READ) == EXPECTED
    assert not list(lake.glob("dms/customers/damaged/*"))


@pytest.mark.parametrize("wish", ["dms/customers:c[1]_20260401.csv", "*:c[*"])
def test_brackets_in_a_name_are_taken_literally(landing, wish: str) -> None:
    path = landing.write("dms/customers/c[1]_20260401.csv", csv_text([HEADER, *ROWS]))
    assert files_to_reload(landing.settings.landing, [wish]) == {path}


def test_the_error_of_an_unreadable_file_shows_no_phone_or_plate(landing) -> None:
    path = landing.path("dms/customers/a_20260401.xlsx")
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("13912345678 沪A12345")
    landing.load()
    error = landing.file(path.name)["error"]
    assert "sheet" in error
    assert "139" not in error and "12345" not in error


def test_an_extract_whose_time_changed_is_a_new_one(landing) -> None:
    # Its name holds no time: written again, perhaps after a broken version, superseded rows may become current.
    path = landing.write("dms/customers/a.csv", csv_text([HEADER, *ROWS]))
    parts = set()
    for day in (1, 2):
        os.utime(path, (day * 86400, day * 86400))
        load_landing(landing.settings.landing, landing.settings.lake, reload=["dms/customers"])
        (entry,) = read_manifest(landing.settings.lake / "dms" / "customers").values()
        assert entry.extract_at.day == day + 1
        parts.add(entry.accepted_part)
    assert len(parts) == 2
