"""Find the extracts that other systems delivered to the landing folder."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dagster_project.load.masking import mask_name
from dagster_project.reports.text import visible
from dagster_project.settings import TIME_ZONE

EXTENSIONS = (".csv", ".csv.gz", ".xlsx", ".parquet")

_LINK_OUT = "is a link that leads out of the landing folder: deliver the file itself"

# In the year 2262; some file systems allow later times.
_LAST_NS = 2**63 - 1
_TIME_IN_NAME = re.compile(r"(?<![0-9])([0-9]{14}|[0-9]{12}|[0-9]{8})$")
_TIME_FORMATS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True)
class LandedFile:
    """One entry of a dataset's landing folder; `problem` says why it can't be read as an extract, None if it may be."""

    system: str
    dataset: str
    path: Path
    extract_at: datetime
    size: int
    mtime_ns: int
    ctime_ns: int
    problem: str | None = None

    @property
    def extension(self) -> str:
        """The extension that determines the file's format, in lower case; empty if none is supported."""
        return extension_of(self.path.name)

    @property
    def name(self) -> str:
        """The file's name as it is stored and displayed."""
        return readable(Path(self.path.name))

    @property
    def label(self) -> str:
        """The file as messages name it: `<system>/<dataset>/<name>`."""
        return f"{self.system}/{self.dataset}/{self.name}"

    def has_changed(self) -> bool:
        """Whether the file still exists, but with another size or time than when it was listed."""
        try:
            status = self.path.stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns)


def readable(path: Path) -> str:
    """A path as text that can be stored and shown on one line, distinct for each path.

    Phones and plates are masked. Escaped are bytes that are not UTF-8 (as in names unpacked from a GBK archive),
    invisible characters (line breaks, changes of direction) and the backslash itself.
    """
    text = os.fsencode(path.as_posix().replace("\\", "\\\\")).decode("utf-8", "backslashreplace")
    return visible(mask_name(text))


def _leads_out(path: Path, landing: Path) -> bool:
    """Whether a link leads out of the landing folder, to files that were not delivered or must not be read."""
    real = os.path.realpath(path)
    return os.path.commonpath((real, os.path.realpath(landing))) != os.path.realpath(landing)


def extension_of(name: str) -> str:
    """The supported extension of `name`; empty if it has none."""
    lowered = name.lower()
    return next((ending for ending in EXTENSIONS if lowered.endswith(ending)), "")


def time_in_name(name: str) -> datetime | None:
    """The time YYYYMMDD[HHMM[SS]] at the end of the stem of `name`; None if there is none."""
    stem = name[: len(name) - len(extension_of(name))]
    digits = _TIME_IN_NAME.search(stem)
    if digits is None:
        return None
    try:
        return datetime.strptime(digits[1], _TIME_FORMATS[len(digits[1])])
    except ValueError:
        return None


def _landed_file(system: str, dataset: str, path: Path, problem: str | None = None) -> LandedFile:
    """The file as it is now; `problem` says why it is not read, if its location already decides that."""
    size = mtime_ns = ctime_ns = 0
    try:
        status = path.stat()
        size, mtime_ns, ctime_ns = status.st_size, status.st_mtime_ns, status.st_ctime_ns
        problem = problem or _wrong_kind(path)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    if abs(mtime_ns) > _LAST_NS:
        mtime_ns = 0
        problem = problem or "its modification time is no date: save the file again"
    modified_at = datetime.fromtimestamp(mtime_ns // 1_000_000_000, TIME_ZONE).replace(
        tzinfo=None, microsecond=mtime_ns % 1_000_000_000 // 1000
    )
    return LandedFile(
        system=system,
        dataset=dataset,
        path=path,
        extract_at=time_in_name(path.name) or modified_at,
        size=size,
        mtime_ns=mtime_ns,
        ctime_ns=ctime_ns,
        problem=problem,
    )


def _wrong_kind(path: Path) -> str | None:
    """Why an entry of a dataset's folder can't be an extract, by its kind or name; None if it may be one."""
    if not path.is_file():
        return "is a folder where a file should be" if path.is_dir() else "is not a regular file"
    if not extension_of(path.name):
        return f"is not an extract: expected one of {', '.join(EXTENSIONS)}"
    return None


def _is_ignored(path: Path) -> bool:
    # Dot files belong to the operating system; ~$ files are locks of Excel.
    return path.name.startswith((".", "~$"))


def find_files(landing: Path, system: str, dataset: str) -> list[LandedFile]:
    """All entries of a dataset's folder in name order; empty if the folder does not exist."""
    folder = landing / system / dataset
    if not folder.is_dir():
        return []
    if _leads_out(folder, landing):
        return [_landed_file(system, dataset, folder, _LINK_OUT)]
    try:
        paths = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        return [_landed_file(system, dataset, folder, f"cannot be read: {error.strerror or error}")]
    return [
        _landed_file(system, dataset, path, _LINK_OUT if path.is_symlink() and _leads_out(path, landing) else None)
        for path in paths
        if not _is_ignored(path)
    ]


def find_by_path(landing: Path, system: str, dataset: str) -> dict[str, LandedFile]:
    """The entries of a dataset's folder as `find_files` returns them, by their path as it is stored and displayed."""
    return {readable(file.path.relative_to(landing)): file for file in find_files(landing, system, dataset)}


def find_strays(landing: Path, datasets: Collection[str]) -> list[LandedFile]:
    """Files outside the folders of all datasets: a misspelt folder must not go unnoticed.

    `datasets` are the names `<system>/<dataset>` of the contracts.
    """
    systems = {name.split("/")[0] for name in datasets}
    strays = []
    for path in sorted(landing.rglob("*")):
        parts = Path(readable(path.relative_to(landing))).parts
        if path.is_dir() or any(part.startswith((".", "~$")) for part in parts):
            continue
        if len(parts) >= 3 and f"{parts[0]}/{parts[1]}" in datasets:
            continue
        system = parts[0] if len(parts) > 1 else ""
        dataset = parts[1] if len(parts) > 2 else ""
        if system in systems or extension_of(path.name):
            where = f"no dataset is called {system}/{dataset}" if dataset else "it lies outside every dataset's folder"
            problem = f"{where}: move the file to <landing>/<system>/<dataset>/"
            strays.append(_landed_file(system, dataset, path, problem))
    return strays
