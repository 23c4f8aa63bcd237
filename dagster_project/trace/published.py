"""The published tables as the trace reads them: marts, their keys and labels, the row sets as views."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import yaml

from dagster_project.publish.open_state import DETAIL_PREFIXES, open_file
from dagster_project.publish.state import NothingPublished, no_figures
from dagster_project.settings import DBT_DIR
from dagster_project.trace.declarations import row_sets


@contextmanager
def open_published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published tables, with a view `trace_<name>` for each row set.

    Raises NothingPublished when there are no figures, PublishedUnreadable when the file is damaged.
    """
    if not path.exists():
        raise NothingPublished(f"{path} does not exist: run `aftersales run` first")
    with open_file(path) as connection:
        # A first run that was blocked publishes its quality tables only.
        facts = "select 1 from duckdb_tables() where schema_name = 'marts' and starts_with(table_name, 'fct_')"
        if not connection.execute(facts).fetchone():
            raise no_figures(path.parent)
        _prepare(connection)
        yield connection


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("use marts")
    try:
        connection.execute("set variable as_of = (select date_day from dim_date where is_as_of)")
        for name, value in _windows().items():
            connection.execute(f"set variable {name} = {value}")
        for row_set in row_sets().values():
            connection.execute(f"create temp view trace_{row_set.name} as {row_set.sql}")
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise NothingPublished(f"published by an older version, run `aftersales run` again: {error}") from None


def _windows() -> dict[str, int]:
    project = yaml.load((DBT_DIR / "dbt_project.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return {name: value for name, value in project["vars"].items() if isinstance(value, int)}


def published_marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the published marts: every published table except dimensions and facts."""
    rows = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' and not temporary order by 1"
    ).fetchall()
    return [name for (name,) in rows if not name.startswith(DETAIL_PREFIXES)]


def columns_of(connection: duckdb.DuckDBPyConnection, mart: str) -> dict[str, str]:
    """The columns of a mart in their order, with their descriptions in both languages."""
    rows = connection.execute(
        "select column_name, coalesce(comment, '') from duckdb_columns() "
        "where schema_name = 'marts' and table_name = ? order by column_index",
        [mart],
    ).fetchall()
    return dict(rows)


@cache
def key_of(mart: str) -> list[str]:
    """The key of a mart, as its model declares it in dbt."""
    for path in (DBT_DIR / "models" / "marts").glob(f"*/{mart}.yml"):
        for model in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["models"]:
            for test in model.get("data_tests", []):
                if isinstance(test, dict) and "unique_combination" in test:
                    return test["unique_combination"]["arguments"]["columns"]
    raise LookupError(f"{mart} declares no key")
