"""The Thrift server of a Spark cluster: models are built and checks are run through it."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import ExpectedError
from dagster_project.settings import SettingsError

if TYPE_CHECKING:
    from pyhive.hive import Connection

# The session settings of dbt's profile: timestamps have no time zone, and an unreadable value is an error, not null.
SESSION_SETTINGS = {
    "set:hiveconf:spark.sql.timestampType": "TIMESTAMP_NTZ",
    "set:hiveconf:spark.sql.session.timeZone": "UTC",
    "set:hiveconf:spark.sql.ansi.enabled": "true",
}


# How PyHive words an error: the server's response with its whole stack trace around the message.
_RESPONSE = re.compile(
    r"TExecuteStatementResp\(.*?errorMessage=(?P<quote>['\"])(?P<words>.*?)(?P=quote)\), operationHandle=\w+\)",
    re.DOTALL,
)


class NoSparkServer(ExpectedError):
    """The Thrift server can't be reached."""


def require_libraries() -> None:
    """Raise SettingsError where the libraries of the extra `spark` are not installed."""
    if not find_spec("pyiceberg"):
        raise SettingsError(
            "--engine spark needs the libraries of the extra `spark`: docs/develop.md#on-spark-在-spark-上"
        )


@dataclass(frozen=True)
class SparkServer:
    """The address at which the server listens."""

    host: str = "127.0.0.1"
    port: int = 10000


def read_spark_server(environment: Mapping[str, str] = os.environ) -> SparkServer:
    """The server, from the same variables as in dbt's profile."""
    return SparkServer(
        host=environment.get("AFTERSALES_SPARK_HOST", SparkServer.host),
        port=int(environment.get("AFTERSALES_SPARK_PORT", SparkServer.port)),
    )


@contextmanager
def open_spark(server: SparkServer) -> Iterator["Connection"]:
    """Open a session; raises NoSparkServer when the server does not answer."""
    from pyhive import hive

    try:
        connection = hive.connect(host=server.host, port=server.port, configuration=SESSION_SETTINGS)
    except Exception as error:
        raise NoSparkServer(
            f"no Thrift server answers at {server.host}:{server.port} ({error}): "
            "set AFTERSALES_SPARK_HOST and AFTERSALES_SPARK_PORT"
        ) from error
    with closing(connection):
        yield connection


def in_own_words(message: str) -> str:
    """The message with PyHive's dump of the response reduced to the server's own words."""
    return _RESPONSE.sub(lambda response: response["words"].removeprefix("Error running query: "), message)


def file_uri(path: Path) -> str:
    """The URI of a file or folder for Hadoop and Iceberg: not percent-encoded, for they do not decode `%20`."""
    return f"file://{path}"
