"""What Dagster shows: every dataset and model an asset, wired from landing to publishing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from dagster_project.checks.assets import check_result, data_checks
from dagster_project.checks.blocking import DATASET_RULES
from dagster_project.checks.results import last_results
from dagster_project.checks.suites import read_suites
from dagster_project.contracts import read_contracts
from dagster_project.definitions import defs
from dagster_project.load.assets import dataset_key, landing_key
from dagster_project.models.assets import dbt_models
from dagster_project.models.check_description import describe_check


@pytest.fixture(scope="module")
def graph() -> Any:
    return defs.resolve_asset_graph()


def test_every_dataset_is_an_asset_with_owner_group_and_description(graph) -> None:
    for contract in read_contracts().values():
        node = graph.get(dataset_key(contract))
        assert node.group_name == contract.system
        assert node.owners == [f"team:{contract.owner}"]
        assert contract.label in node.description


def test_every_model_depends_on_the_lake_and_reaches_publishing(graph) -> None:
    published = dg.AssetKey(["published", "aftersales"])
    upstream = {published}
    waiting = [published]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys - upstream:
            upstream.add(parent)
            waiting.append(parent)
    assert all(dataset_key(contract) in upstream for contract in read_contracts().values())
    assert {key for key in graph.materializable_asset_keys if key.path[0] in ("core", "marts")} <= upstream


def test_only_landed_files_come_from_outside_and_each_is_as_fresh_as_its_contract_promises(graph) -> None:
    contracts = {landing_key(contract): contract for contract in read_contracts().values()}
    assert set(graph.external_asset_keys) == contracts.keys()
    for key, contract in contracts.items():
        window = graph.get(key).freshness_policy.fail_window
        assert window.to_timedelta() == timedelta(days=contract.latency_days)


def test_dbt_tests_are_asset_checks_of_assets_that_exist(graph) -> None:
    assert len(graph.asset_check_keys) > 150
    assert {key.asset_key for key in graph.asset_check_keys} <= graph.materializable_asset_keys


def test_every_check_describes_what_it_verifies(graph) -> None:
    silent = [key.name for key in graph.asset_check_keys if not graph.get_check_spec(key).description]
    assert not silent
    descriptions = {spec.name: spec.description for spec in dbt_models.check_specs}
    assert descriptions["unique_combination_css_store_monthly_store_code__month"].startswith(
        "One row a key (store_code, month)"
    )
    assert descriptions["relationships_dim_customer_home_store_code__store_code__ref_dim_store_"].startswith(
        "Every known home_store_code exists in dim_store.store_code."
    )
    assert descriptions["assert_repair_orders_agree_between_marts"].startswith(
        "Several marts show the number of repair"
    )


def test_a_test_with_a_description_is_described_by_it() -> None:
    node = {"name": "n", "description": "", "test_metadata": {"name": "own_kind", "kwargs": {"column_name": "a"}}}
    assert describe_check(node | {"description": "Told in YAML."}) == "Told in YAML."
    assert describe_check(node) == "n"
    own = {"name": "n", "description": "", "raw_code": "-- Why: one reason,\n-- and more.\nselect 1\n-- not this\n"}
    assert describe_check(own) == "One reason, and more."


def test_every_expectation_and_blocking_rule_is_a_check_of_its_dataset(graph) -> None:
    planned = {
        dg.AssetCheckKey(dataset_key(suite.contract), name)
        for suite in read_suites().values()
        for name in (*(check.name for check in suite.checks), *DATASET_RULES)
    }
    assert len(planned) > 300
    assert planned <= set(graph.asset_check_keys)


def test_every_planned_check_gets_its_result_and_one_that_did_not_run_has_not_passed(sample_run) -> None:
    results = [result for result in last_results(sample_run.lake / "quality") if result.system != "marts"]
    shown = [check_result(result) for result in results]
    assert {dg.AssetCheckKey(result.asset_key, result.check_name) for result in shown} == set(data_checks.check_keys)
    assert all(result.passed == (found.passed is True) for result, found in zip(shown, results, strict=True))
    lost = check_result(replace(results[0], passed=None, error="the check did not run"))
    assert not lost.passed
    assert lost.metadata["did_run"].value is False


def test_the_jobs_cover_everything(graph) -> None:
    jobs = ("refresh", "monthly_reports")
    selected = {name: defs.resolve_job_def(name).asset_layer.selected_asset_keys for name in jobs}
    assert selected["monthly_reports"] == {dg.AssetKey(["reports", "monthly"])}
    assert selected["refresh"] == graph.materializable_asset_keys - selected["monthly_reports"]
