"""Load the new and changed files of one dataset into the lake."""

import hashlib
import logging
import re
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.contracts import Contract
from dagster_project.contracts.contract import CONTRACTS_DIR
from dagster_project.load import manifest
from dagster_project.load.extract import Quarantine, on_one_line
from dagster_project.load.landing import LandedFile, find_by_path
from dagster_project.load.manifest import LOADED, QUARANTINED, Entry, begin_manifest, read_manifest, write_manifest
from dagster_project.load.part import LakeError, load_file
from dagster_project.load.seal import seal, seal_anew, set_aside
from dagster_project.load.workers import Workers
from dagster_project.privacy.error_details import keep_details
from dagster_project.privacy.forgotten import Forgotten
from dagster_project.run_log import step
from dagster_project.settings import TIME_ZONE

# Part of every contract's digest: raise it when files must be read again because the loader reads them otherwise.
LOADER_VERSION = 4

_SECONDS_BETWEEN_PROGRESS = 2.0
_LOST = "its rows in the lake were damaged or deleted, and the file is no longer there: land it again"
_CHANGED = "the file changed while it was read: the next run reads it again"

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class DatasetLoad:
    """What one load of a dataset did, and what stands in its manifest now."""

    contract: Contract
    entries: list[Entry]
    files_loaded: int
    files_unchanged: int

    @property
    def quarantined(self) -> list[Entry]:
        """Files that could not be read."""
        return [entry for entry in self.entries if entry.status == QUARANTINED]

    def total(self, count: str) -> int:
        """Sum of a count (rows_read, rows_parsed, rows_rejected) over the files that stand."""
        return sum(getattr(entry, count) for entry in self.entries)


def contract_digest(contract: Contract) -> str:
    """Changes when the contract, or the way files are read, changes."""
    text = (CONTRACTS_DIR / contract.system / f"{contract.dataset}.yml").read_bytes()
    return hashlib.sha256(text + str(LOADER_VERSION).encode()).hexdigest()[:16]


def _content_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_name(source_path: str, digest: str, contract_hash: str, extract_at: datetime) -> str:
    """The name of a file's parts: another one for whatever makes them hold something else.

    The time of an extract whose name tells none moves when the file is written again; its rows carry it.
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", Path(source_path).name.split(".")[0])[:40]
    version = hashlib.sha256(f"{source_path}|{digest}|{contract_hash}|{extract_at}".encode()).hexdigest()[:16]
    return f"{stem}-{version}.parquet"


def quarantined(file: LandedFile, source_path: str, digest: str, contract_hash: str, error: str) -> Entry:
    """The entry of a file that can't be read."""
    return Entry(
        system=file.system,
        dataset=file.dataset,
        source_file=file.name,
        source_path=source_path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        ctime_ns=file.ctime_ns,
        digest=digest,
        contract_digest=contract_hash,
        extract_at=file.extract_at,
        status=QUARANTINED,
        error=error,
        encoding=None,
        rows_read=0,
        rows_parsed=0,
        rows_rejected=0,
        short_rows=0,
        unknown_columns="",
        missing_columns="",
        accepted_part=None,
        rejected_part=None,
        loaded_at=datetime.now(TIME_ZONE).replace(tzinfo=None),
    )


def _still_standing(entry: Entry, before: Entry | None) -> Entry:
    """A quarantined file leaves the version loaded before it in place."""
    if before is None or before.accepted_part is None:
        return entry
    return replace(
        entry,
        error=f"{entry.error}; the version of {before.extract_at:%Y-%m-%d %H:%M} still stands",
        extract_at=before.extract_at,
        encoding=before.encoding,
        rows_read=before.rows_read,
        rows_parsed=before.rows_parsed,
        rows_rejected=before.rows_rejected,
        short_rows=before.short_rows,
        accepted_part=before.accepted_part,
        rejected_part=before.rejected_part,
        parts_size=before.parts_size,
        parts_mtime_ns=before.parts_mtime_ns,
        parts_digest=before.parts_digest,
    )


def _without_parts(entry: Entry) -> Entry:
    """The entry of a file whose parts were damaged: read again if it is still landed, else told until it is."""
    return replace(
        entry,
        status=QUARANTINED,
        error=_LOST,
        digest="",
        rows_read=0,
        rows_parsed=0,
        rows_rejected=0,
        short_rows=0,
        accepted_part=None,
        rejected_part=None,
        parts_size=None,
        parts_mtime_ns=None,
        parts_digest=None,
    )


