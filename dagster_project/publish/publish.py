"""Publish the marts: written beside the last published state, then swapped in at once.

    published/aftersales.duckdb -> current/aftersales.duckdb
    published/parquet           -> current/parquet
    published/current           -> states/<time>-<process>

Beside them, `state.json` says which run the marts come from.
`current` is one link, replaced in one step, so the DuckDB file and the Parquet files change together.
A reader that has a file open finishes on the state it began with.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.privacy.access import open_to_readers
from dagster_project.publish.link import point
from dagster_project.publish.state import STATE_FILE, StateInfo, state_name, state_of, write_state
from dagster_project.settings import TIME_ZONE
from dagster_project.upkeep.retention import STATES_KEPT

# Old clients (DuckDB 1.0 on) read this storage version.
STORAGE_VERSION = "v1.0.0"
PUBLISHED_SCHEMAS = ("core", "marts")
QUALITY_PREFIX = "quality_"


@dataclass(frozen=True)
class PublishedState:
    """A published state: its folder, and the number of rows of each table."""

    folder: Path
    rows: dict[str, int]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _descriptions(manifest: Path) -> dict[str, dict]:
    """Descriptions of the published tables and their columns, from dbt's manifest."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return {
        node["name"]: {
            "table": node["description"],
            "columns": {name: column["description"] for name, column in node["columns"].items()},
        }
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] in PUBLISHED_SCHEMAS
    }


def _write_table(connection: duckdb.DuckDBPyConnection, name: str, source: str, described: dict, folder: Path) -> int:
    """Write one table of the new state, with its comments, as a table and as a Parquet file."""
    ordered = "" if name.startswith("fct_") else " order by all"
    connection.execute(f"create table published.marts.{name} as select * from {source}{ordered}")
    connection.execute(f"comment on table published.marts.{name} is {_text(described['table'])}")
    for column, description in described["columns"].items():
        connection.execute(f"comment on column published.marts.{name}.{column} is {_text(description)}")
    path = _text(str(folder / "parquet" / f"{name}.parquet"))
    connection.execute(f"copy published.marts.{name} to {path} (format parquet, compression zstd)")
    counted = connection.execute(f"select count(*) from published.marts.{name}").fetchone()
    return counted[0] if counted else 0


def _relations(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, str]:
    """The published tables that a database holds, by name, as they are addressed."""
    found = connection.execute(
        "select table_name, table_schema from information_schema.tables "
        "where table_catalog = ? and table_schema in ('core', 'marts')",
        [catalog],
    ).fetchall()
    return {name: f"{catalog}.{schema}.{name}" for name, schema in found}


def _write_tables(
    warehouse: Path, descriptions: dict[str, dict], folder: Path, kept: Path | None, renewed: str
) -> dict[str, int]:
    """Write a state's tables: those whose names begin with `renewed` from the warehouse, the others from `kept`."""
    (folder / "parquet").mkdir(parents=True)
    rows: dict[str, int] = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach {_text(str(warehouse))} as warehouse (read_only)")
        path = _text(str(folder / "aftersales.duckdb"))
        connection.execute(f"attach {path} as published (storage_version '{STORAGE_VERSION}')")
        connection.execute("create schema published.marts")
        built = _relations(connection, "warehouse")
        if kept is not None:
            connection.execute(f"attach {_text(str(kept.resolve()))} as kept (read_only)")
            built = _relations(connection, "kept") | {n: r for n, r in built.items() if n.startswith(renewed)}
        elif renewed:
            built = {name: relation for name, relation in built.items() if name.startswith(renewed)}
        elif missing := sorted(descriptions.keys() - built.keys()):
            raise LookupError(f"not in the warehouse: {', '.join(missing)}; run dbt build")
        for name in sorted(descriptions.keys() & built.keys()):
            rows[name] = _write_table(connection, name, built[name], descriptions[name], folder)
        connection.execute("detach published")
    return rows


def publish(warehouse: Path, manifest: Path, published: Path, state: StateInfo) -> PublishedState:
    """Write a new state of all published tables, swap it in, and remove states too old to keep.

    `manifest` is dbt's manifest.json: which models are published, and their descriptions. Call it only
    after every blocking check has passed.
    """
    state = replace(state, name=_name_after_all(published / "states", state.name))
    with _new_folder(published, state.name) as folder:
        rows = _write_tables(warehouse, _descriptions(manifest), folder, kept=None, renewed="")
        write_state(folder, state)
    return _swap_in(published, state.name, rows)


def publish_quality(warehouse: Path, manifest: Path, published: Path) -> PublishedState:
    """Publish the quality tables alone, so that owners see why the others stay as they were."""
    last = published / "aftersales.duckdb"
    name = _name_after_all(published / "states", state_name(datetime.now(TIME_ZONE)))
    with _new_folder(published, name) as folder:
        kept = last if last.exists() else None
        rows = _write_tables(warehouse, _descriptions(manifest), folder, kept, renewed=QUALITY_PREFIX)
        if (published / "current" / STATE_FILE).exists():
            shutil.copy(published / "current" / STATE_FILE, folder / STATE_FILE)
    return _swap_in(published, name, rows)


def _name_after_all(states: Path, name: str) -> str:
    """The name, or where the clock went back one that sorts just after every state there is."""
    newest = max((path.name for path in states.glob("[0-9]*")), default="")
    if name > newest:
        return name
    time = newest.split("-")[0]
    return f"{int(time) + 1:0{len(time)}d}-{os.getpid()}"


@contextmanager
def _new_folder(published: Path, name: str) -> Iterator[Path]:
    """A folder to write a state to; it has its name when all is written, and is gone when anything fails."""
    building = published / "states" / f".{name}"
    try:
        yield building
        open_to_readers(building, published)
        os.rename(building, building.with_name(name))
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _swap_in(published: Path, name: str, rows: dict[str, int]) -> PublishedState:
    states = published / "states"
    for entry in ("aftersales.duckdb", "parquet"):
        if not (published / entry).is_symlink():
            point(published / entry, f"current/{entry}")
    # Last: the first state, too, appears in one step.
    point(published / "current", f"states/{name}")
    for leftover in published.glob(".*.tmp"):
        leftover.unlink()
    _remove_old_states(states, name)
    return PublishedState(folder=states / name, rows=rows)


def remove_states_before(published: Path, moment: datetime) -> None:
    """Remove states that were published before that time, but for the one that readers see."""
    states = published / "states"
    current = (published / "current").resolve().name
    for folder in states.glob("[!.]*"):
        if folder.name != current and folder.name < f"{moment:%Y%m%d%H%M%S}":
            shutil.rmtree(folder, ignore_errors=True)


def _remove_old_states(states: Path, current: str) -> None:
    whole = sorted(path.name for path in states.iterdir() if not path.name.startswith("."))
    needed = {current, state_of(states / current).looks_back_from}
    for name in whole[:-STATES_KEPT]:
        if name not in needed:
            shutil.rmtree(states / name, ignore_errors=True)
    for leftover in states.glob(".*"):
        shutil.rmtree(leftover, ignore_errors=True)
