"""Schema drift: how the headers of the loaded files differ from their contracts."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dagster_project.contracts import Contract, read_contracts
from dagster_project.load.manifest import read_manifest


@dataclass(frozen=True)
class Drift:
    """A loaded file whose header has unknown columns or lacks optional ones, or that has rows with missing cells."""

    contract: Contract
    file: str
    extract_at: datetime
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    short_rows: int

    @property
    def has_other_columns(self) -> bool:
        """Whether its header has unknown columns or lacks some."""
        return bool(self.unknown or self.missing)

    @property
    def missing_labelled(self) -> list[str]:
        """The missing columns, each with its Chinese label."""
        return [f"{name} {self.contract.column(name).label}" for name in self.missing]


def read_drift(lake: Path) -> list[Drift]:
    """The loaded files that differ from their contract, by dataset, the newest extract first.

    Raises ManifestDamaged when a dataset's manifest can't be read.
    """
    found = []
    for contract in read_contracts().values():
        entries = read_manifest(lake / contract.system / contract.dataset).values()
        for entry in sorted(entries, key=lambda entry: (entry.extract_at, entry.source_file), reverse=True):
            names = (tuple(entry.unknown_names), tuple(entry.missing_names))
            if any(names) or entry.short_rows:
                found.append(Drift(contract, entry.source_file, entry.extract_at, *names, entry.short_rows))
    return found
