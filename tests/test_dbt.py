"""The dbt project: unit tests of every rule, style, and descriptions in both languages."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.models.dbt_build import dbt_environment, target_path
from dagster_project.settings import DBT_DIR, PROJECT_DIR, Settings

REPORTS = PROJECT_DIR / "dagster_project" / "reports"


@pytest.fixture(scope="module")
def manifest(sample_run: Settings) -> dict:
    return json.loads((target_path(sample_run) / "manifest.json").read_text(encoding="utf-8"))


def run(command: list[str], settings: Settings) -> subprocess.CompletedProcess:
    environment = dbt_environment(settings)
    return subprocess.run(command, cwd=DBT_DIR, env=environment, capture_output=True, text=True, check=False)


def test_every_metric_rule_passes_its_unit_tests(sample_run: Settings, manifest: dict) -> None:
    command = [sys.executable, "-m", "dbt.cli.main", "--warn-error", "test", "--select", "test_type:unit"]
    finished = run(command, sample_run)
    assert finished.returncode == 0, finished.stdout[-5000:]
    assert len(manifest["unit_tests"]) >= 80


def test_sql_is_clean(sample_run: Settings) -> None:
    finished = run([str(Path(sys.executable).with_name("sqlfluff")), "lint", ".", "--processes", "2"], sample_run)
    assert finished.returncode == 0, finished.stdout[-5000:]


def test_every_model_and_column_is_described_in_english_and_chinese(manifest: dict) -> None:
    lacking = []
    for node in manifest["nodes"].values():
        if node["resource_type"] not in ("model", "seed"):
            continue
        texts = {node["name"]: node["description"]}
        texts |= {f"{node['name']}.{name}": column["description"] for name, column in node["columns"].items()}
        lacking += [name for name, text in texts.items() if not is_bilingual(text)]
    assert not lacking


def is_bilingual(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text) and any(c.isascii() and c.isalpha() for c in text)


def test_marts_and_core_enforce_their_contract_and_test_their_key(manifest: dict) -> None:
    keyed = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("test_metadata")
        and node["test_metadata"]["name"] in ("unique_combination", "unique")
    }
    for name, node in manifest["nodes"].items():
        if node["resource_type"] == "model" and node["schema"] in ("core", "marts"):
            assert node["contract"]["enforced"], name
            assert name in keyed, f"{name} has no test of its key"


def test_exposures_name_their_owner_and_every_table_they_read(manifest: dict) -> None:
    published = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in ("core", "marts")
    }
    exposures = {node["name"]: node for node in manifest["exposures"].values()}
    read = {
        name: {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]} for name, exposure in exposures.items()
    }
    assert read["bi_connection"] == published
    for name, package in {"monthly_report": "monthly", "group_view": "group"}.items():
        code = "".join(path.read_text(encoding="utf-8") for path in (REPORTS / package).rglob("*.py"))
        assert read[name] == published & set(re.findall(r"\w+", code)), name
    assert all(node["owner"]["name"] and is_bilingual(node["description"]) for node in exposures.values())


def test_models_hold_no_names_phones_or_plates_past_staging(manifest: dict) -> None:
    personal = {"employee_name", "customer_name", "phone", "plate_no", "answer_text", "description"}
    for name, node in manifest["nodes"].items():
        if node["resource_type"] == "model" and node["schema"] in ("core", "marts"):
            assert not personal & node["columns"].keys(), name
            assert not {"vin", "customer_no"} & node["columns"].keys(), name