def intact_entries(folder: Path, entries: Mapping[str, Entry], *, by_digest: bool) -> dict[str, Entry]:
    """The entries of a dataset's lake folder, those whose parts are damaged without them; the parts are set aside."""
    found = {}
    for source_path, entry in entries.items():
        found[source_path] = entry
        if not entry.parts:
            continue
        parts = [folder / part for part in entry.parts]
        sealed = seal_anew(parts, entry.seal, by_digest=by_digest)
        if sealed is None:
            set_aside(parts, folder)
        found[source_path] = entry.sealed(sealed) if sealed else _without_parts(entry)
    return found


class _DatasetLoader:
    """Brings one dataset's manifest up to its landing folder."""

    def __init__(
        self,
        contract: Contract,
        landing: Path,
        lake: Path,
        stores: Collection[str],
        *,
        workers: Workers,
        tell: Tell | None,
        reload: Collection[Path],
        forgotten: Forgotten | None,
    ) -> None:
        self.contract = contract
        self.landing = landing
        self.folder = lake / contract.system / contract.dataset
        self.stores = stores
        self.workers = workers
        self.tell = tell
        self.reload = reload
        self.forgotten = forgotten
        self.hash = contract_digest(contract)

    def _tell(self, line: str) -> None:
        if self.tell:
            with self.workers.telling:
                self.tell(line)

    def _progress(self, label: str) -> Callable[[int], None]:
        told_at = time.monotonic()

        def progress(rows: int) -> None:
            nonlocal told_at
            self.workers.go_on()
            if time.monotonic() - told_at >= _SECONDS_BETWEEN_PROGRESS:
                told_at = time.monotonic()
                self._tell(f"{label}: {rows:,} rows")

        return progress

    def _load(self, file: LandedFile, source_path: str, before: Entry | None) -> Entry | None:
        """The file's new entry, `before` where nothing changed; None for a file that vanished unread."""
        self.workers.go_on()
        digest = ""
        try:
            if file.problem:
                raise Quarantine(file.problem)
            digest = _content_digest(file.path)
            is_known = before and before.digest == digest and before.contract_digest == self.hash
            if before and is_known and file.path not in self.reload:
                return before.seen_as(file.size, file.mtime_ns, file.ctime_ns)
            name = _part_name(source_path, digest, self.hash, file.extract_at)
            if before and before.accepted_part == f"accepted/{name}":
                # Read again on request: what stands is not written over before the file is read whole.
                name = _part_name(f"{source_path}|{name}", digest, self.hash, file.extract_at)
            rows = load_file(
                self.contract,
                file,
                source_path,
                self.stores,
                self.workers.reader,
                accepted_path=self.folder / "accepted" / name,
                rejected_path=self.folder / "rejected" / name,
                progress=self._progress(file.label),
                forgotten=self.forgotten,
            )
            if file.has_changed():
                raise Quarantine(_CHANGED)
        except LakeError:
            raise
        except Exception as error:
            # Whatever is wrong with one file, the others load.
            if file.problem is None and not file.path.exists():
                return before
            return self._quarantined(file, source_path, digest, before, error)
        entry = replace(
            quarantined(file, source_path, digest, self.hash, ""),
            status=LOADED,
            error=None,
            encoding=rows.encoding,
            rows_read=rows.rows_read,
            rows_parsed=rows.rows_parsed,
            rows_rejected=rows.rows_rejected,
            short_rows=rows.short_rows,
            unknown_columns=", ".join(rows.unknown_columns),
            missing_columns=", ".join(rows.missing_columns),
            accepted_part=f"accepted/{name}",
            rejected_part=f"rejected/{name}",
        )
        return entry.sealed(seal([self.folder / part for part in entry.parts]))

    def _quarantined(
        self, file: LandedFile, source_path: str, digest: str, before: Entry | None, error: Exception
    ) -> Entry:
        """The entry of a file whose reading ended in `error`.

        Without a digest it is tried again at every run: nothing in the file need change for it to become readable.
        """
        if file.problem is None and file.has_changed():
            # It may have been digested as it is now, and only its listing was older.
            reason, digest = _CHANGED, ""
        elif isinstance(error, Quarantine):
            reason = str(error)
        elif isinstance(error, OSError):
            reason, digest = f"cannot be read: {error.strerror or error}; the next run tries again", ""
        else:
            told = keep_details(self.folder.parents[1], error)
            logger.error("%s can't be read: %s", file.label, told)
            reason, digest = f"cannot be read ({told}): report it with the file", ""
        entry = _still_standing(quarantined(file, source_path, digest, self.hash, on_one_line(reason)), before)
        return before if before and replace(entry, loaded_at=before.loaded_at) == before else entry

    def _is_current(self, file: LandedFile, before: Entry | None) -> bool:
        if before is None or before.contract_digest != self.hash or not before.digest or file.path in self.reload:
            return False
        return (before.size, before.mtime_ns, before.ctime_ns) == (file.size, file.mtime_ns, file.ctime_ns)

    def _forget_what_was_taken_away(self, entries: dict[str, Entry], listed: Mapping[str, LandedFile]) -> None:
        """Tell no more of a quarantined file that is gone: who corrects it may land it under another name.

        The version that was loaded before it stands. Where the folder itself can't be read, nobody knows what is gone.
        """
        if self.contract.name in listed:
            return
        for path, entry in [*entries.items()]:
            if path in listed or entry.status != QUARANTINED or entry.error == _LOST:
                continue
            logger.info("%s/%s was quarantined and is gone", self.contract.name, entry.source_file)
            if entry.parts:
                entries[path] = replace(entry, status=LOADED, error=None, digest="")
            else:
                del entries[path]

    def load(self) -> DatasetLoad:
        written = read_manifest(self.folder)
        begin_manifest(self.folder)
        before = intact_entries(self.folder, written, by_digest=False)
        entries = dict(before)
        damaged = {path for path, entry in before.items() if written[path].parts and not entry.parts}
        loaded = unchanged = 0
        coming: list[tuple[LandedFile, str, Future[Entry | None]]] = []
        listed = find_by_path(self.landing, self.contract.system, self.contract.dataset)
        self._forget_what_was_taken_away(entries, listed)
        for source_path, file in listed.items():
            if self._is_current(file, before.get(source_path)):
                unchanged += 1
                continue
            future = self.workers.submit(self._load, file, source_path, before.get(source_path))
            coming.append((file, source_path, future))
        # In their order, whichever is done first: what is told and written is the same each time.
        for file, source_path, future in coming:
            entry = future.result()
            if entry is None or entry is before.get(source_path):
                unchanged += 1
                continue
            if source_path in damaged:
                self._tell(f"{file.label}: its rows in the lake were damaged or deleted; it is read again")
            entries[source_path] = entry
            loaded += 1
            if entry.status == QUARANTINED:
                logger.info("%s is quarantined: the quality report says why", file.label)
            outcome = entry.error if entry.status == QUARANTINED else f"{entry.rows_read:,} rows"
            self._tell(f"{file.label}: {entry.status}, {outcome}")
        if entries != written:
            write_manifest(self.folder, entries)
        else:
            manifest.sweep(self.folder, entries)
        return DatasetLoad(self.contract, list(entries.values()), loaded, unchanged)


