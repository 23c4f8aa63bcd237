"""Load a whole landing folder into the lake."""

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from dagster_project.contracts import Contract, read_contracts
from dagster_project.errors import ExpectedError
from dagster_project.load.dataset import DatasetLoad, load_dataset, loaded_stores
from dagster_project.load.landing import find_strays, readable
from dagster_project.load.manifest import QUARANTINED, Entry, read_manifest, write_manifest
from dagster_project.load.reload import files_to_reload
from dagster_project.load.workers import FILES_AT_ONCE, Workers
from dagster_project.privacy.forgotten import Forgotten


class LandingError(ExpectedError):
    """The landing folder can't be used; the message says what to do about it."""


def check_landing(landing: Path) -> None:
    """Raise LandingError when there is no landing folder."""
    if not landing.is_dir():
        raise LandingError(f"no landing folder at {landing}: create it or set AFTERSALES_LANDING_DIR")


def record_strays(landing: Path, lake: Path) -> list[Entry]:
    """Record files outside every dataset's folder as quarantined, and drop the entries of those that are gone."""
    folder = lake / "landing" / "strays"
    before = read_manifest(folder)
    entries = {}
    for file in find_strays(landing, read_contracts()):
        path = readable(file.path.relative_to(landing))
        # Named by its path below <system>/<dataset>/, so that strays of the same name are distinguished.
        name = "/".join(path.split("/")[2:]) or file.name
        entry = replace(Entry.of(file, path, QUARANTINED, error=file.problem), source_file=name)
        seen = before.get(path)
        entries[path] = seen if seen and seen.mtime_ns == entry.mtime_ns and seen.error == entry.error else entry
    if entries != before:
        write_manifest(folder, entries)
    return list(entries.values())


def load_landing(
    landing: Path,
    lake: Path,
    tell: Callable[[str], None] | None = None,
    reload: Iterable[str] = (),
    *,
    forgotten: Forgotten | None = None,
    contracts: Collection[Contract] | None = None,
) -> list[DatasetLoad]:
    """Load every dataset's new and changed files, and those that `reload` names, `dms/stores` before the others.

    `contracts` limits the load to their datasets; files outside every dataset's folder are not looked for then.
    `tell` receives progress messages, `forgotten` are the people whose data is removed. Raises LandingError when there
    is no landing folder, NothingToReload when a pattern of `reload` matches no file; anything wrong with a single file
    is recorded in the manifest and does not stop the others.
    """
    check_landing(landing)
    again = files_to_reload(landing, reload)
    every_contract = list(read_contracts().values())
    stores_contract = every_contract[0]
    wanted = every_contract if contracts is None else contracts
    others = [contract for contract in wanted if contract != stores_contract]
    # When the load is interrupted, the workers stop first: the threads of the datasets wait for them.
    with ThreadPoolExecutor(FILES_AT_ONCE, "dataset") as datasets, Workers() as workers:

        def load(contract: Contract, stores: Collection[str]) -> DatasetLoad:
            return load_dataset(
                contract, landing, lake, stores, tell=tell, reload=again, forgotten=forgotten, workers=workers
            )

        loads = [load(stores_contract, ())] if stores_contract in wanted else []
        loads += datasets.map(partial(load, stores=loaded_stores(lake)), others)
    if contracts is None:
        record_strays(landing, lake)
    return loads
