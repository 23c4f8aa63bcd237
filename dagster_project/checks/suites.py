"""Read the check suites in `expectations/<system>/<dataset>.yml` and report what is wrong with them.

Great Expectations skips unknown expectations with only a line in its log, so everything is validated here first,
without importing it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from yaml.constructor import SafeConstructor

from dagster_project.contracts import Contract, read_contracts
from dagster_project.contracts.document import ContractError, read_document
from dagster_project.contracts.lineage import LINEAGE_NAMES
from dagster_project.errors import ExpectedError
from dagster_project.settings import PROJECT_DIR

SUITES_DIR = PROJECT_DIR / "expectations"

NOT_NULL = "expect_column_values_to_not_be_null"
PAIR = "expect_column_pair_values_a_to_be_greater_than_b"
SQL = "unexpected_rows_expectation"

# Expectation types in use: required arguments, optional arguments.
TYPES: dict[str, tuple[set[str], set[str]]] = {
    NOT_NULL: ({"column", "mostly"}, set()),
    "expect_column_values_to_be_between": ({"column"}, {"min_value", "max_value", "mostly"}),
    "expect_column_values_to_be_in_set": ({"column", "value_set"}, {"mostly"}),
    "expect_column_values_to_match_regex": ({"column", "regex"}, {"mostly"}),
    PAIR: (
        {"column_A", "column_B", "or_equal", "ignore_row_if"},
        {"mostly"},
    ),
    SQL: ({"unexpected_rows_query"}, set()),
}
DIMENSIONS = ("completeness", "accuracy", "timeliness", "consistency")
SEVERITIES = ("critical", "warning", "info")

# accepted: the rows of staging. original: the same rows with the values as delivered, including implausible ones.
# parsed: every row that could be read, including superseded versions and rows of unknown stores.
ROWS = ("accepted", "original", "parsed")

# Pattern of a dataset's relation in SQL.
RELATION = rf"\b(?:{'|'.join(ROWS)})__\w+"

# Placeholders in SQL: the relation of `rows`, the business date, the cadence of the dataset in days.
PLACEHOLDERS = ("batch", "as_of", "latency_days")

# Value of `judged_by` where each row is judged by itself; else it lists the columns by which rows belong together.
ROW = "row"
# The file of a row: rows of one file are added and removed together.
SOURCE_PATH = "source_path"
# Value of `stands_while`: results for unchanged rows stay valid while every new extract is later than all before.
EXTRACTS_COME_LATER = "extracts_come_later"

COLUMN_ARGUMENTS = ("column", "column_A", "column_B")
_META_REQUIRED = {"name", "dimension", "rows", "description"}
_META_ALLOWED = _META_REQUIRED | {
    "owner", "column", "evaluated_query", "blocking", "judged_by", "looks_up", "stands_while"
}  # fmt: skip
_ENTRY_KEYS = {"type", "kwargs", "severity", "meta"}


class SuiteError(ExpectedError):
    """A suite file is invalid; the message names the file, the check and the fault."""


@dataclass(frozen=True)
class LookUp:
    """Rows of another relation that a row is judged with: `columns` are pairs of columns whose values are equal."""

    relation: str
    columns: tuple[tuple[str, str], ...]

    @property
    def ours(self) -> tuple[str, ...]:
        """The columns of the judged row."""
        return tuple(ours for ours, _ in self.columns)

    @property
    def theirs(self) -> tuple[str, ...]:
        """The columns of the looked-up rows."""
        return tuple(theirs for _, theirs in self.columns)


@dataclass(frozen=True)
class Check:
    """One check of a dataset.

    `type` and `kwargs` are those of Great Expectations. `evaluated_query` counts the rows that an SQL check applies to,
    if these are not all; `column` is the one that the finding is about, if there is one. `judged_by` lists the columns
    whose values group rows that are judged together: empty if each row is judged by itself, None if only the whole
    relation can be judged. With `looks_up` it determines which rows a change can touch. `stands_while` names the
    condition under which results for unchanged rows stay valid, None if they always do.
    """

    system: str
    dataset: str
    name: str
    type: str
    kwargs: Mapping[str, Any]
    severity: str
    dimension: str
    rows: str
    description: str
    owner: str
    column: str | None
    evaluated_query: str | None
    is_blocking: bool
    judged_by: tuple[str, ...] | None
    looks_up: tuple[LookUp, ...]
    stands_while: str | None


@dataclass(frozen=True)
class Suite:
    """The checks of one dataset."""

    contract: Contract
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        """`<system>/<dataset>`."""
        return self.contract.name

    def check(self, name: str) -> Check:
        """The check called `name`; KeyError when the suite has none."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(f"{self.name} has no check {name}")


