"""What is loaded: one table a dataset in the lake, one row a landed file.

The manifest is replaced as a whole after the parts it names are in place, so a killed load leaves the
old state, and parts that no manifest names are swept away at the next load. The first is written, empty, before the
first part: parts without a manifest have lost it.
"""

import os
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.errors import ExpectedError
from dagster_project.load.seal import Seal

LOADED = "loaded"
QUARANTINED = "quarantined"

_ARROW = {str: pa.string(), int: pa.int64(), datetime: pa.timestamp("us")}


@dataclass(frozen=True)
class Entry:
    """One landed file as last loaded.

    `digest` is that of its content; `contract_digest` that of the contract it was read by. A
    quarantined file keeps the parts and counts of the version loaded before it, if there is one.
    `unknown_columns` and `missing_columns` are joined by `, `. `parts_…` seal the parts; they are unknown
    in manifests that were written before parts were sealed.
    """

    system: str
    dataset: str
    source_file: str
    source_path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    digest: str
    contract_digest: str
    extract_at: datetime
    status: str
    error: str | None
    encoding: str | None
    rows_read: int
    rows_parsed: int
    rows_rejected: int
    short_rows: int
    unknown_columns: str
    missing_columns: str
    accepted_part: str | None
    rejected_part: str | None
    loaded_at: datetime
    parts_size: int | None = None
    parts_mtime_ns: int | None = None
    parts_digest: str | None = None

    @property
    def parts(self) -> list[str]:
        """Its parts, below the dataset's folder."""
        return [part for part in (self.accepted_part, self.rejected_part) if part]

    @property
    def seal(self) -> Seal | None:
        """The seal of its parts."""
        if self.parts_size is None or self.parts_mtime_ns is None or self.parts_digest is None:
            return None
        return Seal(self.parts_size, self.parts_mtime_ns, self.parts_digest)

    def sealed(self, seal: Seal) -> "Entry":
        """The same entry with the seal of its parts."""
        return replace(self, parts_size=seal.size, parts_mtime_ns=seal.mtime_ns, parts_digest=seal.digest)

    def seen_as(self, size: int, mtime_ns: int, ctime_ns: int) -> "Entry":
        """The same content, met with other file times."""
        return replace(self, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns)


MANIFEST_SCHEMA = pa.schema(
    [
        pa.field(field.name, next(kind for python, kind in _ARROW.items() if python.__name__ in str(field.type)))
        for field in fields(Entry)
    ]
)


class ManifestDamaged(ExpectedError):
    """A manifest can't be read, or is gone; the message says what to do."""


def _damaged(path: Path, what: str) -> ManifestDamaged:
    return ManifestDamaged(
        f"{path} is {what}: put it back from a backup, or move the folder {path.parent} away and run again. "
        "Then its files are read again; those that are no longer landed must be landed again"
    )


def read_manifest(folder: Path) -> dict[str, Entry]:
    """The entries of a dataset's lake folder by source path; empty when nothing was loaded yet.

    Raises ManifestDamaged when it can't be read or is gone: to go on would sweep parts whose files are gone.
    """
    path = folder / "manifest.parquet"
    if not path.exists():
        if any(folder.glob("accepted/*.parquet")):
            raise _damaged(path, "missing")
        return {}
    try:
        rows = pq.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise _damaged(path, "damaged") from error
    return {row["source_path"]: Entry(**row) for row in rows}


def write_manifest(folder: Path, entries: dict[str, Entry]) -> None:
    """Replace the manifest in one step, then remove parts that it no longer names."""
    _write(folder, entries)
    sweep(folder, entries)


def begin_manifest(folder: Path) -> None:
    """Write an empty manifest where there is none, before the first part."""
    if not (folder / "manifest.parquet").exists():
        _write(folder, {})


def _write(folder: Path, entries: dict[str, Entry]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(entry) for _, entry in sorted(entries.items())]
    temporary = folder / f".manifest.{os.getpid()}.tmp"
    pq.write_table(pa.Table.from_pylist(rows, schema=MANIFEST_SCHEMA), temporary)
    os.replace(temporary, folder / "manifest.parquet")


def sweep(folder: Path, entries: dict[str, Entry]) -> None:
    """Remove parts of killed loads and of replaced versions."""
    named = {part for entry in entries.values() for part in entry.parts}
    for kind in ("accepted", "rejected"):
        for part in (folder / kind).glob("*"):
            if f"{kind}/{part.name}" not in named:
                part.unlink(missing_ok=True)
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)
