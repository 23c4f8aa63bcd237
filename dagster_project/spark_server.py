"""The Thrift server of a Spark cluster: models are built and checks asked over it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

# What dbt's profile sets for its sessions: a time has no zone, and what can't be read is an error and not null.
SESSION_SETTINGS = {
    "set:hiveconf:spark.sql.timestampType": "TIMESTAMP_NTZ",
    "set:hiveconf:spark.sql.session.timeZone": "UTC",
    "set:hiveconf:spark.sql.ansi.enabled": "true",
}


@dataclass(frozen=True)
class SparkServer:
    """Where the server listens."""

    host: str = "127.0.0.1"
    port: int = 10000


def read_spark_server(environment: Mapping[str, str] = os.environ) -> SparkServer:
    """The server that dbt's profile names, too."""
    return SparkServer(
        host=environment.get("AFTERSALES_SPARK_HOST", SparkServer.host),
        port=int(environment.get("AFTERSALES_SPARK_PORT", SparkServer.port)),
    )
