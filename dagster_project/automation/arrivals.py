"""What arrived in the landing folder since the lake was last loaded, and whether it has stopped growing."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from dagster_project.contracts import read_contracts
from dagster_project.load.landing import LandedFile, find_files, find_strays, readable
from dagster_project.load.manifest import Entry, read_manifest


@dataclass(frozen=True)
class Watched:
    """The sensor's memory between two looks: digests of the listing last seen and of the one last handled."""

    seen: str = ""
    handled: str = ""

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Watched":
        """Read what `to_cursor` wrote; anything else counts as a first look."""
        try:
            return cls(**json.loads(cursor or "{}"))
        except (ValueError, TypeError):
            return cls()

    def to_cursor(self) -> str:
        """The text that Dagster keeps."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Arrival:
    """The files of one dataset that are not in the lake yet; `system` and `dataset` are blank for misplaced files."""

    system: str
    dataset: str
    files: tuple[str, ...]
    size: int
    extract_at: datetime


@dataclass(frozen=True)
class Look:
    """The outcome of one look: the reason to do nothing, or what arrived and the key of the run that it needs."""

    watched: Watched
    reason: str | None = None
    run_key: str | None = None
    arrivals: tuple[Arrival, ...] = ()


def _listing(landing: Path) -> list[LandedFile]:
    contracts = read_contracts()
    files = [f for contract in contracts.values() for f in find_files(landing, contract.system, contract.dataset)]
    return files + find_strays(landing, contracts)


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]


def _content(file: LandedFile) -> str:
    try:
        with file.path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""


def _entries(lake: Path) -> dict[str, Entry]:
    folders = [lake / contract.system / contract.dataset for contract in read_contracts().values()]
    return {path: e for folder in (*folders, lake / "landing" / "strays") for path, e in read_manifest(folder).items()}


def _changed(files: list[LandedFile], landing: Path, lake: Path) -> dict[str, tuple[LandedFile, str]]:
    """Files whose content is not in the lake, by path below the landing folder, each with a text that identifies it.

    The text includes the version that the file would replace: a file that returns to earlier content is new again.
    """
    entries = _entries(lake)
    changed = {}
    for file in files:
        path = readable(file.path.relative_to(landing))
        entry = entries.get(path)
        if entry and (entry.size, entry.mtime_ns) == (file.size, file.mtime_ns):
            continue
        content = "" if file.problem else _content(file)
        if entry and content and content == entry.digest:
            continue
        before = f"{entry.digest} {entry.loaded_at}" if entry else ""
        # With the time: a file that is landed again after a run that died needs a new run.
        changed[path] = (file, f"{path} {content} {file.mtime_ns} {before}")
    return changed


def _arrivals(files: Iterable[LandedFile]) -> tuple[Arrival, ...]:
    datasets = read_contracts()
    by_dataset: dict[tuple[str, str], list[LandedFile]] = {}
    for file in files:
        known = f"{file.system}/{file.dataset}" in datasets
        by_dataset.setdefault((file.system, file.dataset) if known else ("", ""), []).append(file)
    return tuple(
        Arrival(
            system=system,
            dataset=dataset,
            files=tuple(file.name for file in found),
            size=sum(file.size for file in found),
            extract_at=max(file.extract_at for file in found),
        )
        for (system, dataset), found in sorted(by_dataset.items())
    )


def look(landing: Path, lake: Path, watched: Watched) -> Look:
    """Look at the landing folder once.

    A run is requested when two looks in a row find the same names, sizes and times, so that no file is read
    while it is still being copied, and the content of at least one file is not in the lake: a file that was only
    touched needs no run.
    """
    if not landing.is_dir():
        return Look(watched, reason=f"no landing folder at {landing}: create it or set AFTERSALES_LANDING_DIR")
    files = _listing(landing)
    listing = _digest(f"{file.path} {file.size} {file.mtime_ns}" for file in files)
    if listing == watched.handled:
        return Look(watched, reason="nothing new")
    if listing != watched.seen:
        return Look(replace(watched, seen=listing), reason="files arrived or changed: waiting until they stop growing")
    handled = replace(watched, handled=listing)
    changed = _changed(files, landing, lake)
    if not changed:
        return Look(handled, reason="nothing new: the lake holds this content")
    return Look(
        handled,
        run_key=f"landing-{_digest(text for _, text in changed.values())}",
        arrivals=_arrivals(file for file, _ in changed.values()),
    )


def describe(arrivals: Iterable[Arrival]) -> str:
    """The number of files of each dataset, as one line."""
    counts = Counter({f"{a.system}/{a.dataset}" if a.system else "misplaced": len(a.files) for a in arrivals})
    return ", ".join(f"{name} {count}" for name, count in counts.items())
