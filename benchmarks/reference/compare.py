"""Compare the tables that the product and the reference publish, cell by cell.

The rows of a table are hashed and the sums of the hashes compared, which takes little memory at any size. Only tables
that differ there, if only in a last bit, are joined on their keys and compared column by column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.reference.run import LEFT_OUT

# The last bits of a sum of binary fractions depend on the order of rows.
TOLERANCE = 1e-9
EXAMPLES = 3
# Joins of large tables spill to disk beyond this limit.
MEMORY_LIMIT = "4GB"

Columns = dict[str, str]


@dataclass(frozen=True)
class Difference:
    """A difference in a table: cells of a column, or something that only one side has."""

    mart: str
    column: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.mart}{'.' + self.column if self.column else ''}: {self.text}"


def _tables(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, Columns]:
    """Types by column and table, of a published file."""
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = ? and schema_name = 'marts' order by column_index",
        [catalog],
    ).fetchall()
    found: dict[str, Columns] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def _fingerprint(connection: duckdb.DuckDBPyConnection, side: str, mart: str, columns: Columns) -> tuple:
    """The number of rows and the sum of their hashes, in any order; values are cast to the product's types."""
    cells = ", ".join(f"cast({name} as {kind})" for name, kind in columns.items())
    query = f"select count(*), sum(hash({cells})) from {side}.marts.{mart}"
    return connection.execute(query).fetchone() or ()


def _differs(column: str, kind: str) -> str:
    product, reference = f"product.{column}", f"cast(reference.{column} as {kind})"
    if kind != "DOUBLE":
        return f"{product} is distinct from {reference}"
    # A known value and an unknown one differ as well.
    return (
        f"coalesce(abs({product} - {reference}) > {TOLERANCE} * greatest(abs({product}), abs({reference})), "
        f"{product} is distinct from {reference})"
    )


def _compare(
    connection: duckdb.DuckDBPyConnection, mart: str, columns: Columns, key: Sequence[str]
) -> list[Difference]:
    """The rows of a mart that are missing on one side, and the differing cells of each column."""
    matches = " and ".join(f"product.{name} = reference.{name}" for name in key)
    joined = f"product.marts.{mart} as product full join reference.marts.{mart} as reference on {matches}"
    in_both = f"product.{key[0]} is not null and reference.{key[0]} is not null"
    cases = {name: f"{in_both} and {_differs(name, kind)}" for name, kind in columns.items() if name not in key}
    counted = [f"product.{key[0]} is null", f"reference.{key[0]} is null", *cases.values()]
    counts = connection.execute(
        f"select {', '.join(f'count(*) filter ({case})' for case in counted)} from {joined}"
    ).fetchone()
    assert counts is not None
    missing = zip(("product", "reference"), counts, strict=False)
    found = [Difference(mart, None, f"{count} rows are missing in the {side}") for side, count in missing if count]
    for (name, case), count in zip(cases.items(), counts[2:], strict=True):
        if count:
            row = f"concat_ws(' ', {', '.join(f'product.{part}' for part in key)})"
            examples = connection.execute(
                f"select {row}, product.{name}, reference.{name} from {joined} where {case} order by 1 limit {EXAMPLES}"
            ).fetchall()
            found.append(Difference(mart, name, f"{count} cells differ, for example {examples}"))
    return found


def compare(product: Path, reference: Path, keys: Mapping[str, Sequence[str]]) -> tuple[int, list[Difference]]:
    """The number of compared cells of two published files, and their differences; `keys`: key columns by table."""
    found: list[Difference] = []
    cells = 0
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"set temp_directory = '{reference.parent / 'comparison'}'")
        connection.execute("set enable_progress_bar = false")
        for name, path in {"product": product, "reference": reference}.items():
            connection.execute(f"attach '{path}' as {name} (read_only)")
        of_product, of_reference = _tables(connection, "product"), _tables(connection, "reference")
        for mart in sorted((of_product.keys() ^ of_reference.keys()) - LEFT_OUT):
            found.append(Difference(mart, None, f"only the {'product' if mart in of_product else 'reference'} has it"))
        for mart in sorted(of_product.keys() & of_reference.keys()):
            columns = of_product[mart]
            if odd := columns.keys() ^ of_reference[mart].keys():
                found.append(Difference(mart, None, f"only one side has {', '.join(sorted(odd))}"))
                continue
            fingerprint = _fingerprint(connection, "product", mart, columns)
            if fingerprint != _fingerprint(connection, "reference", mart, columns):
                found += _compare(connection, mart, columns, keys[mart])
            cells += fingerprint[0] * len(columns)
    return cells, found
