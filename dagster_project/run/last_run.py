"""Records what the last run was made from, so that the next one computes only what has changed, or nothing.

`<data>/last_run` is written when a run has published. It is valid as long as the code, the private warehouse and
the published state are as that run left them.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dagster_project.load.hash_key import note_key, read_hash_key
from dagster_project.load.manifest import read_manifest
from dagster_project.notes import write_note
from dagster_project.settings import PROJECT_DIR, Settings

# What decides how inputs become figures: a changed file here causes a full refresh.
CODE = ("dagster_project", "dbt", "expectations", "seeds")
CODE_SUFFIXES = (".py", ".sql", ".yml", ".csv", ".j2", ".css", ".md")
WRITTEN_BY_DBT = ("target", "logs", "dbt_packages")
# Why an incremental run is not possible, by the entry of the note that no longer matches.
WHY_WHOLE = {
    "code": "a rule (contract, model, check, seed or code) or the hash key has changed since the last published run",
    "engine": "the last published run was built by another engine",
    "warehouse": "the private warehouse has changed since the last published run",
    "state": "readers see another state than the one that the last run published",
    "published": "the published files have changed since the last published run",
}
# The fields of a manifest entry that describe how the file was found, not its rows.
LOOKS = ("size", "mtime_ns", "ctime_ns", "loaded_at")


def _code() -> Iterator[bytes]:
    for folder in CODE:
        for place, folders, names in os.walk(PROJECT_DIR / folder):
            folders[:] = sorted(name for name in folders if name not in WRITTEN_BY_DBT)
            for name in sorted(names):
                if name.endswith(CODE_SUFFIXES):
                    path = Path(place, name)
                    yield str(path.relative_to(PROJECT_DIR)).encode()
                    yield path.read_bytes()


def _lake(lake: Path) -> Iterator[bytes]:
    for manifest in sorted(lake.glob("*/*/manifest.parquet")):
        for _, entry in sorted(read_manifest(manifest.parent).items()):
            fields = {name: value for name, value in asdict(entry).items() if name not in LOOKS}
            yield json.dumps(fields, default=str).encode()


def digest_of_code(settings: Settings) -> str:
    """A digest of what turns inputs into figures: the code and the hash key. A run takes it before it begins."""
    digest = hashlib.sha256(read_hash_key(settings.data).encode())
    for part in _code():
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def digest_of_inputs(settings: Settings) -> str:
    """A digest of the loaded files and of the business date."""
    digest = hashlib.sha256(settings.as_of.isoformat().encode())
    for part in _lake(settings.lake):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _current_note(settings: Settings, code: str) -> dict[str, object] | None:
    """The note of the current code, warehouse and published state, without inputs; None when either is missing."""
    current = settings.published / "current"
    if not (current / "aftersales.duckdb").exists() or not settings.warehouse.exists():
        return None
    return {
        "code": code,
        "engine": settings.engine,
        "warehouse": stamp(settings.warehouse),
        "state": current.resolve().name,
        "published": _digest_of_published(settings),
    }


def stamp(path: Path) -> list[int]:
    """Size and time of a database file and of its write-ahead log: they change whenever it is written to.

    A killed program leaves its writes in the log, and the next one that opens the file applies them to the tables.
    """
    log = path.with_name(f"{path.name}.wal")
    return [part for file in (path, log) if file.exists() for part in (file.stat().st_size, file.stat().st_mtime_ns)]


def _digest_of_published(settings: Settings) -> str:
    """A digest of the names, sizes and times of the files that readers see."""
    folder = (settings.published / "current").resolve()
    files = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file())
    stamps = [(str(path.relative_to(folder)), status.st_size, status.st_mtime_ns) for path, status in files]
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()


def _note(settings: Settings) -> Path:
    return settings.data / "last_run"


def _read(path: Path) -> dict[str, object]:
    """A note; empty where there is none or it can't be read."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def note_last_run(settings: Settings, inputs: str, code: str) -> None:
    """Note that a run has published, with its inputs and the digest of the code taken when it began."""
    note = (_current_note(settings, code) or {}) | {"inputs": inputs}
    write_note(_note(settings), json.dumps(note))
    note_key(settings.data, read_hash_key(settings.data))


def may_be_spared(settings: Settings) -> bool:
    """Whether a run has published here before, so that this one may turn out to have nothing new."""
    return _note(settings).exists()


def why_built_whole(settings: Settings) -> str | None:
    """Why a full refresh is needed; None where an incremental run on what the last published run left will do."""
    note, now = _read(_note(settings)), _current_note(settings, digest_of_code(settings))
    if not note:
        return "no run has published here before"
    if now is None:
        return "the private warehouse or the published state is missing"
    return next((why for name, why in WHY_WHOLE.items() if note.get(name) != now[name]), None)


def is_nothing_new(settings: Settings, inputs: str) -> bool:
    """Whether a run from these inputs would publish exactly what readers have already."""
    return _read(_note(settings)).get("inputs") == inputs and why_built_whole(settings) is None


def _registered(settings: Settings) -> Path:
    return settings.data / "registered"


@dataclass(frozen=True)
class Registered:
    """What the lake was registered for: whether the models can be built incrementally, from which inputs and code."""

    by_changes: bool
    inputs: str
    code: str


def note_registered(settings: Settings, *, by_changes: bool) -> None:
    """Note what the lake was registered for, for the following steps, which run in other processes."""
    registered = Registered(by_changes, digest_of_inputs(settings), digest_of_code(settings))
    note = asdict(registered) | {"warehouse": stamp(settings.warehouse)}
    _registered(settings).write_text(json.dumps(note), encoding="utf-8")


def read_registered(settings: Settings) -> Registered:
    """Read that note; `by_changes` only where nothing has written to the private warehouse since."""
    note = _read(_registered(settings))
    by_changes = bool(note.get("by_changes")) and note.get("warehouse") == stamp(settings.warehouse)
    return Registered(by_changes, str(note.get("inputs", "")), str(note.get("code", "")))
