"""The results of `benchmarks.end_to_end` as Markdown tables."""

from collections import Counter
from collections.abc import Iterable, Sequence

# So few that only the fixed cost of a run remains; the number of files is that of any size.
FIXED_COST_AT = 1_000
FULL, DAY, NOTHING_NEW, REPORT = "full", "one more day", "nothing new", "monthly report"
RUNS = (FULL, DAY, NOTHING_NEW, REPORT)
SIDES = ("product", "reference")
PRODUCT = ("product", FULL)
BOTH = (PRODUCT, ("reference", FULL))
MEASURES = {"cpu": "CPU", "wall": "wall"}
COMPARED = ("load", "model", "publish")
LAYERS = ("seeds", "staging", "intermediate", "core", "marts", "tests")
SHOWN_NODES = 10


class Results:
    """Records of the benchmark, found by size, side and run."""

    def __init__(self, records: Sequence[dict]) -> None:
        self._records = {(record["repair_orders"], record["of"], record["run"]): record for record in records}

    def sizes(self, *runs: tuple[str, str]) -> list[int]:
        """The sizes at which all these sides and runs are measured, smallest first, without that of the fixed cost."""
        found = {size for size, _, _ in self._records} - {FIXED_COST_AT}
        return sorted(size for size in found if all((size, *run) in self._records for run in runs))

    @property
    def has_fixed_cost(self) -> bool:
        """Whether the fixed cost is measured, of every side and run."""
        return all((FIXED_COST_AT, *run) in self._records for run in (*BOTH, *(("product", run) for run in RUNS)))

    def stages(self, repair_orders: int, of: str, run: str) -> dict[str, dict]:
        """Costs by stage."""
        return {cost["stage"]: cost for cost in self._records[repair_orders, of, run]["stages"]}

    def nodes(self, repair_orders: int, run: str) -> list[dict]:
        """Nodes of dbt's build."""
        return self._records[repair_orders, "product", run]["nodes"]

    def seconds(self, measure: str, repair_orders: int, of: str, run: str, stages: Iterable[str] = ()) -> float:
        """Seconds of CPU (`cpu`) or of the clock (`wall`) of some stages, or of all."""
        costs = self.stages(repair_orders, of, run)
        return sum(cost[measure] for stage, cost in costs.items() if not stages or stage in stages)

    def memory(self, repair_orders: int, of: str, run: str) -> float:
        """The peak resident size of all stages (MB)."""
        return max(cost["memory"] for cost in self.stages(repair_orders, of, run).values())


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(map(str, line))} |" for line in (header, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(header)}", *lines[1:]])


def _ratio(of: float, to: float) -> str:
    return f"{of / to:.2f}" if to > 0 else ""


def compared(results: Results) -> str:
    """Load, model and publish of both, and their ratios with and without what a run costs without data."""
    rows = []
    for size in results.sizes(*BOTH):
        for measure, name in MEASURES.items():
            product, reference = (results.seconds(measure, size, of, FULL, COMPARED) for of in SIDES)
            fixed, fixed_reference = (results.seconds(measure, FIXED_COST_AT, of, FULL, COMPARED) for of in SIDES)
            cells = [f"{size:,}", name, f"{product:.1f}", f"{reference:.1f}", _ratio(product, reference)]
            rows.append([*cells, f"{fixed:.1f}", _ratio(product - fixed, reference - fixed_reference)])
    header = (
        "repair orders", "seconds", "product", "reference", "ratio", "of it fixed", "ratio beyond the fixed cost"
    )  # fmt: skip
    return _table(header, rows)


def by_stage(results: Results) -> str:
    """Every stage of the full run: what it costs, and what of it is fixed."""
    rows = []
    for size in results.sizes(*BOTH):
        product, reference = (results.stages(size, of, FULL) for of in ("product", "reference"))
        fixed = results.stages(FIXED_COST_AT, "product", FULL)
        for stage, cost in product.items():
            other = reference.get(stage)
            cells = [f"{size:,}", stage, f"{cost['cpu']:.1f}", f"{fixed[stage]['cpu']:.1f}"]
            cells += [f"{other['cpu']:.1f}" if other else ""]
            for measure in ("wall", "memory", "disk"):
                form = "{:.1f}" if measure == "wall" else "{:,.0f}"
                cells.append(" / ".join(form.format(side[measure]) for side in (cost, other) if side))
            rows.append(cells)
    header = ("repair orders", "stage", "CPU s", "of it fixed", "reference CPU s", "wall s", "memory MB", "disk MB")
    return _table(header, rows)


def by_layer(results: Results) -> str:
    """Seconds that dbt's nodes ran in each layer, two at a time, the fixed cost of each node included."""
    rows = []
    for size in [FIXED_COST_AT, *results.sizes(PRODUCT)]:
        seconds: Counter[str] = Counter()
        for node in results.nodes(size, FULL):
            seconds[node["layer"]] += node["seconds"]
        rows.append((f"{size:,}", *(f"{seconds[layer]:.1f}" for layer in LAYERS)))
    return _table(("repair orders", *LAYERS), rows)


def by_run(results: Results) -> str:
    """All stages of the full run, of one more day, of a run with nothing new, and of a store's monthly report."""
    rows = []
    sizes = results.sizes(*(("product", run) for run in RUNS))
    for run in RUNS:
        for size in sizes:
            cpu, full = (results.seconds("cpu", size, "product", of) for of in (run, FULL))
            fixed, fixed_full = (results.seconds("cpu", FIXED_COST_AT, "product", of) for of in (run, FULL))
            smallest = results.seconds("cpu", sizes[0], "product", run)
            cells = [run, f"{size:,}", f"{cpu:.1f}", f"{results.seconds('wall', size, 'product', run):.1f}"]
            cells += [f"{cpu / full:.1%}", f"{max(cpu - fixed, 0) / (full - fixed_full):.1%}", _ratio(cpu, smallest)]
            rows.append([*cells, f"{results.memory(size, 'product', run):,.0f}"])
    header = (
        "run", "repair orders", "CPU s", "wall s", "of full", "beyond the fixed cost", "× smallest size", "memory MB"
    )  # fmt: skip
    return _table(header, rows)


def by_node(results: Results) -> str:
    """The nodes of dbt's build that run longest at the largest size."""
    size = max(results.sizes(PRODUCT))
    nodes = sorted(results.nodes(size, FULL), key=lambda node: -node["seconds"])[:SHOWN_NODES]
    rows = [(node["node"], node["layer"], f"{node['seconds']:.1f}") for node in nodes]
    return _table((f"node at {size:,} repair orders", "layer", "s"), rows)


def tables(records: Sequence[dict]) -> str:
    """All tables, for docs/performance.md."""
    results = Results(records)
    if not results.sizes(*BOTH) or not results.has_fixed_cost:
        return "no size is measured to its end, with what a run costs without data: give --repair-orders"
    return "\n\n".join(table(results) for table in (compared, by_stage, by_layer, by_run, by_node))
