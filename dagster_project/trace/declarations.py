"""What the declarations say: row sets (`rows.yml`), and for each mart the measures (`marts/*.yml`)."""

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
    # of one row at most
    "only": "max({})",
}


class DeclarationError(Exception):
    """A declaration can't be understood; the message says which."""


@dataclass(frozen=True)
class Link:
    """Further rows that a row rests on: the row set, the part they play, and which they are."""

    rows: str
    part: str
    where: str


@dataclass(frozen=True)
class RowSet:
    """Rows that can make a figure."""

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
        """Its value where there are no rows."""
        return 0 if self.kind in ("count", "sum") else None


@dataclass(frozen=True)
class Formula:
    """A measure made of others in the row, or looked up; `text` says how where the formula would not."""

    sql: str
    text: str = ""

    @property
    def ratio(self) -> tuple[str, str] | None:
        """Numerator and denominator, when it is one divided by the other."""
        if self.text or " / " not in self.sql:
            return None
        numerator, denominator = self.sql.split(" / ", 1)
        return numerator, denominator

    @property
    def names(self) -> set[str]:
        """Words of the formula: among them the measures it is made of."""
        return set() if self.text else set(re.findall(r"[a-z][a-z0-9_]*", self.sql))


@dataclass(frozen=True)
class Target:
    """A measure of another mart, in the row of the same store and month; `key` is what else tells the row."""

    mart: str
    measure: str
    key: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Follow:
    """A measure that is one of another mart: which, says the column `by`."""

    by: str
    to: dict[str, Target]


Declared = RowMeasure | Formula | Follow


@dataclass(frozen=True)
class Mart:
    """How a mart's measures come about; `see` says where to look when its rows are no figures."""

    name: str
    match: dict[str, dict[str, str]]
    measures: dict[str, Declared]
    see: str = ""


def _measure(told: str | dict, where: str) -> Declared:
    if isinstance(told, str):
        return Formula(told)
    if "formula" in told:
        return Formula(told["formula"], told["text"])
    if "follow" in told:
        targets = {value: Target(**target) for value, target in told["follow"]["to"].items()}
        return Follow(told["follow"]["by"], targets)
    unknown = told.keys() - {
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
    kind = next((name for name in (*_AGGREGATES, "value") if name in told), "count")
    counted = told.get("count", "")
    if kind == "count":
        value = f"count(distinct {counted})" if counted else "count(*)"
    else:
        value = told["value"] if kind == "value" else _AGGREGATES[kind].format(told[kind])
    if kind == "value" and "text" not in told:
        raise DeclarationError(f"{where}: a value needs a text that says what it is")
    groups = told.get("groups", {})
    return RowMeasure(
        rows=told["rows"],
        kind=kind,
        value=value,
        where=told.get("where", "true"),
        expression=told[kind] if kind in _AGGREGATES else "",
        counted=counted,
        match=told.get("match", {}),
        only_if=told.get("only_if", "true"),
        group_by=tuple(groups.get("by", ())),
        group_columns=groups.get("columns", ""),
        links=tuple(told.get("with", ())),
        text=told.get("text", ""),
    )


def _read(path: Path) -> dict:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


@cache
def row_sets() -> dict[str, RowSet]:
    """Every row set by its name, each after those it reads."""
    return {
        name: RowSet(
            name=name,
            label=told["name"],
            dataset=told["dataset"],
            sql=told.get("sql") or f"select * from {told['table']}",
            key=tuple(told["key"]),
            show=tuple(told.get("show", ())),
            links={link: Link(**what) for link, what in told.get("links", {}).items()},
        )
        for name, told in _read(_FOLDER / "rows.yml")["rows"].items()
    }


@cache
def unit_labels() -> dict[str, str]:
    """What is counted, by the column that tells one from another."""
    return _read(_FOLDER / "rows.yml")["units"]


@cache
def marts() -> dict[str, Mart]:
    """The declaration of every mart, by its name."""
    declared = {}
    for path in sorted((_FOLDER / "marts").glob("*.yml")):
        for name, told in _read(path).items():
            measures = {
                measure: _measure(what, f"{name}.{measure}")
                for measure, what in told.items()
                if measure not in ("match", "see")
            }
            declared[name] = Mart(name, told.get("match", {}), measures, told.get("see", ""))
    return declared
