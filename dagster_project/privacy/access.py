"""Who may read what is written: everything is its owner's alone, but what is published is its readers' too."""

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
# Bits that readers get, of folders and of files; the owner's own stay as they are.
READERS = {"owner": (0o000, 0o000), "group": (0o050, 0o040), "all": (0o055, 0o044)}
_OTHERS = 0o077
# In the data folder, beside the private warehouse.
_PRIVATE = ("lake", "cluster", "private", "dbt", "dagster", "logs", "sample", "run.lock")

logger = logging.getLogger(__name__)


class ReadersError(ExpectedError):
    """AFTERSALES_READERS can't be used."""


def private_by_default() -> None:
    """From now on this process and its children create files and folders that are their owner's alone."""
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
    # The set-group-id bit stays: by it an administrator gives a folder's content to the readers' group.
    wanted = bits | (now & (stat.S_IRWXU | stat.S_ISGID))
    if stat.S_IMODE(now) != wanted:
        path.chmod(wanted)


def _below(path: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(path):
        yield from (Path(folder, name) for name in (*folders, *files))


def open_to_readers(path: Path, root: Path | None = None, environment: Mapping[str, str] = os.environ) -> None:
    """Let readers read `path` with all below it, and enter the folders that lead to it from `root`.

    AFTERSALES_READERS says who they are: `owner` (nobody else), `group` (the default) or `all`.
    """
    bits = _reader_bits(environment)
    ways = [parent for parent in path.parents if root and parent.is_relative_to(root)]
    for entry in (*ways, path, *_below(path)):
        _open(entry, bits)


def _open(entry: Path, bits: tuple[int, int]) -> None:
    folder_bits, file_bits = bits
    # A report can be replaced meanwhile.
    with suppress(FileNotFoundError):
        if not entry.is_symlink():
            _set_mode(entry, folder_bits if entry.is_dir() else file_bits)


def open_to_readers_of_today(settings: Settings) -> None:
    """Give what was published and reported before to those who may read it now, where AFTERSALES_READERS has changed.

    What it was is noted with the folders it was given to, as years of reports are looked at only then, or when they
    were put back from a backup.
    """
    given = (settings.published, settings.data / "reports")
    readers = _readers(os.environ)
    folders = (str(folder.stat().st_ino) for folder in given if folder.exists())
    note, told = settings.data / "private" / "readers", " ".join((readers, *folders))
    if note.exists() and note.read_text(encoding="utf-8") == told:
        return
    bits = READERS[readers]
    for folder in given:
        for entry in (folder, *_below(folder)):
            try:
                _open(entry, bits)
            except PermissionError:
                logger.warning("%s belongs to another account: who may read it stays as it is", entry)
    note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_note(note, told)


def make_data_folder(data: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Make the data folder when it is missing; readers may pass through it, to what is published."""
    data.mkdir(parents=True, exist_ok=True)
    _set_mode(data, stat.S_IMODE(data.stat().st_mode) | (_reader_bits(environment)[0] & 0o011))


def _private(settings: Settings) -> Iterable[Path]:
    yield from (settings.data / name for name in _PRIVATE)
    yield from settings.data.glob(f"{settings.warehouse.stem}.*")


def close_private(settings: Settings) -> None:
    """Take from others what they could read of the private folders and files, and say so."""
    for path in _private(settings):
        if path.exists() and path.stat().st_mode & _OTHERS:
            for entry in (path, *path.rglob("*")):
                if not entry.is_symlink() and entry.stat().st_mode & _OTHERS:
                    entry.chmod(stat.S_IMODE(entry.stat().st_mode) & ~_OTHERS)
            logger.warning("%s was open to others, now to its owner only", path)
