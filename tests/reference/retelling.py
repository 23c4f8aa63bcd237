"""Rewrite the same extracts with other names, formats, spellings, orders and splits, but the same meaning."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.reference.arithmetic import group
from tests.reference.chance import Chance
from tests.reference.columns import DATASETS
from tests.reference.formats import SheetRow, content_of
from tests.reference.landing import Extract, Landed, Row
from tests.reference.landing_tree import SUFFIXES, sheet_of, write_file

# For a vehicle that several stores hold, the last row determines its attributes.
LAST_WINS = {"dms/vehicles": ["vin"]}


def _as_written(value: Any) -> Any:
    return Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value


def _reordered_rows(extract: Extract, chance: Chance) -> list[Row]:
    """The good rows of an extract in another order; rows of one key keep theirs, because the last one wins."""
    keys = LAST_WINS.get(extract.dataset) or [column.name for column in DATASETS[extract.dataset] if column.is_key]
    good = [row.values for row in extract.rows if not row.reasons]
    by_key = list(group(good, lambda row: tuple(row[name] for name in keys)).values())
    chance.shuffle(by_key)
    return [row for rows in by_key for row in rows]


def rewrite_extracts(landed: Landed, landing: Path, seed: int) -> None:
    """Write the extracts of `landed` to another landing folder.

    Every extract keeps its time. Rejected rows and files that could not be read are left out: they never
    reach a mart.
    """
    chance = Chance(seed)
    readable = [extract for extract in landed.extracts if extract.error is None]
    # Datasets and files are written in any order; equal times are ordered by name, and new names keep that order.
    in_turn = sorted(readable, key=lambda extract: (extract.extract_at, extract.path.name))
    for turn, extract in chance.sample(list(enumerate(in_turn)), len(in_turn)):
        rows = _reordered_rows(extract, chance)
        cut = chance.randint(0, len(rows)) if chance.maybe(0.5) else len(rows)
        for part, some in (("1", rows[:cut]), ("2", rows[cut:])):
            if part == "2" and not some:
                continue
            sheet_rows = [SheetRow({name: _as_written(value) for name, value in row.items()}) for row in some]
            suffix = chance.choice(SUFFIXES)
            sheet = sheet_of(extract.dataset, DATASETS[extract.dataset], sheet_rows, chance)
            name = f"{turn:04d}-{part}_{extract.extract_at:%Y%m%d%H%M%S}.{suffix}"
            write_file(landing / extract.dataset / name, content_of(sheet, suffix, chance), extract.extract_at)
