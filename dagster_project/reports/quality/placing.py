"""To which store and month a rejected row would belong, were it corrected, and whether it would count anew there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.contracts import Contract
from dagster_project.reports.quality.rates import Feed, Rate
from dagster_project.reports.quality.rows import RejectedRow, read_column

StoreMonth = tuple[str, date]
Unit = tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """A rejected row and every store-month it may belong to: one when the row itself tells (`is_exact`).

    `adds`: it would be one more unit of the denominator; else it may change whether a counted unit counts.
    """

    unit: Unit
    adds: bool
    store_months: frozenset[StoreMonth]
    is_exact: bool


@dataclass(frozen=True)
class Placing:
    """The rejected rows of a dataset that bear on a rate, and how many of the others there are.

    `standing` rows have a key that an accepted row holds; `unrelated` ones can't bear on the rate even when
    corrected: other values, a parent that is not there, a header that stands again.
    """

    placed: list[Placed] = field(default_factory=list)
    standing: int = 0
    unrelated: int = 0


class PublishedFacts:
    """What is published, asked for keys and months. `lake` tells which keys a file held."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, lake: Path, extracts: dict[tuple[str, str], datetime]
    ) -> None:
        self.connection = connection
        self.lake = lake
        self.extracts = extracts
        # Several rates ask the same rows of the same fact.
        self._months: dict[tuple[str, str, frozenset[Unit]], dict[Unit, date]] = {}

    @cached_property
    def tables(self) -> set[str]:
        """Names of the published tables."""
        sql = "select table_name from information_schema.tables where table_schema = 'marts'"
        return {name for (name,) in self.connection.execute(sql).fetchall()}

    @cached_property
    def stores(self) -> frozenset[str]:
        """Codes of the known stores."""
        rows = self.connection.execute("select store_code from marts.dim_store").fetchall()
        return frozenset(code for (code,) in rows)

    def months(self, fact: str, unit: str, wanted: Sequence[Unit]) -> dict[Unit, date]:
        """The month of each wanted unit that the fact holds."""
        asked = (fact, unit, frozenset(wanted))
        if asked not in self._months:
            self._months[asked] = self._read_months(*asked)
        return self._months[asked]

    def _read_months(self, fact: str, unit: str, wanted: frozenset[Unit]) -> dict[Unit, date]:
        if not wanted:
            return {}
        keys = pa.table({"store_code": [store for store, _ in wanted], "unit": [number for _, number in wanted]})
        self.connection.register("wanted", keys)
        rows = self.connection.execute(
            f"select distinct fact.store_code, fact.{unit}, fact.month from marts.{fact} as fact "
            f"join wanted on fact.store_code = wanted.store_code and fact.{unit} = wanted.unit"
        ).fetchall()
        self.connection.unregister("wanted")
        return {(store, number): month for store, number, month in rows}

    def accepted(self, contract: Contract, keys: Sequence[Unit]) -> set[Unit]:
        """Which of the keys (all parts as text) an accepted row of the dataset holds."""
        parts = self.lake / contract.system / contract.dataset / "accepted"
        if not keys or not any(parts.glob("*.parquet")):
            return set()
        wanted = {name: [key[place] for key in keys] for place, name in enumerate(contract.key)}
        self.connection.register("wanted", pa.table(wanted))
        names = ", ".join(f"cast({name} as varchar)" for name in contract.key)
        path = str(parts / "*.parquet").replace("'", "''")
        rows = self.connection.execute(
            f"select distinct {names} from read_parquet('{path}', union_by_name = true) "
            f"where ({names}) in (select ({', '.join(contract.key)}) from wanted)"
        ).fetchall()
        self.connection.unregister("wanted")
        return set(rows)

    def files(self, contract: Contract, rate: Rate, files: Sequence[str]) -> dict[str, frozenset[StoreMonth]]:
        """The store-months of each file's accepted rows; every store in the extract's month when it has none."""
        found: dict[str, set[StoreMonth]] = {file: set() for file in files}
        parts = self.lake / contract.system / contract.dataset / "accepted"
        if files and any(parts.glob("*.parquet")):
            path = str(parts / "*.parquet").replace("'", "''")
            rows = self.connection.execute(
                f"select distinct part.source_file, fact.store_code, fact.month "
                f"from read_parquet('{path}', union_by_name = true) as part "
                f"join marts.{rate.fact} as fact using (store_code, {rate.unit}) "
                "where part.source_file in (select unnest(?))",
                [list(files)],
            ).fetchall()
            for file, store, month in rows:
                found[file].add((store, month))
        for file, pairs in found.items():
            extract_at = self.extracts.get((contract.name, file))
            if not pairs and extract_at:
                pairs.update((store, extract_at.date().replace(day=1)) for store in self.stores)
        return {file: frozenset(pairs) for file, pairs in found.items()}


