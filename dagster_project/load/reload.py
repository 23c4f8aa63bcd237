"""Files to be read again though nothing about them changed: what people ask for after a repair."""

import re
from collections.abc import Iterable
from pathlib import Path

from dagster_project.contracts import read_contracts
from dagster_project.errors import ExpectedError
from dagster_project.load.landing import find_files

WRITE_IT_AS = "dms/repair_orders, dms/repair_orders:ro_202603* or *:*202603*"


class NothingToReload(ExpectedError):
    """What is to be read again names no dataset or no file; the message says which and how to write it."""


def _matches(name: str, wish: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, wish.split("*"))), name))


def files_to_reload(landing: Path, wishes: Iterable[str]) -> frozenset[Path]:
    """The landed files that the wishes name, each `<system>/<dataset>[:<file name>]` where `*` stands for anything.

    Raises NothingToReload for a wish without a dataset or a file.
    """
    found: set[Path] = set()
    for wish in wishes:
        datasets, _, names = wish.strip().partition(":")
        contracts = [c for name, c in read_contracts().items() if _matches(name, datasets)]
        if not contracts:
            raise NothingToReload(f"reload {wish!r}: no dataset {datasets!r}; write {WRITE_IT_AS}")
        files = [file for c in contracts for file in find_files(landing, c.system, c.dataset)]
        named = {file.path for file in files if _matches(file.name, names or "*")}
        if not named:
            raise NothingToReload(f"reload {wish!r}: no such file in {landing}; write {WRITE_IT_AS}")
        found |= named
    return frozenset(found)
