"""What Dagster shows: every dataset and model an asset, wired from landing to publishing."""

from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from dagster_project.checks.assets import check_result, data_checks
from dagster_project.checks.blocking import DATASET_RULES
from dagster_project.checks.results import last_results
from dagster_project.checks.suites import read_suites
from dagster_project.contracts import read_contracts
from dagster_project.definitions import defs
from dagster_project.load.assets import dataset_key


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


def test_no_source_is_left_without_the_asset_that_makes_it(graph) -> None:
    assert not graph.external_asset_keys


def test_dbt_tests_are_asset_checks_of_assets_that_exist(graph) -> None:
    assert len(graph.asset_check_keys) > 150
    assert {key.asset_key for key in graph.asset_check_keys} <= graph.materializable_asset_keys


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


def test_the_refresh_job_covers_everything(graph) -> None:
    job = defs.resolve_job_def("refresh")
    assert job.asset_layer.selected_asset_keys == graph.materializable_asset_keys
