"""Files to be read again although they are unchanged, as people request after a repair."""

import re
from collections.abc import Iterable
from pathlib import Path

from dagster_project.contracts import read_contracts
from dagster_project.errors import ExpectedError
from dagster_project.load.landing import find_files

WRITE_IT_AS = "dms/repair_orders, dms/repair_orders:ro_202603* or *:*202603*"


class NothingToReload(ExpectedError):
    """A pattern of files to reload matches no dataset or no file; the message names it and shows the syntax."""


def _matches(name: str, pattern: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name))


def files_to_reload(landing: Path, patterns: Iterable[str]) -> frozenset[Path]:
    """The landed files that match the patterns `<system>/<dataset>[:<file name>]`, in which `*` matches any characters.

    Raises NothingToReload for a pattern that matches no dataset or no file.
    """
    found: set[Path] = set()
    for pattern in patterns:
        datasets, _, names = pattern.strip().partition(":")
        contracts = [c for name, c in read_contracts().items() if _matches(name, datasets)]
        if not contracts:
            raise NothingToReload(f"reload {pattern!r}: no dataset {datasets!r}; write {WRITE_IT_AS}")
        files = [file for c in contracts for file in find_files(landing, c.system, c.dataset)]
        named = {file.path for file in files if _matches(file.name, names or "*")}
        if not named:
            raise NothingToReload(f"reload {pattern!r}: no such file in {landing}; write {WRITE_IT_AS}")
        found |= named
    return frozenset(found)
