"""Publish the marts: write a new state beside the last one, then swap it in.

    published/aftersales.duckdb -> current/aftersales.duckdb
    published/parquet           -> current/parquet
    published/current           -> states/<time>-<process>

`state.json` in each state records which run its marts come from. `current` is one link, replaced atomically, so the
DuckDB file and the Parquet files change together. A reader with an open file finishes on the state it began with.
"""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.privacy.access import open_to_readers
from dagster_project.publish.link import point
from dagster_project.publish.models import PUBLISHED_SCHEMAS, Model, read_models
from dagster_project.publish.parquet import write_parquet
from dagster_project.publish.state import STATE_FILE, StateDamaged, StateInfo, state_name, state_of, write_state
from dagster_project.publish.tables import (
    Written,
    copy_file,
    open_state_file,
    relations,
    renew,
    write_whole,
)
from dagster_project.settings import TIME_ZONE
from dagster_project.sql_text import sql_text
from dagster_project.upkeep.retention import STATES_KEPT

QUALITY_PREFIX = "quality_"
# Some steps of writing a table use one core only: another table is written at the same time.
TABLES_AT_ONCE = 2
# A DuckDB file that has grown by more than this factor since it was last written in full is written in full again:
# replaced rows leave unused space in it.
GROWTH = 1.5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishedState:
    """A published state: its folder, and the number of rows of each table."""

    folder: Path
    rows: dict[str, int]


def publish(
    warehouse: Path, manifest: Path, published: Path, state: StateInfo, *, changes_since: str | None = None
) -> PublishedState:
    """Write a new state of all published tables, swap it in, and remove states too old to keep.

    `manifest` is dbt's manifest.json: which models are published, and their descriptions. Call it only
    after every blocking check has passed. `changes_since` names the state that the schemas `changed` and `written` of
    the warehouse are relative to: if it is the current one, only what changed is written.
    """
    models = read_models(manifest)
    state = replace(state, name=_name_after_all(published / "states", state.name))
    last = _state_to_renew(published, changes_since)
    with _new_folder(published, state.name) as folder:
        file = folder / "aftersales.duckdb"
        if last:
            logger.info("made from state %s and the changes since", last.name)
            copy_file(last / file.name, file)
        with open_state_file(file, warehouse) as connection:
            built = relations(connection, "warehouse", *PUBLISHED_SCHEMAS)
            if missing := sorted({model.name for model in models} - built.keys()):
                raise LookupError(f"not in the warehouse: {', '.join(missing)}; run `dbt build`")
            for name in relations(connection, "published", "marts").keys() - built.keys():
                connection.execute(f"drop table published.marts.{name}")
            sources = [(model, built[model.name]) for model in models]
            rows = _write(connection, renew if last else write_whole, sources, folder, last)
            accepted = _accepted(connection)
        whole_bytes = state_of(last).whole_bytes if last else file.stat().st_size
        write_state(folder, replace(state, whole_bytes=whole_bytes, accepted=accepted))
    return _swap_in(published, state.name, rows)


