"""The main job: load what landed, build and test the models, check the data, publish the marts."""

import fcntl
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from dagster_project.access import close_private, make_data_folder
from dagster_project.checks.blocking import blocks, judge
from dagster_project.checks.results import CheckResult, RunInfo, write_results
from dagster_project.checks.worker import CheckWorker, check_worker
from dagster_project.errors import ExpectedError
from dagster_project.forget.forget import remove_published, settle_forgotten
from dagster_project.forget.forgotten import read_forgotten
from dagster_project.load.dataset import DatasetLoad
from dagster_project.load.hash_key import key_warning, read_hash_key
from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.models.dbt_build import NodeResult, build_models, target_path
from dagster_project.publish.publish import PublishedState, publish, publish_quality
from dagster_project.publish.restatement import record_restatements
from dagster_project.publish.state import new_state
from dagster_project.reports.quality import write_quality_report
from dagster_project.settings import TIME_ZONE, Settings

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]


class AlreadyRunning(ExpectedError):
    """Another run writes to the same data folder."""


class PublishingBlocked(ExpectedError):
    """A blocking check failed: the last published marts stay; the message says what and where."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did."""

    loads: list[DatasetLoad]
    results: list[CheckResult]
    state: PublishedState


@contextmanager
def only_run(settings: Settings) -> Iterator[None]:
    """Hold the data folder for one writer; raises AlreadyRunning when another has it.

    The operating system frees the lock when the process ends, however it ends.
    """
    make_data_folder(settings.data)
    with (settings.data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another run is writing to {settings.data}: wait until it is done") from None
        close_private(settings)
        yield


def new_run(settings: Settings) -> RunInfo:
    """A run of now, whose number sorts by time."""
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    return RunInfo(run_id=f"{now:%Y%m%d%H%M%S}-{secrets.token_hex(3)}", run_at=now, as_of=settings.as_of)


def check_build(settings: Settings, nodes: list[NodeResult], worker: CheckWorker) -> list[CheckResult]:
    """Check the data and judge the build; the results are kept in the lake, run by run."""
    run = new_run(settings)
    results = judge(run, settings.warehouse, settings.published / "aftersales.duckdb", nodes)
    results += worker.run(settings.warehouse, run)
    write_results(settings.lake / "quality", results)
    return results


def publish_checked(settings: Settings, results: list[CheckResult]) -> PublishedState:
    """Publish the marts, or only the quality tables and raise PublishingBlocked when a check forbids it."""
    manifest = target_path(settings) / "manifest.json"
    forgotten = read_forgotten(settings.data, read_hash_key(settings.data))
    sentences = blocks(results)
    if not sentences:
        info = new_state(results[0].as_of or settings.as_of, results[0].run_id)
        record_restatements(settings.warehouse, manifest, settings.published, settings.lake, info)
        state = publish(settings.warehouse, manifest, settings.published, info)
        remove_published(settings, forgotten)
        write_quality_report(settings)
        return state
    publish_quality(settings.warehouse, manifest, settings.published)
    remove_published(settings, forgotten)
    report = write_quality_report(settings)
    told = "\n".join(f"  {sentence}" for sentence in sentences)
    raise PublishingBlocked(
        f"publishing is blocked by {len(sentences)} check(s); the marts stay as last published:\n{told}\n"
        f"the quality report says more: {report}"
    )


def refresh(settings: Settings, tell: Tell | None = None) -> Refreshed:
    """Load, build, test, check and publish; the last published marts stay when any of it fails."""
    with only_run(settings), check_worker() as worker:
        hash_key = read_hash_key(settings.data)
        if warning := key_warning(settings.data):
            logger.warning(warning)
        forgotten = settle_forgotten(settings, hash_key)
        loads = load_landing(settings.landing, settings.lake, tell, forgotten)
        register_lake(settings.lake, settings.warehouse, hash_key)
        nodes = build_models(settings, tell)
        if tell:
            tell("checking the data")
        results = check_build(settings, nodes, worker)
        state = publish_checked(settings, results)
    return Refreshed(loads=loads, results=results, state=state)
