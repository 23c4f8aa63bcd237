"""The cost of the checks, beside plain SQL that counts the same failures: `python -m benchmarks.checks --help`.

Every count of the plain SQL (`plain/<system>/<dataset>.sql`) is compared with the checks' result: a difference
ends the run. The plain SQL only counts failures; the checks also count the evaluated rows and list up to 200
failing rows each. Results are not written in either case.
"""

import argparse
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import duckdb

from benchmarks.generate import Size
from benchmarks.measure import Cost, measured
from benchmarks.warehouse import staged
from dagster_project.checks.dialect import MACROS
from dagster_project.checks.results import RunInfo
from dagster_project.checks.run import run_checks

PLAIN_DIR = Path(__file__).parent / "plain"

# Failed rows by dataset and check.
Counts = dict[tuple[str, str], int]


def _import_engine() -> None:
    import dagster_project.checks.engine  # noqa: F401


def _nothing() -> None:
    """Plain SQL needs no further imports."""


def count_by_checks(warehouse: Path, as_of: date) -> Counts:
    """Failed rows as the checks find them; raises when one of them did not run."""
    results = run_checks(warehouse, RunInfo("benchmark", datetime.combine(as_of, time()), as_of))
    broken = [f"{r.dataset}.{r.check_name}: {r.error}" for r in results if r.passed is None]
    if broken:
        raise RuntimeError("\n".join(["checks that did not run:", *broken]))
    return {(f"{r.system}/{r.dataset}", r.check_name): r.failed or 0 for r in results}


def count_plainly(warehouse: Path, as_of: date) -> Counts:
    """Failed rows as the plain SQL counts them."""
    counts: Counts = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(MACROS.read_text(encoding="utf-8"))
        connection.execute("set variable as_of = ?", [as_of])
        for query in sorted(PLAIN_DIR.glob("*/*.sql")):
            cursor = connection.execute(query.read_text(encoding="utf-8"))
            row = cursor.fetchone()
            assert row is not None
            names = [column[0] for column in cursor.description]
            counts |= {(f"{query.parent.name}/{query.stem}", n): int(v) for n, v in zip(names, row, strict=True)}
    return counts


def differences(by_checks: Counts, plainly: Counts) -> list[str]:
    """Where the two disagree, in the datasets that the plain SQL covers; also checks that only one of them has."""
    datasets = {dataset for dataset, _ in plainly}
    asked = {key for key in by_checks if key[0] in datasets} | plainly.keys()
    return [
        f"{dataset}.{name}: {by_checks.get((dataset, name))} by the check, {plainly.get((dataset, name))} plainly"
        for dataset, name in sorted(asked)
        if by_checks.get((dataset, name)) != plainly.get((dataset, name))
    ]


def compare(size: Size, folder: Path) -> tuple[Cost, Cost, int]:
    """Cost of the checks, cost of the plain SQL, and the number of failures; raises when the two disagree."""
    settings = staged(size, folder)
    by_checks, cost = measured(_import_engine, count_by_checks, settings.warehouse, settings.as_of)
    plainly, plain_cost = measured(_nothing, count_plainly, settings.warehouse, settings.as_of)
    if differs := differences(by_checks, plainly):
        raise RuntimeError("\n".join(["checks and plain SQL disagree:", *differs]))
    return cost, plain_cost, sum(plainly.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table of costs, one line a size and share of faults."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checks", description="What the checks cost.")
    parser.add_argument("folder", type=Path, help="folder for warehouses: about 0.25 GB a million repair orders")
    parser.add_argument("--repair-orders", type=int, nargs="+", default=[500_000], help="sizes (500,000)")
    parser.add_argument("--faults", type=float, nargs="+", default=[0.001], help="shares of faulty rows (0.001)")
    parsed = parser.parse_args(arguments)
    print("| repair orders | faults | failures | checks CPU s | plain CPU s | ratio | checks MB | plain MB | wall s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for repair_orders in parsed.repair_orders:
        for faults in parsed.faults:
            folder = parsed.folder.resolve() / f"{repair_orders}-{faults}"
            cost, plain, failures = compare(Size(repair_orders, faults=faults), folder)
            print(
                f"| {repair_orders:,} | {faults:g} | {failures:,} | {cost.cpu:.1f} | {plain.cpu:.1f} "
                f"| {cost.cpu / plain.cpu:.2f} | {cost.memory:,.0f} | {plain.memory:,.0f} "
                f"| {cost.wall:.1f} / {plain.wall:.1f} |",
                flush=True,
            )
    print(f"before, for imports: {cost.warm_up_cpu:.1f} CPU s, {cost.warm_memory:,.0f} MB")


if __name__ == "__main__":
    main()
