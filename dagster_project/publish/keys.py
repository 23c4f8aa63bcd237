"""The key of each published table, taken from dbt's tests."""

import json
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.publish.models import PUBLISHED_SCHEMAS

_KEY_TESTS = ("unique", "unique_combination")


class KeysUnknown(ExpectedError):
    """Nothing was built in this data folder; the message says what to do."""


def read_keys(manifest: Path) -> dict[str, tuple[str, ...]]:
    """Key columns by table, from the uniqueness tests in dbt's manifest; raises KeysUnknown before the first build."""
    if not manifest.exists():
        raise KeysUnknown(f"{manifest}, which holds the tables' keys, is missing: `aftersales run` writes it")
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    keys = {}
    for node in nodes.values():
        test = node.get("test_metadata") or {}
        model = nodes.get(node.get("attached_node") or "")
        if test.get("name") in _KEY_TESTS and model and model["schema"] in PUBLISHED_SCHEMAS:
            arguments = test["kwargs"]
            keys[model["name"]] = tuple(arguments.get("columns") or [arguments["column_name"]])
    return keys
