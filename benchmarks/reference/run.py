"""Run the reference: extracts in, published marts out, in three steps that can be measured one by one.

What the product does beside and the reference does not: find out encodings, headers and spellings, check, reject,
keep every row's origin, mask, count what became of every row, test the marts. It makes no facts and dimensions, and
no marts of data that the generator does not write (`LEFT_OUT`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.settings import PROJECT_DIR

SQL_DIR = Path(__file__).parent
MODELS = ("repair_orders", "first_fix", "churn", "css", "callbacks", "complaints", "scorecard")
# Marts of mystery visits and of the managers' workbooks, and tables that tell of the data, not of the stores.
LEFT_OUT = {
    "mystery_store_monthly",
    "improvement_action",
    "quality_check_result",
    "quality_load",
    "quality_rejected_row",
    "quality_scorecard",
    "restatement",
}


@dataclass(frozen=True)
class Reference:
    """Where the reference reads and writes; `hash_key` is the product's, so that keys of vehicles are alike."""

    landing: Path
    folder: Path
    as_of: date
    hash_key: str

    @property
    def database(self) -> Path:
        """Typed tables and marts."""
        return self.folder / "reference.duckdb"

    @property
    def published(self) -> Path:
        """The marts alone, as readers would have them."""
        return self.folder / "published.duckdb"


def _run(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute((SQL_DIR / f"{name}.sql").read_text(encoding="utf-8"))


def _publish(connection: duckdb.DuckDBPyConnection, published: Path) -> None:
    """Each mart in a file of its own kind, as the product has them: a table that old clients read, and Parquet."""
    connection.execute(f"attach '{published}' as published (storage_version 'v1.0.0')")
    connection.execute("create schema published.marts")
    (published.parent / "parquet").mkdir(exist_ok=True)
    names = connection.execute(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'marts'"
    ).fetchall()
    for (name,) in names:
        connection.execute(f"create table published.marts.{name} as select * from marts.{name} order by all")
        path = published.parent / "parquet" / f"{name}.parquet"
        connection.execute(f"copy published.marts.{name} to '{path}' (format parquet, compression zstd)")
    connection.execute("detach published")


def run(reference: Reference, begin: Callable[[str], None] = lambda stage: None) -> None:
    """Make everything anew; `begin` is told when each step begins: load, model, publish."""
    reference.folder.mkdir(parents=True, exist_ok=True)
    for file in (reference.database, reference.published):
        file.unlink(missing_ok=True)
    with duckdb.connect(str(reference.database)) as connection:
        connection.execute("set enable_progress_bar = false")
        for name, value in {
            "landing": str(reference.landing),
            "seeds": str(PROJECT_DIR / "seeds"),
            "as_of": reference.as_of,
            "hash_key": reference.hash_key,
        }.items():
            connection.execute(f"set variable {name} = ?", [value])
        begin("load")
        _run(connection, "macros")
        _run(connection, "load")
        begin("model")
        connection.execute("create schema marts")
        for name in MODELS:
            _run(connection, name)
        begin("publish")
        _publish(connection, reference.published)
