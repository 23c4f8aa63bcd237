"""Assign rejected rows to the store and month that they would belong to if corrected, and to their effect there."""

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
    """A rejected row and all store-months that it may belong to: a single one if the row names it (`is_exact`).

    With `adds` it would be a further unit of the denominator; else it may change whether an existing unit counts.
    """

    unit: Unit
    adds: bool
    store_months: frozenset[StoreMonth]
    is_exact: bool


@dataclass(frozen=True)
class Placing:
    """The rejected rows of a dataset that may affect a rate, and the numbers of the others.

    `accepted` counts rows whose key an accepted row has; `unrelated` counts rows that can't affect the rate even when
    corrected: they have other values, no parent row, or repeat the header.
    """

    placed: list[Placed] = field(default_factory=list)
    accepted: int = 0
    unrelated: int = 0


class PublishedFacts:
    """Look-ups of keys and months in the published tables, and in the lake's accepted rows."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, lake: Path, extracts: dict[tuple[str, str], datetime]
    ) -> None:
        self.connection = connection
        self.lake = lake
        self.extracts = extracts
        # Several rates look up the same rows of the same fact.
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
        """The month of each wanted unit that is in the fact."""
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
        """The keys (all parts as text) that accepted rows of the dataset have."""
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
        """The store-months of each file's accepted rows; without any, every store in the extract's month."""
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
class _Readable:
    """The readable values of a rejected row; `may_affect` is false where its values exclude it from the rate."""

    store: str | None
    number: str | None
    month: date | None
    key: Unit | None
    may_affect: bool

    @property
    def unit(self) -> Unit | None:
        return (self.store, self.number) if self.store and self.number else None


def _readable(
    contract: Contract, rate: Rate, feed: Feed, rows: Sequence[RejectedRow], stores: frozenset[str]
) -> list[_Readable]:
    def values(name: str | None) -> list[str | None]:
        return read_column(contract.column(name), rows) if name else [None] * len(rows)

    column, allowed = feed.only or (None, frozenset())
    cells = zip(values("store_code"), values(rate.unit), values(feed.date_column), values(column), strict=True)
    keys = zip(*(values(name) for name in contract.key), strict=True)
    return [
        _Readable(
            store=store if store in stores else None,
            number=number,
            month=date.fromisoformat(f"{day[:7]}-01") if day else None,
            key=tuple(part for part in key if part) if all(key) else None,
            may_affect=value is None or value in allowed,
        )
        for (store, number, day, value), key in zip(cells, keys, strict=True)
    ]


def _spread(known: _Readable, pairs: frozenset[StoreMonth]) -> frozenset[StoreMonth]:
    """The store-months of the file that the row may belong to, given its readable values."""
    stores = {known.store} if known.store else {store for store, _ in pairs}
    months = {known.month} if known.month else {month for store, month in pairs if store in stores}
    months = months or {month for _, month in pairs}
    if known.store or known.month:
        return frozenset((store, month) for store in stores for month in months)
    return pairs


def place(facts: PublishedFacts, contract: Contract, rate: Rate, feed: Feed, rows: Sequence[RejectedRow]) -> Placing:
    """Place the rejected rows of a dataset that may affect a rate."""
    data = [row for row in rows if row.is_data]
    readable = _readable(contract, rate, feed, data, facts.stores)
    units = [known.unit for known in readable if known.unit]
    published = facts.months(rate.fact, rate.unit, units)
    counted = facts.months(rate.counted, rate.unit, units) if rate.counted else published
    accepted = set() if feed.date_column else facts.accepted(contract, [known.key for known in readable if known.key])
    placed: list[Placed] = []
    undetermined: list[tuple[RejectedRow, _Readable, Unit]] = []
    others = {"accepted": 0, "unrelated": len(rows) - len(data)}
    for row, known in zip(data, readable, strict=True):
        unit = known.unit or (f"{contract.name}/{row.file}", str(row.line))
        is_published = known.unit in published
        if not known.may_affect or (known.unit and not feed.date_column and not is_published):
            others["unrelated"] += 1
        elif known.key in accepted or (is_published and feed.date_column):
            others["accepted"] += 1
        elif known.unit and is_published:
            where = frozenset({(known.unit[0], published[known.unit])})
            placed.append(Placed(unit, adds=known.unit not in counted, store_months=where, is_exact=True))
        elif known.store and known.month:
            where = frozenset({(known.store, known.month)})
            placed.append(Placed(unit, adds=True, store_months=where, is_exact=True))
        else:
            undetermined.append((row, known, unit))
    # Only the files of rows that don't name their store-month are read.
    files = facts.files(contract, rate, sorted({row.file for row, _, _ in undetermined}))
    spread: dict[tuple, frozenset[StoreMonth]] = {}
    for row, known, unit in undetermined:
        alike = (known.store, known.month, row.file)
        if alike not in spread:
            spread[alike] = _spread(known, files[row.file])
        placed.append(Placed(unit, adds=bool(feed.date_column), store_months=spread[alike], is_exact=False))
    return Placing(placed=placed, **others)
