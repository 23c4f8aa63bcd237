"""What is loaded: a table per dataset in the lake, with a row per landed file.

The manifest is replaced as a whole after the parts that it names are in place: a killed load leaves the old state, and
the next load removes parts that no manifest names. An empty manifest is written before the first part, so that parts
without a manifest prove that it was lost.
"""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.errors import ExpectedError
from dagster_project.load.landing import LandedFile
from dagster_project.load.seal import Seal
from dagster_project.settings import TIME_ZONE

LOADED = "loaded"
QUARANTINED = "quarantined"

# Names of columns are joined by a comma and a space; in a name the space is one that looks the same.
_BETWEEN, _WITHIN = ", ", ",\u00a0"

_ARROW = {str: pa.string(), int: pa.int64(), datetime: pa.timestamp("us")}
# The fields of an entry that describe the rows in its parts.
_ROWS = (
    *("rows_read", "rows_parsed", "rows_rejected", "short_rows", "unknown_columns", "missing_columns"),
    *("accepted_part", "rejected_part", "parts_size", "parts_mtime_ns", "parts_digest"),
)


def join_names(names: Iterable[str]) -> str:
    """Names of columns as one text, from which `split_names` gets the same names."""
    return _BETWEEN.join(name.replace(_BETWEEN, _WITHIN) for name in names)


def split_names(text: str) -> list[str]:
    """The names of columns that `join_names` joined."""
    return [name.replace(_WITHIN, _BETWEEN) for name in text.split(_BETWEEN) if name]


@dataclass(frozen=True)
class Entry:
    """One landed file as last loaded.

    `digest` is that of its content, `contract_digest` that of the contract it was read with. A quarantined file keeps
    the parts and counts of the version loaded before it, if there is one. `unknown_columns` and `missing_columns` are
    joined as `join_names` does. `parts_…` are the seal of the parts, None in manifests written before parts were
    sealed.
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
    error: str | None = None
    encoding: str | None = None
    rows_read: int = 0
    rows_parsed: int = 0
    rows_rejected: int = 0
    short_rows: int = 0
    unknown_columns: str = ""
    missing_columns: str = ""
    accepted_part: str | None = None
    rejected_part: str | None = None
    loaded_at: datetime = field(default_factory=lambda: datetime.now(TIME_ZONE).replace(tzinfo=None))
    parts_size: int | None = None
    parts_mtime_ns: int | None = None
    parts_digest: str | None = None

    @classmethod
    def of(
        cls,
        file: LandedFile,
        source_path: str,
        status: str,
        *,
        digest: str = "",
        contract_digest: str = "",
        **outcome: Any,  # noqa: ANN401 fields of an entry
    ) -> "Entry":
        """The entry of a landed file that is read now; `outcome` holds the fields that describe the result."""
        return cls(
            system=file.system,
            dataset=file.dataset,
            source_file=file.name,
            source_path=source_path,
            size=file.size,
            mtime_ns=file.mtime_ns,
            ctime_ns=file.ctime_ns,
            digest=digest,
            contract_digest=contract_digest,
            extract_at=file.extract_at,
            status=status,
            **outcome,
        )

    @property
    def unknown_names(self) -> list[str]:
        """Header cells that name no column of the contract."""
        return split_names(self.unknown_columns)

    @property
    def missing_names(self) -> list[str]:
        """Columns of the contract that the header does not name."""
        return split_names(self.missing_columns)

    @property
    def parts(self) -> list[str]:
        """Paths of its parts below the dataset's folder."""
        return [part for part in (self.accepted_part, self.rejected_part) if part]

    @property
    def seal(self) -> Seal | None:
        """The seal of its parts; None if they were never sealed."""
        if self.parts_size is None or self.parts_mtime_ns is None or self.parts_digest is None:
            return None
        return Seal(self.parts_size, self.parts_mtime_ns, self.parts_digest)

    def sealed(self, seal: Seal) -> "Entry":
        """This entry with the seal of its parts."""
        return replace(self, parts_size=seal.size, parts_mtime_ns=seal.mtime_ns, parts_digest=seal.digest)

    def seen_as(self, size: int, mtime_ns: int, ctime_ns: int) -> "Entry":
        """This entry for a file with the same content, but another size or other times."""
        return replace(self, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns)

    def with_rows_of(self, other: "Entry") -> "Entry":
        """This entry with the rows of another one: their extract time, encoding, counts and parts."""
        rows = {name: getattr(other, name) for name in _ROWS}
        return replace(self, extract_at=other.extract_at, encoding=other.encoding, **rows)

    def without_rows(self) -> "Entry":
        """This entry with counts of 0 and without parts."""
        empty: dict[str, Any] = {field.name: field.default for field in fields(self) if field.name in _ROWS}
        return replace(self, **empty)


MANIFEST_SCHEMA = pa.schema(
    [
        pa.field(field.name, next(kind for python, kind in _ARROW.items() if python.__name__ in str(field.type)))
        for field in fields(Entry)
    ]
)


class ManifestDamaged(ExpectedError):
    """A manifest can't be read, or is missing; the message says what to do about it."""


def _damaged(path: Path, what: str) -> ManifestDamaged:
    return ManifestDamaged(
        f"{path} is {what}: put it back from a backup, or move the folder {path.parent} away and run again. "
        "The files are then read again; those that are no longer landed must be delivered again"
    )


def read_manifest(folder: Path) -> dict[str, Entry]:
    """The entries of a dataset's lake folder by source path; empty if nothing was loaded yet.

    Raises ManifestDamaged when it can't be read or is missing: the next sweep would delete parts whose landed files may
    no longer exist.
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
    """Replace the manifest in one step, then remove the parts that it no longer names."""
    _write(folder, entries)
    sweep(folder, entries)


def begin_manifest(folder: Path) -> None:
    """Write an empty manifest if there is none, before the first part."""
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
