"""The main job: load what landed, build and test the models, check the data, publish the marts."""

import fcntl
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from dagster_project.checks.blocking import blocks, judge
from dagster_project.checks.results import CheckResult, RunInfo, last_run_at, results_of_last_runs, write_results
from dagster_project.checks.worker import CheckWorker, check_worker
from dagster_project.damage import damage_is_told, refuse_damage
from dagster_project.errors import ExpectedError
from dagster_project.last_run import digest_of_inputs, is_nothing_new, note_last_run
from dagster_project.load.dataset import DatasetLoad
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.models.dbt_build import NodeResult, build_models, is_checked, mark_checked, target_path
from dagster_project.publish.open_state import published_state
from dagster_project.publish.publish import PublishedState, publish, publish_quality
from dagster_project.publish.restatement import record_restatements
from dagster_project.publish.state import new_state
from dagster_project.reports.quality import write_quality_report
from dagster_project.settings import TIME_ZONE, Settings

Tell = Callable[[str], None]


class AlreadyRunning(ExpectedError):
    """Another run writes to the same data folder."""


class PublishingBlocked(ExpectedError):
    """A blocking check failed: the last published marts stay; the message says what and where."""


class NotChecked(ExpectedError):
    """The marts in the private warehouse are not those that were checked."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did; where nothing was new, `results` and `state` are those of the run before."""

    loads: list[DatasetLoad]
    results: list[CheckResult]
    state: PublishedState
    nothing_new: bool = False


@contextmanager
def only_run(settings: Settings) -> Iterator[None]:
    """Hold the data folder for one writer; raises AlreadyRunning when another has it.

    The operating system frees the lock when the process ends, however it ends. When what is kept in the folder can't
    be read, it says what is damaged and what to do.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    with (settings.data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another run is writing to {settings.data}: wait until it is done") from None
        with damage_is_told(settings):
            yield


def new_run(settings: Settings) -> RunInfo:
    """A run of now, whose number sorts by time; a second after the last run where the clock went back."""
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    last = last_run_at(settings.lake / "quality")
    if last is not None and now < last + timedelta(seconds=1):
        now = last + timedelta(seconds=1)
    return RunInfo(run_id=f"{now:%Y%m%d%H%M%S}-{secrets.token_hex(3)}", run_at=now, as_of=settings.as_of)


def check_build(settings: Settings, nodes: list[NodeResult], worker: CheckWorker) -> list[CheckResult]:
    """Check the data and judge the build; the results are kept in the lake, run by run.

    Raises Damaged when the models could not be built because something on disk is damaged.
    """
    if any(node.status == "error" for node in nodes):
        refuse_damage(settings)
    run = new_run(settings)
    results = judge(run, settings.warehouse, settings.published / "aftersales.duckdb", nodes)
    results += worker.run(settings.warehouse, run)
    write_results(settings.lake / "quality", results)
    mark_checked(settings, run.run_id)
    return results


def publish_checked(settings: Settings, results: list[CheckResult]) -> PublishedState:
    """Publish the marts, or only the quality tables and raise PublishingBlocked when a check forbids it.

    Raises NotChecked when the marts are not those that the results judge: another run built in between.
    """
    if not results or not is_checked(settings, results[0].run_id):
        raise NotChecked("the marts were built again after they were checked: run again")
    manifest = target_path(settings) / "manifest.json"
    sentences = blocks(results)
    if not sentences:
        info = new_state(results[0].as_of or settings.as_of, results[0].run_id)
        record_restatements(settings.warehouse, manifest, settings.published, settings.lake, info)
        state = publish(settings.warehouse, manifest, settings.published, info)
        write_quality_report(settings)
        return state
    publish_quality(settings.warehouse, manifest, settings.published)
    report = write_quality_report(settings)
    told = "\n".join(f"  {sentence}" for sentence in sentences)
    raise PublishingBlocked(
        f"publishing is blocked by {len(sentences)} check(s); the marts stay as last published:\n{told}\n"
        f"the quality report says more: {report}"
    )


def _as_before(settings: Settings, loads: list[DatasetLoad]) -> Refreshed:
    results, _ = results_of_last_runs(settings.lake / "quality")
    with published_state(settings.published) as state:
        rows = {table.name: table.rows for table in state.tables()}
        folder = settings.published / "states" / state.name
    return Refreshed(loads, results, PublishedState(folder, rows), nothing_new=True)


def refresh(settings: Settings, tell: Tell | None = None, *, anew: bool = False) -> Refreshed:
    """Load, build, test, check and publish; the last published marts stay when any of it fails.

    Where everything that the figures depend on is as the last run left it, they are not made again, unless `anew`.
    """
    with only_run(settings):
        loads = load_landing(settings.landing, settings.lake, tell)
        inputs = digest_of_inputs(settings)
        if not anew and is_nothing_new(settings, inputs):
            return _as_before(settings, loads)
        with check_worker() as worker:
            register_lake(settings.lake, settings.warehouse, read_hash_key(settings.data))
            nodes = build_models(settings, tell)
            if tell:
                tell("checking the data")
            results = check_build(settings, nodes, worker)
        state = publish_checked(settings, results)
        note_last_run(settings, inputs)
    return Refreshed(loads=loads, results=results, state=state)
