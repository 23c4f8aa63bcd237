"""The Dagster asset that ends a run: it removes what is past its retention and measures disk use."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg

from dagster_project.models.assets import OWNER
from dagster_project.publish.assets import published_marts
from dagster_project.resources import Installation, writing
from dagster_project.settings import TIME_ZONE
from dagster_project.upkeep.housekeeping import clean_up, disk_use
from dagster_project.upkeep.retention import DAGSTER_RUN_DAYS_KEPT

_RUNS_AT_ONCE = 50
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def forget_old_runs(instance: dg.DagsterInstance, job: str, now: datetime) -> int:
    """Delete Dagster's records of a job's ended runs that are past retention, at most 50 per call; returns how many."""
    before = now - timedelta(days=DAGSTER_RUN_DAYS_KEPT)
    old = instance.get_runs(dg.RunsFilter(job_name=job, statuses=_ENDED, created_before=before), limit=_RUNS_AT_ONCE)
    for run in old:
        instance.delete_run(run.run_id)
        # The console output of its steps, which Dagster leaves behind.
        shutil.rmtree(Path(instance.storage_directory()) / run.run_id, ignore_errors=True)
    return len(old)


@dg.asset(
    key=["operations", "housekeeping"],
    deps=[published_marts],
    group_name="operations",
    owners=[OWNER],
    kinds={"python"},
    description=(
        "Removes files and run records past their retention, and measures the disk use of each folder. "
        "/ 清理过期内容，并统计磁盘占用。"
    ),
)
def housekeeping(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult:
    """Clean up the data folder and Dagster's run records."""
    settings = installation.settings(context.log.info)
    with writing(context, settings):
        done = clean_up(settings)
    forgotten = forget_old_runs(context.instance, context.run.job_name, datetime.now(TIME_ZONE))
    counts = done | {"dagster_runs_forgotten": forgotten}
    sizes = {f"{name} (bytes)": size for name, size in disk_use(settings).items()}
    return dg.MaterializeResult(metadata={name: dg.MetadataValue.int(n) for name, n in (counts | sizes).items()})
