"""A backup is complete or absent, and restores the same figures."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dagster_project.load.manifest import read_manifest
from dagster_project.run import refresh
from dagster_project.run.lock import AlreadyRunning, only_run
from dagster_project.settings import Settings
from dagster_project.upkeep import backup
from dagster_project.upkeep.backup import BackupError, back_up
from dagster_project.upkeep.retention import BACKUPS_KEPT
from tests.conftest import Landing
from tests.support.published import differences


@pytest.mark.usefixtures("no_suites", "no_data_tests")
@pytest.mark.usefixtures("no_suites", "no_data_tests")
def test_a_restored_backup_gives_the_same_figures(sample_run: Settings, tmp_path: Path) -> None:
    made = back_up(sample_run, tmp_path / "backup")
    restored = replace(sample_run, data=tmp_path / "restored")
    shutil.copytree(made.folder, restored.data, symlinks=True)
    published, readers_had = (settings.published / "aftersales.duckdb" for settings in (restored, sample_run))
    assert not differences(published, readers_had), "readers have their figures before the next run"
    refreshed = refresh.refresh(restored)
    assert sum(load.files_loaded for load in refreshed.loads) == 0
    assert not differences(published, readers_had)


def backups(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()]


@pytest.fixture
def loaded(landing: Landing) -> Settings:
    landing.load()
    return landing.settings


def test_a_backup_shares_what_did_not_change_and_old_ones_go(loaded: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    first = back_up(loaded, folder)
    second = back_up(loaded, folder)
    assert (first.files, second.bytes_copied) == (second.files, 0)
    key = "private/hash_key"
    assert (first.folder / key).stat().st_ino == (second.folder / key).stat().st_ino
    assert (second.folder / key).stat().st_ino != (loaded.data / key).stat().st_ino
    for _ in range(BACKUPS_KEPT):
        back_up(loaded, folder)
    assert len(backups(folder)) == BACKUPS_KEPT
    assert not first.folder.exists()
    assert folder.stat().st_mode & 0o077 == 0


def test_a_killed_backup_does_not_count_and_the_next_one_removes_it(
    loaded: Settings, tmp_path: Path, monkeypatch
) -> None:
    folder = tmp_path / "backup"

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(backup.shutil, "copy2", fail)
        with pytest.raises(OSError, match="No space"):
            back_up(loaded, folder)
    assert not backups(folder), "an incomplete backup would fill the disk"
    (folder / ".20260101-000000000000.tmp").mkdir()
    made = back_up(loaded, folder)
    assert backups(folder) == [made.folder]


def test_dagster_databases_are_copied_while_they_are_written(loaded: Settings, tmp_path: Path) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    with closing(sqlite3.connect(home / ".db")) as events:
        events.execute("create table events as select 1 as event")
        events.commit()
    with closing(sqlite3.connect(home / "runs.db")) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("create table runs as select 1 as run")
        writer.commit()
        back_up(loaded, tmp_path / "backup", home)
        writer.execute("insert into runs values (2)")
        writer.commit()
        made = back_up(loaded, tmp_path / "backup", home)
    assert {path.name for path in (made.folder / "dagster").iterdir()} == {".db", "runs.db"}
    assert (made.folder / "dagster" / ".db").stat().st_nlink == 2, "an unchanged file takes no more space"
    with closing(sqlite3.connect(made.folder / "dagster" / "runs.db")) as copy:
        assert copy.execute("select run from runs").fetchall() == [(1,), (2,)]


def dagster_home(folder: Path) -> Path:
    """A folder with a database that has an empty table of runs."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "runs.db")) as runs:
        runs.execute("create table runs (id integer)")
        runs.commit()
    return folder


def test_dagster_databases_are_found_below_a_folder_of_any_name(loaded: Settings, tmp_path: Path) -> None:
    home = dagster_home(tmp_path / "dag#1?%41")
    made = back_up(loaded, tmp_path / "backup", home)
    with closing(sqlite3.connect(made.folder / "dagster" / "runs.db")) as kept:
        assert kept.execute("select count(*) from runs").fetchone() == (0,)
    with pytest.raises(BackupError, match="which is no folder"):
        back_up(loaded, tmp_path / "backup", tmp_path / "mistyped")


