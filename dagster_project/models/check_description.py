"""What a dbt test asks, in a sentence: its own description, else one made from its kind, else why it was written."""

import re
from collections.abc import Mapping
from typing import Any

_REF = re.compile(r"'(\w+)'\s*\)$")
_FIRST_COMMENT = re.compile(r"\A(?:--[^\n]*\n)+")


def describe_check(node: Mapping[str, Any]) -> str:
    """The description of a test of dbt's manifest."""
    if node["description"]:
        return node["description"]
    metadata = node.get("test_metadata")
    if metadata is None:
        return _first_comment(node["raw_code"]) or node["name"]
    return _sentence(metadata["name"], metadata["kwargs"]) or node["name"]


def _sentence(kind: str, told: Mapping[str, Any]) -> str | None:
    column = told.get("column_name")
    match kind:
        case "not_null":
            return f"{column} is known in every row. / {column} 不为空。"
        case "unique_combination":
            key = ", ".join(told["columns"])
            return f"One row a key ({key}), each part of it known. / 主键（{key}）唯一且不为空。"
        case "relationships":
            target = f"{_referred(told['to'])}.{told['field']}"
            return f"Every known {column} stands in {target}. / {column} 均存在于 {target}。"
        case "accepted_values":
            values = ", ".join(map(str, told["values"]))
            return f"{column} is one of {values}. / {column} 取值为 {values}。"
        case "in_range":
            low, high = told["low"], told["high"]
            return f"Every known {column} lies from {low} to {high}. / {column} 在 {low} 至 {high} 之间。"
    return None


def _referred(to: str) -> str:
    """The model named in `ref('model')`."""
    found = _REF.search(to)
    return found[1] if found else to


def _first_comment(code: str) -> str | None:
    """The comment that a test of its own begins with, which says why it is there."""
    found = _FIRST_COMMENT.match(code)
    if found is None:
        return None
    text = " ".join(line.removeprefix("--").strip() for line in found[0].splitlines()).removeprefix("Why: ")
    return text[:1].upper() + text[1:]
