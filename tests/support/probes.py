"""Check entries and suites on the customers dataset, for tests of the checks."""

from pathlib import Path

import yaml

from dagster_project.checks.suites import NOT_NULL, Suite, read_suite
from dagster_project.contracts import read_contracts

CUSTOMERS = read_contracts()["dms/customers"]


def entry(type_: str = NOT_NULL, kwargs: dict | None = None, severity: str = "warning", **meta) -> dict:
    defaults = {"name": "probe", "dimension": "accuracy", "rows": "accepted", "description": "Probe. / 测试。"}
    return {
        "type": type_,
        "kwargs": {"column": "gender", "mostly": 0.5} if kwargs is None else kwargs,
        "severity": severity,
        "meta": defaults | meta,
    }


def suite_of(tmp_path: Path, *entries: dict) -> Suite:
    path = tmp_path / "customers.yml"
    path.write_text(yaml.safe_dump({"expectations": list(entries)}, allow_unicode=True), encoding="utf-8")
    return read_suite(path, CUSTOMERS)
