"""The cost of the models on a Spark cluster as the data grows: `python -m benchmarks.on_spark --help`.

For each size the models are built from the same lake by DuckDB and by the cluster that the tests use, both on this
machine: the two executors, of one core each, share its cores with everything else.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.generate import Size, write_history
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.iceberg import open_catalog, register_iceberg
from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.models.dbt_build import NodeResult, build_models
from dagster_project.settings import SPARK, Settings
from tests.spark.cluster import Cluster, running_cluster

# More than in the tests, whose stores are small.
EXECUTOR_MEMORY, DRIVER_MEMORY = "4g", "3g"


def _cpu_of_groups(groups: set[int]) -> float:
    """CPU seconds of all processes in these process groups, and of their children that have ended."""
    ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) in groups:
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def _timed(what: str, repair_orders: int, cluster: Cluster | None = None) -> Iterator[None]:
    groups = {server.process.pid for server in cluster.servers} if cluster else set()
    cluster_before, started, before = _cpu_of_groups(groups), time.monotonic(), os.times()
    yield
    after = os.times()
    own = sum(after[:4]) - sum(before[:4])
    cpu = f"{own:8.1f} CPU s here  {_cpu_of_groups(groups) - cluster_before:8.1f} CPU s on the cluster"
    print(f"{repair_orders:>12,}  {what:<20}  {time.monotonic() - started:8.1f} s  {cpu}", flush=True)


def _require_success(nodes: list[NodeResult]) -> None:
    if failed := [f"{node.name}: {node.message}" for node in nodes if node.has_failed]:
        raise RuntimeError("\n".join(failed))


def _measure(folder: Path, repair_orders: int, cluster: Cluster) -> None:
    size = Size(repair_orders)
    settings = Settings(folder / str(repair_orders) / "landing", folder / str(repair_orders) / "data", size.as_of)
    if not settings.landing.exists():
        write_history(settings.landing, size)
    with _timed("load", repair_orders):
        load_landing(settings.landing, settings.lake)
    key = read_hash_key(settings.data)
    register_lake(settings.lake, settings.warehouse, key, settings.as_of)
    with _timed("build on DuckDB", repair_orders):
        _require_success(build_models(settings))
    with _timed("register", repair_orders, cluster):
        register_iceberg(settings.lake, open_catalog(), key)
    with _timed("build on Spark", repair_orders, cluster):
        _require_success(build_models(replace(settings, engine=SPARK)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size; the files are kept and used again."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.on_spark", description="The cost of the models on a Spark cluster, beside DuckDB."
    )
    parser.add_argument("folder", type=Path, help="folder to work in: about 3 GB a million repair orders")
    parser.add_argument("--repair-orders", type=int, nargs="+", required=True, help="sizes")
    parsed = parser.parse_args(arguments)
    folder = parsed.folder.resolve()
    for repair_orders in parsed.repair_orders:
        # A separate cluster for each size, as the lake's tables have the same names.
        place = folder / str(repair_orders) / "cluster"
        place.mkdir(parents=True)
        with running_cluster(place, EXECUTOR_MEMORY, DRIVER_MEMORY) as cluster:
            os.environ.update(cluster.environment)
            _measure(folder, repair_orders, cluster)


if __name__ == "__main__":
    main()
