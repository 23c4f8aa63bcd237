"""Run the reference: extracts in, published marts out, in three steps that can be measured one by one.

Facts are written once, into the published file, and marts read them there. The reference does not do what the product
does besides: detect encodings, headers and spellings, check and reject rows, account for every row, test the published
tables; and it publishes fewer tables (`LEFT_OUT`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.settings import PROJECT_DIR

SQL_DIR = Path(__file__).parent
MODELS = ("dimensions", "repair_orders", "first_fix", "churn", "callbacks", "css", "complaints", "scorecard")
# Tables of mystery visits and of the managers' workbooks, facts and a dimension that only the product publishes, and
# tables that describe the data, not the stores.
LEFT_OUT = {
    "mystery_store_monthly",
    "improvement_action",
    "dim_kpi",
    "fct_callback_answer",
    "fct_case_event",
    "fct_churn_callback",
    "fct_css_benchmark",
    "fct_improvement_action",
    "fct_mystery_check",
    "fct_target",
    "quality_check_result",
    "quality_load",
    "quality_rejected_row",
    "quality_scorecard",
    "restatement",
}


@dataclass(frozen=True)
class Reference:
    """Where the reference reads and writes; `hash_key` is the product's, so that both make the same vehicle keys."""

    landing: Path
    folder: Path
    as_of: date
    hash_key: str

    @property
    def database(self) -> Path:
        """Typed tables, and marts before they are published."""
        return self.folder / "reference.duckdb"

    @property
    def published(self) -> Path:
        """Marts, facts and dimensions, as readers would see them."""
        return self.folder / "published.duckdb"


def _run(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute((SQL_DIR / f"{name}.sql").read_text(encoding="utf-8"))


def _publish(connection: duckdb.DuckDBPyConnection, published: Path) -> None:
    """Publish the marts beside the facts, which are published already, and each table as Parquet."""
    names = connection.execute(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'marts'"
    ).fetchall()
    for (name,) in names:
        connection.execute(f"create table published.marts.{name} as select * from marts.{name} order by all")
    folder = published.parent / "parquet"
    folder.mkdir(exist_ok=True)
    names = connection.execute("select table_name from duckdb_tables() where database_name = 'published'").fetchall()
    for (name,) in names:
        path = folder / f"{name}.parquet"
        connection.execute(f"copy published.marts.{name} to '{path}' (format parquet, compression zstd)")
    connection.execute("detach published")


def run(reference: Reference, begin: Callable[[str], None] = lambda stage: None) -> None:
    """Rebuild everything; `begin` is called at the start of each step: load, model, publish."""
    reference.folder.mkdir(parents=True, exist_ok=True)
    for file in (reference.database, reference.published):
        file.unlink(missing_ok=True)
    with duckdb.connect(str(reference.database)) as connection:
        connection.execute("set enable_progress_bar = false")
        # Lines are identified by rowid, which rows keep only as long as there is no checkpoint.
        connection.execute("set wal_autocheckpoint = '1TB'")
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
        connection.execute("set preserve_insertion_order = false")
        connection.execute("create schema marts")
        connection.execute(f"attach '{reference.published}' as published (storage_version 'v1.0.0')")
        connection.execute("create schema published.marts")
        for name in MODELS:
            _run(connection, name)
        begin("publish")
        _publish(connection, reference.published)