def _entry_faults(entry: Any) -> list[str]:  # noqa: ANN401
    """Faults in the structure of an entry; if there are any, its values are not checked."""
    if not isinstance(entry, dict) or not isinstance(entry.get("meta"), dict):
        return ["an entry needs type, kwargs, severity and meta"]
    faults = [f"{key} is missing" for key in sorted(_ENTRY_KEYS - entry.keys())]
    faults += [f"{key} is not known" for key in sorted(entry.keys() - _ENTRY_KEYS)]
    faults += [f"meta.{key} is missing" for key in sorted(_META_REQUIRED - entry["meta"].keys())]
    faults += [f"meta.{key} is not known" for key in sorted(entry["meta"].keys() - _META_ALLOWED)]
    if not faults and not isinstance(entry["kwargs"], dict):
        faults.append("kwargs must be a mapping")
    return faults


def _choice(name: str, value: object, choices: Collection[str]) -> list[str]:
    return [] if value in choices else [f"{name} {value!r} is none of {', '.join(choices)}"]


def _query_faults(queries: Mapping[str, object]) -> list[str]:
    """Unknown placeholders in queries; a brace of the SQL itself must be doubled."""
    faults = []
    for key, query in queries.items():
        try:
            names = {name for _, name, _, _ in Formatter().parse(str(query)) if name is not None}
        except ValueError as error:
            faults.append(f"{key}: {error}")
            continue
        faults += [
            f"{key}: {{{name}}} is none of {', '.join(PLACEHOLDERS)}" for name in sorted(names - {*PLACEHOLDERS})
        ]
    return faults


def relations_read(sql: str) -> set[str]:
    """The relations of datasets that SQL names; that of its own dataset appears as a placeholder."""
    return set(re.findall(RELATION, sql))


def _as_look_ups(looks_up: Mapping[str, Any]) -> tuple[LookUp, ...]:
    """The content of `looks_up`; a relation that is looked up in several ways has a list of them."""
    ways = [(name, way) for name, ways in looks_up.items() for way in (ways if isinstance(ways, list) else [ways])]
    return tuple(LookUp(name, tuple(way.items())) for name, way in ways)


_NO_LOOK_UPS = ["looks_up must be a mapping, by relation, of {column: column looked up}"]


def _look_up_faults(looks_up: object, contract: Contract, contracts: Mapping[str, Contract]) -> list[str]:
    if not isinstance(looks_up, dict):
        return _NO_LOOK_UPS
    ways = [w for way in looks_up.values() for w in (way if isinstance(way, list) else [way])]
    if not ways or not all(isinstance(way, dict) and way for way in ways):
        return _NO_LOOK_UPS
    relations = {f"{rows}__{c.system}__{c.dataset}": c for c in contracts.values() for rows in ("accepted", "original")}
    faults = []
    for look_up in _as_look_ups(looks_up):
        if look_up.relation not in relations:
            faults.append(f"looks_up: {look_up.relation} is not a relation of accepted or original rows")
            continue
        for ours, theirs in look_up.columns:
            for column, of in ((ours, contract), (theirs, relations[look_up.relation])):
                if column not in {known.name for known in of.columns}:
                    faults.append(f"looks_up: {of.name} has no column {column!r}")
    return faults


