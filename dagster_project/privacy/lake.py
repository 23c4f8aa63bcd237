"""Remove forgotten people from the existing lake: from its parts, and from the rows that checks listed.

The landed files are not read: they may be gone, and other systems are responsible for them.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.contracts import Contract, read_contracts
from dagster_project.load.dataset import intact_entries
from dagster_project.load.manifest import Entry, read_manifest, write_manifest
from dagster_project.load.seal import seal
from dagster_project.privacy.forgotten import Forgotten
from dagster_project.privacy.rows import Columns, RejectedRows, forget_accepted

LISTED = "quality/check_failures"

Forget = Callable[[Columns], tuple[Columns, int]]


def _mark(lake: Path) -> Path:
    return lake / "forgotten.txt"


def is_applied(lake: Path, forgotten: Forgotten) -> bool:
    """Whether the people on the list were removed from the lake; a lake restored from a backup still holds them."""
    mark = _mark(lake)
    return not forgotten or (mark.exists() and mark.read_text(encoding="utf-8") == forgotten.digest)


def note_applied(lake: Path, forgotten: Forgotten) -> None:
    """Record that the people on the list were removed from the lake and from everything derived from it."""
    _mark(lake).write_text(forgotten.digest, encoding="utf-8")


def _rewrite(path: Path, target: Path, forget: Forget, *, write: bool) -> int:
    """Write `path` to `target` without forgotten people, if any row changes; returns how many rows do."""
    source = pq.ParquetFile(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    writer = pq.ParquetWriter(temporary, source.schema_arrow, compression="zstd") if write else None
    changed = 0
    try:
        for batch in source.iter_batches():
            columns, rows = forget(dict(zip(batch.schema.names, batch.columns, strict=True)))
            changed += rows
            if writer:
                writer.write_batch(pa.record_batch([*columns.values()], schema=source.schema_arrow))
        if writer:
            writer.close()
        if writer and changed:
            os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return changed


def _new_part(part: str, forgotten: Forgotten) -> str:
    """The name of a part after it is rewritten for this list: a part never changes under its name."""
    stem = part.removesuffix(".parquet").rsplit("-", 1)[0]
    return f"{stem}-{hashlib.sha256(f'{part}|{forgotten.digest}'.encode()).hexdigest()[:16]}.parquet"


def _forget_dataset(lake: Path, contract: Contract, forgotten: Forgotten, *, write: bool) -> int:
    folder = lake / contract.system / contract.dataset
    rejected = RejectedRows(forgotten, contract)
    ways: dict[str, Forget] = {
        "accepted_part": lambda columns: forget_accepted(forgotten, contract, columns),
        "rejected_part": rejected.forget,
    }
    before = read_manifest(folder)
    entries: dict[str, Entry] = {}
    changed = 0
    # Damaged parts are set aside, as a load would do: later runs do not read them.
    for path, entry in intact_entries(folder, before, by_digest=False).items():
        parts: dict[str, Any] = {}
        for kind, forget in ways.items():
            part = getattr(entry, kind)
            if part is None or not pq.read_metadata(folder / part).num_rows:
                continue
            name = _new_part(part, forgotten)
            if rows := _rewrite(folder / part, folder / name, forget, write=write):
                parts[kind] = name
                changed += rows
        entries[path] = replace(entry, **parts)
        if write and parts:
            entries[path] = entries[path].sealed(seal([folder / part for part in entries[path].parts]))
    if write and entries != before:
        write_manifest(folder, entries)
    return changed


def _forget_listed(lake: Path, forgotten: Forgotten, *, write: bool) -> int:
    """Replace numbers by pseudonyms in the rows that earlier checks listed."""

    def pseudonymised(key: str) -> str:
        row = json.loads(key)
        store, number, vin = row.get("store_code"), row.get("customer_no"), row.get("vin")
        if store and number and (pseudonym := forgotten.customer(store, number)):
            row["customer_no"] = pseudonym
        if vin and (pseudonym := forgotten.vin(vin)):
            row["vin"] = pseudonym
        return json.dumps(row, ensure_ascii=False)

    def forget(columns: Columns) -> tuple[Columns, int]:
        before = columns["row_key"].to_pylist()
        after = [pseudonymised(key) for key in before]
        changed = sum(one != other for one, other in zip(before, after, strict=True))
        return columns | {"row_key": pa.array(after, pa.string())}, changed

    return sum(_rewrite(path, path, forget, write=write) for path in sorted((lake / LISTED).glob("*.parquet")))


def forget_in_lake(lake: Path, forgotten: Forgotten, *, write: bool = True) -> dict[str, int]:
    """Remove everybody on the list from the lake; returns how many rows of each dataset change.

    Without `write` it only counts. If it is killed, the next run continues, until `note_applied` was called.
    """
    changed = {
        contract.name: _forget_dataset(lake, contract, forgotten, write=write) for contract in read_contracts().values()
    }
    changed[LISTED] = _forget_listed(lake, forgotten, write=write)
    return {name: rows for name, rows in changed.items() if rows}
