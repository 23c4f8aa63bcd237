"""Selected assets materialized in Dagster: a partial build is neither published nor counted as complete."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest

from dagster_project.checks.assets import CHECKS_KEY
from dagster_project.checks.worker import CheckWorker
from dagster_project.definitions import defs
from dagster_project.models.assets import REGISTERED, dbt_models
from dagster_project.publish.state import last_state
from dagster_project.resources import RUN_ID_TAG
from dagster_project.run.last_run import digest_of_inputs, is_nothing_new
from dagster_project.run.refresh import NotChecked, check_build
from dagster_project.settings import Settings
from tests.conftest import Landing

PUBLISHED = dg.AssetKey(["published", "aftersales"])
LAKE = [dg.AssetKey(["lake", name]) for name in ("loads", "rejected_rows", "check_results", "restatement", "hash_key")]


def materialize(
    settings: Settings, chosen: Iterable[dg.AssetKey], instance: dg.DagsterInstance, tags: dict[str, str] | None = None
) -> dg.ExecuteInProcessResult:
    folders = {"landing_dir": str(settings.landing), "data_dir": str(settings.data), "as_of": f"{settings.as_of}"}
    return defs.resolve_job_def("refresh").execute_in_process(
        asset_selection=list(chosen),
        instance=instance,
        run_config={"resources": {"installation": {"config": folders}}},
        raise_on_error=False,
        tags=tags,
    )


def failure(ran: dg.ExecuteInProcessResult) -> str:
    return str(ran.get_step_failure_events()[0].event_specific_data.error)


def test_what_was_built_before_the_lake_was_registered_is_not_published(copied_run: Settings) -> None:
    before = last_state(copied_run.published)
    assert is_nothing_new(copied_run, digest_of_inputs(copied_run))
    with dg.DagsterInstance.ephemeral() as instance:
        assert materialize(copied_run, LAKE, instance).success
        published = materialize(copied_run, [PUBLISHED], instance)
        checked = materialize(copied_run, [CHECKS_KEY], instance)
    assert "not all models were built since the lake was registered" in failure(published)
    assert "no models were built since the lake was registered" in failure(checked)
    assert last_state(copied_run.published) == before
    assert not is_nothing_new(copied_run, digest_of_inputs(copied_run)), "the next run builds what was registered"


def test_a_choice_of_models_is_not_published_with_those_of_another_build(copied_run: Settings) -> None:
    before = last_state(copied_run.published)
    target = dg.AssetKey(["core", "dim_kpi"])
    with dg.DagsterInstance.ephemeral() as instance:
        assert materialize(copied_run, [target], instance).success
        published = materialize(copied_run, [PUBLISHED], instance)
    assert "marts of different builds are not published together" in failure(published)
    assert last_state(copied_run.published) == before


def test_models_come_after_the_lake_is_registered() -> None:
    specs = {spec.key: {dep.asset_key for dep in spec.deps} for spec in dbt_models.specs}
    staging = {key: deps for key, deps in specs.items() if key.path[0] == "staging"}
    assert staging
    assert all(REGISTERED in deps for deps in staging.values())


@pytest.mark.parametrize("inherited", ["20260101000000-0a1b2c3d", None])
def test_a_re_executed_run_has_an_id_of_its_own(landing: Landing, inherited: str | None) -> None:
    tags = {RUN_ID_TAG: inherited} if inherited else None
    with dg.DagsterInstance.ephemeral() as instance:
        ran = materialize(landing.settings, [dg.AssetKey(["lake", "dms__stores"])], instance, tags)
        tag = instance.get_run_by_id(ran.run_id).tags[RUN_ID_TAG]
    assert tag != inherited
    assert tag.endswith(ran.run_id[:8])


def test_models_of_one_business_date_are_not_checked_as_those_of_another(sample_run: Settings) -> None:
    """Checks and publishing can be materialized without the models, and days later."""
    another = replace(sample_run, as_of=sample_run.as_of - timedelta(days=90))
    refused = f"the models were built for {sample_run.as_of} and would be published as those of {another.as_of}"
    with pytest.raises(NotChecked, match=refused):
        check_build(another, "20260101060000-a", [], CheckWorker(None))
