"""Memory limit of the engine: one setting for building, checking and publishing."""

import os
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml

from dagster_project.checks.engine import open_engine
from dagster_project.publish.tables import open_state_file
from dagster_project.settings import DBT_DIR, SettingsError, read_settings

ASKED = "select current_setting('memory_limit')"


def of_models() -> str | None:
    profiles = yaml.safe_load((DBT_DIR / "profiles.yml").read_text(encoding="utf-8"))
    limit = profiles["aftersales"]["outputs"]["duckdb"]["config_options"]["memory_limit"]
    size = jinja2.Template(limit).render(env_var=os.environ.get)
    with duckdb.connect(config={"memory_limit": size}) as connection:
        return (connection.execute(ASKED).fetchone() or [None])[0]


def of_checks(warehouse: Path) -> str | None:
    with open_engine(warehouse, read_only=False) as engine:
        return engine.connection.exec_driver_sql(ASKED).scalar()


def of_publishing(folder: Path, warehouse: Path) -> str | None:
    with open_state_file(folder / "state.duckdb", warehouse) as connection:
        return (connection.execute(ASKED).fetchone() or [None])[0]


@pytest.mark.parametrize(("size", "expected"), [("", "3.7 GiB"), ("300MB", "286.1 MiB"), ("1.5 GiB", "1.5 GiB")])
def test_models_checks_and_publishing_keep_to_the_configured_memory(
    size: str, expected: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("AFTERSALES_MEMORY", size)
    warehouse = tmp_path / "warehouse.duckdb"
    assert [of_models(), of_checks(warehouse), of_publishing(tmp_path, warehouse)] == [expected] * 3


@pytest.mark.parametrize("size", ["8", "much", "-1GB", "8GB; --"])
def test_an_invalid_size_is_refused(size: str) -> None:
    with pytest.raises(SettingsError, match=r"AFTERSALES_MEMORY is .*: write a number and a unit, such as 8GB"):
        read_settings({"AFTERSALES_MEMORY": size})