def _kept_faults(entry: dict, contract: Contract, contracts: Mapping[str, Contract]) -> list[str]:
    """Faults in the metadata by which only changed rows, and those judged with them, are judged again."""
    meta, together = entry["meta"], entry["meta"].get("judged_by")
    if together is None:
        return [f"{key} belongs to checks with judged_by" for key in ("looks_up", "stands_while") if key in meta]
    if entry["type"] != SQL:
        return [f"judged_by belongs to {SQL} only: the other types judge each row by itself"]
    columns = {column.name for column in contract.columns} | {*LINEAGE_NAMES, SOURCE_PATH}
    if together != ROW and not (isinstance(together, list) and together and set(together) <= columns):
        return [f"judged_by must be {ROW}, or a list of columns of {contract.name}"]
    if "looks_up" in meta and (faults := _look_up_faults(meta["looks_up"], contract, contracts)):
        return faults
    faults = []
    sql = f"{entry['kwargs'].get('unexpected_rows_query')} {meta.get('evaluated_query', '')}"
    looked_up = {look_up.relation for look_up in _as_look_ups(meta.get("looks_up", {}))}
    faults += [f"{name} is read but not declared in looks_up" for name in sorted(relations_read(sql) - looked_up)]
    if looked_up and together not in (ROW, [*contract.key]):
        faults.append("looks_up requires that rows are judged by themselves, or by their key")
    if "{as_of}" in sql:
        faults.append("a check that uses {as_of} can't have judged_by: unchanged rows can fail as time passes")
    others = set(re.findall(r"\b(?:lake|staging|intermediate|core|marts|changed|affected)\.\w+", sql))
    faults += [f"{name} can't be read by a check with judged_by" for name in sorted(others - {"lake.loads"})]
    condition = meta.get("stands_while")
    reads_loads = "lake.loads" in others
    if reads_loads != (condition == EXTRACTS_COME_LATER) or condition not in (None, EXTRACTS_COME_LATER):
        faults.append(f"stands_while: {EXTRACTS_COME_LATER} goes with SQL that reads lake.loads")
    return faults


def _value_faults(entry: dict, contract: Contract) -> list[str]:
    kwargs, meta = entry["kwargs"], entry["meta"]
    faults = _choice("type", entry["type"], TYPES)
    if not faults:
        required, optional = TYPES[entry["type"]]
        faults += [f"kwargs.{key} is missing" for key in sorted(required - kwargs.keys())]
        faults += [f"kwargs.{key} is not known" for key in sorted(kwargs.keys() - required - optional)]
    faults += _choice("severity", entry["severity"], SEVERITIES)
    faults += _choice("dimension", meta["dimension"], DIMENSIONS)
    faults += _choice("rows", meta["rows"], ROWS)
    columns = {column.name for column in contract.columns}
    named = {f"kwargs.{key}": kwargs[key] for key in COLUMN_ARGUMENTS if key in kwargs}
    if "column" in meta:
        named["meta.column"] = meta["column"]
    faults += [f"{key}: {contract.name} has no column {name!r}" for key, name in named.items() if name not in columns]
    mostly = kwargs.get("mostly", 1)
    if not isinstance(mostly, int | float) or not 0 <= mostly <= 1:
        faults.append(f"mostly {mostly!r} is not a share between 0 and 1")
    queries = {"unexpected_rows_query": kwargs, "evaluated_query": meta}
    faults += _query_faults({key: given[key] for key, given in queries.items() if key in given})
    if not isinstance(meta.get("blocking", False), bool):
        faults.append(f"blocking must be true or false, not {meta['blocking']!r}")
    if "evaluated_query" in meta and entry["type"] != SQL:
        faults.append(f"evaluated_query belongs to {SQL} only")
    if " / " not in str(meta["description"]):
        faults.append("description must be in both languages, English / 中文")
    return faults + _kept_faults(entry, contract, read_contracts())


