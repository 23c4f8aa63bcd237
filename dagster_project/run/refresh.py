"""The main job: load new files, build and test the models, check the data, publish the marts."""

import logging
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dagster_project.checks.blocking import blocks, judge
from dagster_project.checks.results import (
    CheckResult,
    RunInfo,
    last_run_at,
    results_of_last_runs,
    results_of_run,
    write_results,
)
from dagster_project.checks.suites import read_suites
from dagster_project.checks.worker import CheckWorker, check_worker
from dagster_project.errors import ExpectedError
from dagster_project.load.changes import built_for
from dagster_project.load.dataset import DatasetLoad
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.lake import empty_warehouse, register_lake
from dagster_project.load.load import load_landing
from dagster_project.models.dbt_build import (
    NodeResult,
    build_models,
    built_everything,
    changes_since,
    is_checked,
    mark_checked,
    target_path,
    was_checked,
)
from dagster_project.privacy.forget import remove_published, settle_forgotten
from dagster_project.privacy.forgotten import read_forgotten
from dagster_project.publish.open_state import published_state
from dagster_project.publish.publish import PublishedState, publish, publish_quality
from dagster_project.publish.restatement import record_restatements
from dagster_project.publish.state import last_state, new_state, state_in_force
from dagster_project.reports.quality import write_quality_report
from dagster_project.run.last_run import (
    digest_of_code,
    digest_of_inputs,
    is_nothing_new,
    may_be_spared,
    note_last_run,
    why_built_whole,
)
from dagster_project.run.lock import only_run
from dagster_project.run.log import begun_at, new_run_id, run_log, step
from dagster_project.run.warnings import run_warnings
from dagster_project.settings import DUCKDB, SPARK, TIME_ZONE, Settings
from dagster_project.spark_server import read_spark_server
from dagster_project.upkeep.damage import refuse_damage
from dagster_project.upkeep.housekeeping import clean_up

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]


class PublishingBlocked(ExpectedError):
    """A blocking check failed: the last published marts stay; the message says what and where."""


class NotChecked(ExpectedError):
    """The marts in the private warehouse are not those that were checked."""


@dataclass(frozen=True)
class Refreshed:
    """The outcome of a refresh; where nothing was new, `results` and `state` are those of the previous run."""

    run_id: str
    loads: list[DatasetLoad]
    results: list[CheckResult]
    state: PublishedState
    nothing_new: bool = False


def new_run_id_of(settings: Settings, token: str = "") -> str:
    """The id of a run that begins now; it sorts after that of the last run even if the clock went back."""
    return new_run_id(token, after=last_run_at(settings.lake / "quality"))


def _results_before(settings: Settings) -> list[CheckResult]:
    """The check results of the state that an incremental build started from; none after a full refresh.

    None either where the build has already been checked.
    """
    published = last_state(settings.published)
    if published is None or published.run_id is None or changes_since(settings) is None or was_checked(settings):
        return []
    return results_of_run(settings.lake / "quality", published.run_id)


def _build(settings: Settings, hash_key: str, tell: Tell | None, *, anew: bool) -> list[NodeResult]:
    """Build and test the models; afterwards the private warehouse holds the lake's views and all that is published."""
    if settings.engine == SPARK:
        # Needs the libraries of the extra `spark`.
        from dagster_project.load.iceberg import open_catalog, register_iceberg
        from dagster_project.publish.from_cluster import bring_relations

        register_iceberg(settings.lake, open_catalog(), hash_key)
        nodes = build_models(settings, tell)
        bring_relations(settings, hash_key, {node.name for node in nodes if not (node.is_test or node.has_failed)})
        return nodes
    why_whole = "requested" if anew else why_built_whole(settings)
    if why_whole:
        logger.info("full refresh, every model is rebuilt: %s", why_whole)
        if tell:
            tell(f"full refresh, every model is rebuilt: {why_whole}")
        empty_warehouse(settings.warehouse)
    register_lake(settings.lake, settings.warehouse, hash_key, settings.as_of, by_changes=not why_whole)
    return build_models(settings, tell, by_changes=not why_whole)


def check_build(settings: Settings, run_id: str, nodes: list[NodeResult], worker: CheckWorker) -> list[CheckResult]:
    """Check the data and judge the build; the results are kept in the lake, run by run.

    Raises Damaged when the models could not be built because something on disk is damaged, and NotChecked when they
    were built for another business date than that of the settings: in Dagster, steps can be run one by one.
    """
    built = built_for(settings.warehouse) if settings.engine == DUCKDB else None
    if built not in (None, settings.as_of):
        raise NotChecked(
            f"the models were built for {built} and would be published as those of {settings.as_of}: run `refresh`, or "
            "materialize the lake, all models and the checks for one business date"
        )
    is_built = all(node.status != "error" for node in nodes)
    if not is_built:
        refuse_damage(settings)
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    run = RunInfo(run_id=run_id, run_at=max(now, begun_at(run_id)), as_of=settings.as_of)
    with step("check") as counted:
        results = judge(run, settings.warehouse, settings.published / "aftersales.duckdb", nodes)
        staged = read_spark_server() if settings.engine == SPARK else settings.warehouse
        results += worker.run(staged, run, _results_before(settings) if is_built else [])
        write_results(settings.lake / "quality", results)
        counted |= {
            "checks": len(results),
            "findings": sum(result.passed is False for result in results),
            "not_run": sum(result.passed is None for result in results),
        }
    mark_checked(settings, run_id)
    return results


