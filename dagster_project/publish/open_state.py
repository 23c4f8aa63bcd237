"""Read the published state through one open file, so that everything read belongs to one state."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.errors import ExpectedError
from dagster_project.publish.state import NothingPublished

# The tables of core hold the rows behind the figures, except for those that name the codes used in figures.
DETAIL_PREFIXES = ("fct_", "dim_")
NAMES_OF_CODES = ("dim_item", "dim_kpi", "dim_store")


class PublishedUnreadable(ExpectedError):
    """A published file can't be read; the message says how to find out what is damaged."""


@contextmanager
def open_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published DuckDB file for reading; raises PublishedUnreadable when it can't be opened or read."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            yield connection
    except (duckdb.IOException, duckdb.FatalException, duckdb.SerializationException) as error:
        raise PublishedUnreadable(
            f"{path} can't be read ({str(error).partition(chr(10))[0]}): `aftersales verify` finds what is damaged and "
            "says what to do"
        ) from error


@dataclass(frozen=True)
class Column:
    """A published column: DuckDB's name of its type, and its description `English / 中文`."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Table:
    """A published table."""

    name: str
    description: str
    rows: int
    columns: tuple[Column, ...]

    @property
    def has_figures(self) -> bool:
        """Whether it holds figures or the names of their codes, rather than the rows and dimensions behind them."""
        return self.name in NAMES_OF_CODES or not self.name.startswith(DETAIL_PREFIXES)


@dataclass(frozen=True)
class State:
    """A published state that is open for reading; publishing a newer one does not change it."""

    name: str
    connection: duckdb.DuckDBPyConnection

    def tables(self) -> list[Table]:
        """All its tables, by name."""
        query = """
            select column_.table_name, column_.column_name, column_.data_type, coalesce(column_.comment, ''),
                   coalesce(table_.comment, '')
            from duckdb_columns() as column_
            inner join duckdb_tables() as table_ using (database_name, schema_name, table_name)
            where column_.schema_name = 'marts'
            order by column_.table_name, column_.column_index
        """
        columns: dict[str, list[Column]] = {}
        descriptions: dict[str, str] = {}
        for table, name, kind, description, table_description in self.connection.execute(query).fetchall():
            columns.setdefault(table, []).append(Column(name, kind, description))
            descriptions[table] = table_description
        return [
            Table(name, descriptions[name], self._count(name), tuple(of_table)) for name, of_table in columns.items()
        ]

    def _count(self, table: str) -> int:
        counted = self.connection.execute(f"select count(*) from marts.{table}").fetchone()
        return counted[0] if counted else 0

    def chosen(self, names: Sequence[str]) -> list[Table]:
        """The named tables, or all with figures when none is named; raises NothingPublished for an unknown name."""
        tables = self.tables()
        if unknown := sorted(set(names) - {table.name for table in tables}):
            known = ", ".join(table.name for table in tables)
            raise NothingPublished(f"no published table {', '.join(unknown)}; choose from {known}")
        return [table for table in tables if (table.name in names if names else table.has_figures)]


@contextmanager
def published_state(published: Path) -> Iterator[State]:
    """Open the state that is published now; raises NothingPublished when there is none."""
    current = published / "current"
    if not current.exists():
        raise NothingPublished(f"nothing is published in {published}: run `aftersales run` first")
    # The link is resolved once: publishing in between must not change what is read.
    folder = current.resolve()
    with open_file(folder / "aftersales.duckdb") as connection:
        yield State(folder.name, connection)
