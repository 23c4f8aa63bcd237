"""Back up what can't be rebuilt: the lake, the key, the published state, the reports, Dagster's storage.

    <folder>/<time>/lake, private, published, reports, dagster
    <folder>/installation                                          whose backups these are

Each backup is complete by itself; a file that has not changed since the previous one is a hard link to it.
The private warehouse, dbt's files and the logs are left out: a run rebuilds them, or they are not needed again.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dagster_project.contracts import read_contracts
from dagster_project.errors import ExpectedError
from dagster_project.load.manifest import read_manifest
from dagster_project.notes import write_note
from dagster_project.privacy.access import keep_readers
from dagster_project.run.lock import only_run
from dagster_project.run.log import step
from dagster_project.settings import TIME_ZONE, Settings
from dagster_project.upkeep.retention import BACKUPS_KEPT

_DATA_FOLDERS = ("lake", "private", "reports")
_OWNER_ONLY = 0o700
# The folder names of a backup, and of an unfinished one.
_NAME = re.compile(r"\d{8}-\d{12}")
_NAME_FORMAT = "%Y%m%d-%H%M%S%f"
_UNFINISHED = re.compile(rf"\.{_NAME.pattern}\.tmp")
# SQLite's side files: their content is in the copy of the database, and copied beside it they would damage it.
_SQLITE_ASIDE = ("-wal", "-shm", "-journal")


class BackupError(ExpectedError):
    """A backup can't be made, or would be incomplete; the message says what to do."""


@dataclass
class Backup:
    """A backup: its folder, the number of its files, and the bytes that were copied rather than linked."""

    folder: Path
    files: int = 0
    bytes_copied: int = 0


def _files(source: Path) -> Iterator[Path]:
    """Files and links below a folder, without unfinished ones."""
    for path in sorted(source.rglob("*")):
        # `.db` is not unfinished: Dagster keeps events that belong to no run there.
        is_unfinished = path.name.startswith(".") and path.name != ".db"
        if not is_unfinished and not path.name.endswith(_SQLITE_ASIDE) and (path.is_symlink() or path.is_file()):
            yield path


def _is_same(path: Path, before: Path) -> bool:
    aside = path.with_name(f"{path.name}-wal")
    if not before.is_file() or (aside.exists() and aside.stat().st_size):
        return False
    now, then = path.stat(), before.stat()
    return (now.st_size, now.st_mtime_ns) == (then.st_size, then.st_mtime_ns)


