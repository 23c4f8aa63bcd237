"""Who may read the files that are written: only their owner, except for what is published to readers."""

import logging
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.notes import write_note
from dagster_project.settings import Settings

VARIABLE = "AFTERSALES_READERS"
# Permission bits of readers, for folders and for files; those of the owner are not changed.
READERS = {"owner": (0o000, 0o000), "group": (0o050, 0o040), "all": (0o055, 0o044)}
_OTHERS = 0o077
# Private entries of the data folder, besides the private warehouse.
_PRIVATE = ("lake", "cluster", "private", "dbt", "dagster", "logs", "sample", "run.lock")

logger = logging.getLogger(__name__)


class ReadersError(ExpectedError):
    """AFTERSALES_READERS has an invalid value; the message lists the valid ones."""


def private_by_default() -> None:
    """Make this process and its children create files and folders that only their owner can read."""
    os.umask(_OTHERS)


def _readers(environment: Mapping[str, str]) -> str:
    readers = environment.get(VARIABLE) or "group"
    if readers not in READERS:
        raise ReadersError(f"{VARIABLE} is {readers!r}: write {', '.join(READERS)}")
    return readers


def _reader_bits(environment: Mapping[str, str]) -> tuple[int, int]:
    return READERS[_readers(environment)]


def _set_mode(path: Path, bits: int) -> None:
    now = path.stat().st_mode
    # Keep the set-group-id bit, by which an administrator assigns a folder's content to the readers' group.
    wanted = bits | (now & (stat.S_IRWXU | stat.S_ISGID))
    if stat.S_IMODE(now) != wanted:
        path.chmod(wanted)


def _below(path: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))


def open_to_readers(path: Path, root: Path | None = None, environment: Mapping[str, str] = os.environ) -> None:
    """Let readers read `path` and everything below it, and enter the folders that lead to it from `root`.

    AFTERSALES_READERS says who the readers are: `owner` (nobody else), `group` (the default) or `all`.
    """
    bits = _reader_bits(environment)
    ways = [parent for parent in path.parents if root and parent.is_relative_to(root)]
    for entry in (*ways, path, *_below(path)):
        _open(entry, bits)


def _open(entry: Path, bits: tuple[int, int]) -> None:
    folder_bits, file_bits = bits
    # A report may be replaced at the same time.
    with suppress(FileNotFoundError):
        if not entry.is_symlink():
            _set_mode(entry, folder_bits if entry.is_dir() else file_bits)


def keep_readers(source: Path, target: Path) -> None:
    """Give a file or folder the group and the mode of the one that it is a copy of or replaces."""
    status = source.stat()
    # Of a group that this account is not in, it keeps its own.
    with suppress(PermissionError):
        os.chown(target, -1, status.st_gid)
    target.chmod(stat.S_IMODE(status.st_mode))


def open_to_readers_of_today(settings: Settings) -> None:
    """Apply AFTERSALES_READERS to what was published and reported before, if it has changed.

    The last value applied is recorded with the ids of the folders: years of reports are visited only if the value has
    changed or the folders were replaced, as from a backup.
    """
    shared = (settings.published, settings.data / "reports")
    readers = _readers(os.environ)
    folders = (str(folder.stat().st_ino) for folder in shared if folder.exists())
    note, applied = settings.data / "private" / "readers", " ".join((readers, *folders))
    if note.exists() and note.read_text(encoding="utf-8") == applied:
        return
    bits = READERS[readers]
    for folder in shared:
        for entry in (folder, *_below(folder)):
            try:
                _open(entry, bits)
            except PermissionError:
                logger.warning("%s belongs to another account: its readers are not changed", entry)
    note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_note(note, applied)


def make_data_folder(data: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Create the data folder if it is missing; readers may pass through it to what is published."""
    data.mkdir(parents=True, exist_ok=True)
    _set_mode(data, stat.S_IMODE(data.stat().st_mode) | (_reader_bits(environment)[0] & 0o011))


def _private(settings: Settings) -> Iterable[Path]:
    yield from (settings.data / name for name in _PRIVATE)
    yield from settings.data.glob(f"{settings.warehouse.stem}.*")


def close_private(settings: Settings) -> None:
    """Remove the permissions of others on private folders and files, and log a warning if there were any."""
    for path in _private(settings):
        if path.exists() and path.stat().st_mode & _OTHERS:
            for entry in (path, *path.rglob("*")):
                if not entry.is_symlink() and entry.stat().st_mode & _OTHERS:
                    entry.chmod(stat.S_IMODE(entry.stat().st_mode) & ~_OTHERS)
            logger.warning("%s was open to others; now only its owner can read it", path)
