"""Shared fixtures of the Spark tests: one cluster, and sessions on it."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyhive import hive

from tests.spark.cluster import HOST, Cluster, running_cluster


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's: Postgres runs as another user if root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="aftersales-spark-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a separate cluster."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The cluster that all tests share."""
    with open_folder() as folder, running_cluster(folder) as cluster:
        yield cluster


@dataclass(frozen=True)
class Session:
    """A connection to the Thrift server."""

    connection: hive.Connection

    def do(self, statement: str) -> None:
        """Run a statement that returns no rows: PyHive can't fetch an empty result."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(statement)

    def rows(self, query: str) -> list[tuple]:
        """The rows of a query."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(query)
            return cursor.fetchall()


@contextmanager
def open_session(cluster: Cluster) -> Iterator[Session]:
    """Open a session on a cluster."""
    with closing(hive.connect(host=HOST, port=cluster.port)) as connection:
        yield Session(connection)


@pytest.fixture(scope="session")
def spark(cluster: Cluster) -> Iterator[Session]:
    """A session on the cluster that all tests share."""
    with open_session(cluster) as session:
        yield session
