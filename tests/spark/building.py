"""The project built on the cluster, and its tables compared with those that DuckDB built from the same lake."""

import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.iceberg import open_catalog, register_iceberg
from dagster_project.models.dbt_build import NodeResult, build_models, target_path
from dagster_project.settings import SPARK, Settings
from tests.spark.cluster import Cluster
from tests.spark.conftest import Session
from tests.support.published import tables

# Floats may differ by the rounding of sums; the absolute tolerance is for differences of equal numbers, close to 0.
RELATIVE, ABSOLUTE = 1e-9, 1e-12


def build_on_spark(settings: Settings, cluster: Cluster, tell: Callable[[str], None] | None = None) -> list[NodeResult]:
    """Register a run's lake and build it on the cluster: all seeds, models and data tests."""
    with cluster.in_environment():
        register_iceberg(settings.lake, open_catalog(), read_hash_key(settings.data))
        return build_models(replace(settings, engine=SPARK), tell)


@dataclass(frozen=True)
class Comparison:
    """The differences between two builds, and the number of cells compared."""

    tables: int
    cells: int
    differences: list[str]


def compare_with_published(settings: Settings, cluster: Cluster, spark: Session) -> Comparison:
    """Compare every cell of every published table, as built by the cluster and by DuckDB."""
    published = settings.published / "aftersales.duckdb"
    manifest = json.loads((target_path(settings) / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    nodes = {node["name"]: node for node in manifest.values() if node["resource_type"] == "model"}
    with cluster.in_environment(), duckdb.connect() as connection:
        catalog = open_catalog()

        def show(name: str, columns: list[str]) -> bool:
            schema = nodes[name]["schema"]
            is_view = nodes[name]["config"]["materialized"] == "view"
            if is_view:
                theirs = _view_rows(spark, f"{schema}.{name}", columns)
            else:
                theirs = catalog.load_table((schema, name)).scan().to_arrow()
            connection.register("theirs", theirs)
            return not is_view

        return _compare(connection, published, tables(published), show)


def compare_published(one: Path, other: Path, left_out: Collection[str] = ()) -> Comparison:
    """Compare every cell of two published files, except the tables left out."""
    names = sorted((tables(one).keys() | tables(other).keys()) - set(left_out))
    with duckdb.connect() as connection:
        connection.execute(f"attach '{other}' as brought (read_only)")

        def show(name: str, _: list[str]) -> bool:
            connection.execute(f"create or replace temp view theirs as from brought.marts.{name}")
            return True

        return _compare(connection, one, names, show)


def _compare(
    connection: duckdb.DuckDBPyConnection,
    published: Path,
    names: Collection[str],
    show: Callable[[str, list[str]], bool],
) -> Comparison:
    """Compare the tables of a published file with the relation `theirs`, which `show` creates for each.

    `show` returns whether the columns of `theirs` have their types or are text.
    """
    cells, differences = 0, []
    connection.execute(f"attach '{published}' as published (read_only)")
    for name in names:
        types = _types(connection, f"published.marts.{name}")
        is_typed = show(name, list(types))
        their_types = _types(connection, "theirs")
        if (their_types if is_typed else list(their_types)) != (types if is_typed else list(types)):
            differences.append(f"{name}: columns {their_types} instead of {types}")
            continue
        counts = connection.execute(_comparison_sql(name, types)).fetchall()
        differences += [f"{name}.{what}: {rows} rows" for what, rows in counts if rows]
        cells += len(types) * sum(connection.execute("select count(*) from theirs").fetchone())
    return Comparison(len(names), cells, differences)


def counted(rows: pa.Table) -> Counter[tuple]:
    """The rows with the count of each; columns in the order of their names."""
    columns = sorted(rows.column_names)
    return Counter(tuple(row[column] for column in columns) for row in rows.to_pylist())


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a relation, in their order, with their types."""
    return dict(connection.execute(f"select column_name, column_type from (describe {relation})").fetchall())


def _view_rows(spark: Session, view: str, columns: list[str]) -> pa.Table:
    """The rows of a view as text: PyIceberg reads tables only."""
    rows = spark.rows(f"select {', '.join(f'cast(`{column}` as string)' for column in columns)} from {view}")
    schema = pa.schema([(column, pa.string()) for column in columns])
    return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema=schema)


def _comparison_sql(name: str, types: dict[str, str]) -> str:
    """SQL that counts rows that only one side has, and differing cells by column.

    Rows are paired by sorting on the columns that must be exactly equal, then on the floats.
    """
    order = ", ".join(f'"{column}"' for column in sorted(types, key=lambda column: types[column] == "DOUBLE"))
    typed = ", ".join(f'cast("{column}" as {kind}) as "{column}"' for column, kind in types.items())
    counts = " union all ".join(
        f"select '{column}', count(*) from both_sides where {_differs(column, kind)}" for column, kind in types.items()
    )
    return f"""
        with ours as (select {typed} from published.marts.{name}),
        cluster as (select {typed} from theirs),
        our_rows as (select *, row_number() over (order by {order}) as place from ours),
        their_rows as (select *, row_number() over (order by {order}) as place from cluster),
        both_sides as (
            select our_rows as one, their_rows as other
            from our_rows inner join their_rows on our_rows.place = their_rows.place
        )
        select '(rows)', abs((select count(*) from ours) - (select count(*) from cluster))
        union all {counts}
    """


def _differs(column: str, kind: str) -> str:
    one, other = f'one."{column}"', f'other."{column}"'
    if kind != "DOUBLE":
        return f"{one} is distinct from {other}"
    tolerance = f"greatest({RELATIVE} * greatest(abs({one}), abs({other})), {ABSOLUTE})"
    return f"{one} is distinct from {other} and coalesce(abs({one} - {other}) > {tolerance}, true)"
