"""Find damaged files, set them aside, and say what to do.

The lake's parts are compared with their seals; the histories in the lake, the private warehouse and the published
state are read from end to end. A run does so when it can't read its own files, `aftersales verify` on demand.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.contracts import Contract, read_contracts
from dagster_project.errors import ExpectedError
from dagster_project.load.dataset import intact_entries
from dagster_project.load.lake import WarehouseBusy, is_open_elsewhere, set_warehouse_aside
from dagster_project.load.landing import find_by_path
from dagster_project.load.manifest import ManifestDamaged, read_manifest
from dagster_project.load.part import LakeError
from dagster_project.models.dbt_build import ModelError
from dagster_project.publish.state import StateDamaged, state_in_force, state_of
from dagster_project.settings import Settings
from dagster_project.sql_text import sql_text

# The errors that DuckDB raises when a file can't be opened, read or written, including on a full disk.
_OF_STORAGE = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException)
_LONGEST_ERROR = 200


class Damaged(ExpectedError):
    """Files on disk are damaged; the message says which, and what to do."""


class StorageError(ExpectedError):
    """The data folder can't be read or written; the message says why."""


def _damaged_parts(settings: Settings, contract: Contract) -> Iterator[str]:
    folder = settings.lake / contract.system / contract.dataset
    try:
        entries = read_manifest(folder)
    except ManifestDamaged as error:
        yield str(error)
        return
    landed = find_by_path(settings.landing, contract.system, contract.dataset)
    for source_path, entry in intact_entries(folder, entries, by_digest=True).items():
        if entries[source_path].parts and not entry.parts:
            is_landed = source_path in landed
            cure = "the next run reads the file again" if is_landed else f"land {source_path} again: it is gone"
            yield f"{contract.name}: the rows of {entry.source_file} are set aside in {folder / 'damaged'}; {cure}"


def _damaged_histories(lake: Path) -> Iterator[str]:
    for path in sorted((lake / "quality").rglob("*.parquet")):
        try:
            pq.read_table(path)
        except (pa.ArrowException, OSError) as error:
            yield f"{path} ({_short(error)}): restore it from a backup, or delete it and lose what it records"


def _read_whole(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Read every row of a relation; returns how many there are."""
    # A digest of whole rows: counting them would not read the columns.
    found = connection.execute(f"select count(*), max(hash(read)) from {relation} as read").fetchone()
    return found[0] if found else 0


def _read_database(path: Path) -> dict[str, int]:
    """Read every table of a file; returns the number of rows of each."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return {table: _read_whole(connection, f'"{schema}"."{table}"') for schema, table in tables}


def _damaged_warehouse(warehouse: Path) -> Iterator[str]:
    if not warehouse.exists():
        return
    try:
        _read_database(warehouse)
    except duckdb.Error as error:
        if is_open_elsewhere(error):
            raise WarehouseBusy(f"{warehouse} is open in another program: close it, then run again") from error
        aside = set_warehouse_aside(warehouse)
        yield f"{warehouse} ({_short(error)}) is set aside as {aside}; the next run rebuilds it"


def _damaged_state(published: Path) -> Iterator[str]:
    # A broken link is damage, too.
    if not (published / "current").is_symlink():
        return
    folder = (published / "current").resolve()
    try:
        fault = _fault_of_state(folder)
    except duckdb.Error as error:
        fault = _short(error)
    if fault:
        yield f"the published state is damaged ({fault}): delete {folder}; the next run publishes a new one"
    try:
        if in_force := state_in_force(published):
            state_of(in_force)
    except StateDamaged as error:
        yield str(error)


def _fault_of_state(folder: Path) -> str:
    """Read all files of a published state; returns where Parquet and the DuckDB file differ, else an empty text.

    When a month's file is missing from the folder of a big table, the others can still be read.
    """
    rows = _read_database(folder / "aftersales.duckdb")
    with duckdb.connect() as connection:
        for table, count in rows.items():
            path = folder / "parquet" / f"{table}.parquet"
            held = _read_whole(connection, f"read_parquet({sql_text(path)})")
            if held != count:
                return f"{path} has {held:,} rows, its table in aftersales.duckdb has {count:,}"
    return ""


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_ERROR]


def find_damage(settings: Settings) -> list[str]:
    """One sentence per damaged file; what can be rebuilt is set aside. Nobody may write to the data folder then."""
    found = [line for contract in read_contracts().values() for line in _damaged_parts(settings, contract)]
    found += _damaged_histories(settings.lake)
    found += _damaged_warehouse(settings.warehouse)
    found += _damaged_state(settings.published)
    return found


def refuse_damage(settings: Settings) -> None:
    """Raise Damaged when any file of the installation is damaged."""
    if found := find_damage(settings):
        listed = "\n".join(f"  {line}" for line in found)
        raise Damaged(f"{len(found)} damaged on disk:\n{listed}\nfollow these instructions, then run again")


@contextmanager
def report_damage(settings: Settings) -> Iterator[None]:
    """When the installation's files can't be read, find the damage; raises Damaged, which says what to do.

    Raises StorageError when nothing is damaged but the disk can't be read or written.
    """
    try:
        yield
    except (duckdb.Error, pa.ArrowException, ModelError, OSError) as error:
        # An OSError without an error number comes from Arrow and may be damage; one with a number is the system's.
        if isinstance(error, LakeError) or (isinstance(error, OSError) and error.errno):
            raise
        refuse_damage(settings)
        if isinstance(error, _OF_STORAGE):
            raise StorageError(f"{settings.data} can't be read or written: {_short(error)}") from error
        raise
