"""Names and kinds of entries in a landing folder: nothing outside it is read, and nothing in it is overlooked."""

import os
import socket
from pathlib import Path

import pytest

from dagster_project.load.landing import readable
from tests.hostile.originals import DATASET, ROWS, csv_text

NAMES = [
    *(
        "a\nb.csv",
        "..csv",
        "...csv.csv",
        "-rf.csv",
        "a'b.csv",
        'a"b.csv',
        "a;drop table x;--.csv",
        "%s{}$1.csv",
        "a b.csv",
    ),
    *("[a-z]*?.csv", "{a,b}.csv", "<img src=x onerror=alert(1)>.csv", "a.CSV", "A.csv", "\\x0a.csv", "a\u202ecsv.csv"),
    *(
        "=cmd.csv",
        "é.csv",
        "e\u0301.csv",
        "x" * 251 + ".csv",
        "\t.csv",
        "测试_20260401.csv",
        "~a.csv",
        "`x`.csv",
        "|.csv",
    ),
]
NOT_UTF8 = [b"\xff\xfe.csv", b"\xed\xa0\x80.csv", b"\\xff\xff.csv"]


def test_names_of_every_kind_are_distinguished(landing) -> None:
    folder = landing.path(f"{DATASET}/x").parent
    names = [os.fsencode(name) for name in NAMES] + NOT_UTF8
    for at, name in enumerate(names):
        with open(os.fsencode(folder) + b"/" + name, "w") as file:
            file.write(csv_text(rows=[["001", f"C{at}", *ROWS[0][2:]]]))
    landing.load()
    seen = landing.query("select distinct source_file from lake.complaint__cases")
    hidden = [name for name in NAMES if name.startswith(".")]
    assert len(seen) == len(names) - len(hidden)
    assert all(name.isprintable() for (name,) in seen)
    assert landing.query("select count(*), count(distinct case_no) from lake.complaint__cases") == [(len(seen),) * 2]
    assert sum(load.files_loaded for load in landing.load()) == 0


def test_different_paths_are_shown_differently() -> None:
    raw = [b"a\nb", b"a\\u000ab", b"a\\nb", b"\xff", b"\\xff", "\u00a0".encode(), b"\xa0", b"a\\\\b", b"a\\b"]
    shown = [readable(Path(os.fsdecode(name))) for name in raw]
    assert len({*shown}) == len(raw)
    assert all(name.isprintable() for name in shown)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret_20260401.csv").write_text(csv_text())
    return folder


def test_links_out_of_the_landing_folder_are_not_read(landing, outside: Path) -> None:
    folder = landing.path(f"{DATASET}/x").parent
    inside = landing.write(f"{DATASET}/a_20260401.csv", csv_text())
    targets = {
        "secret": outside / "secret_20260401.csv",
        "passwd": "/etc/passwd",
        "null": "/dev/null",
        "up": "../../../outside/secret_20260401.csv",
    }
    for name, target in targets.items():
        (folder / f"{name}.csv").symlink_to(target)
    (folder / "alike.csv").symlink_to(inside)
    (folder / "gone.csv").symlink_to("nowhere.csv")
    (folder / "loop.csv").symlink_to("loop.csv")
    (folder / "folder.csv").symlink_to(outside)
    landing.load()
    for name in targets:
        assert "leads out of the landing folder" in landing.file(f"{name}.csv")["error"]
    assert "leads out" in landing.file("folder.csv")["error"]
    assert "cannot be read: No such file" in landing.file("gone.csv")["error"]
    assert "cannot be read: Too many levels" in landing.file("loop.csv")["error"]
    assert landing.file("alike.csv")["rows_read"] == landing.file("a_20260401.csv")["rows_read"] == len(ROWS)


def test_a_dataset_folder_that_is_a_link_out_is_not_read(landing, outside: Path) -> None:
    folder = landing.path("complaint/x").parent
    (folder / "cases").symlink_to(outside)
    (landing.settings.landing / "survey").mkdir()
    (landing.settings.landing / "survey" / "callbacks").symlink_to(landing.settings.landing / "dms" / "stores")
    landing.load()
    assert "leads out of the landing folder" in landing.file("cases")["error"]
    assert landing.query("select count(*) from lake.complaint__cases") == [(0,)]
    assert "required column missing" in landing.query("select error from lake.loads where dataset = 'callbacks'")[0][0]


def test_a_landing_folder_that_is_itself_a_link_is_read(landing, tmp_path: Path) -> None:
    landing.write(f"{DATASET}/a.csv", csv_text())
    moved = tmp_path / "moved"
    landing.settings.landing.rename(moved)
    landing.settings.landing.symlink_to(moved)
    landing.load()
    assert landing.file("a.csv")["rows_read"] == len(ROWS)


def test_pipes_sockets_devices_and_folders_are_not_files(landing) -> None:
    folder = landing.path(f"{DATASET}/x").parent
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    deep = folder / "/".join(["d"] * 100)
    deep.mkdir(parents=True)
    (deep / "a.csv").write_text(csv_text())
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)
        try:
            server.bind("socket.csv")
        finally:
            os.chdir(here)
        landing.load()
    assert landing.file("pipe.csv")["error"] == landing.file("socket.csv")["error"] == "is not a regular file"
    assert landing.file("folder.csv")["error"] == landing.file("d")["error"] == "is a folder where a file should be"


def test_a_modification_time_that_is_not_a_date_quarantines_the_file(landing, monkeypatch) -> None:
    path = landing.write(f"{DATASET}/a.csv", csv_text())
    stat = Path.stat

    class Far:
        """The status of a file of the year 300000."""

        st_size, st_mtime_ns, st_ctime_ns, st_mode = 1, 2**73, 0, 0o100644

    monkeypatch.setattr(Path, "stat", lambda p, **k: Far() if p == path else stat(p, **k))
    landing.load()
    assert "modification time is no date" in landing.file("a.csv")["error"]
