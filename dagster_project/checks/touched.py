"""Relations of the few rows that a change can touch, which a check reads in place of the complete ones.

They are derived from the change tables of an incremental build (`changed.*`, `lake.new__*`, `lake.gone_file`). For a
relation such as `accepted__dms__employees`, `gone__…` holds the rows that were removed or replaced, `come__…` those
that were added or are the replacements, and `stays__…` unchanged rows that are judged together with changed ones.
`before__…` is `stays__…` and `gone__…`; `now__…` is `stays__…` and `come__…`. Unchanged rows that no change touches may
be among them: their result is the same before and now, so that they do not affect the totals.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from dagster_project.checks.suites import SOURCE_PATH, Check, LookUp, Suite
from dagster_project.checks.views import WHERE_FROM, dataset_relation, original_sql, relation_of, scaled_columns
from dagster_project.contracts import Contract, read_contracts
from dagster_project.contracts.lineage import LINEAGE_NAMES
from dagster_project.load.cells import lake_schema

Kept = Sequence[tuple[Suite, Check]]

_SIDES = ("gone", "come")


def _names(columns: Iterable[str]) -> str:
    return ", ".join(columns)


class Touched:
    """Creates the relations for the checks in `kept`; `execute` runs SQL on their connection."""

    def __init__(self, execute: Callable[[str], Any], kept: Kept) -> None:
        self._execute = execute
        self._numbers = count(1)
        self._relations: dict[str, tuple[str, Contract]] = {}
        # SQL that reads unchanged rows of each relation: columns that it does not name are not copied.
        self._asked: dict[str, str] = {}
        self._changed: dict[str, bool] = {}
        self._differing: dict[str, str] = {}
        # The tables of the picked rows, for picks that found any.
        self._picked: dict[_Pick, str] = {}
        contracts = read_contracts()
        named = {relation_of(rows, c): (rows, c) for c in contracts.values() for rows in ("accepted", "original")}
        for suite, check in kept:
            relation = relation_of(check.rows, suite.contract)
            self._relations[relation] = (check.rows, suite.contract)
            self._relations |= {look_up.relation: named[look_up.relation] for look_up in check.looks_up}
            if self._reads_unchanged(check):
                for read in (relation, *(look_up.relation for look_up in check.looks_up)):
                    self._asked[read] = f"{self._asked.get(read, '')} {check.kwargs} {check.evaluated_query}"
        for relation in self._relations:
            self._show_changed(relation)
        for relation in {look_up.relation for _, check in kept for look_up in check.looks_up}:
            self._find_differing(relation)
        self._pick(asked for suite, check in kept for asked in self._judged(suite, check))
        self._pick(asked for suite, check in kept for asked in self._looked_up(suite, check))
        for relation in self._relations:
            self._show_sides(relation)

    # ---------- what a check reads

    def sides(self, suite: Suite, check: Check) -> tuple[str, str] | None:
        """The prefixes of the relations that a check reads for before and now; None if no change touches the check."""
        relation = relation_of(check.rows, suite.contract)
        differs = any(look_up.relation in self._differing for look_up in check.looks_up)
        if not self._changed[relation] and not differs:
            return None
        return ("before", "now") if self._reads_unchanged(check) else _SIDES

    @staticmethod
    def _reads_unchanged(check: Check) -> bool:
        """Whether rows are judged together with others, so that unchanged ones must be read too."""
        return bool(check.judged_by or check.looks_up)

    # ---------- rows that changed

    def _table(self, sql: str) -> str | None:
        """The name of a new table of the rows; None if there are no rows."""
        name = f"touched_{next(self._numbers)}"
        return name if self._made(name, sql) else None

    def _made(self, name: str, sql: str) -> int:
        """Create a table; returns its number of rows."""
        return self._execute(f"create or replace temp table {name} as {sql}").scalar_one()

    def _show_changed(self, relation: str) -> None:
        rows, contract = self._relations[relation]
        name = dataset_relation(contract)
        made = 0
        for side, condition in zip(_SIDES, ("not is_new", "is_new"), strict=True):
            sql = f"select * exclude (is_new) from changed.stg_{name} where {condition}"
            if rows == "parsed":
                # Rows of the lake are removed only with their file, and then these checks are not kept.
                sql = f"select * from lake.new__{name}" + (" where false" if side == "gone" else "")
            made += self._made(f"{side}__{relation}", self._as_came(relation, sql))
        self._changed[relation] = made > 0

    def _as_came(self, relation: str, accepted: str) -> str:
        """SQL of the rows; `original` ones with the values as delivered, looked up in the files that may hold some."""
        rows, contract = self._relations[relation]
        scaled = scaled_columns(contract)
        if rows != "original" or not scaled:
            return accepted
        unknown = " or ".join(f"{column} is null" for column in scaled)
        table = self._table(accepted)
        if table is None:
            return accepted
        files = self._execute(f"select distinct source_file from {table} where {unknown}").scalars().all()
        return original_sql(contract, table, files)

    def _find_differing(self, relation: str) -> None:
        """Find the rows of a looked-up relation that changed in more than their lineage."""
        columns = f"* exclude ({_names(LINEAGE_NAMES)})"
        sides = (
            f"select {columns}, {balance} as side from {side}__{relation}"
            for side, balance in zip(_SIDES, (-1, 1), strict=True)
        )
        differing = self._table(
            f"select * exclude (side) from ({' union all '.join(sides)}) group by all having sum(side) <> 0"
        )
        if differing:
            self._differing[relation] = differing

    # ---------- unchanged rows that are judged, or looked up, with them

    def _whole(self, relation: str) -> str:
        rows, contract = self._relations[relation]
        return f"lake.{dataset_relation(contract)}" if rows == "parsed" else f"staging.stg_{dataset_relation(contract)}"

    def _pick(self, asked: Iterable[tuple["_Pick", str]]) -> None:
        """Pick the rows of relations whose columns equal given keys, all picks by the same columns at once.

        A pick by store and other columns is widened to all stores if another pick uses those other columns alone.
        """
        asked = list(asked)
        columns_asked = {(pick.relation, pick.columns) for pick, _ in asked}
        alike: dict[tuple[str, tuple[str, ...]], dict[_Pick, str]] = {}
        for pick, keys in asked:
            of_all_stores = tuple(column for column in pick.columns if column != "store_code")
            columns = of_all_stores if (pick.relation, of_all_stores) in columns_asked else pick.columns
            # Nulls are equal to each other where rows are grouped, but match nothing where they are looked up.
            has_values = " and ".join(f"{column} is not null" for column in columns) if pick.asked_by else "true"
            sql = f"select {_names(columns)} from ({keys}) where {has_values}"
            alike.setdefault((pick.relation, columns), {}).setdefault(pick, sql)
        for (relation, columns), picks in alike.items():
            if picked := self._pick_once(relation, columns, picks):
                self._picked |= dict.fromkeys(picks, picked)

    def _pick_once(self, relation: str, columns: tuple[str, ...], picks: dict["_Pick", str]) -> str | None:
        wanted = self._table(f"select distinct * from ({' union '.join(dict.fromkeys(picks.values()))})")
        if wanted is None:
            return None
        rows, contract = self._relations[relation]
        # Keys have no nulls, and look-ups exclude them.
        known = columns if all(pick.asked_by for pick in picks) else contract.key
        same = " and ".join(
            f"whole.{column} {'=' if column in known else 'is not distinct from'} wanted.{column}" for column in columns
        )
        # Rows of a table are fetched by their row id later, once for all picks; rows of the lake have none.
        row = self._asked_columns(relation, contract) if rows == "parsed" else "whole.rowid as row_number"
        return self._table(f"select {row} from {self._whole(relation)} as whole semi join {wanted} as wanted on {same}")

    def _asked_columns(self, relation: str, contract: Contract) -> str:
        asked = {*re.findall(r"\w+", self._asked[relation]), *contract.key, *WHERE_FROM}
        return _names(f"whole.{column}" for column in lake_schema(contract).names if column in asked)

    def _changed_keys(self, relation: str, columns: Iterable[str]) -> str:
        return " union ".join(f"select {_names(columns)} from {side}__{relation}" for side in _SIDES)

    def _judged(self, suite: Suite, check: Check) -> Iterator[tuple["_Pick", str]]:
        """Picks of rows that are judged together with changed ones, or that look up a changed row."""
        relation = relation_of(check.rows, suite.contract)
        together = check.judged_by or ()
        is_one_row = check.rows == "accepted" and {*suite.contract.key} <= {*together}
        # A file is added as a whole: it has no unchanged rows.
        if together and not is_one_row and SOURCE_PATH not in together:
            yield _Pick(relation, together), self._changed_keys(relation, together)
        for look_up in check.looks_up:
            if differing := self._differing.get(look_up.relation):
                keys = _names(f"{theirs} as {ours}" for ours, theirs in look_up.columns)
                yield _Pick(relation, look_up.ours, look_up), f"select {keys} from {differing}"

    def _looked_up(self, suite: Suite, check: Check) -> Iterator[tuple["_Pick", str]]:
        """Picks of the rows that judged rows look up."""
        relation = relation_of(check.rows, suite.contract)
        judged = [_Pick(relation, look_up.ours, look_up) for look_up in check.looks_up]
        picked = [self._picked[pick] for pick in judged if pick in self._picked]
        for look_up in check.looks_up:
            keys = self._changed_keys(relation, look_up.ours)
            for rows in picked:
                whole = (
                    f"{self._whole(relation)} as whole semi join {rows} as picked on whole.rowid = picked.row_number"
                )
                keys += f" union select {_names(look_up.ours)} from {whole}"
            renamed = _names(f"{ours} as {theirs}" for ours, theirs in look_up.columns)
            asked_by = (relation, check.looks_up)
            yield _Pick(look_up.relation, look_up.theirs, asked_by), f"select {renamed} from ({keys})"

    # ---------- before and now

    def _show_sides(self, relation: str) -> None:
        rows, contract = self._relations[relation]
        picks = dict.fromkeys(table for pick, table in self._picked.items() if pick.relation == relation)
        parts = {side: [f"select * from {side}__{relation}"] for side in _SIDES}
        if picks:
            numbers = " union ".join(f"select * from {table}" for table in picks)
            # The values as delivered are filled into complete rows.
            columns = self._asked_columns(relation, contract) if rows == "accepted" else "whole.*"
            picked = f"select {columns} from {self._whole(relation)} as whole where rowid in ({numbers})"
            # File and line identify a row, also among those that were added.
            stays = (
                f"select * from ({numbers if rows == 'parsed' else picked}) as picked "
                f"anti join come__{relation} as come using ({_names(WHERE_FROM)})"
            )
            self._made(f"stays__{relation}", self._as_came(relation, stays))
            for side in _SIDES:
                parts[side].append(f"select * from stays__{relation}")
        for name, side in zip(("before", "now"), _SIDES, strict=True):
            self._execute(
                f"create or replace temp view {name}__{relation} as {' union all by name '.join(parts[side])}"
            )


@dataclass(frozen=True)
class _Pick:
    """A request for rows of a relation by values of columns, for a look-up or because they are judged together."""

    relation: str
    columns: tuple[str, ...]
    asked_by: LookUp | tuple[str, tuple[LookUp, ...]] | None = None
