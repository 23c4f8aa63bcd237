"""Published figures equal those of an independent implementation of the contracts, on random landing trees.

One tree by default. AFTERSALES_TEST_SEEDS names others, for longer runs: `5,6:medium,7:small:2026-06-30` are
three trees, each with a seed and, optionally, a size (small or medium) and a business date.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import pytest

from dagster_project.contracts import read_contracts
from dagster_project.run.refresh import refresh
from dagster_project.settings import Settings
from dagster_project.trace.declarations import marts as trace_declarations
from dagster_project.trace.figures import agree, choose, measures_of, published, recompute
from dagster_project.trace.published import open_published
from tests.conftest import without_data_tests, without_suites
from tests.reference import edge_cases
from tests.reference.arithmetic import group
from tests.reference.columns import DATASETS
from tests.reference.compare import Mart, compare_marts, counted, read_marts
from tests.reference.landing import Landed, Row, read_landing
from tests.reference.landing_tree import write_landing_tree
from tests.reference.marts import reference_marts
from tests.reference.retelling import rewrite_extracts
from tests.support.published import differences

DEFAULT_TREES = "1"
SHOWN = 8

# Tables about the files themselves, not about their content.
OF_FILES = ("quality_", "restatement")
PLACES = ("source_file", "source_line")

TYPES = {"string": ("code", "text"), "integer": ("int",), "number": ("num",), "timestamp": ("time",)}
TYPES |= {"date": ("date",), "month": ("month",), "boolean": ("bool",)}


@dataclass(frozen=True)
class Tree:
    """The parameters of a random landing tree."""

    seed: int
    size: str = "small"
    as_of: date = edge_cases.AS_OF

    def __str__(self) -> str:
        return f"{self.seed}:{self.size}:{self.as_of}"


@dataclass
class Run:
    """A landing tree, what the pipeline published from it, and what the contracts require."""

    tree: Tree
    settings: Settings
    database: Path

    @cached_property
    def landed(self) -> Landed:
        return read_landing(self.settings.landing)

    @cached_property
    def expected(self) -> dict[str, list[Row]]:
        return reference_marts(self.landed, self.tree.as_of)

    @cached_property
    def published(self) -> dict[str, Mart]:
        return read_marts(self.database)

    def must_not_differ(self, found: list[str]) -> None:
        """Fail if there are differences, each starting with its mart: show some of each and how to reproduce them."""
        by_mart = group(found, lambda line: line.split(maxsplit=1)[0].rstrip(":"))
        lines = [
            f"{len(found)} differences in {len(by_mart)} marts, tree {self.tree} in {self.settings.landing}",
            f"again: AFTERSALES_TEST_SEEDS={self.tree} pytest tests/test_reference.py",
        ]
        for mart, some in by_mart.items():
            lines += some[:SHOWN]
            lines += [f"{mart}: {len(some) - SHOWN} more"] if len(some) > SHOWN else []
        if found:
            pytest.fail("\n".join(lines), pytrace=False)


def read_trees(text: str) -> list[Tree]:
    """The trees that AFTERSALES_TEST_SEEDS names."""
    trees = []
    for entry in text.split(","):
        seed, size, as_of = [*entry.strip().split(":"), "", ""][:3]
        trees.append(Tree(int(seed), size or "small", date.fromisoformat(as_of) if as_of else edge_cases.AS_OF))
    return trees


def publish(settings: Settings) -> Path:
    """Run the pipeline and return the published database."""
    with without_suites():
        refresh(settings)
    return settings.published / "aftersales.duckdb"


@pytest.fixture(scope="module", params=read_trees(os.environ.get("AFTERSALES_TEST_SEEDS") or DEFAULT_TREES), ids=str)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A random tree together with all edge trees, run once."""
    tree = request.param
    root = tmp_path_factory.mktemp("reference")
    settings = Settings(landing=root / "landing", data=root / "data", as_of=tree.as_of)
    write_landing_tree(settings.landing, tree.seed, tree.size)
    for name in edge_cases.NAMES:
        edge_cases.land(name, settings.landing)
    with pytest.MonkeyPatch.context() as patch:
        # One hash key, so that vehicles and customers have the same keys in every data folder.
        patch.setenv("AFTERSALES_HASH_KEY", "the reference's own key")
        database = shutil.copy(publish(settings), root / "published.duckdb")
        yield Run(tree, settings, database)


def test_every_figure_is_traced_to_rows_that_make_it(run: Run) -> None:
    found = []
    with open_published(run.database) as connection:
        for mart in (name for name, how in trace_declarations().items() if not how.see):
            if not choose(connection, mart, {}):
                continue
            for name, how in measures_of(connection, mart).items():
                traced = recompute(connection, mart, name, how)
                for figure, value in published(connection, name).items():
                    if not agree(value, traced[figure]):
                        found.append(f"{mart}: {name} of figure {figure} is {value}, by its rows {traced[figure]}")
    run.must_not_differ(found)


def test_every_cell_is_what_the_contracts_require(run: Run) -> None:
    found = compare_marts(run.landed, run.expected, run.published)
    run.must_not_differ(found)


@pytest.mark.parametrize("name", edge_cases.NAMES)
def test_published_figures_are_those_worked_by_hand(run: Run, name: str) -> None:
    if run.tree.as_of != edge_cases.AS_OF:
        pytest.skip(f"the figures are worked as of {edge_cases.AS_OF}")
    found = edge_cases.check(name, {mart: table.rows for mart, table in run.published.items()})
    run.must_not_differ(found)


@pytest.mark.parametrize("name", edge_cases.NAMES)
def test_reference_gives_the_figures_worked_by_hand(tmp_path: Path, name: str) -> None:
    edge_cases.land(name, tmp_path)
    found = edge_cases.check(name, reference_marts(read_landing(tmp_path), edge_cases.AS_OF))
    assert not found, "\n".join(found)


def test_running_again_changes_nothing(run: Run) -> None:
    found = differences(run.database, publish(run.settings))
    run.must_not_differ(found)


def test_the_same_extracts_in_other_formats_and_spellings_give_the_same_figures(run: Run) -> None:
    root = run.settings.landing.parent / "rewritten"
    settings = Settings(landing=root / "landing", data=root / "data", as_of=run.tree.as_of)
    rewrite_extracts(run.landed, settings.landing, run.tree.seed)
    print(f"rewritten in {settings.landing}")
    with without_data_tests():
        rewritten = read_marts(publish(settings))
    found = []
    for name in sorted(run.published.keys() | rewritten.keys()):
        if not name.startswith(OF_FILES):
            before, after = (counted(marts[name], without=PLACES) for marts in (run.published, rewritten))
            found += [f"{name}: first {row}" for row in before - after]
            found += [f"{name}: then {row}" for row in after - before]
    run.must_not_differ(found)


@pytest.mark.parametrize("name", DATASETS)
def test_the_reference_knows_the_columns_of_the_contract(name: str) -> None:
    contract = read_contracts()[name]
    known = [(column.name, column.label, column.is_key, column.required) for column in DATASETS[name]]
    assert known == [(c.name, c.label, c.key_position is not None, c.required) for c in contract.columns]
    for mine, column in zip(DATASETS[name], contract.columns, strict=True):
        enum = mine.enum or {}
        # Codes that docs/extracts.md gives without a label have one in the contracts.
        assert {code: label or column.enum.get(code) for code, label in enum.items()} == column.enum, mine.name
        assert mine.enum or mine.type in TYPES[column.type], mine.name
