"""Register the lake in the private warehouse: one relation per dataset over the parts that its manifest names."""

import errno
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from dagster_project.checks.results import write_empty_results
from dagster_project.contracts import Contract, read_contracts
from dagster_project.errors import ExpectedError
from dagster_project.load.cells import lake_schema
from dagster_project.load.changes import forget_changes, note_parts, show_changes
from dagster_project.load.manifest import MANIFEST_SCHEMA, Entry, read_manifest
from dagster_project.load.part import REJECTED_SCHEMA
from dagster_project.load.relation import Relation, relation_of
from dagster_project.publish.restatement import write_no_restatement
from dagster_project.run.log import step
from dagster_project.sql_text import sql_text

logger = logging.getLogger(__name__)


def _parts(lake: Path, contract: Contract, entries: Iterable[Entry], kind: str) -> list[Path]:
    folder = lake / contract.system / contract.dataset
    names = [getattr(entry, f"{kind}_part") for entry in entries]
    return [folder / name for name in names if name]


class WarehouseBusy(ExpectedError):
    """Another program has the private warehouse open; the message says what to do about it."""


def is_open_elsewhere(error: duckdb.Error) -> bool:
    """Whether a database can't be opened because another program has it open."""
    # Not just "lock": messages about damaged blocks contain it too.
    return "Could not set lock" in str(error)


def open_warehouse(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Open the private warehouse for writing; a damaged one is set aside and replaced by an empty one.

    Nothing is lost: the warehouse is built from the lake alone. Raises WarehouseBusy when another program has it open,
    PermissionError when this account may not read and write it.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    try:
        return duckdb.connect(str(warehouse))
    except duckdb.Error as error:
        if is_open_elsewhere(error):
            raise WarehouseBusy(f"{warehouse} is open in another program: close it, then run again") from error
        if warehouse.exists() and not os.access(warehouse, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(warehouse)) from error
        logger.warning("%s is damaged (%s): it is set aside and rebuilt", warehouse, error)
        set_warehouse_aside(warehouse)
        return duckdb.connect(str(warehouse))


def set_warehouse_aside(warehouse: Path) -> Path:
    """Move a damaged private warehouse out of the way, so that the next run rebuilds it; returns its new path."""
    damaged = warehouse.with_suffix(".damaged")
    warehouse.with_name(f"{warehouse.name}.wal").unlink(missing_ok=True)
    os.replace(warehouse, damaged)
    return damaged


def empty_warehouse(warehouse: Path) -> None:
    """Delete the private warehouse before a full refresh: dropping its tables would not free their space on disk.

    Raises WarehouseBusy when another program has it open.
    """
    open_warehouse(warehouse).close()
    warehouse.unlink()


def part_relations(lake: Path) -> Iterator[Relation]:
    """The relations of the lake's rows: accepted rows per dataset (`<system>__<dataset>`), and `rejected_rows`."""
    rejected: list[Path] = []
    for contract in read_contracts().values():
        entries = read_manifest(lake / contract.system / contract.dataset)
        parts = _parts(lake, contract, entries.values(), "accepted")
        yield Relation(f"{contract.system}__{contract.dataset}", lake_schema(contract), parts)
        rejected += [
            part for part in _parts(lake, contract, entries.values(), "rejected") if pq.read_metadata(part).num_rows
        ]
    yield Relation("rejected_rows", REJECTED_SCHEMA, rejected)


def show_rows(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Create the views of the lake's rows in the schema `lake`."""
    connection.execute("create schema if not exists lake")
    for relation in part_relations(lake):
        rows = relation_of(relation.schema, relation.parts)
        connection.execute(f"create or replace view lake.{relation.name} as {rows}")


def register_lake(lake: Path, warehouse: Path, hash_key: str, as_of: date, *, by_changes: bool = False) -> None:
    """Create or replace the schema `lake` in the private warehouse.

    It holds the rows, `loads` (one row per file), `check_results` (history of the checks), `restatement` (changes in
    closed months) and `hash_key` (the secret that customers and vehicles are hashed with). `by_changes` prepares an
    incremental build: what was added and removed since the last registration is shown too; the models must still be as
    they were built then.
    """
    with step("register"), open_warehouse(warehouse) as connection:
        show_rows(connection, lake)
        forget_changes(connection)
        if by_changes:
            show_changes(connection, lake)
        note_parts(connection, lake, as_of)
        connection.execute(f"create or replace view lake.loads as {_loads(lake)}")
        connection.execute(f"create or replace view lake.check_results as {_check_results(lake)}")
        connection.execute(f"create or replace view lake.restatement as {_restatement(lake)}")
        connection.execute("create or replace table lake.hash_key as select ? as hash_key", [hash_key])


def _loads(lake: Path) -> str:
    return relation_of(MANIFEST_SCHEMA, lake.glob("*/*/manifest.parquet"))


def _check_results(lake: Path) -> str:
    write_empty_results(lake / "quality")
    return _all_files(lake / "quality" / "check_results")


def _restatement(lake: Path) -> str:
    write_no_restatement(lake)
    return _all_files(lake / "quality" / "restatement")


def _all_files(folder: Path) -> str:
    # A pattern, not a list of files: the view shows the rows of a run as soon as they are written.
    return f"select * from read_parquet({sql_text(folder / '*.parquet')}, union_by_name = true)"
