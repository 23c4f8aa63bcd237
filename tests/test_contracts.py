"""The data contracts follow their standard, and what is generated from them is up to date."""

import csv
import json
from importlib.resources import files

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from dagster_project.contracts import read_contracts
from dagster_project.contracts.contract import CONTRACTS_DIR
from dagster_project.contracts.staging import staging_files
from dagster_project.settings import PROJECT_DIR

PATHS = sorted(CONTRACTS_DIR.glob("*/*.yml"))
# Text columns that are neither codes nor personal data.
NOT_ABOUT_PEOPLE = {"store_name", "region_name", "city", "brand", "model", "concern"}


def test_there_is_a_contract_for_each_of_the_seventeen_datasets() -> None:
    assert len(PATHS) == 17


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_contract_follows_the_open_data_contract_standard(path) -> None:
    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.Draft201909Validator(schema).validate(document)
    OpenDataContractStandard.from_file(str(path))


@pytest.mark.parametrize("contract", read_contracts().values(), ids=lambda contract: contract.name)
def test_contract_says_who_owns_what_in_both_languages(contract) -> None:
    assert contract.owner
    assert contract.latency_days in (2, 35)
    assert contract.key
    for column in contract.columns:
        assert column.description.isascii() or "’" in column.description
        assert any("\u4e00" <= character <= "\u9fff" for character in column.label) or column.label == "APP"


def test_headers_of_one_dataset_never_name_two_columns() -> None:
    for contract in read_contracts().values():
        names = [name for c in contract.columns for name in {c.name, c.label, *c.aliases}]
        assert len(names) == len(set(names)), contract.name


def test_references_name_columns_that_exist() -> None:
    columns = {f"{c.dataset}.{column.name}" for c in read_contracts().values() for column in c.columns}
    for contract in read_contracts().values():
        for column in contract.columns:
            assert column.reference is None or column.reference in columns


def test_generated_dbt_files_are_up_to_date() -> None:
    stale = [path for path, text in staging_files().items() if (PROJECT_DIR / path).read_text(encoding="utf-8") != text]
    assert not stale, "run `make contracts`"


def test_every_figure_that_can_have_a_target_is_on_the_scorecard_under_its_name() -> None:
    [kpi_code] = [column for column in read_contracts()["planning/targets"].columns if column.name == "kpi_code"]
    with (PROJECT_DIR / "seeds" / "kpis.csv").open(encoding="utf-8", newline="") as file:
        assert {row["kpi_code"]: row["kpi_name_zh"] for row in csv.DictReader(file)} == kpi_code.enum


def test_every_column_that_names_a_person_says_which_kind_of_personal_data_it_is() -> None:
    kinds = {
        "customers.customer_no": "customer_number",
        "vehicles.vin": "vin",
        "employees.employee_no": "employee_number",
    }
    unmarked = []
    for contract in read_contracts().values():
        for column in contract.columns:
            wanted = kinds.get(column.reference or f"{contract.dataset}.{column.name}")
            free = column.type == "string" and not column.is_code and column.name not in NOT_ABOUT_PEOPLE
            if (wanted and (column.personal is None or column.personal.name != wanted)) or (
                free and not column.is_hidden
            ):
                unmarked.append(f"{contract.name}.{column.name}")
    assert not unmarked
