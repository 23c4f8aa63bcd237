"""What the last run was made from, so that the next one computes what is new since, or nothing.

`<data>/last_run` is written when a run has published. It stands for as long as the code, the private warehouse and
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

# What decides how inputs become figures: a changed file here makes every figure anew.
CODE = ("dagster_project", "dbt", "expectations", "seeds")
CODE_SUFFIXES = (".py", ".sql", ".yml", ".csv", ".j2", ".css", ".md")
WRITTEN_BY_DBT = ("target", "logs", "dbt_packages")
# Why what stands can't be built on, by what of it is not as it was noted.
WHY_WHOLE = {
    "code": "a rule (contract, model, check, seed or code) or the hash key has changed since the last published run",
    "engine": "the last published run was built by another engine",
    "warehouse": "the private warehouse is not as the last published run left it",
    "state": "readers see another state than that of the last published run",
    "published": "the published files are not as the last published run left them",
}
# What a file's entry tells of the look at it, and not of its rows.
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
            told = {name: value for name, value in asdict(entry).items() if name not in LOOKS}
            yield json.dumps(told, default=str).encode()


def digest_of_code(settings: Settings) -> str:
    """A digest of what turns inputs into figures: the code, and the key of the hashes. A run asks before it begins."""
    digest = hashlib.sha256(read_hash_key(settings.data).encode())
    for part in _code():
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def digest_of_inputs(settings: Settings) -> str:
    """A digest of what is loaded and of the business date."""
    digest = hashlib.sha256(settings.as_of.isoformat().encode())
    for part in _lake(settings.lake):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _as_it_stands(settings: Settings, code: str) -> dict[str, object] | None:
    """The code, the engine, the private warehouse's size and time, the published files; None when one is missing."""
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
    """What a database that was written to since does not have any more: its size and time, and those of its log.

    A killed program leaves in the log what it wrote; who opens the file next has it in the tables.
    """
    log = path.with_name(f"{path.name}.wal")
    return [told for file in (path, log) if file.exists() for told in (file.stat().st_size, file.stat().st_mtime_ns)]


def _digest_of_published(settings: Settings) -> str:
    """A digest of the names, sizes and times of the files that readers see."""
    folder = (settings.published / "current").resolve()
    files = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file())
    told = [(str(path.relative_to(folder)), status.st_size, status.st_mtime_ns) for path, status in files]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _note(settings: Settings) -> Path:
    return settings.data / "last_run"


def _read(path: Path) -> dict[str, object]:
    """A note, empty where there is none that can be read."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def note_last_run(settings: Settings, inputs: str, code: str) -> None:
    """Note that a run from these inputs, by the code as it was when the run began, has published."""
    note = (_as_it_stands(settings, code) or {}) | {"inputs": inputs}
    write_note(_note(settings), json.dumps(note))
    note_key(settings.data, read_hash_key(settings.data))


def may_be_spared(settings: Settings) -> bool:
    """Whether a run has published here, so that the next one may find nothing new."""
    return _note(settings).exists()


def why_built_whole(settings: Settings) -> str | None:
    """Why all models must be built; None where what stands is as the last published run left it: changes will do."""
    note, now = _read(_note(settings)), _as_it_stands(settings, digest_of_code(settings))
    if not note:
        return "no run has published here before"
    if now is None:
        return "the private warehouse, or what was published, is gone"
    return next((why for name, why in WHY_WHOLE.items() if note.get(name) != now[name]), None)


def is_nothing_new(settings: Settings, inputs: str) -> bool:
    """Whether a run from these inputs would publish again what readers have."""
    return _read(_note(settings)).get("inputs") == inputs and why_built_whole(settings) is None


def _registered(settings: Settings) -> Path:
    return settings.data / "registered"


@dataclass(frozen=True)
class Registered:
    """What the lake was registered for: whether the models can be built by changes, and what they are made from."""

    by_changes: bool
    inputs: str
    code: str


def note_registered(settings: Settings, *, by_changes: bool) -> None:
    """Note for the steps that follow, in other processes, what the lake was registered for."""
    registered = Registered(by_changes, digest_of_inputs(settings), digest_of_code(settings))
    note = asdict(registered) | {"warehouse": stamp(settings.warehouse)}
    _registered(settings).write_text(json.dumps(note), encoding="utf-8")


def read_registered(settings: Settings) -> Registered:
    """What was noted; the models can be built by changes only where nothing else has written since."""
    note = _read(_registered(settings))
    by_changes = bool(note.get("by_changes")) and note.get("warehouse") == stamp(settings.warehouse)
    return Registered(by_changes, str(note.get("inputs", "")), str(note.get("code", "")))
