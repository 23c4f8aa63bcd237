"""Expose to dbt what was added to the lake, and removed from it, since the last build of the models.

lake.part              the accepted parts that the models are built from
lake.built             the business date that they are built for
lake.new__<dataset>    rows of parts added since
lake.changed_file      files added, removed or replaced since; all files where the set of known stores changed
lake.gone_file         files with a part that was removed or replaced since
lake.changed_store     stores that became known since, or are no longer known
lake.replaced_dataset  datasets in which older rows can become the latest again
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.contracts import Contract, read_contracts
from dagster_project.load.cells import lake_schema
from dagster_project.load.manifest import read_manifest
from dagster_project.load.relation import relation_of

# Schemas of a single incremental build: dropped and recreated by the next registration.
CHANGE_SCHEMAS = ("affected", "changed", "written")

_PART = pa.schema([(name, pa.string()) for name in ("system", "dataset", "relation", "source_file", "part")])


def _parts(lake: Path) -> Iterator[dict[str, str]]:
    for contract in read_contracts().values():
        for entry in read_manifest(lake / contract.system / contract.dataset).values():
            if entry.accepted_part:
                yield {
                    "system": contract.system,
                    "dataset": contract.dataset,
                    "relation": f"{contract.system}__{contract.dataset}",
                    "source_file": entry.source_file,
                    "part": entry.accepted_part,
                }


def note_parts(connection: duckdb.DuckDBPyConnection, lake: Path, as_of: date) -> None:
    """Record the parts and the business date that the models are built from, for the next run to compare with."""
    parts = pa.Table.from_pylist(list(_parts(lake)), schema=_PART)
    connection.register("parts", parts)
    connection.execute("create or replace table lake.part as select * from parts")
    connection.unregister("parts")
    connection.execute("create or replace table lake.built as select cast(? as date) as as_of", [as_of])


def built_for(warehouse: Path) -> date | None:
    """The business date that the models are built for; None if the lake was never registered."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        try:
            built = connection.execute("select as_of from lake.built").fetchone()
        except duckdb.CatalogException:
            return None
    return built[0] if built else None


def _show_new_rows(connection: duckdb.DuckDBPyConnection, lake: Path, contract: Contract) -> None:
    relation = f"{contract.system}__{contract.dataset}"
    folder = lake / contract.system / contract.dataset
    new = connection.execute("select part from new_part where relation = ?", [relation]).fetchall()
    rows = relation_of(lake_schema(contract), [folder / part for (part,) in new])
    connection.execute(f"create or replace view lake.new__{relation} as {rows}")


def forget_changes(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the change tables of the previous build, which hold rows as they were before it."""
    for schema in CHANGE_SCHEMAS:
        connection.execute(f"drop schema if exists {schema} cascade")


def show_changes(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Create the relations that describe how the lake differs from the parts recorded last."""
    for schema in CHANGE_SCHEMAS:
        connection.execute(f"create schema {schema}")
    connection.execute("create or replace table lake.built_before as select * from lake.built")
    connection.register("parts", pa.Table.from_pylist(list(_parts(lake)), schema=_PART))
    connection.execute("create temp table new_part as select * from parts except select * from lake.part")
    connection.execute("create temp table gone_part as select * from lake.part except select * from parts")
    connection.execute(
        "create or replace table lake.gone_file as "
        "select distinct system, dataset, relation, source_file from gone_part"
    )
    connection.execute(
        "create or replace table lake.changed_store as select distinct store_code from ("
        "(select store_code from lake.dms__stores except select store_code from staging.stg_dms__stores) union all "
        "(select store_code from staging.stg_dms__stores except select store_code from lake.dms__stores))"
    )
    with_store = [c for c in read_contracts().values() if c.has_store]
    stores_changed = "exists (select 1 from lake.changed_store)"
    names = ", ".join(f"('{c.system}__{c.dataset}')" for c in with_store)
    connection.execute(
        "create or replace table lake.replaced_dataset as select relation from lake.gone_file "
        f"union select relation from (values {names}) as with_store (relation) where {stores_changed}"
    )
    connection.execute(
        "create or replace table lake.changed_file as select system, dataset, relation, source_file from new_part "
        "union select system, dataset, relation, source_file from lake.gone_file "
        f"union select system, dataset, relation, source_file from parts where {stores_changed}"
    )
    for contract in read_contracts().values():
        _show_new_rows(connection, lake, contract)
    connection.execute("drop table new_part; drop table gone_part")
    connection.unregister("parts")
