"""A warehouse of two small marts whose rows all hold the number of the state they were published with."""

import json
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.publish.publish import publish
from dagster_project.publish.state import new_state

TABLES = ("first_monthly", "second_monthly")


class SmallWarehouse:
    """Publishes distinguishable states in the way a run does."""

    def __init__(self, root: Path, rows: int = 500) -> None:
        self.published = root / "published"
        self.warehouse = root / "warehouse.duckdb"
        self.manifest = root / "data" / "dbt" / "target" / "manifest.json"
        self.rows = rows
        self._write_manifest()

    def _write_manifest(self) -> None:
        models = {
            f"model.{name}": {
                "name": name,
                "resource_type": "model",
                "schema": "marts",
                "description": f"Rows of the {name}. / 测试表。",
                "columns": {"state": {"description": "State. / 版本。"}},
            }
            for name in TABLES
        }
        tests = {
            f"test.{name}": {
                "name": f"key_of_{name}",
                "resource_type": "test",
                "schema": "tests",
                "attached_node": f"model.{name}",
                "test_metadata": {
                    "name": "unique_combination",
                    "kwargs": {"columns": ["store_code", "month", "line"]},
                },
            }
            for name in TABLES
        }
        self.manifest.parent.mkdir(parents=True)
        self.manifest.write_text(json.dumps({"nodes": models | tests}), encoding="utf-8")

    def publish(self, state: int, also: str = "'' as note", second: str = "", changes_since: str | None = None) -> None:
        """Publish a state with its number in every row; `also` are further columns, `second` rows of the second mart.

        If `changes_since` names a state, the new one is built from it, with all rows changed.
        """
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("create schema if not exists marts; create schema if not exists changed")
            for name in TABLES:
                connection.execute(
                    f"create or replace table marts.{name} as select 'S001' as store_code, date '2026-01-01' as month, "
                    f"line, {state}::bigint as state, {also} from range({self.rows}) as numbers(line)"
                )
                connection.execute(
                    f"create or replace table changed.{name} as select *, true as is_new from marts.{name}"
                )
            if second:
                connection.execute(f"insert into marts.second_monthly {second}")
        info = new_state(date(2026, 1, 31), f"run{state}")
        publish(self.warehouse, self.manifest, self.published, info, changes_since=changes_since)
