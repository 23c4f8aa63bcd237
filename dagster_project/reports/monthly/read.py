"""Read the published marts of one state through one connection, rows as dictionaries."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from dagster_project.errors import ExpectedError
from dagster_project.publish.open_state import open_file
from dagster_project.publish.state import no_figures, state_of
from dagster_project.settings import Settings

Row = dict[str, Any]


class NothingToReport(ExpectedError):
    """The store, region or month is not in the published marts; the message says which are."""


@dataclass(frozen=True)
class Marts:
    """The published marts of one state."""

    connection: duckdb.DuckDBPyConnection
    as_of: date
    published_at: datetime

    def rows(self, sql: str, *parameters: object) -> list[Row]:
        """The rows of a query."""
        cursor = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, sql: str, *parameters: object) -> Row | None:
        """The only row of a query, if there is one."""
        found = self.rows(sql, *parameters)
        return found[0] if found else None


@contextmanager
def open_marts(settings: Settings) -> Iterator[Marts]:
    """Open the last published state for reading; raises NothingPublished when there is none."""
    # The link is resolved once: marts and business date belong to one state, whatever is published meanwhile.
    folder = (settings.published / "current").resolve()
    state = state_of(folder) if folder.exists() else None
    if state is None or state.as_of is None or state.published_at is None:
        raise no_figures(settings.published)
    with open_file(folder / "aftersales.duckdb") as connection:
        connection.execute("use marts")
        yield Marts(connection, state.as_of, state.published_at)