@dataclass(frozen=True)
class _Told:
    """What a rejected row itself tells, as far as it can be read."""

    store: str | None
    number: str | None
    month: date | None
    key: Unit | None
    bears: bool

    @property
    def unit(self) -> Unit | None:
        return (self.store, self.number) if self.store and self.number else None


def _told(
    contract: Contract, rate: Rate, feed: Feed, rows: Sequence[RejectedRow], stores: frozenset[str]
) -> list[_Told]:
    def values(name: str | None) -> list[str | None]:
        return read_column(contract.column(name), rows) if name else [None] * len(rows)

    column, allowed = feed.only or (None, frozenset())
    told = zip(values("store_code"), values(rate.unit), values(feed.date_column), values(column), strict=True)
    keys = zip(*(values(name) for name in contract.key), strict=True)
    return [
        _Told(
            store=store if store in stores else None,
            number=number,
            month=date.fromisoformat(f"{day[:7]}-01") if day else None,
            key=tuple(part for part in key if part) if all(key) else None,
            bears=value is None or value in allowed,
        )
        for (store, number, day, value), key in zip(told, keys, strict=True)
    ]


def _spread(told: _Told, pairs: frozenset[StoreMonth]) -> frozenset[StoreMonth]:
    """The store-months of the file that the row may belong to by what can be read of it."""
    stores = {told.store} if told.store else {store for store, _ in pairs}
    months = {told.month} if told.month else {month for store, month in pairs if store in stores}
    months = months or {month for _, month in pairs}
    if told.store or told.month:
        return frozenset((store, month) for store in stores for month in months)
    return pairs


def place(facts: PublishedFacts, contract: Contract, rate: Rate, feed: Feed, rows: Sequence[RejectedRow]) -> Placing:
    """Place the rejected rows of a dataset that bear on a rate."""
    data = [row for row in rows if row.is_data]
    told = _told(contract, rate, feed, data, facts.stores)
    units = [t.unit for t in told if t.unit]
    standing = facts.months(rate.fact, rate.unit, units)
    counted = facts.months(rate.counted, rate.unit, units) if rate.counted else standing
    accepted = set() if feed.date_column else facts.accepted(contract, [t.key for t in told if t.key])
    placed: list[Placed] = []
    untold: list[tuple[RejectedRow, _Told, Unit]] = []
    kept = {"standing": 0, "unrelated": len(rows) - len(data)}
    for row, t in zip(data, told, strict=True):
        unit = t.unit or (f"{contract.name}/{row.file}", str(row.line))
        stands = t.unit in standing
        if not t.bears or (t.unit and not feed.date_column and not stands):
            kept["unrelated"] += 1
        elif t.key in accepted or (stands and feed.date_column):
            kept["standing"] += 1
        elif t.unit and stands:
            where = frozenset({(t.unit[0], standing[t.unit])})
            placed.append(Placed(unit, adds=t.unit not in counted, store_months=where, is_exact=True))
        elif t.store and t.month:
            placed.append(Placed(unit, adds=True, store_months=frozenset({(t.store, t.month)}), is_exact=True))
        else:
            untold.append((row, t, unit))
    # Only the files of rows that don't tell are read.
    files = facts.files(contract, rate, sorted({row.file for row, _, _ in untold}))
    spread: dict[tuple, frozenset[StoreMonth]] = {}
    for row, t, unit in untold:
        alike = (t.store, t.month, row.file)
        if alike not in spread:
            spread[alike] = _spread(t, files[row.file])
        placed.append(Placed(unit, adds=bool(feed.date_column), store_months=spread[alike], is_exact=False))
    return Placing(placed=placed, **kept)
