"""Load the published state into Postgres: all tables in one transaction, visible to readers at its commit."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import psycopg
from psycopg import sql

from dagster_project.publish.keys import read_keys
from dagster_project.publish.open_state import Column, State, Table, published_state
from dagster_project.publish.postgres.tables import (
    Shape,
    add_index,
    add_key,
    comments,
    drop_table,
    empty_table,
    held_shapes,
    wanted_shape,
)
from dagster_project.publish.postgres.target import PostgresError, PostgresTarget
from dagster_project.run.log import step
from dagster_project.sql_text import sql_text

# How the schema's comment begins: a schema with it belongs to the warehouse.
_MARK = "Published by aftersales"
# And what precedes the list of its tables, by which tables that are no longer published are known to be its own.
_TABLES = "; its tables: "
# Longest wait for a table whose columns changed while a reader keeps it open.
_LOCK_TIMEOUT = "60s"
_CHUNK = 1 << 20

_SCHEMA = """
    select coalesce(obj_description(namespace.oid, 'pg_namespace'), ''),
           exists (select 1 from pg_class where relnamespace = namespace.oid)
    from pg_namespace as namespace
    where nspname = %s
"""


def _own_schema(connection: psycopg.Connection, schema: str) -> set[str]:
    """Create the schema, or make sure that it belongs to the warehouse; returns the warehouse's tables in it.

    Tables of others must not be lost.
    """
    found = connection.execute(_SCHEMA, [schema]).fetchone()
    if found is None:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        return set()
    comment, holds_something = found
    if holds_something and not comment.startswith(_MARK):
        raise PostgresError(
            f"schema {schema} of this database holds other tables: name another schema in AFTERSALES_POSTGRES_SCHEMA"
        )
    _, _, made = comment.partition(_TABLES)
    return set(made.split(", "))


def _ensure_reader(connection: psycopg.Connection, reader: str) -> None:
    if connection.execute("select 1 from pg_roles where rolname = %s", [reader]).fetchone():
        return
    try:
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(reader)))
    except psycopg.errors.InsufficientPrivilege:
        raise PostgresError(
            f"the role {reader}, which reads the marts, does not exist, and this user may not create it: have an "
            f"administrator run `create role {reader} nologin`, then publish again"
        ) from None


def _selected(column: Column) -> str:
    name = f'"{column.name}"'
    # Postgres allows no NUL in texts.
    return f"replace({name}, chr(0), '') as {name}" if column.type == "VARCHAR" else name


def _copy(connection: psycopg.Connection, relation: sql.Identifier, state: State, table: Table, folder: Path) -> None:
    """Copy the rows of a table through a CSV file, written by DuckDB and read by Postgres without passing Python."""
    columns = ", ".join(map(_selected, table.columns))
    texts = ", ".join(f'"{column.name}"' for column in table.columns if column.type == "VARCHAR")
    # Texts are quoted and nulls are not, so an empty text stays one.
    quoted = f", force_quote ({texts})" if texts else ""
    path = folder / f"{table.name}.csv"
    try:
        state.connection.execute(
            f"copy (select {columns} from marts.{table.name}) to {sql_text(path)} (format csv, header false{quoted})"
        )
    except duckdb.IOException as error:
        raise PostgresError(
            f"{table.name} could not be written to {folder}, from where it is loaded into Postgres: free space there, "
            "or set TMPDIR to a folder with enough space"
        ) from error
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    statement = sql.SQL("copy {} ({}) from stdin (format csv, encoding 'utf8')").format(relation, names)
    with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
        while chunk := file.read(_CHUNK):
            copy.write(chunk)
    path.unlink()


def _load(
    connection: psycopg.Connection, schema: str, state: State, keys: dict[str, tuple[str, ...]], made: set[str]
) -> list[Table]:
    """Load all tables, and drop those that were `made` earlier and are no longer published."""
    held: dict[str, Shape] = held_shapes(connection, schema)
    tables = state.tables()
    with TemporaryDirectory(prefix="aftersales-") as folder:
        for table in tables:
            relation = sql.Identifier(schema, table.name)
            wanted = wanted_shape(table, keys.get(table.name, ()))
            try:
                is_new = empty_table(connection, relation, held.get(table.name), wanted)
            except psycopg.errors.LockNotAvailable:
                raise PostgresError(
                    f"the columns of {schema}.{table.name} have changed, and another session has held it open for "
                    f"{_LOCK_TIMEOUT}: end that session (pg_stat_activity names it), then publish again"
                ) from None
            _copy(connection, relation, state, table, Path(folder))
            if is_new:
                add_key(connection, relation, wanted)
            add_index(connection, relation, table.name, wanted)
            connection.execute(comments(relation, schema, table))
    for name in sorted((held.keys() & made) - {table.name for table in tables}):
        drop_table(connection, sql.Identifier(schema, name))
    return tables


def _grant(connection: psycopg.Connection, target: PostgresTarget, tables: list[Table]) -> None:
    """Let the reader read the tables just loaded. Others in the schema may belong to somebody else."""
    relations = sql.SQL(", ").join(sql.Identifier(target.schema, table.name) for table in tables)
    names = {"schema": sql.Identifier(target.schema), "reader": sql.Identifier(target.reader), "tables": relations}
    connection.execute(sql.SQL("grant usage on schema {schema} to {reader}").format(**names))
    connection.execute(sql.SQL("grant select on {tables} to {reader}").format(**names))


def publish_postgres(published: Path, manifest: Path, target: PostgresTarget) -> dict[str, int]:
    """Make the target's schema hold the published state, or leave it unchanged; returns the rows of each table.

    All tables change at the commit: one statement, or one `repeatable read` transaction, sees one state. Raises
    PostgresError with the reason, never with the password.
    """
    schema = target.schema
    with step("publish_postgres", schema=schema) as counted, target.connected() as connection:
        # For the whole session: tables are vacuumed after the transaction.
        connection.execute("set statement_timeout = 0")
        # The transaction is idle while DuckDB writes a table's CSV file.
        connection.execute("set idle_in_transaction_session_timeout = 0")
        with connection.transaction():
            # One publisher at a time. The state is read under the lock, so an older one never replaces a newer one.
            connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"aftersales {schema}"])
            connection.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT}'")
            made = _own_schema(connection, schema)
            _ensure_reader(connection, target.reader)
            with published_state(published) as state:
                tables = _load(connection, schema, state, read_keys(manifest), made)
                note = f"{_MARK}: state {state.name}{_TABLES}{', '.join(table.name for table in tables)}"
            comment = sql.SQL("comment on schema {} is {}").format(sql.Identifier(schema), sql.Literal(note))
            connection.execute(comment)
            _grant(connection, target, tables)
        # Replaced rows are dead but still take space: vacuum makes it available to the next load.
        for table in tables:
            connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(schema, table.name)))
        counted |= {"tables": len(tables), "rows": sum(table.rows for table in tables)}
    return {table.name: table.rows for table in tables}