def require_whole_build(settings: Settings) -> None:
    """Raise NotChecked when some models in the private warehouse were not built since the lake was registered.

    In Dagster, models can be built one by one: marts of different builds must not be published together.
    """
    if not built_everything(settings):
        raise NotChecked(
            "not all models were built since the lake was registered, and marts of different builds are not published "
            "together: run `refresh`, or materialize all models and the checks, then publish"
        )


def publish_checked(settings: Settings, results: list[CheckResult]) -> PublishedState:
    """Publish the marts; when a check forbids it, publish only the quality tables and raise PublishingBlocked.

    Raises NotChecked when the results are not those of the marts in the warehouse: another run built in between.
    """
    if not results or not is_checked(settings, results[0].run_id):
        raise NotChecked(
            "the marts were not checked, or another run has rebuilt them since: see what it published, or run again"
        )
    with step("publish", checked_by=results[0].run_id) as counted:
        return _publish_checked(settings, results, counted)


def _publish_checked(settings: Settings, results: list[CheckResult], counted: dict[str, Any]) -> PublishedState:
    manifest = target_path(settings) / "manifest.json"
    forgotten = read_forgotten(settings.data, read_hash_key(settings.data))
    reasons = blocks(results)
    if not reasons:
        in_force = state_in_force(settings.published)
        info = new_state(results[0].as_of or settings.as_of, results[0].run_id, in_force)
        restated = record_restatements(settings.warehouse, manifest, in_force, settings.lake, info)
        since = changes_since(settings)
        state = publish(settings.warehouse, manifest, settings.published, info, changes_since=since)
        counted |= {"state": info.name, "as_of": info.as_of, "restated": len(restated)}
        counted |= {"tables": len(state.rows), "rows": sum(state.rows.values())}
        remove_published(settings, forgotten)
        write_quality_report(settings)
        return state
    publish_quality(settings.warehouse, manifest, settings.published)
    remove_published(settings, forgotten)
    report = write_quality_report(settings)
    listed = "\n".join(f"  {reason}" for reason in reasons)
    raise PublishingBlocked(
        f"publishing is blocked; the marts stay as last published:\n{listed}\n"
        f"for details, see the quality report: {report}"
    )


def _as_before(settings: Settings, run_id: str, loads: list[DatasetLoad], results: list[CheckResult]) -> Refreshed:
    with published_state(settings.published) as state:
        rows = {table.name: table.rows for table in state.tables()}
        folder = settings.published / "states" / state.name
    return Refreshed(run_id, loads, results, PublishedState(folder, rows), nothing_new=True)


def refresh(
    settings: Settings, tell: Tell | None = None, reload: Iterable[str] = (), *, anew: bool = False
) -> Refreshed:
    """Load, build, test, check and publish; when any step fails, the last published marts stay.

    `reload` names files to read again although they are unchanged, as `files_to_reload` takes them. Where nothing
    that the figures depend on has changed since the last run, they are not computed again. `anew` forces a full
    refresh.
    """
    run_id = new_run_id_of(settings)
    with (
        run_log(settings, run_id),
        step("run", as_of=settings.as_of, landing=settings.landing) as counted,
        only_run(settings),
        ExitStack() as stack,
    ):
        hash_key = read_hash_key(settings.data)
        for warning in run_warnings(settings, hash_key):
            logger.warning(warning)
        forgotten = settle_forgotten(settings, hash_key)
        # The process warms up during the load. Where there may be nothing new, it is not started before that is known.
        worker = None if may_be_spared(settings) and not anew else stack.enter_context(check_worker())
        code = digest_of_code(settings)
        loads = load_landing(settings.landing, settings.lake, tell, reload, forgotten=forgotten)
        inputs = digest_of_inputs(settings)
        is_spared = not anew and is_nothing_new(settings, inputs)
        if is_spared and (results := results_of_last_runs(settings.lake / "quality")[0]):
            counted["nothing_new"] = True
            return _as_before(settings, run_id, loads, results)
        # A mistake in a suite is reported now, not after the build.
        read_suites()
        worker = worker or stack.enter_context(check_worker())
        nodes = _build(settings, hash_key, tell, anew=anew)
        if tell:
            tell("checking the data")
        results = check_build(settings, run_id, nodes, worker)
        state = publish_checked(settings, results)
        clean_up(settings)
        if settings.engine == SPARK:
            # Needs the libraries of the extra `spark`.
            from dagster_project.upkeep.snapshots import delete_old_snapshots

            delete_old_snapshots(target_path(settings) / "manifest.json")
        note_last_run(settings, inputs, code)
    return Refreshed(run_id=run_id, loads=loads, results=results, state=state)
