"""Read the data contracts (Open Data Contract Standard v3) into the objects that the pipeline uses."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

import duckdb

from dagster_project.contracts.document import Part, read_document
from dagster_project.contracts.lineage import TAKEN_NAMES
from dagster_project.contracts.personal import KINDS, Kind

CONTRACTS_DIR = Path(__file__).parent

LOGICAL_TYPES = ("string", "integer", "number", "date", "timestamp", "boolean")

_SQL_NAME = re.compile(r"[a-z][a-z0-9_]*")


# Cached, as the same headers recur with each file and row.
@lru_cache(maxsize=10_000)
def plain_name(text: str) -> str:
    """A header cell normalised for comparison: NFKC, case folded, without surrounding spaces and line breaks."""
    return re.sub("[\ufeff\r\n]", "", unicodedata.normalize("NFKC", text)).strip().casefold()


@dataclass(frozen=True)
class Column:
    """One column of a dataset.

    `type` is one of string, integer, number, date, month, timestamp, boolean. `is_code` says whether text is
    NFKC-normalised, `personal` which kind of personal data the column holds, None if none. `plausible` is an SQL
    condition, or None, `reference` the column `<dataset>.<column>` that its values refer to.
    """

    name: str
    label: str
    description: str
    type: str
    is_code: bool
    personal: Kind | None
    key_position: int | None
    required: bool
    enum: dict[str, str]
    aliases: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    plausible: str | None
    reference: str | None
    is_parent: bool

    @property
    def headers(self) -> set[str]:
        """The header names of the column, normalised by `plain_name`: name, label, and aliases of sites."""
        return {plain_name(name) for name in (self.name, self.label, *self.aliases)}

    @property
    def is_hidden(self) -> bool:
        """Whether its values are omitted or masked wherever single rows of the extracts are shown."""
        return self.personal is not None and self.personal.is_hidden


# The fields of a column that are read.
_OF_A_COLUMN = (
    "name", "businessName", "description", "logicalType", "logicalTypeOptions", "primaryKey", "primaryKeyPosition",
    "required", "enum", "synonyms", "classification", "tags", "relationships", "quality",
)  # fmt: skip
_OF_OPTIONS = ("minimum", "maximum", "format")
_TAGS = ("code", "text")


@dataclass(frozen=True)
class Contract:
    """One dataset: `<system>/<dataset>`, its columns, owner and cadence (`latency_days`)."""

    system: str
    dataset: str
    label: str
    description: str
    grain: str
    owner: str
    owner_label: str
    latency_days: int
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        """`<system>/<dataset>`, the name used in messages and folders."""
        return f"{self.system}/{self.dataset}"

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the key columns, in key order."""
        keyed = [column for column in self.columns if column.key_position is not None]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.key_position or 0))

    @property
    def has_store(self) -> bool:
        """Whether the rows carry a store code that must exist in `dms/stores`."""
        return self.name != "dms/stores" and any(c.name == "store_code" for c in self.columns)

    @cached_property
    def by_header(self) -> dict[str, Column]:
        """The columns by their header names, normalised by `plain_name`."""
        return {header: column for column in self.columns for header in column.headers}

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when the dataset has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def _column(prop: Part) -> Column:
    prop.refuse_misspelt_fields(_OF_A_COLUMN)
    options = prop.get("logicalTypeOptions")
    if options:
        options.refuse_misspelt_fields(_OF_OPTIONS)
    tags = [tag.text_not_misspelt(_TAGS) for tag in _items(prop, "tags")]
    references = _items(prop, "relationships")
    form = options.get("format") if options else None
    kind = prop.need("logicalType").one_of(LOGICAL_TYPES)
    rules = _items(prop, "quality")
    plausible = [rule.need("query").text() for rule in rules if rule.need("name").text() == "plausible"]
    position = prop.get("primaryKeyPosition")
    required = prop.get("required")
    classification = prop.get("classification")
    return Column(
        name=_sql_name(prop.need("name")),
        label=prop.need("businessName").text(),
        description=prop.need("description").text(),
        type="month" if form and form.text() == "YYYY-MM" else kind,
        is_code="code" in tags,
        personal=KINDS[classification.one_of(tuple(KINDS))] if classification else None,
        key_position=position.whole() if position else None,
        required=required.truth() if required else False,
        enum={value.need("value").text(): value.need("label").text() for value in _items(prop, "enum")},
        aliases=tuple(synonym.need("synonym").text() for synonym in _items(prop, "synonyms")),
        minimum=_bound(options, "minimum"),
        maximum=_bound(options, "maximum"),
        plausible=plausible[0] if plausible else None,
        reference=references[0].need("to").text() if references else None,
        is_parent=any(p.need("property").text() == "parent" for r in references for p in _items(r, "customProperties")),
    )


def _items(part: Part, name: str) -> list[Part]:
    found = part.get(name)
    return found.items() if found else []


def _bound(options: Part | None, name: str) -> float | None:
    found = options.get(name) if options else None
    return found.number() if found else None


def _sql_name(name: Part) -> str:
    """The name of a column, which is used in SQL unquoted."""
    if not _SQL_NAME.fullmatch(name.text()):
        name.fail(f"{name.text()!r} can't name a column: small letters, digits and _ only, a letter first")
    if name.text() in TAKEN_NAMES:
        name.fail(f"{name.text()!r} can't name a column: the name is reserved; choose another")
    try:
        duckdb.extract_statements(f"select {name.text()}, rows.{name.text()} from rows")
    except duckdb.ParserException:
        name.fail(f"{name.text()!r} can't name a column: it is a word of SQL; choose another, as {name.text()}_no")
    return name.text()


def _columns(schema: Part) -> tuple[Column, ...]:
    """The columns; fails where a header name would mean two of them."""
    columns: list[Column] = []
    named: dict[str, str] = {}
    for prop in schema.need("properties").items():
        column = _column(prop)
        for name in column.headers:
            if name in named:
                prop.fail(f"a header {name!r} would mean {named[name]} as well as {column.name}: rename one")
            named[name] = column.name
        columns.append(column)
    if not any(column.key_position is not None for column in columns):
        schema.need("properties").fail("no column has a primaryKeyPosition: say which columns are the key")
    return tuple(columns)


def read_contract(path: Path) -> Contract:
    """Read one contract; its folder names the system, the stem of the file the dataset.

    Raises ContractError, with the line, for content that is invalid.
    """
    document = read_document(path)
    schemas = document.need("schema").items()
    if len(schemas) != 1:
        document.need("schema").fail(f"expected one dataset here, not {len(schemas)}")
    [schema] = schemas
    promises = document.need("slaProperties")
    sla = {item.need("property").text(): item.need("value") for item in promises.items()}
    if "latency" not in sla:
        promises.fail("the property 'latency' is missing: how many days old the newest extract may be")
    team = document.need("team")
    return Contract(
        system=path.parent.name,
        dataset=path.stem,
        label=schema.need("businessName").text(),
        description=schema.need("description").text(),
        grain=schema.need("dataGranularityDescription").text(),
        owner=team.need("name").text(),
        owner_label=team.need("description").text(),
        latency_days=sla["latency"].whole(),
        columns=_columns(schema),
    )


@cache
def read_contracts() -> dict[str, Contract]:
    """All contracts by `<system>/<dataset>`, in name order, but `dms/stores` first, as the others refer to it."""
    contracts = [read_contract(path) for path in sorted(CONTRACTS_DIR.glob("*/*.yml"))]
    contracts.sort(key=lambda contract: (contract.name != "dms/stores", contract.name))
    return {contract.name: contract for contract in contracts}