def _copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database that others may be writing to."""
    # The time of before: what is written while it is copied must not pass for copied with the next backup.
    before = source.stat()
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    with closing(reading) as connection, closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


class _Copier:
    """Copies folders into a new backup; unchanged files are linked to the previous one."""

    def __init__(self, backup: Backup, before: Path | None) -> None:
        self.backup = backup
        self.before = before

    def copy(self, source: Path, name: str) -> None:
        for path in _files(source):
            relative = Path(name) / path.relative_to(source)
            target = self.backup.folder / relative
            self._make_folders(path.parent, target.parent)
            self.backup.files += 1
            self._copy_file(path, target, self.before / relative if self.before else None)

    def _make_folders(self, source: Path, target: Path) -> None:
        """Make the folders of a file with group and mode of the originals: readers need them after a restore."""
        if target.exists():
            return
        self._make_folders(source.parent, target.parent)
        target.mkdir(mode=_OWNER_ONLY)
        keep_readers(source, target)

    def _copy_file(self, path: Path, target: Path, before: Path | None) -> None:
        if path.is_symlink():
            target.symlink_to(os.readlink(path))
            return
        if before and _is_same(path, before):
            try:
                os.link(before, target)
                return
            except OSError:
                pass  # A disk without hard links: copy the file.
        if path.name.endswith(".db"):
            _copy_database(path, target)
        else:
            shutil.copy2(path, target)
        keep_readers(path, target)
        self.backup.bytes_copied += target.stat().st_size


def _require_complete(lake: Path) -> None:
    """Raise BackupError when a manifest names a part that is missing."""
    for contract in read_contracts().values():
        folder = lake / contract.system / contract.dataset
        for entry in read_manifest(folder).values():
            for part in filter(None, (entry.accepted_part, entry.rejected_part)):
                if not (folder / part).exists():
                    raise BackupError(
                        f"{folder / part} is missing, so the backup of this lake would be incomplete: "
                        f"`aftersales run --reload {contract.name}:{entry.source_file}` writes it again"
                    )


def _named(folder: Path, name: re.Pattern[str]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if name.fullmatch(path.name) and path.is_dir())


def _require_own(settings: Settings, folder: Path) -> None:
    """Raise BackupError when the folder has backups of another installation: they would be removed as old ones."""
    mark = folder / "installation"
    # A full disk can leave an empty mark.
    whose = mark.read_text(encoding="utf-8").strip() if mark.exists() else ""
    if whose not in ("", str(settings.data)):
        raise BackupError(
            f"{folder} has backups of {whose}: name another folder for {settings.data}, or delete {mark} if the data "
            "folder has moved"
        )
    if not whose:
        write_note(mark, f"{settings.data}\n")


def back_up(settings: Settings, folder: Path, dagster_home: Path | None = None) -> Backup:
    """Write a new backup below `folder` and remove those past retention.

    No run can write meanwhile; readers are not disturbed. Raises BackupError, or AlreadyRunning while a run writes.
    """
    folder = folder.resolve()
    if folder.is_relative_to(settings.data):
        raise BackupError(f"{folder} is part of {settings.data}: name a folder elsewhere, preferably on another disk")
    if dagster_home and folder.is_relative_to(dagster_home.resolve()):
        raise BackupError(f"{folder} is part of {dagster_home}: name a folder elsewhere, preferably on another disk")
    if dagster_home and not dagster_home.is_dir():
        raise BackupError(f"DAGSTER_HOME is {dagster_home}, which is no folder: set it to Dagster's, or unset it")
    if not settings.lake.is_dir():
        raise BackupError(f"there is nothing to back up in {settings.data}: set AFTERSALES_DATA_DIR or give --data")
    folder.mkdir(parents=True, exist_ok=True, mode=_OWNER_ONLY)
    with step("backup", folder=folder) as counted, only_run(settings):
        _require_complete(settings.lake)
        _require_own(settings, folder)
        before = _named(folder, _NAME)
        name = _new_name(before)
        backup = Backup(folder / f".{name}.tmp")
        for leftover in _named(folder, _UNFINISHED):
            shutil.rmtree(leftover)
        backup.folder.mkdir(mode=_OWNER_ONLY)
        copier = _Copier(backup, before[-1] if before else None)
        try:
            for source in _DATA_FOLDERS:
                copier.copy(settings.data / source, source)
            _copy_published(copier, settings.published)
            if dagster_home:
                copier.copy(dagster_home, "dagster")
            keep_readers(settings.data, backup.folder)
        except BaseException:
            # On a full disk it would occupy the space until the next backup.
            shutil.rmtree(backup.folder, ignore_errors=True)
            raise
        backup.folder = backup.folder.rename(folder / name)
        counted |= {"files": backup.files, "bytes_copied": backup.bytes_copied}
        write_note(_last_backup(settings.data), datetime.now(TIME_ZONE).isoformat())
        for old in [*before, backup.folder][:-BACKUPS_KEPT]:
            # Under the name of an unfinished one: half of it must not pass for a backup.
            shutil.rmtree(old.rename(folder / f".{old.name}.tmp"))
    return backup


def _new_name(before: list[Path]) -> str:
    """A backup's name: the time, or just after the newest backup where the clock was ahead."""
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    if before:
        newest = datetime.strptime(before[-1].name, _NAME_FORMAT)
        now = max(now, newest + timedelta(microseconds=1))
    return f"{now:{_NAME_FORMAT}}"


def _last_backup(data: Path) -> Path:
    return data / "last_backup"


def last_backup(data: Path) -> datetime | None:
    """When the last backup was made; None where there was none, or this data folder was restored from one."""
    try:
        return datetime.fromisoformat(_last_backup(data).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _copy_published(copier: _Copier, published: Path) -> None:
    """Copy the state that readers see, and the links to it; older states are left out."""
    current = published / "current"
    if not current.exists():
        return
    copier.copy(current.resolve(), f"published/states/{current.resolve().name}")
    for link in published.iterdir():
        if link.is_symlink() and not link.name.startswith("."):
            (copier.backup.folder / "published" / link.name).symlink_to(os.readlink(link))
