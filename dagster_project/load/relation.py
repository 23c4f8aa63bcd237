"""Relations over parts of the lake, and SQL that reads them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from dagster_project.sql_text import sql_text

_DUCKDB_TYPES = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.decimal128(18, 8): "decimal(18, 8)",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
    pa.bool_(): "boolean",
}


@dataclass(frozen=True)
class Relation:
    """A table as engines see it: its columns, and the parts that hold its rows."""

    name: str
    schema: pa.Schema
    parts: list[Path]


def relation_of(schema: pa.Schema, parts: Iterable[Path]) -> str:
    """SQL that reads the parts, or an empty relation of the schema."""
    columns = ", ".join(f"cast(null as {_DUCKDB_TYPES[field.type]}) as {field.name}" for field in schema)
    empty = f"select {columns} where false"
    paths = ", ".join(sql_text(path) for path in sorted(parts))
    if not paths:
        return empty
    # By name, so that a column added to the contract later is null in parts written before.
    return f"{empty} union all by name select * from read_parquet([{paths}], union_by_name = true)"
