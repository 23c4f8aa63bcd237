"""What a whole run costs against SQL by hand that makes the same marts: `python -m benchmarks.end_to_end --help`.

For each size: a full run of the product and of the reference (`reference/`), one more day on top, and a run with
nothing new. The marts of both are compared cell by cell, and a difference ends the benchmark.
"""

import argparse
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from benchmarks.generate import STARTS_ON, Size, write_day, write_history
from benchmarks.reference.compare import compare
from benchmarks.reference.run import Reference
from benchmarks.stages import Begin, StageCost, measured_stages
from dagster_project.checks.worker import CheckWorker, check_worker
from dagster_project.load.hash_key import read_hash_key
from dagster_project.models.dbt_build import target_path
from dagster_project.publish.keys import read_keys
from dagster_project.settings import Settings

# So few that nothing but the fixed cost of a run is left; as many files as at any size.
FIXED_COST_AT = 1_000
RESULTS_FILE = "end_to_end.json"

FULL, DAY, NOTHING_NEW, REPORT = "full", "one more day", "nothing new", "monthly report"

# Functions that `refresh` calls, and the stage that begins with each.
_PRODUCT_STAGES = {
    "load_landing": "load",
    "build_models": "model",
    "check_build": "check",
    "record_restatements": "publish",
    "write_quality_report": "report",
}


def run_product(begin: Begin, settings: Settings) -> None:
    """A run as `aftersales run` does it; the process of the checks warms up before the other stages, not meanwhile."""
    from dagster_project import refresh

    def beginning(stage: str, function: Callable) -> Callable:
        def call(*arguments: object, **named: object) -> object:
            begin(stage)
            return function(*arguments, **named)

        return call

    @contextmanager
    def warm_worker() -> Iterator[CheckWorker]:
        with check_worker() as worker:
            worker.pool.submit(int).result()
            yield worker

    stages = {name: beginning(stage, getattr(refresh, name)) for name, stage in _PRODUCT_STAGES.items()}
    with patch.multiple(refresh, check_worker=warm_worker, **stages):
        refresh.refresh(settings)


def run_report(begin: Begin, settings: Settings, month: str) -> None:
    """The monthly report of one store, as `aftersales report` writes it."""
    from dagster_project.cli import main as aftersales

    begin("report")
    aftersales(["report", "--store", "S0001", "--month", month, "--data", str(settings.data)])


def run_reference(begin: Begin, reference: Reference) -> None:
    """All marts by hand, from nothing."""
    from benchmarks.reference.run import run

    run(reference, begin)


def read_nodes(settings: Settings) -> list[dict]:
    """Seconds of each node of the last `dbt build`, with its layer; two nodes run at a time."""
    target = target_path(settings)
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    nodes = []
    for result in results:
        node = manifest[result["unique_id"]]
        layer = node["path"].split("/")[0] if node["resource_type"] == "model" else f"{node['resource_type']}s"
        nodes.append({"layer": layer, "node": node["name"], "seconds": result["execution_time"]})
    return nodes


class _Benchmark:
    """One size: its files, and the records of what was measured."""

    def __init__(self, folder: Path, repair_orders: int) -> None:
        self.size = Size(repair_orders)
        self.folder = folder / str(repair_orders)
        self.settings = Settings(self.folder / "landing", self.folder / "data", self.size.as_of)
        self.records: list[dict] = []

    def _keep(self, of: str, run: str, costs: list[StageCost], nodes: Sequence[dict] = ()) -> None:
        record = {"repair_orders": self.size.repair_orders, "of": of, "run": run}
        self.records.append(record | {"stages": [asdict(cost) for cost in costs], "nodes": list(nodes)})
        print(
            f"{self.size.repair_orders:>12,}  {of:<9}  {run:<14}  {sum(cost.cpu for cost in costs):8.1f} CPU s  "
            f"{sum(cost.wall for cost in costs):8.1f} s  {max(cost.memory for cost in costs):8,.0f} MB",
            flush=True,
        )

    def _measure_product(self, run: str) -> None:
        costs = measured_stages(self.settings.data, run_product, self.settings)
        self._keep("product", run, costs, read_nodes(self.settings))

    def _measure_reference(self, run: str) -> None:
        key = read_hash_key(self.settings.data)
        reference = Reference(self.settings.landing, self.folder / "reference", self.settings.as_of, key)
        self._keep("reference", run, measured_stages(reference.folder, run_reference, reference))
        keys = read_keys(target_path(self.settings) / "manifest.json")
        cells, differences = compare(self.settings.published / "aftersales.duckdb", reference.published, keys)
        if differences:
            raise RuntimeError("\n".join(["the marts of product and reference differ:", *map(str, differences)]))
        print(f"{'':>12}  {cells:,} cells of the marts are equal", flush=True)

    def run(self) -> list[dict]:
        shutil.rmtree(self.folder, ignore_errors=True)
        write_history(self.settings.landing, self.size)
        self._measure_product(FULL)
        self._measure_reference(FULL)
        month = f"{STARTS_ON:%Y}-{self.size.months:02d}"
        self._keep("product", REPORT, measured_stages(self.settings.data, run_report, self.settings, month))
        write_day(self.settings.landing, self.size)
        self.settings = replace(self.settings, as_of=self.settings.as_of + timedelta(days=1))
        self._measure_product(DAY)
        self._measure_reference(DAY)
        self._measure_product(NOTHING_NEW)
        return self.records


def read_results(folder: Path) -> list[dict]:
    """What was measured so far in a folder."""
    path = folder / RESULTS_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size, keep the figures, and print them as tables."""
    from benchmarks.tables import tables

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.end_to_end", description="What a whole run costs against SQL by hand."
    )
    parser.add_argument("folder", type=Path, help="folder to work in: about 3 GB a million repair orders")
    parser.add_argument("--repair-orders", type=int, nargs="*", default=[], help="sizes; none: print what is kept")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw time over size as .svg or .png")
    parser.add_argument("--remove", action="store_true", help="remove the files of a size when it is measured")
    parsed = parser.parse_args(arguments)
    folder = parsed.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    sizes = [FIXED_COST_AT, *parsed.repair_orders] if parsed.repair_orders else []
    for repair_orders in sizes:
        benchmark = _Benchmark(folder, repair_orders)
        measured = benchmark.run()
        kept = [record for record in read_results(folder) if record["repair_orders"] != repair_orders]
        (folder / RESULTS_FILE).write_text(json.dumps(kept + measured, indent=1), encoding="utf-8")
        if parsed.remove:
            shutil.rmtree(benchmark.folder)
    print("\n" + tables(read_results(folder)))
    if parsed.plot:
        from benchmarks.plot import draw

        draw(read_results(folder), parsed.plot)


if __name__ == "__main__":
    main()
