"""What the tests of Spark share: one cluster, and a way to ask it."""

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
    """A folder that all may enter, which pytest's are not: Postgres runs as another user where tests are root's."""
    with tempfile.TemporaryDirectory(prefix="aftersales-spark-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """For a cluster of its own."""
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
        """Run a statement that gives no rows: PyHive can't fetch none."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(statement)

    def rows(self, query: str) -> list[tuple]:
        """The rows of a query."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(query)
            return cursor.fetchall()


@contextmanager
def open_session(cluster: Cluster) -> Iterator[Session]:
    """Ask a cluster."""
    with closing(hive.connect(host=HOST, port=cluster.port)) as connection:
        yield Session(connection)


@pytest.fixture(scope="session")
def spark(cluster: Cluster) -> Iterator[Session]:
    """Ask the cluster that all tests share."""
    with open_session(cluster) as session:
        yield session
