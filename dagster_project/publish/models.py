"""Which tables are published, as dbt's manifest declares them."""

import json
from dataclasses import dataclass
from pathlib import Path

PUBLISHED_SCHEMAS = ("core", "marts")
MONTH = "month"


@dataclass(frozen=True)
class Model:
    """A published model: its descriptions, and `unit`, the columns of its affected key (dbt's `unique_key`).

    `dated_by` is the date column by whose months a large table's Parquet is split, where the model has that column.
    """

    name: str
    description: str
    columns: dict[str, str]
    unit: tuple[str, ...] = ()
    dated_by: str = MONTH


def read_models(manifest: Path) -> list[Model]:
    """The published models of a dbt manifest, by name."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    models = [
        Model(
            name=node["name"],
            description=node["description"],
            columns={name: column["description"] for name, column in node["columns"].items()},
            unit=_unit(node.get("config", {}).get("unique_key")),
            dated_by=node.get("config", {}).get("meta", {}).get("dated_by", MONTH),
        )
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] in PUBLISHED_SCHEMAS
    ]
    return sorted(models, key=lambda model: model.name)


def _unit(unique_key: str | list[str] | None) -> tuple[str, ...]:
    return (unique_key,) if isinstance(unique_key, str) else tuple(unique_key or ())
