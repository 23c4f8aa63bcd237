"""The figures of `benchmarks.end_to_end` as Markdown tables."""

from collections import Counter
from collections.abc import Iterable, Sequence

# So few that nothing but the fixed cost of a run is left; as many files as at any size.
FIXED_COST_AT = 1_000
FULL, DAY, NOTHING_NEW, REPORT = "full", "one more day", "nothing new", "monthly report"
PRODUCT = ("product", FULL)
BOTH = (PRODUCT, ("reference", FULL))
COMPARED = ("load", "model", "publish")
LAYERS = ("seeds", "staging", "intermediate", "core", "marts", "tests")
SHOWN_NODES = 10


class Results:
    """Records of the benchmark, found by size, side and run."""

    def __init__(self, records: Sequence[dict]) -> None:
        self._records = {(record["repair_orders"], record["of"], record["run"]): record for record in records}

    def sizes(self, *runs: tuple[str, str]) -> list[int]:
        """Sizes of which these sides and runs are measured, smallest first; the fixed cost is none."""
        found = {size for size, _, _ in self._records} - {FIXED_COST_AT}
        return sorted(size for size in found if all((size, *run) in self._records for run in runs))

    def stages(self, repair_orders: int, of: str, run: str) -> dict[str, dict]:
        """Costs by stage."""
        return {cost["stage"]: cost for cost in self._records[repair_orders, of, run]["stages"]}

    def nodes(self, repair_orders: int, run: str) -> list[dict]:
        """Nodes of dbt's build."""
        return self._records[repair_orders, "product", run]["nodes"]

    def cpu(self, repair_orders: int, of: str, run: str, stages: Iterable[str] = ()) -> float:
        """CPU seconds of some stages, or of all."""
        costs = self.stages(repair_orders, of, run)
        return sum(cost["cpu"] for stage, cost in costs.items() if not stages or stage in stages)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(map(str, line))} |" for line in (header, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(header)}", *lines[1:]])


def _ratio(of: float, to: float) -> str:
    return f"{of / to:.2f}" if to > 0 else ""


def compared(results: Results) -> str:
    """Load, model and publish of both, and their ratio with and without what a run costs without data."""
    rows = []
    for size in results.sizes(*BOTH):
        product, reference = (results.cpu(size, of, FULL, COMPARED) for of in ("product", "reference"))
        fixed, fixed_reference = (results.cpu(FIXED_COST_AT, of, FULL, COMPARED) for of in ("product", "reference"))
        beyond = _ratio(product - fixed, reference - fixed_reference)
        rows.append(
            (f"{size:,}", f"{product:.1f}", f"{reference:.1f}", _ratio(product, reference), f"{fixed:.1f}", beyond)
        )
    header = (
        "repair orders", "product CPU s", "reference CPU s", "ratio", "of it fixed", "ratio beyond the fixed cost"
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
    """One more day, and a run with nothing new, beside the full run."""
    rows = []
    before: dict[str, float] = {}
    for size in results.sizes(*(("product", run) for run in (FULL, DAY, NOTHING_NEW, REPORT))):
        costs = {run: results.cpu(size, "product", run) for run in (FULL, DAY, NOTHING_NEW)}
        fixed = {run: results.cpu(FIXED_COST_AT, "product", run) for run in costs}
        cells = [f"{size:,}", f"{costs[FULL]:.1f}"]
        for run in (DAY, NOTHING_NEW):
            beyond = max(costs[run] - fixed[run], 0) / (costs[FULL] - fixed[FULL])
            cells += [f"{costs[run]:.1f}", f"{costs[run] / costs[FULL]:.0%}", f"{beyond:.0%}"]
        cells.append(_ratio(costs[DAY], before[DAY]) if before else "")
        cells.append(f"{results.cpu(size, 'product', REPORT):.1f}")
        rows.append(cells)
        before = costs
    header = (
        "repair orders", "full CPU s", "one more day", "of full", "beyond the fixed cost", "nothing new", "of full",
        "beyond the fixed cost", "a day, to the size above", "monthly report of a store",
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
    if not results.sizes(*BOTH):
        return "nothing is measured yet"
    return "\n\n".join(table(results) for table in (compared, by_stage, by_layer, by_run, by_node))