def load_dataset(
    contract: Contract,
    landing: Path,
    lake: Path,
    known_stores: Collection[str],
    *,
    tell: Tell | None = None,
    reload: Collection[Path] = (),
    forgotten: Forgotten | None = None,
    workers: Workers | None = None,
) -> DatasetLoad:
    """Load what is new or changed in a dataset's landing folder; unchanged files cost a stat.

    `known_stores` are the codes of `dms/stores` as loaded by now: rows of other stores are kept with
    their masked text, so that they can be shown. `tell` gets a line a file and on long files every
    two seconds. Files of `reload` are read again though unchanged. Rows of people who are `forgotten` come without
    what tells of them. `workers` are given by who loads several datasets.
    """
    with step("load", dataset=contract.name) as counted, nullcontext(workers) if workers else Workers() as shared:
        load = _DatasetLoader(
            contract, landing, lake, known_stores, workers=shared, tell=tell, reload=reload, forgotten=forgotten
        ).load()
        counted |= {
            "files": len(load.entries),
            "files_loaded": load.files_loaded,
            "files_quarantined": len(load.quarantined),
            "rows": load.total("rows_read"),
        }
    return load


def loaded_stores(lake: Path) -> set[str]:
    """The store codes that the lake's `dms/stores` knows."""
    folder = lake / "dms" / "stores"
    codes: set[str] = set()
    for entry in read_manifest(folder).values():
        if entry.accepted_part:
            column = pq.read_table(folder / entry.accepted_part, columns=["store_code"]).column("store_code")
            codes.update(pc.unique(column).to_pylist())
    return codes
