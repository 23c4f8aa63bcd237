"""Write a random world as extracts: several per dataset, in every format, with restatements and dirty rows."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.reference.chance import Chance
from tests.reference.columns import DATASETS, Column
from tests.reference.dirt import BREAKS, broken, soiled
from tests.reference.formats import Sheet, SheetRow, content_of
from tests.reference.landing import SHANGHAI
from tests.reference.people import LATE_STORE, REJECTED_STORE, World, new_world
from tests.reference.spelling import Speller
from tests.reference.visits import add_visits
from tests.reference.voices import add_voices

Values = dict[str, Any]

SUFFIXES = ["csv", "csv", "csv", "csv.gz", "xlsx", "xlsx", "parquet", "parquet"]
TIMES = [
    datetime(2025, 6, 30),
    datetime(2025, 12, 31),
    datetime(2026, 3, 31),
    datetime(2026, 5, 31),
    datetime(2026, 6, 30),
    datetime(2026, 6, 30, 12),
    datetime(2026, 6, 30, 12, 30, 15),
]

# Restating these columns would only move a row to another month or person.
FIXED = {"store_code", "checked_in_at"}
FIXED_OF = {"survey/css_responses": {"period", "vin", "region_code", "advisor_no", "repair_order_no"}}


def sheet_of(dataset: str, columns: list[Column], rows: list[SheetRow | None], chance: Chance) -> Sheet:
    """A sheet with its columns in some order, headed by names or labels, and perhaps unknown columns."""
    speller = Speller(chance)
    if chance.maybe(0.4):
        columns = chance.sample(columns, len(columns))
    chinese = chance.pick(0.0, 0.5, 1.0)
    return Sheet(
        dataset=dataset.split("/")[1],
        columns=columns,
        headings=[speller.heading(column, chance.maybe(chinese)) for column in columns],
        remarks=chance.sample(["remark_x", "备注X", "ext_1"], chance.pick(0, 0, 0, 0, 1, 2)),
        rows=rows,
        speller=speller,
    )


def write_file(path: Path, content: bytes, modified_at: datetime) -> None:
    """Write a landed file with its modification time, which is the extract's time if its name holds none."""
    assert not path.exists(), f"{path} twice"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    seconds = modified_at.replace(tzinfo=SHANGHAI).timestamp()
    os.utime(path, (seconds, seconds))


class ExtractWriter:
    """Writes the extracts of one landing tree."""

    def __init__(self, chance: Chance, landing: Path) -> None:
        self.chance = chance
        self.landing = landing
        self.used: set[tuple[str, str]] = set()

    def _stem(self, dataset: str, moment: datetime) -> str:
        """A name that states the time of the extract to the day, minute or second, or not at all."""
        base = self.chance.choice([dataset.split("/")[1], dataset.split("/")[1], "导出", "a", "zz", "B"])
        forms = ["%Y%m%d%H%M%S"]
        if moment.second == 0:
            forms.append("%Y%m%d%H%M")
        if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
            forms.append("%Y%m%d")
        if self.chance.maybe(0.12):
            return f"{base}_{self.chance.pick('v', 'x', 'final')}{self.chance.choice('abcdefghij')}"
        return f"{base}_{moment.strftime(self.chance.choice(forms))}"

    def write(self, dataset: str, rows: list[Values], moment: datetime, how: str | None = None) -> None:
        """Write one extract; `how` says how to break it."""
        chance = self.chance
        suffix = chance.choice(BREAKS[how] if how else SUFFIXES)
        stem = self._stem(dataset, moment)
        while (dataset, stem.lower()) in self.used:
            stem = self._stem(dataset, moment)
        self.used.add((dataset, stem.lower()))
        columns = list(DATASETS[dataset])
        required = [column for column in columns if column.required]
        optional = [column for column in columns if not column.required]
        if how == "missing_column":
            columns.remove(chance.choice(required))
        elif optional and chance.maybe(0.12):
            columns.remove(chance.choice(optional))
        is_clean = dataset == "dms/stores"
        sheet_rows = [SheetRow(row) for row in rows] if is_clean else soiled(rows, columns, suffix, chance)
        sheet = sheet_of(dataset, columns, sheet_rows, chance)
        content = content_of(sheet, suffix, chance)
        if how:
            content = broken(content, sheet, suffix, how, chance)
        write_file(self.landing / dataset / f"{stem}.{suffix}", content, moment)


def _restated(dataset: str, rows: list[Values], row: Values, chance: Chance) -> Values:
    """Another version of a row: some columns as another row of the same store has them."""
    others = [other for other in rows if other.get("store_code") == row.get("store_code")]
    other = chance.choice(others)
    fixed = FIXED | FIXED_OF.get(dataset, set())
    free = [column.name for column in DATASETS[dataset] if not column.is_key and column.name not in fixed]
    return row | {name: other[name] for name in chance.sample(free, min(len(free), chance.randint(1, 3)))}


def _parts(dataset: str, rows: list[Values], count: int, chance: Chance) -> list[list[Values]]:
    """The rows distributed over extracts, some twice, some in two versions; one extract may be a full one."""
    parts: list[list[Values]] = [[] for _ in range(count)]
    for row in rows:
        own = chance.choice(parts)
        own.append(row)
        kind = chance.random()
        if kind < 0.12:
            chance.choice(parts).append(_restated(dataset, rows, row, chance))
        elif kind < 0.18:
            own.append(_restated(dataset, rows, row, chance))
        elif kind < 0.22:
            chance.choice(parts).append(dict(row))
    if chance.maybe(0.35):
        chance.choice(parts).extend([row for row in rows if chance.maybe(0.98)])
    for part in parts:
        chance.shuffle(part)
    return parts


def _write_stores(writer: ExtractWriter, world: World) -> None:
    chance, rows = world.chance, world.rows["dms/stores"]
    late = [row for row in rows if row["store_code"] == LATE_STORE]
    early = [row for row in rows if row["store_code"] != LATE_STORE]
    late += [_restated("dms/stores", early, chance.choice(early), chance) for _ in range(chance.randint(0, 2))]
    nameless = rows[0] | {"store_code": REJECTED_STORE, "store_name": None}
    writer.write("dms/stores", early, datetime(2025, 1, 31))
    writer.write("dms/stores", [*late, nameless], datetime(2026, 6, 30, 12))


def _broken_kinds(chance: Chance) -> Iterator[str]:
    if chance.maybe(0.35):
        yield chance.choice(["missing_column", *BREAKS])


def write_landing_tree(landing: Path, seed: int, size: str = "small") -> None:
    """Write the landing tree of a seed, `small` or `medium`."""
    chance = Chance(seed)
    world = new_world(chance, size)
    add_visits(world)
    add_voices(world)
    writer = ExtractWriter(chance, landing)
    _write_stores(writer, world)
    for dataset in [name for name in DATASETS if name != "dms/stores"]:
        rows = world.rows[dataset]
        for part in _parts(dataset, rows, chance.randint(2, 5), chance):
            writer.write(dataset, part, chance.choice(TIMES))
        for how in _broken_kinds(chance):
            sample = chance.sample(rows, min(len(rows), 20))
            writer.write(dataset, sample, datetime(2026, 6, 30, 20), how)
        if chance.maybe(0.1):
            writer.write(dataset, [], datetime(2026, 6, 30, 21))
