"""The lake's Iceberg tables hold what the private warehouse shows of the lake, load after load."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog

from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.iceberg import CATALOG, NAMESPACE, CatalogError, open_catalog, register_iceberg
from dagster_project.upkeep.snapshots import delete_old_snapshots
from tests.conftest import Landing
from tests.spark.building import counted

ORDERS = "dms/repair_orders/repair_orders_20260601.csv"
LINES = (
    "store_code,repair_order_no,customer_no,vin,service_type,checked_in_at,status,total_amount\n"
    "001,R1,C1,LSVAA4182E2123456,repair,2026-06-01 09:00:00,delivered,100.50\n"
)
REJECTED = "001,,C1,LSVAA4182E2123456,repair,2026-06-01 09:00:00,delivered,1\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog that needs no server."""
    catalog = SqlCatalog(CATALOG, uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/warehouse")
    catalog.create_namespace(NAMESPACE)
    return catalog


def register(landing: Landing, catalog: Catalog) -> None:
    landing.load()
    register_iceberg(landing.settings.lake, catalog, read_hash_key(landing.settings.data, {}))


def rows(catalog: Catalog, name: str) -> Counter[tuple]:
    return counted(catalog.load_table((NAMESPACE, name)).scan().to_arrow())


def shown(landing: Landing, name: str) -> Counter[tuple]:
    columns = landing.query(f"select column_name from (describe lake.{name}) order by 1")
    return Counter(landing.query(f"select {', '.join(column for (column,) in columns)} from lake.{name}"))


def test_tables_hold_what_the_warehouse_shows_load_after_load(landing: Landing, catalog: Catalog) -> None:
    names = [name for (name,) in landing_relations(landing)]
    register(landing, catalog)
    for text in (LINES + REJECTED, LINES.replace("R1", "R2"), LINES + LINES.replace("R1", "R3")):
        landing.write(ORDERS, text)
        register(landing, catalog)
        for name in names:
            assert rows(catalog, name) == shown(landing, name), name
    assert sum(rows(catalog, "dms__repair_orders").values()) == 2


def landing_relations(landing: Landing) -> list[tuple]:
    """All relations that the engines see, except those that only incremental builds read."""
    landing.load()
    return landing.query(
        "select view_name from duckdb_views() where schema_name = 'lake' union all values ('hash_key')"
    )


def test_unchanged_tables_are_left_alone(landing: Landing, catalog: Catalog) -> None:
    landing.write(ORDERS, LINES)
    register(landing, catalog)
    before = catalog.load_table((NAMESPACE, "dms__repair_orders")).metadata_location
    register(landing, catalog)
    assert catalog.load_table((NAMESPACE, "dms__repair_orders")).metadata_location == before


def test_parts_are_not_copied_and_table_clean_up_does_not_delete_them(landing: Landing, catalog: Catalog) -> None:
    register(landing, catalog)
    table = catalog.load_table((NAMESPACE, "dms__stores"))
    parts = landing.settings.lake.glob("dms/stores/accepted/*.parquet")
    assert [task.file.file_path for task in table.scan().plan_files()] == [f"file://{part}" for part in parts]
    assert table.properties["gc.enabled"] == "false"


def test_a_column_of_another_type_recreates_the_table(landing: Landing, catalog: Catalog) -> None:
    catalog.create_table((NAMESPACE, "dms__stores"), pa.schema([("store_code", pa.date32())]))
    register(landing, catalog)
    assert rows(catalog, "dms__stores") == shown(landing, "dms__stores")


def test_an_unknown_catalog_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"PYICEBERG_CATALOG__{CATALOG.upper()}__URI", raising=False)
    with pytest.raises(CatalogError, match="PYICEBERG_CATALOG__AFTERSALES__URI"):
        open_catalog()


def test_a_run_that_has_published_does_not_fail_for_old_snapshots(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(f"PYICEBERG_CATALOG__{CATALOG.upper()}__URI", raising=False)
    delete_old_snapshots(tmp_path / "manifest.json")
    assert "are kept until the next run: " in caplog.text and CATALOG.upper() in caplog.text
