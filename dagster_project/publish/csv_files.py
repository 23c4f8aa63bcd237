"""Export published tables as CSV files for people who open them in a spreadsheet."""

import csv
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.privacy.access import keep_readers
from dagster_project.publish.open_state import State, Table, published_state
from dagster_project.reports.text import no_formula
from dagster_project.run.processes import is_running

_BATCH = 10_000


class ExportRefused(ExpectedError):
    """The export would lose other files or does not fit its format; the message says what to do."""


def _rows(state: State, table: Table) -> Iterator[list[str | None]]:
    columns = ", ".join(f'cast("{column.name}" as varchar)' for column in table.columns)
    is_text = [column.type == "VARCHAR" for column in table.columns]
    cursor = state.connection.execute(f"select {columns} from marts.{table.name}")
    while rows := cursor.fetchmany(_BATCH):
        for row in rows:
            yield [no_formula(cell) if text and cell else cell for cell, text in zip(row, is_text, strict=True)]


def _write(path: Path, state: State, table: Table) -> None:
    # With a byte order mark: without one, Excel reads the file in the code page of its locale.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(column.name for column in table.columns)
        writer.writerows(_rows(state, table))


def _guard(folder: Path, known: set[str]) -> None:
    if not folder.exists():
        return
    strangers = [path.name for path in folder.iterdir() if path.suffix != ".csv" or path.stem not in known]
    if strangers:
        raise ExportRefused(
            f"{folder} holds {strangers[0]}, which is not from an export and would be lost: give another folder"
        )


def _clear_leftovers(folder: Path) -> None:
    """Put the folder back that an export moved aside when it was killed, and remove what else killed exports left."""
    leftover = re.compile(rf"\.{re.escape(folder.name)}\.(\d{{1,9}})\.(new|old)")
    for path in folder.parent.iterdir():
        matched = leftover.fullmatch(path.name)
        # A container gives the same id to one process after another: this one's own id is no sign of life.
        if not matched or (int(matched[1]) != os.getpid() and is_running(int(matched[1]))):
            continue
        if matched[2] == "old" and not folder.exists():
            path.rename(folder)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _keep_readers(folder: Path, building: Path) -> None:
    """Let those read the new files who may read the files that they replace, a new table's like the others'."""
    held = sorted(folder.glob("*.csv"))
    for path in building.iterdir():
        replaced = folder / path.name
        for source in [replaced] if replaced in held else held[:1]:
            keep_readers(source, path)
    keep_readers(folder, building)


def export_csv(published: Path, folder: Path, names: Sequence[str] = ()) -> dict[str, int]:
    """Replace `folder` by one CSV file a table, all of one state, or leave it unchanged.

    Without names: all tables with figures. Returns the number of rows of each. The folder keeps its group and mode;
    where it is a link, the folder that the link leads to is replaced.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_leftovers(folder)
    building, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{suffix}") for suffix in ("new", "old"))
    with published_state(published) as state:
        tables = state.chosen(names)
        _guard(folder, {table.name for table in state.tables()})
        try:
            building.mkdir()
            for table in tables:
                _write(building / f"{table.name}.csv", state, table)
            if folder.exists():
                _keep_readers(folder, building)
                folder.rename(old)
            building.rename(folder)
        except BaseException:
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
        finally:
            shutil.rmtree(building, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    return {table.name: table.rows for table in tables}
