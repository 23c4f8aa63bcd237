"""Match the header cells of a file to the columns of its contract."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dagster_project.contracts import Contract
from dagster_project.contracts.contract import plain_name
from dagster_project.load.extract import Quarantine
from dagster_project.load.masking import mask_text


@dataclass(frozen=True)
class MatchedHeader:
    """The header cell of each column; `unknown` cells name no column, `missing` columns have no cell."""

    positions: dict[str, int]
    unknown: dict[int, str]
    missing: list[str]


def _with_unique_names(unknown: dict[int, str]) -> dict[int, str]:
    """The names of unknown columns, duplicates distinguished by their position: the cells of each are kept."""
    named = Counter(unknown.values())
    return {at: name if named[name] == 1 else f"{name} (column {at + 1})" for at, name in unknown.items()}


class HeaderMatcher:
    """Knows every name of a contract's columns: canonical name, Chinese label, site aliases."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._columns = contract.by_header

    def count(self, cells: Sequence[str]) -> int:
        """How many of the cells name a column."""
        return sum(1 for cell in cells if plain_name(cell) in self._columns)

    def has_required(self, cells: Sequence[str]) -> bool:
        """Whether the cells name every required column."""
        named = {self._columns[name].name for cell in cells if (name := plain_name(cell)) in self._columns}
        return all(column.name in named for column in self.contract.columns if column.required)

    def match(self, cells: Sequence[str]) -> MatchedHeader:
        """Match the header; raises Quarantine for a missing required column or one named twice."""
        positions: dict[str, int] = {}
        unknown: dict[int, str] = {}
        for position, cell in enumerate(cells):
            column = self._columns.get(plain_name(cell))
            if column is None:
                unknown[position] = mask_text(" ".join(cell.split())) or f"column {position + 1}"
            elif column.name in positions:
                raise Quarantine(
                    f"column {column.name} is named twice, in header cells {positions[column.name] + 1} "
                    f"and {position + 1}: remove one"
                )
            else:
                positions[column.name] = position
        required = [column for column in self.contract.columns if column.required and column.name not in positions]
        if not positions:
            raise Quarantine(f"no header: none of the first cells names a column of {self.contract.name}")
        if required:
            names = ", ".join(f"{column.name} ({column.label})" for column in required)
            raise Quarantine(f"required column missing: {names}")
        missing = [column.name for column in self.contract.columns if column.name not in positions]
        return MatchedHeader(positions=positions, unknown=_with_unique_names(unknown), missing=missing)
