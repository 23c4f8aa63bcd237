"""What is loaded: one table a dataset in the lake, one row a landed file.

The manifest is replaced as a whole after the parts it names are in place, so a killed load leaves the
old state, and parts that no manifest names are swept away at the next load.
"""

import os
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

LOADED = "loaded"
QUARANTINED = "quarantined"

_ARROW = {str: pa.string(), int: pa.int64(), datetime: pa.timestamp("us")}


@dataclass(frozen=True)
class Entry:
    """One landed file as last loaded.

    `digest` is that of its content; `contract_digest` that of the contract it was read by. A
    quarantined file keeps the parts and counts of the version loaded before it, if there is one.
    `unknown_columns` and `missing_columns` are joined by `, `.
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

    def seen_as(self, size: int, mtime_ns: int, ctime_ns: int) -> "Entry":
        """The same content, met with other file times."""
        return replace(self, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns)


MANIFEST_SCHEMA = pa.schema(
    [
        pa.field(field.name, next(kind for python, kind in _ARROW.items() if python.__name__ in str(field.type)))
        for field in fields(Entry)
    ]
)


def read_manifest(folder: Path) -> dict[str, Entry]:
    """The entries of a dataset's lake folder by source path; empty when nothing was loaded yet."""
    path = folder / "manifest.parquet"
    if not path.exists():
        return {}
    return {row["source_path"]: Entry(**row) for row in pq.read_table(path).to_pylist()}


def write_manifest(folder: Path, entries: dict[str, Entry]) -> None:
    """Replace the manifest in one step, then remove parts that it no longer names."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(entry) for _, entry in sorted(entries.items())]
    temporary = folder / f".manifest.{os.getpid()}.tmp"
    pq.write_table(pa.Table.from_pylist(rows, schema=MANIFEST_SCHEMA), temporary)
    os.replace(temporary, folder / "manifest.parquet")
    sweep(folder, entries)


def sweep(folder: Path, entries: dict[str, Entry]) -> None:
    """Remove parts of killed loads and of replaced versions."""
    named = {part for entry in entries.values() for part in (entry.accepted_part, entry.rejected_part)}
    for kind in ("accepted", "rejected"):
        for part in (folder / kind).glob("*"):
            if f"{kind}/{part.name}" not in named:
                part.unlink(missing_ok=True)
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)
