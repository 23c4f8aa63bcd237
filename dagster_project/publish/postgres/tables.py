"""Tables in Postgres that mirror the published ones: columns, types, keys, indexes, comments."""

import re
from dataclasses import dataclass

import psycopg
from psycopg import sql

from dagster_project.publish.open_state import Column, Table
from dagster_project.publish.postgres.target import PostgresError

# In Postgres' own spelling, so that they can be compared with the types it reports.
_TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric(38,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_BY_STORE_AND_MONTH = ("store_code", "month")

_HELD = """
    select class.relname, attribute.attname, format_type(attribute.atttypid, attribute.atttypmod),
           array_position(index.indkey::smallint[], attribute.attnum)
    from pg_class as class
    inner join pg_namespace as namespace on namespace.oid = class.relnamespace
    inner join pg_attribute as attribute on attribute.attrelid = class.oid
    left join pg_index as index on index.indrelid = class.oid and index.indisprimary
    where namespace.nspname = %s and class.relkind = 'r' and attribute.attnum > 0 and not attribute.attisdropped
    order by class.relname, attribute.attnum
"""


@dataclass(frozen=True)
class Shape:
    """The shape of a table, wanted or existing: the type of each column by name, and the key columns in order."""

    columns: dict[str, str]
    key: tuple[str, ...]


def postgres_type(column: Column) -> str:
    """Postgres' type for a published column; raises PostgresError for one that has none."""
    if decimal := _DECIMAL.fullmatch(column.type):
        return f"numeric({decimal[1]},{decimal[2]})"
    if column.type not in _TYPES:
        raise PostgresError(f"column {column.name} is of type {column.type}, which has no equivalent in Postgres")
    return _TYPES[column.type]


def wanted_shape(table: Table, key: tuple[str, ...]) -> Shape:
    """The shape that the published table needs in Postgres."""
    return Shape({column.name: postgres_type(column) for column in table.columns}, key)


def held_shapes(connection: psycopg.Connection, schema: str) -> dict[str, Shape]:
    """The shapes of the existing tables of a schema in Postgres, by name."""
    columns: dict[str, dict[str, str]] = {}
    keys: dict[str, dict[int, str]] = {}
    for table, column, kind, place in connection.execute(_HELD, [schema]).fetchall():
        columns.setdefault(table, {})[column] = kind
        keys.setdefault(table, {})
        if place is not None:
            keys[table][place] = column
    return {
        name: Shape(of_table, tuple(column for _, column in sorted(keys[name].items())))
        for name, of_table in columns.items()
    }


def _typed(columns: dict[str, str]) -> list[sql.Composed]:
    return [sql.SQL("{} " + kind).format(sql.Identifier(name)) for name, kind in columns.items()]


def empty_table(connection: psycopg.Connection, relation: sql.Identifier, held: Shape | None, wanted: Shape) -> bool:
    """Leave an empty table of the wanted shape; True when it was created.

    An existing table of that shape is emptied by deleting its rows: readers continue with the rows they began with,
    and neither side waits. Missing columns are added, so that views on it stay. A table of another shape is dropped.
    """
    if held is not None and held.key == wanted.key and held.columns.items() <= wanted.columns.items():
        connection.execute(sql.SQL("delete from {}").format(relation))
        added = {name: kind for name, kind in wanted.columns.items() if name not in held.columns}
        for column in _typed(added):
            connection.execute(sql.SQL("alter table {} add column {}").format(relation, column))
        return False
    if held is not None:
        drop_table(connection, relation)
    columns = sql.SQL(", ").join(_typed(wanted.columns))
    connection.execute(sql.SQL("create table {} ({})").format(relation, columns))
    return True


def drop_table(connection: psycopg.Connection, relation: sql.Identifier) -> None:
    """Drop a table that is not published any more or has another shape; raises PostgresError when a view needs it."""
    try:
        connection.execute(sql.SQL("drop table {}").format(relation))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise PostgresError(
            f"{relation.as_string(connection)} has changed and can't be replaced while another object depends on it: "
            f"{error.diag.message_detail}. Drop that object, publish again, then create it again"
        ) from None


def add_key(connection: psycopg.Connection, relation: sql.Identifier, wanted: Shape) -> None:
    """Add the key of a table that was just created; after its rows are loaded, which is faster."""
    if wanted.key:
        key = sql.SQL(", ").join(map(sql.Identifier, wanted.key))
        connection.execute(sql.SQL("alter table {} add primary key ({})").format(relation, key))


def add_index(connection: psycopg.Connection, relation: sql.Identifier, table: str, wanted: Shape) -> None:
    """Index a table by store and month, which most queries filter by, unless its key does so."""
    indexed = _BY_STORE_AND_MONTH
    if set(indexed) <= wanted.columns.keys() and wanted.key[: len(indexed)] != indexed:
        columns = sql.SQL(", ").join(map(sql.Identifier, indexed))
        name = sql.Identifier(f"{table}_store_month")
        connection.execute(sql.SQL("create index if not exists {} on {} ({})").format(name, relation, columns))


def comments(relation: sql.Identifier, schema: str, table: Table) -> sql.Composed:
    """The statements that set the comments of the table and its columns."""
    statements = [sql.SQL("comment on table {} is {}").format(relation, sql.Literal(table.description))]
    for column in table.columns:
        name = sql.Identifier(schema, table.name, column.name)
        statements.append(sql.SQL("comment on column {} is {}").format(name, sql.Literal(column.description)))
    return sql.SQL("; ").join(statements)
