"""Small landing trees with figures worked by hand: `edge_trees/<name>` with README.md, figures.yml and landing files.

Each tree has its own stores, so that all of them fit into one landing folder.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from tests.reference.compare import is_same, plain
from tests.reference.landing import Row

EDGE_TREES = Path(__file__).parent / "edge_trees"
NAMES = sorted(path.name for path in EDGE_TREES.iterdir() if path.is_dir())

# The business date of `is_final` and of the churn list.
AS_OF = date(2026, 4, 30)

# The files are stored here as readable UTF-8; these are landed in another encoding.
ENCODINGS = {
    "loading_a_20260430.csv": "utf-8-sig",
    "loading_b_202604300000.csv": "utf-16",
    "loading_c_20260429.csv": "gb18030",
    "loading_d_20260501.csv": "gb18030",
}


@dataclass(frozen=True)
class Expectation:
    """Figures of the one row of a mart with these key columns, or the number of rows that have them."""

    mart: str
    key: Row
    figures: Row
    rows: int


def land(name: str, landing: Path) -> None:
    """Write the extracts of an edge tree to a landing folder."""
    source = EDGE_TREES / name / "landing"
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        target = landing / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        if path.name in ENCODINGS:
            content = content.decode("utf-8").encode(ENCODINGS[path.name])
        target.write_bytes(content)


def _figure(value: Any) -> Any:
    """A figure as written by hand, possibly as a fraction."""
    return Fraction(value) if isinstance(value, str) and "/" in value else value


def expectations(name: str) -> list[Expectation]:
    """The figures worked by hand for an edge tree."""
    entries = yaml.safe_load((EDGE_TREES / name / "figures.yml").read_text(encoding="utf-8"))
    return [
        Expectation(
            mart=entry["mart"],
            key=entry["key"],
            figures={column: _figure(value) for column, value in entry.get("figures", {}).items()},
            rows=entry.get("rows", 1),
        )
        for entry in entries
    ]


def _is_figure(expected: Any, found: Any) -> bool:
    """Intervals and similar figures are worked out by hand to seven digits."""
    if isinstance(expected, float) and found is not None:
        return abs(expected - float(found)) <= 1e-6
    return is_same(expected, found)


def check(name: str, marts: dict[str, list[Row]]) -> list[str]:
    """Every figure of an edge tree that `marts` do not have as worked by hand."""
    wrong = []
    for expectation in expectations(name):
        rows = [
            row
            for row in marts[expectation.mart]
            if all(plain(row[column]) == value for column, value in expectation.key.items())
        ]
        key = " ".join(f"{column}={value}" for column, value in expectation.key.items())
        place = f"{expectation.mart} {key}"
        if len(rows) != expectation.rows:
            wrong.append(f"{place}: {len(rows)} rows, by hand {expectation.rows} ({name})")
            continue
        wrong += [
            f"{place} {column}: {plain(rows[0].get(column))}, by hand {plain(value)} ({name})"
            for column, value in expectation.figures.items()
            if column not in rows[0] or not _is_figure(value, rows[0][column])
        ]
    return wrong