def _accepted(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many rows of each dataset the marts are made from; empty where `quality_load` is not published."""
    if "quality_load" not in relations(connection, "published", "marts"):
        return {}
    sql = "select system || '/' || dataset, sum(rows_accepted)::bigint from published.marts.quality_load group by all"
    return dict(connection.execute(sql).fetchall())


def publish_quality(warehouse: Path, manifest: Path, published: Path) -> PublishedState:
    """Publish only the quality tables, so that owners see why the others are unchanged."""
    last = _current(published)
    name = _name_after_all(published / "states", state_name(datetime.now(TIME_ZONE)))
    with _new_folder(published, name) as folder:
        # Written in full, not copied: rows replaced in a copy leave their bytes in the file.
        with open_state_file(folder / "aftersales.duckdb", warehouse) as connection:
            built = relations(connection, "warehouse", *PUBLISHED_SCHEMAS)
            known = {name: source for name, source in built.items() if name.startswith(QUALITY_PREFIX)}
            if last:
                connection.execute(f"attach {sql_text(last / 'aftersales.duckdb')} as kept (read_only)")
                known = relations(connection, "kept", "marts") | known
            sources = [(model, known[model.name]) for model in read_models(manifest) if model.name in known]
            rows = _write(connection, _write_kept, sources, folder, last)
        if last and (last / STATE_FILE).exists():
            shutil.copy(last / STATE_FILE, folder / STATE_FILE)
    return _swap_in(published, name, rows)


def _write_kept(connection: duckdb.DuckDBPyConnection, model: Model, source: str) -> Written:
    """Write a quality table, or again a table of the last state."""
    written = write_whole(connection, model, source)
    return written if model.name.startswith(QUALITY_PREFIX) else replace(written, months=frozenset())


def _current(published: Path) -> Path | None:
    current = (published / "current").resolve()
    return current if (current / "aftersales.duckdb").exists() else None


def _state_to_renew(published: Path, changes_since: str | None) -> Path | None:
    """The last state's folder, if the new state can be made from it and the changes since; None to write it in full."""
    last = _current(published)
    if changes_since is None or last is None:
        return None
    if last.name != changes_since:
        logger.warning(
            "readers see state %s but the changes are relative to %s: written in full", last.name, changes_since
        )
        return None
    whole_bytes = state_of(last).whole_bytes
    size = (last / "aftersales.duckdb").stat().st_size
    if whole_bytes is None or size > GROWTH * whole_bytes:
        logger.info("the published file has grown from %s to %s bytes: written in full", whole_bytes, size)
        return None
    return last


def _write(
    connection: duckdb.DuckDBPyConnection,
    write: Callable[[duckdb.DuckDBPyConnection, Model, str], Written],
    sources: list[tuple[Model, str]],
    folder: Path,
    last: Path | None,
) -> dict[str, int]:
    """Write each table from its source, and its Parquet; returns the number of rows of each."""
    (folder / "parquet").mkdir()

    def write_one(model: Model, source: str) -> tuple[str, int]:
        with connection.cursor() as cursor:
            written = write(cursor, model, source)
            write_parquet(cursor, model, written, folder / "parquet", last / "parquet" if last else None)
            return model.name, written.rows

    with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
        return dict(pool.map(write_one, *zip(*sources, strict=True)))


def _name_after_all(states: Path, name: str) -> str:
    """The name; where the clock went back, one that sorts just after all existing states."""
    newest = max((path.name for path in states.glob("[0-9]*")), default="")
    if name > newest:
        return name
    time = newest.split("-")[0]
    return f"{int(time) + 1:0{len(time)}d}-{os.getpid()}"


@contextmanager
def _new_folder(published: Path, name: str) -> Iterator[Path]:
    """A folder to write a state to; it gets its final name when complete, and is removed when anything fails."""
    building = published / "states" / f".{name}"
    building.mkdir(parents=True)
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
    # Last, so that the first state, too, appears atomically.
    point(published / "current", f"states/{name}")
    for leftover in published.glob(".*.tmp"):
        leftover.unlink()
    _remove_old_states(states, name)
    return PublishedState(folder=states / name, rows=rows)


def remove_states_before(published: Path, moment: datetime) -> None:
    """Remove states whose marts were published before that time, except the one that readers see.

    States whose time is unknown are removed, too: without a `state.json`, or with a time in the future, from a clock
    that was ahead. The names of states show only their order.
    """
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    current = (published / "current").resolve()
    for folder in (published / "states").glob("[!.]*"):
        at = _published_at(folder)
        if folder != current and not (at and moment <= at <= now):
            shutil.rmtree(folder, ignore_errors=True)


def _published_at(state: Path) -> datetime | None:
    with suppress(StateDamaged):
        return state_of(state).published_at
    return None


def _remove_old_states(states: Path, current: str) -> None:
    complete = sorted(path.name for path in states.iterdir() if not path.name.startswith("."))
    needed = {current, state_of(states / current).looks_back_from}
    for name in complete[:-STATES_KEPT]:
        if name not in needed:
            shutil.rmtree(states / name, ignore_errors=True)
    for leftover in states.glob(".*"):
        shutil.rmtree(leftover, ignore_errors=True)