def test_what_is_written_while_a_database_is_copied_comes_with_the_next_backup(
    loaded: Settings, tmp_path: Path, monkeypatch
) -> None:
    home = dagster_home(tmp_path / "dagster")
    with closing(sqlite3.connect(home / "runs.db")) as runs:
        stamp = os.utime

        def write_first(path: Path, *times: object, **exact: object) -> None:
            if Path(path).name == "runs.db":
                runs.execute("insert into runs values (1)")
                runs.commit()
            stamp(path, *times, **exact)

        monkeypatch.setattr(backup.os, "utime", write_first)
        back_up(loaded, tmp_path / "backup", home)
        monkeypatch.undo()
    second = back_up(loaded, tmp_path / "backup", home)
    with closing(sqlite3.connect(second.folder / "dagster" / "runs.db")) as kept:
        assert kept.execute("select count(*) from runs").fetchone() == (1,)


def test_a_clock_that_was_ahead_prevents_no_later_backup(loaded: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    for number in range(BACKUPS_KEPT):
        (folder / f"20990101-0000000000{number:02d}").mkdir(parents=True)
    made = back_up(loaded, folder)
    assert made.folder.exists()
    assert made.folder == max(backups(folder))


def test_a_half_removed_old_backup_does_not_count(loaded: Settings, tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "backup"
    for _ in range(BACKUPS_KEPT):
        back_up(loaded, folder)

    def be_killed(path: Path, **_: object) -> None:
        next(path.rglob("*.parquet")).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(backup.shutil, "rmtree", be_killed)
        with pytest.raises(KeyboardInterrupt):
            back_up(loaded, folder)
    whole = [path for path in backups(folder) if not path.name.startswith(".")]
    assert len(whole) == BACKUPS_KEPT
    assert len({len([*path.rglob("*")]) for path in whole}) == 1
    back_up(loaded, folder)
    assert len(backups(folder)) == BACKUPS_KEPT


def test_an_empty_owner_mark_of_a_backup_folder_is_written_again(loaded: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    back_up(loaded, folder)
    (folder / "installation").write_text("")
    back_up(loaded, folder)
    assert (folder / "installation").read_text() == f"{loaded.data}\n"


def test_a_backup_that_could_not_be_restored_does_not_count(loaded: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is part of"):
        back_up(loaded, loaded.data / "backup")
    with only_run(loaded), pytest.raises(AlreadyRunning):
        back_up(loaded, tmp_path / "backup")
    [entry] = read_manifest(loaded.lake / "dms" / "stores").values()
    os.unlink(loaded.lake / "dms" / "stores" / entry.accepted_part)
    with pytest.raises(BackupError, match=r"--reload dms/stores:stores_20200101\.csv"):
        back_up(loaded, tmp_path / "backup")
    assert not list((tmp_path / "backup").glob("[0-9]*"))


def test_only_its_own_backups_are_ever_removed(loaded: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    others = [folder / "2024-12-31-annual-archive" / "kept", folder / ".mine.tmp" / "kept", folder / ".file.tmp"]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for _ in range(BACKUPS_KEPT + 1):
        back_up(loaded, folder)
    assert all(path.exists() for path in others)
    elsewhere = replace(loaded, data=Path(shutil.copytree(loaded.data, tmp_path / "elsewhere")))
    with pytest.raises(BackupError, match="name another folder"):
        back_up(elsewhere, folder)
    with pytest.raises(BackupError, match="is part of"):
        back_up(loaded, tmp_path / "dagster" / "backup", tmp_path / "dagster")


def test_readers_may_read_what_is_restored(loaded: Settings, tmp_path: Path) -> None:
    published = loaded.published / "states" / "20260101000000000000-1"
    published.mkdir(parents=True)
    (published / "aftersales.duckdb").touch()
    (loaded.published / "current").symlink_to("states/20260101000000000000-1")
    for path in (loaded.published, *loaded.published.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o2750 if path.is_dir() else 0o640)
    loaded.data.chmod(0o711)
    made = back_up(loaded, tmp_path / "backup")
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o711
    for path in (made.folder / "published", *(made.folder / "published").rglob("*")):
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) == (0o2750 if path.is_dir() else 0o640)
    assert stat.S_IMODE((made.folder / "private").stat().st_mode) == 0o700
