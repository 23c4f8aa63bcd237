"""Load the new and changed files of one dataset into the lake."""

import hashlib
import logging
import re
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
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
from dagster_project.load.seal import seal, seal_if_intact, set_aside
from dagster_project.load.workers import Workers
from dagster_project.privacy.error_details import keep_details
from dagster_project.privacy.forgotten import Forgotten
from dagster_project.run.log import step

# Part of every contract's digest: increase it when a change of the loader requires that all files are read again.
LOADER_VERSION = 6

_SECONDS_BETWEEN_PROGRESS = 2.0
_LOST = "its rows in the lake were damaged or deleted, and the file is no longer there: land it again"
_CHANGED = "the file changed while it was read: the next run reads it again"

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class DatasetLoad:
    """The result of loading a dataset: the entries of its manifest now, and how many files were loaded."""

    contract: Contract
    entries: list[Entry]
    files_loaded: int

    @property
    def quarantined(self) -> list[Entry]:
        """Files that could not be read."""
        return [entry for entry in self.entries if entry.status == QUARANTINED]

    def total(self, count: str) -> int:
        """Sum of a count (rows_read, rows_parsed, rows_rejected) over all entries."""
        return sum(getattr(entry, count) for entry in self.entries)


def contract_digest(contract: Contract) -> str:
    """A digest that changes when the contract, or the way files are read, changes."""
    text = (CONTRACTS_DIR / contract.system / f"{contract.dataset}.yml").read_bytes()
    return hashlib.sha256(text + str(LOADER_VERSION).encode()).hexdigest()[:16]


def _content_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_name(source_path: str, digest: str, contract_hash: str, extract_at: datetime) -> str:
    """The name of a file's parts, which differs whenever their content would.

    Rows carry the time of their extract, which is the file's modification time if its name holds none.
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", Path(source_path).name.split(".")[0])[:40]
    version = hashlib.sha256(f"{source_path}|{digest}|{contract_hash}|{extract_at}".encode()).hexdigest()[:16]
    return f"{stem}-{version}.parquet"


def _keeping_version(entry: Entry, before: Entry | None) -> Entry:
    """The entry of a quarantined file, which keeps the rows of the version loaded before it, if there is one."""
    if before is None or before.accepted_part is None:
        return entry
    error = f"{entry.error}; the version of {before.extract_at:%Y-%m-%d %H:%M} is still in use"
    return replace(entry.with_rows_of(before), error=error)


def _without_parts(entry: Entry) -> Entry:
    """The entry of a file whose parts are damaged: the file is read again if it is still landed, else reported."""
    return replace(entry.without_rows(), status=QUARANTINED, error=_LOST, digest="")


def intact_entries(folder: Path, entries: Mapping[str, Entry], *, by_digest: bool) -> dict[str, Entry]:
    """The entries of a dataset's lake folder; damaged parts are set aside and removed from their entries."""
    found = {}
    for source_path, entry in entries.items():
        found[source_path] = entry
        if not entry.parts:
            continue
        parts = [folder / part for part in entry.parts]
        sealed = seal_if_intact(parts, entry.seal, by_digest=by_digest)
        if sealed is None:
            set_aside(parts, folder)
        found[source_path] = entry.sealed(sealed) if sealed else _without_parts(entry)
    return found


class _DatasetLoader:
    """Updates one dataset's manifest from its landing folder."""

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
            with self.workers.reporting:
                self.tell(line)

    def _progress(self, label: str) -> Callable[[int], None]:
        reported_at = time.monotonic()

        def progress(rows: int) -> None:
            nonlocal reported_at
            self.workers.go_on()
            if time.monotonic() - reported_at >= _SECONDS_BETWEEN_PROGRESS:
                reported_at = time.monotonic()
                self._tell(f"{label}: {rows:,} rows")

        return progress

    def _load(self, file: LandedFile, source_path: str, before: Entry | None) -> Entry | None:
        """The file's new entry, `before` if nothing changed, or None for a new file that was deleted unread."""
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
                # Read again on request: the existing parts must not be overwritten before the whole file is read.
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
            # A fault of one file must not stop the others.
            if file.problem is None and not file.path.exists():
                return before
            return self._quarantined(file, source_path, digest, before, error)
        entry = Entry.of(
            file,
            source_path,
            LOADED,
            digest=digest,
            contract_digest=self.hash,
            accepted_part=f"accepted/{name}",
            rejected_part=f"rejected/{name}",
            **asdict(rows),
        )
        return entry.sealed(seal([self.folder / part for part in entry.parts]))

    def _quarantined(
        self, file: LandedFile, source_path: str, digest: str, before: Entry | None, error: Exception
    ) -> Entry:
        """The entry of a file that could not be read because of `error`.

        An entry without a digest is read again in every run: it may become readable without a change of the file.
        """
        if file.problem is None and file.has_changed():
            # The digest may be that of the changed file, as only the listing was older.
            reason, digest = _CHANGED, ""
        elif isinstance(error, Quarantine):
            reason = str(error)
        elif isinstance(error, OSError):
            reason, digest = f"cannot be read: {error.strerror or error}; the next run tries again", ""
        else:
            failed = keep_details(self.folder.parents[1], error)
            logger.error("%s can't be read: %s", file.label, failed)
            reason, digest = f"cannot be read ({failed}): report it with the file", ""
        entry = Entry.of(
            file, source_path, QUARANTINED, digest=digest, contract_digest=self.hash, error=on_one_line(reason)
        )
        entry = _keeping_version(entry, before)
        return before if before and replace(entry, loaded_at=before.loaded_at) == before else entry

    def _is_current(self, file: LandedFile, before: Entry | None) -> bool:
        if before is None or before.contract_digest != self.hash or not before.digest or file.path in self.reload:
            return False
        return (before.size, before.mtime_ns, before.ctime_ns) == (file.size, file.mtime_ns, file.ctime_ns)

    def _drop_deleted_quarantined(self, entries: dict[str, Entry], listed: Mapping[str, LandedFile]) -> None:
        """Stop reporting quarantined files that were deleted: their correction may be landed under another name.

        A version that was loaded before is kept. If the folder itself can't be read, nothing is taken as deleted.
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
        loaded = 0
        submitted: list[tuple[LandedFile, str, Future[Entry | None]]] = []
        listed = find_by_path(self.landing, self.contract.system, self.contract.dataset)
        self._drop_deleted_quarantined(entries, listed)
        for source_path, file in listed.items():
            if not self._is_current(file, before.get(source_path)):
                future = self.workers.submit(self._load, file, source_path, before.get(source_path))
                submitted.append((file, source_path, future))
        # In the order of the listing, whichever is done first: messages and manifest are the same each time.
        for file, source_path, future in submitted:
            entry = future.result()
            if entry is None or entry is before.get(source_path):
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
        return DatasetLoad(self.contract, list(entries.values()), loaded)


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
    """Load what is new or changed in a dataset's landing folder; an unchanged file only costs a `stat`.

    `known_stores` are the codes of `dms/stores` as loaded by now: rows of other stores are kept with their masked text,
    for reports. `tell` receives a line per file, and one every two seconds while a large file is read. The files of
    `reload` are read even if they are unchanged. Rows of people in `forgotten` are loaded without their personal data.
    `workers` are shared by callers that load several datasets.
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
    """The store codes in the lake's `dms/stores`."""
    folder = lake / "dms" / "stores"
    codes: set[str] = set()
    for entry in read_manifest(folder).values():
        if entry.accepted_part:
            column = pq.read_table(folder / entry.accepted_part, columns=["store_code"]).column("store_code")
            codes.update(pc.unique(column).to_pylist())
    return codes
