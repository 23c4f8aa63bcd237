"""Read the data contracts (Open Data Contract Standard v3) into what the pipeline asks of them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from dagster_project.contracts.personal import KINDS, Kind

CONTRACTS_DIR = Path(__file__).parent


@dataclass(frozen=True)
class Column:
    """One column of a dataset.

    `type` is one of string, integer, number, date, month, timestamp, boolean; `is_code` says that
    text is NFKC-normalised; `personal` the kind of personal data it holds, or None.
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
    def is_hidden(self) -> bool:
        """Whether its values are left out, or masked, wherever single rows of the extracts are shown."""
        return self.personal is not None and self.personal.is_hidden


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
        """Whether the rows carry a store code that `dms/stores` must know."""
        return self.name != "dms/stores" and any(c.name == "store_code" for c in self.columns)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when the dataset has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")


def _column(prop: dict) -> Column:
    options = prop.get("logicalTypeOptions", {})
    tags = prop.get("tags", [])
    references = prop.get("relationships", [])
    is_month = options.get("format") == "YYYY-MM"
    plausible = [rule["query"] for rule in prop.get("quality", []) if rule["name"] == "plausible"]
    return Column(
        name=prop["name"],
        label=prop["businessName"],
        description=prop["description"],
        type="month" if is_month else prop["logicalType"],
        is_code="code" in tags,
        personal=KINDS[prop["classification"]] if "classification" in prop else None,
        key_position=prop.get("primaryKeyPosition"),
        required=prop.get("required", False),
        enum={str(value["value"]): value["label"] for value in prop.get("enum", [])},
        aliases=tuple(synonym["synonym"] for synonym in prop.get("synonyms", [])),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        plausible=plausible[0] if plausible else None,
        reference=references[0]["to"] if references else None,
        is_parent=any(p["property"] == "parent" for r in references for p in r.get("customProperties", [])),
    )


def read_contract(path: Path) -> Contract:
    """Read one contract; the folder is its system, the file's stem its dataset."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    schema = document["schema"][0]
    sla = {item["property"]: item["value"] for item in document["slaProperties"]}
    return Contract(
        system=path.parent.name,
        dataset=path.stem,
        label=schema["businessName"],
        description=schema["description"],
        grain=schema["dataGranularityDescription"],
        owner=document["team"]["name"],
        owner_label=document["team"]["description"],
        latency_days=sla["latency"],
        columns=tuple(_column(prop) for prop in schema["properties"]),
    )


@cache
def read_contracts() -> dict[str, Contract]:
    """All contracts by `<system>/<dataset>`, in name order but `dms/stores` first: others refer to it."""
    contracts = [read_contract(path) for path in sorted(CONTRACTS_DIR.glob("*/*.yml"))]
    contracts.sort(key=lambda contract: (contract.name != "dms/stores", contract.name))
    return {contract.name: contract for contract in contracts}
