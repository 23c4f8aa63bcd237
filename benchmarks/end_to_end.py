"""The cost of a run beside handwritten SQL that makes the same tables: `python -m benchmarks.end_to_end --help`.

For each size: a full run of the product and of the reference (`reference/`), one more day on top, and a run with
nothing new. The tables that both publish are compared cell by cell; a difference ends the benchmark.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from benchmarks.generate import STARTS_ON, Size, write_day, write_history
from benchmarks.reference import run as reference
from benchmarks.stages import StageCost, measured_stages
from benchmarks.tables import DAY, FIXED_COST_AT, FULL, NOTHING_NEW, REPORT, tables
from dagster_project.settings import Settings

RESULTS_FILE = "end_to_end.json"


class _Benchmark:
    """One size: its files and its measurements.

    The measured processes import this module: what they don't need is imported where it is used.
    """

    def __init__(self, folder: Path, repair_orders: int) -> None:
        self.size = Size(repair_orders)
        self.results = folder
        self.folder = folder / str(repair_orders)
        self.settings = Settings(self.folder / "landing", self.folder / "data", self.size.as_of)

    def _keep(self, of: str, run: str, costs: list[StageCost], nodes: Sequence[dict] = ()) -> None:
        what = {"repair_orders": self.size.repair_orders, "of": of, "run": run}
        kept = [record for record in read_results(self.results) if what != {name: record[name] for name in what}]
        record = what | {"stages": [asdict(cost) for cost in costs], "nodes": list(nodes)}
        (self.results / RESULTS_FILE).write_text(json.dumps([*kept, record], indent=1), encoding="utf-8")
        print(
            f"{self.size.repair_orders:>12,}  {of:<9}  {run:<14}  {sum(cost.cpu for cost in costs):8.1f} CPU s  "
            f"{sum(cost.wall for cost in costs):8.1f} s  {max(cost.memory for cost in costs):8,.0f} MB",
            flush=True,
        )

    def _measure_product(self, run: str) -> None:
        from benchmarks import product

        costs = measured_stages(self.settings.data, product.run, self.settings)
        self._keep("product", run, costs, product.read_nodes(self.settings))

    def _measure_reference(self, run: str) -> None:
        from benchmarks.reference.compare import compare
        from dagster_project.load.hash_key import read_hash_key
        from dagster_project.models.dbt_build import target_path
        from dagster_project.publish.keys import read_keys

        key = read_hash_key(self.settings.data)
        by_hand = reference.Reference(self.settings.landing, self.folder / "reference", self.settings.as_of, key)
        shutil.rmtree(by_hand.folder, ignore_errors=True)
        self._keep("reference", run, measured_stages(by_hand.folder, reference.run, by_hand))
        keys = read_keys(target_path(self.settings) / "manifest.json")
        cells, differences = compare(self.settings.published / "aftersales.duckdb", by_hand.published, keys)
        if differences:
            raise RuntimeError("\n".join(["product and reference publish different values:", *map(str, differences)]))
        print(f"{'':>12}  {cells:,} published cells are equal", flush=True)

    def _measure_report(self) -> None:
        from benchmarks import product

        month = f"{STARTS_ON:%Y}-{self.size.months:02d}"
        self._keep("product", REPORT, measured_stages(self.settings.data, product.report, self.settings, month))

    def run(self) -> None:
        """Write the files and measure all runs; each is kept as soon as it is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
        write_history(self.settings.landing, self.size)
        self._measure_product(FULL)
        self._measure_reference(FULL)
        self._measure_report()
        write_day(self.settings.landing, self.size)
        self.settings = replace(self.settings, as_of=self.settings.as_of + timedelta(days=1))
        self._measure_product(DAY)
        self._measure_reference(DAY)
        self._measure_product(NOTHING_NEW)


def read_results(folder: Path) -> list[dict]:
    """The measurements kept in a folder so far."""
    path = folder / RESULTS_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size, keep the figures, and print them as tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.end_to_end", description="The cost of a run beside handwritten SQL."
    )
    parser.add_argument("folder", type=Path, help="folder to work in: about 3 GB a million repair orders")
    parser.add_argument(
        "--repair-orders", type=int, nargs="*", default=[], help="sizes; none: only print earlier results"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw time over size as .svg or .png")
    parser.add_argument("--remove", action="store_true", help="remove the files of a size when it is measured")
    parsed = parser.parse_args(arguments)
    folder = parsed.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    sizes = [FIXED_COST_AT, *parsed.repair_orders] if parsed.repair_orders else []
    for repair_orders in sizes:
        benchmark = _Benchmark(folder, repair_orders)
        benchmark.run()
        if parsed.remove:
            shutil.rmtree(benchmark.folder)
    print("\n" + tables(read_results(folder)))
    if parsed.plot:
        from benchmarks.plot import draw

        draw(read_results(folder), parsed.plot)


if __name__ == "__main__":
    main()
