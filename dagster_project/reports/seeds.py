"""Read the reference data of `seeds/`, so that a report names and classifies codes as the models do."""

import csv
from functools import cache

from dagster_project.reports.text import Text
from dagster_project.settings import PROJECT_DIR


@cache
def _rows(seed: str) -> list[dict[str, str]]:
    with (PROJECT_DIR / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seed_column(seed: str, column: str) -> dict[str, str]:
    """A column of a seed by code, which is the seed's first column, in the seed's order."""
    code = next(iter(_rows(seed)[0]))
    return {row[code]: row[column] for row in _rows(seed)}


@cache
def seed_labels(seed: str) -> dict[str, Text]:
    """The labels of a seed's codes, from its columns that end in `_name` and `_name_zh`."""
    english = next(name for name in _rows(seed)[0] if name.endswith("_name"))
    chinese = seed_column(seed, f"{english}_zh")
    return {code: Text(name, chinese[code]) for code, name in seed_column(seed, english).items()}
