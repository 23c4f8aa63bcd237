"""The declarations: row sets (`rows.yml`), and for each mart its measures (`marts/*.yml`)."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

_FOLDER = Path(__file__).parent
_AGGREGATES = {
    "sum": "sum({})",
    "mean": "avg({})",
    "median": "quantile_cont({}, 0.5)",
    "p90": "quantile_cont({}, 0.9)",
    # the value of a single row
    "only": "max({})",
}


class DeclarationError(Exception):
    """A declaration is invalid or missing; the message names it."""


@dataclass(frozen=True)
class Link:
    """Further rows that a row depends on: their row set, the part they play, and the SQL condition that finds them."""

    rows: str
    part: str
    where: str


@dataclass(frozen=True)
class RowSet:
    """A kind of rows that figures are made of."""

    name: str
    label: str
    dataset: str
    sql: str
    key: tuple[str, ...]
    show: tuple[str, ...]
    links: dict[str, Link]


@dataclass(frozen=True)
class RowMeasure:
    """A measure that is an aggregate of rows."""

    rows: str
    kind: str
    value: str
    where: str = "true"
    expression: str = ""
    counted: str = ""
    match: dict[str, str] = field(default_factory=dict)
    only_if: str = "true"
    group_by: tuple[str, ...] = ()
    group_columns: str = ""
    links: tuple[str, ...] = ()
    text: str = ""

    @property
    def of_nothing(self) -> int | None:
        """The value of the measure where there are no rows."""
        return 0 if self.kind in ("count", "sum") else None


@dataclass(frozen=True)
class Formula:
    """A measure computed from others in the same row, or looked up.

    `text` explains a formula that does not itself; `of` then names the measures of the row that it is computed from.
    """

    sql: str
    text: str = ""
    of: tuple[str, ...] = ()

    @property
    def ratio(self) -> tuple[str, str] | None:
        """Numerator and denominator, when the formula is a division."""
        if self.text or " / " not in self.sql:
            return None
        numerator, denominator = self.sql.split(" / ", 1)
        return numerator, denominator

    @property
    def names(self) -> set[str]:
        """The words of the formula, among them the measures it is computed from."""
        return set(self.of) if self.text else set(re.findall(r"[a-z][a-z0-9_]*", self.sql))


@dataclass(frozen=True)
class Target:
    """A measure of another mart, in the row of the same store and month; `key` holds the other key columns."""

    mart: str
    measure: str
    key: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Follow:
    """A measure taken from another mart; the column `by` decides from which."""

    by: str
    to: dict[str, Target]


Declared = RowMeasure | Formula | Follow


@dataclass(frozen=True)
class Mart:
    """The measures of a mart; `see` says where to look instead when its rows are no figures."""

    name: str
    match: dict[str, dict[str, str]]
    measures: dict[str, Declared]
    see: str = ""


def _measure(declared: str | dict, where: str) -> Declared:
    if isinstance(declared, str):
        return Formula(declared)
    if "formula" in declared:
        return Formula(declared["formula"], declared["text"], tuple(declared.get("of", ())))
    if "follow" in declared:
        targets = {value: Target(**target) for value, target in declared["follow"]["to"].items()}
        return Follow(declared["follow"]["by"], targets)
    unknown = declared.keys() - {
        "rows",
        "where",
        "count",
        "match",
        "only_if",
        "groups",
        "with",
        "value",
        "text",
        *_AGGREGATES,
    }
    if unknown:
        raise DeclarationError(f"{where}: unknown {', '.join(sorted(unknown))}")
    kind = next((name for name in (*_AGGREGATES, "value") if name in declared), "count")
    counted = declared.get("count", "")
    if kind == "count":
        value = f"count(distinct {counted})" if counted else "count(*)"
    else:
        value = declared["value"] if kind == "value" else _AGGREGATES[kind].format(declared[kind])
    if kind == "value" and "text" not in declared:
        raise DeclarationError(f"{where}: a value needs a text that explains it")
    groups = declared.get("groups", {})
    return RowMeasure(
        rows=declared["rows"],
        kind=kind,
        value=value,
        where=declared.get("where", "true"),
        expression=declared[kind] if kind in _AGGREGATES else "",
        counted=counted,
        match=declared.get("match", {}),
        only_if=declared.get("only_if", "true"),
        group_by=tuple(groups.get("by", ())),
        group_columns=groups.get("columns", ""),
        links=tuple(declared.get("with", ())),
        text=declared.get("text", ""),
    )


def _read(path: Path) -> dict:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


@cache
def row_sets() -> dict[str, RowSet]:
    """Every row set by name, each after those that it reads."""
    return {
        name: RowSet(
            name=name,
            label=declared["name"],
            dataset=declared["dataset"],
            sql=declared.get("sql") or f"select * from {declared['table']}",
            key=tuple(declared["key"]),
            show=tuple(declared.get("show", ())),
            links={link: Link(**target) for link, target in declared.get("links", {}).items()},
        )
        for name, declared in _read(_FOLDER / "rows.yml")["rows"].items()
    }


@cache
def unit_labels() -> dict[str, str]:
    """The labels of what is counted, by the column whose distinct values are counted."""
    return _read(_FOLDER / "rows.yml")["units"]


@cache
def marts() -> dict[str, Mart]:
    """The declaration of every mart, by name."""
    found = {}
    for path in sorted((_FOLDER / "marts").glob("*.yml")):
        for name, declared in _read(path).items():
            measures = {
                measure: _measure(content, f"{name}.{measure}")
                for measure, content in declared.items()
                if measure not in ("match", "see")
            }
            found[name] = Mart(name, declared.get("match", {}), measures, declared.get("see", ""))
    return found
