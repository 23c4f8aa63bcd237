"""Publish the marts: written beside the last published state, then swapped in at once.

    published/aftersales.duckdb -> current/aftersales.duckdb
    published/parquet           -> current/parquet
    published/current           -> states/<time>-<process>

`current` is one link, replaced in one step, so the DuckDB file and the Parquet files change together.
A reader that has a file open finishes on the state it began with.
"""

import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.settings import TIME_ZONE

# Old clients (DuckDB 1.0 on) read this storage version.
STORAGE_VERSION = "v1.0.0"
PUBLISHED_SCHEMAS = ("core", "marts")
STATES_KEPT = 3


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


def _write_state(warehouse: Path, descriptions: dict[str, dict], folder: Path) -> dict[str, int]:
    (folder / "parquet").mkdir(parents=True)
    rows: dict[str, int] = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach {_text(str(warehouse))} as warehouse (read_only)")
        connection.execute(
            f"attach {_text(str(folder / 'aftersales.duckdb'))} as published (storage_version '{STORAGE_VERSION}')"
        )
        connection.execute("create schema published.marts")
        for name, described in sorted(descriptions.items()):
            found = connection.execute(
                "select table_schema from information_schema.tables "
                "where table_catalog = 'warehouse' and table_name = ? and table_schema in ('core', 'marts')",
                [name],
            ).fetchone()
            if found is None:
                raise LookupError(f"model {name} is not in the warehouse: run dbt build")
            ordered = " order by all" if found[0] == "marts" else ""
            connection.execute(
                f"create table published.marts.{name} as select * from warehouse.{found[0]}.{name}{ordered}"
            )
            connection.execute(f"comment on table published.marts.{name} is {_text(described['table'])}")
            for column, description in described["columns"].items():
                connection.execute(f"comment on column published.marts.{name}.{column} is {_text(description)}")
            connection.execute(
                f"copy published.marts.{name} to {_text(str(folder / 'parquet' / f'{name}.parquet'))} "
                "(format parquet, compression zstd)"
            )
            counted = connection.execute(f"select count(*) from published.marts.{name}").fetchone()
            rows[name] = counted[0] if counted else 0
        connection.execute("detach published")
    return rows


def _point(link: Path, target: str) -> None:
    """Make `link` point at `target` in one step, whatever it pointed at before."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)


def publish(warehouse: Path, manifest: Path, published: Path) -> PublishedState:
    """Write a new state of all published tables, swap it in, and remove states too old to keep.

    `manifest` is dbt's manifest.json: which models are published, and their descriptions. Call it only
    after every blocking check has passed.
    """
    states = published / "states"
    name = f"{datetime.now(TIME_ZONE):%Y%m%d%H%M%S%f}-{os.getpid()}"
    building = states / f".{name}"
    try:
        rows = _write_state(warehouse, _descriptions(manifest), building)
        os.rename(building, states / name)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    _point(published / "current", f"states/{name}")
    for entry in ("aftersales.duckdb", "parquet"):
        if not (published / entry).is_symlink():
            _point(published / entry, f"current/{entry}")
    _remove_old_states(states, name)
    return PublishedState(folder=states / name, rows=rows)


def _remove_old_states(states: Path, current: str) -> None:
    whole = sorted(path.name for path in states.iterdir() if not path.name.startswith("."))
    for name in whole[:-STATES_KEPT]:
        if name != current:
            shutil.rmtree(states / name, ignore_errors=True)
    for leftover in states.glob(".*"):
        shutil.rmtree(leftover, ignore_errors=True)
