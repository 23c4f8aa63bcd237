"""File permissions: who can read the hash key, the private folders and the published files."""

import os
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from dagster_project.load.hash_key import (
    HashKeyError,
    another_key_warning,
    key_path,
    key_warning,
    note_key,
    read_hash_key,
)
from dagster_project.privacy.access import ReadersError, open_to_readers, private_by_default
from dagster_project.run.lock import only_run
from dagster_project.settings import Settings
from tests.support.small_warehouse import SmallWarehouse


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Restore the umask for other tests."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(*paths: Path) -> set[int]:
    """Modes of the paths and of everything below them."""
    found = [entry for path in paths for entry in (path, *path.rglob("*")) if not entry.is_symlink()]
    return {mode(entry) for entry in found}


def test_an_installation_makes_a_key_of_its_own_and_says_so(tmp_path) -> None:
    key = read_hash_key(tmp_path, {})
    assert len(key) == 64
    assert read_hash_key(tmp_path, {}) == key
    assert key_path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert key_path(tmp_path).parent.stat().st_mode & 0o777 == 0o700
    assert "AFTERSALES_HASH_KEY is not set" in str(key_warning(tmp_path, {}))


def test_a_key_file_that_others_can_read_is_made_private_and_reported(tmp_path, caplog) -> None:
    key = read_hash_key(tmp_path, {})
    key_path(tmp_path).chmod(0o644)
    assert read_hash_key(tmp_path, {}) == key
    assert key_path(tmp_path).stat().st_mode & 0o777 == 0o600
    assert "open to others (644)" in caplog.text
    assert key not in caplog.text


def test_a_key_that_could_be_guessed_is_refused_without_quoting_it(tmp_path) -> None:
    with pytest.raises(HashKeyError) as refused:
        read_hash_key(tmp_path, {"AFTERSALES_HASH_KEY": "guess me"})
    assert "guess me" not in str(refused.value)
    read_hash_key(tmp_path, {})
    key_path(tmp_path).write_text("")
    with pytest.raises(HashKeyError, match="holds no key"):
        read_hash_key(tmp_path, {})


def test_a_changed_key_is_reported_until_a_run_has_published_with_it(tmp_path) -> None:
    first, second = "0123456789abcdef", "fedcba9876543210"
    assert another_key_warning(tmp_path, first) is None
    note_key(tmp_path, first)
    assert another_key_warning(tmp_path, first) is None
    warning = another_key_warning(tmp_path, second)
    assert warning == another_key_warning(tmp_path, second), "until a run has published with it"
    assert "not the hash key that was used before" in str(warning)
    assert first not in str(warning)
    assert second not in str(warning)
    note_key(tmp_path, second)
    assert another_key_warning(tmp_path, second) is None


@pytest.mark.parametrize("written", ["0123456789abcdef\n", " 0123456789abcdef"])
def test_whitespace_around_a_key_is_not_part_of_it(tmp_path, written: str) -> None:
    assert read_hash_key(tmp_path, {"AFTERSALES_HASH_KEY": written}) == "0123456789abcdef"


def test_a_key_that_is_not_text_is_refused(tmp_path) -> None:
    with pytest.raises(HashKeyError, match="unprintable"):
        read_hash_key(tmp_path, {"AFTERSALES_HASH_KEY": "0123456789abcdef\udcff"})


def test_a_key_from_the_environment_leaves_no_file_and_needs_no_warning(tmp_path) -> None:
    environment = {"AFTERSALES_HASH_KEY": "0123456789abcdef0123456789abcdef"}
    assert read_hash_key(tmp_path, environment) == environment["AFTERSALES_HASH_KEY"]
    assert key_warning(tmp_path, environment) is None
    assert not key_path(tmp_path).exists()


def test_written_files_are_private_and_published_files_are_open_to_their_readers(tmp_path, monkeypatch) -> None:
    private_by_default()
    small = SmallWarehouse(tmp_path / "data")
    small.publish(1)
    settings = Settings(landing=tmp_path, data=tmp_path / "data", as_of=date(2026, 1, 31))
    with only_run(settings):
        pass
    assert modes(settings.warehouse, settings.data / "run.lock") == {0o600}
    assert modes(settings.published) == {0o750, 0o640}
    assert mode(settings.data) == 0o710, "readers may traverse it"
    monkeypatch.setenv("AFTERSALES_READERS", "all")
    small.publish(2)
    assert modes(*(settings.published / "current").resolve().iterdir()) == {0o755, 0o644}
    monkeypatch.setenv("AFTERSALES_READERS", "everyone")
    with pytest.raises(ReadersError, match="owner, group, all"):
        small.publish(3)


def test_open_permissions_are_closed_and_reported(tmp_path, caplog) -> None:
    settings = Settings(landing=tmp_path, data=tmp_path / "data", as_of=date(2026, 1, 31))
    private = (settings.lake, settings.cluster)
    for folder in private:
        part = folder / "dms" / "part.parquet"
        part.parent.mkdir(parents=True)
        part.touch()
        for path in (folder, part.parent, part):
            path.chmod(0o755)
    with only_run(settings):
        assert modes(*private) == {0o700}
    assert all(f"{folder} was open to others" in caplog.text for folder in private)


def test_a_run_closes_what_was_published_to_readers_who_may_not_read_it_any_more(tmp_path, monkeypatch) -> None:
    private_by_default()
    settings = Settings(landing=tmp_path, data=tmp_path / "data", as_of=date(2026, 1, 31))
    small = SmallWarehouse(settings.data)
    for state in (1, 2):
        small.publish(state)
    report = settings.data / "reports" / "monthly" / "S001" / "2026-01" / "report.html"
    report.parent.mkdir(parents=True)
    report.touch()
    given = settings.published, settings.data / "reports"
    with only_run(settings):
        assert modes(*given) == {0o750, 0o640}
    report.chmod(0o600)
    with only_run(settings):
        assert mode(report) == 0o600, "what an administrator closed stays closed while the setting is unchanged"
    monkeypatch.setenv("AFTERSALES_READERS", "all")
    with only_run(settings):
        assert modes(*given) == {0o755, 0o644}
    monkeypatch.setenv("AFTERSALES_READERS", "owner")
    with only_run(settings):
        assert modes(*given) == {0o700, 0o600}


def test_files_of_another_account_do_not_stop_a_run(tmp_path, monkeypatch, caplog) -> None:
    settings = Settings(landing=tmp_path, data=tmp_path / "data", as_of=date(2026, 1, 31))
    theirs, ours = (settings.data / "reports" / name for name in ("theirs.xlsx", "ours.xlsx"))
    ours.parent.mkdir(parents=True)
    for path in (theirs, ours):
        path.touch(0o600)
    change = Path.chmod

    def refuse(path: Path, bits: int) -> None:
        if path == theirs:
            raise PermissionError(1, "Operation not permitted", path)
        change(path, bits)

    monkeypatch.setattr(Path, "chmod", refuse)
    with only_run(settings):
        assert (mode(theirs), mode(ours)) == (0o600, 0o640)
    assert f"{theirs} belongs to another account" in caplog.text


def test_a_shared_folder_keeps_its_group(tmp_path) -> None:
    tmp_path.chmod(0o2700)
    open_to_readers(tmp_path)
    assert mode(tmp_path) == 0o2750