def _judged_by(entry: dict) -> tuple[str, ...] | None:
    together = entry["meta"].get("judged_by", None if entry["type"] == SQL else ROW)
    return () if together == ROW else together and tuple(together)


def _check(entry: dict, contract: Contract) -> Check:
    meta, kwargs = entry["meta"], entry["kwargs"]
    return Check(
        system=contract.system,
        dataset=contract.dataset,
        name=meta["name"],
        type=entry["type"],
        kwargs=kwargs,
        severity=entry["severity"],
        dimension=meta["dimension"],
        rows=meta["rows"],
        description=meta["description"],
        owner=meta.get("owner", contract.owner),
        column=meta.get("column", kwargs.get("column")),
        evaluated_query=meta.get("evaluated_query"),
        is_blocking=meta.get("blocking", False),
        judged_by=_judged_by(entry),
        looks_up=_as_look_ups(meta.get("looks_up", {})),
        stands_while=meta.get("stands_while"),
    )


def read_suite(path: Path, contract: Contract) -> Suite:
    """Read one suite; raises SuiteError with all faults of the file."""
    try:
        document = SafeConstructor().construct_document(read_document(path).node)
    except ContractError as error:
        raise SuiteError(str(error)) from error
    if not isinstance(document, dict) or document.keys() != {"expectations"} or not document["expectations"]:
        raise SuiteError(f"{path}: the file must hold a list `expectations` and nothing else")
    faults: list[str] = []
    checks: list[Check] = []
    for position, entry in enumerate(document["expectations"], start=1):
        found = _entry_faults(entry) or _value_faults(entry, contract)
        meta = entry.get("meta") if isinstance(entry, dict) else None
        name = meta.get("name") if isinstance(meta, dict) else None
        if not found and any(check.name == name for check in checks):
            found = ["its name is used twice"]
        faults += [f"{path}: check {name or f'number {position}'}: {fault}" for fault in found]
        if not found:
            checks.append(_check(entry, contract))
    if faults:
        raise SuiteError("\n".join(faults))
    return Suite(contract=contract, checks=tuple(checks))


def _coverage_faults(suite: Suite, path: Path) -> list[str]:
    """A fault for each column outside the key that no completeness check bounds."""
    bounded = {check.column for check in suite.checks if check.type == NOT_NULL and check.dimension == "completeness"}
    missing = [c.name for c in suite.contract.columns if c.key_position is None and c.name not in bounded]
    return [f"{path}: column {name} has no bound for its share of blanks ({NOT_NULL})" for name in missing]


def read_suites(folder: Path = SUITES_DIR, contracts: Mapping[str, Contract] | None = None) -> dict[str, Suite]:
    """All suites by `<system>/<dataset>`, in the order of the contracts.

    Raises SuiteError when a file is invalid, a dataset has no suite, a suite has no dataset, or a column outside the
    key has no bound for its share of blanks.
    """
    contracts = read_contracts() if contracts is None else contracts
    faults = [
        f"{path}: there is no dataset {path.parent.name}/{path.stem}"
        for path in sorted(folder.glob("*/*.y*ml"))
        if path.suffix != ".yml" or f"{path.parent.name}/{path.stem}" not in contracts
    ]
    suites: dict[str, Suite] = {}
    for name, contract in contracts.items():
        path = folder / f"{name}.yml"
        if not path.exists():
            faults.append(f"{path}: the file is missing: dataset {name} needs checks")
            continue
        try:
            suites[name] = read_suite(path, contract)
        except SuiteError as error:
            faults.append(str(error))
        else:
            faults += _coverage_faults(suites[name], path)
    if faults:
        raise SuiteError("\n".join(faults))
    return suites
