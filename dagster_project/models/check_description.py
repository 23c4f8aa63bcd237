"""Describe a dbt test in a sentence: by its description, else by its kind, else by the comment that explains it."""

import re
from collections.abc import Mapping
from typing import Any

_REF = re.compile(r"'(\w+)'\s*\)$")
_FIRST_COMMENT = re.compile(r"\A(?:--[^\n]*\n)+")


def describe_check(node: Mapping[str, Any]) -> str:
    """The description of a test in dbt's manifest, given its node."""
    if node["description"]:
        return node["description"]
    metadata = node.get("test_metadata")
    if metadata is None:
        return _first_comment(node["raw_code"]) or node["name"]
    return _sentence(metadata["name"], metadata["kwargs"]) or node["name"]


def _sentence(kind: str, arguments: Mapping[str, Any]) -> str | None:
    column = arguments.get("column_name")
    match kind:
        case "not_null":
            return f"{column} is known in every row. / {column} 不为空。"
        case "unique_combination":
            key = ", ".join(arguments["columns"])
            return f"One row a key ({key}), each part of it known. / 主键（{key}）唯一且不为空。"
        case "relationships":
            target = f"{_referred(arguments['to'])}.{arguments['field']}"
            return f"Every known {column} exists in {target}. / {column} 均存在于 {target}。"
        case "accepted_values":
            values = ", ".join(map(str, arguments["values"]))
            return f"{column} is one of {values}. / {column} 取值为 {values}。"
        case "in_range":
            low, high = arguments["low"], arguments["high"]
            return f"Every known {column} lies from {low} to {high}. / {column} 在 {low} 至 {high} 之间。"
    return None


def _referred(to: str) -> str:
    """The model named in `ref('model')`."""
    found = _REF.search(to)
    return found[1] if found else to


def _first_comment(code: str) -> str | None:
    """The comment at the beginning of a singular test, which says why the test exists."""
    found = _FIRST_COMMENT.match(code)
    if found is None:
        return None
    text = " ".join(line.removeprefix("--").strip() for line in found[0].splitlines()).removeprefix("Why: ")
    return text[:1].upper() + text[1:]
