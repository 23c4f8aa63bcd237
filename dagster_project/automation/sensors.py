"""Dagster sensors: a run when files arrive; an alert when a run fails, or a dataset or the backup is overdue."""

from collections.abc import Iterable
from datetime import datetime

import dagster as dg

from dagster_project.automation.alerts import Alert, read_sinks, send_alert
from dagster_project.automation.arrivals import Arrival, Watched, describe, look
from dagster_project.automation.incidents import failed_run
from dagster_project.automation.overdue import alert_once, waited_for
from dagster_project.contracts import read_contracts
from dagster_project.load.assets import landing_key
from dagster_project.resources import RUN_ID_TAG, Installation
from dagster_project.settings import TIME_ZONE

SECONDS_BETWEEN_LOOKS = 15
REFRESH = "refresh"
# How many file names an event of a landing asset lists, and how long the tag may be that describes a run's files.
_FILES_LISTED = 50
_LONGEST_TAG = 250


def _arrived(arrivals: Iterable[Arrival]) -> list[dg.AssetMaterialization]:
    """The arrivals as events of the landing assets; misplaced files belong to none."""
    contracts = read_contracts()
    return [
        dg.AssetMaterialization(
            landing_key(contracts[f"{arrival.system}/{arrival.dataset}"]),
            metadata={
                "files": dg.MetadataValue.md("\n".join(f"- `{name}`" for name in arrival.files[:_FILES_LISTED])),
                "file_count": dg.MetadataValue.int(len(arrival.files)),
                "bytes": dg.MetadataValue.int(arrival.size),
                "newest_extract": dg.MetadataValue.text(f"{arrival.extract_at:%Y-%m-%d %H:%M:%S}"),
            },
        )
        for arrival in arrivals
        if arrival.system
    ]


@dg.sensor(
    name="landing",
    job_name=REFRESH,
    minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Runs `refresh` when files have arrived and stopped growing; the same content never causes a second run. "
        "/ 新文件到达且不再增长后自动运行。"
    ),
)
def landing_sensor(context: dg.SensorEvaluationContext, installation: Installation) -> dg.SensorResult:
    """Look at the landing folder, remember what was seen, and request a run when there is something new."""
    settings = installation.settings(context.log.info)
    looked = look(settings.landing, settings.lake, Watched.from_cursor(context.cursor))
    cursor = looked.watched.to_cursor()
    if looked.run_key is None:
        return dg.SensorResult(skip_reason=looked.reason, cursor=cursor)
    run = dg.RunRequest(
        run_key=looked.run_key,
        tags={"aftersales/trigger": "landing", "aftersales/files": describe(looked.arrivals)[:_LONGEST_TAG]},
    )
    return dg.SensorResult(run_requests=[run], cursor=cursor, asset_events=_arrived(looked.arrivals))


def _send(context: dg.RunStatusSensorContext, alert: Alert) -> bool:
    """Send the alert; whether any channel worked."""
    sinks = read_sinks()
    context.log.info("%s: %s", alert.kind, alert.text)
    failed = send_alert(alert, sinks)
    if failed:
        context.log.error("the alert could not be sent by: %s", ", ".join(failed))
    return len(failed) < len(sinks)


def _alert_overdue(context: dg.RunStatusSensorContext, installation: Installation) -> None:
    """Alert to what has become overdue."""
    settings = installation.settings(lambda _: None)
    if not settings.data.exists():
        return
    run_id = context.dagster_run.tags.get(RUN_ID_TAG, "")
    found = waited_for(settings, run_id, datetime.now(TIME_ZONE))
    alert_once(settings.data, found, run_id, lambda alert: _send(context, alert))


@dg.run_failure_sensor(
    name="alert_failed_run",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Alerts when a run failed or publishing was blocked. / 运行失败或发布被阻止时告警。",
)
def failure_sensor(context: dg.RunFailureSensorContext, installation: Installation) -> None:
    """Alert to the failed run, with the message of the step that failed."""
    run = context.dagster_run
    reasons = [event.step_failure_data.error for event in context.get_step_failure_events()]
    reason = next((error.cause or error for error in reasons if error is not None), None)
    name, message = (reason.cls_name or "", reason.message) if reason else ("", context.failure_event.message or "")
    _send(context, failed_run(run.run_id, run.job_name, name, message))
    _alert_overdue(context, installation)


@dg.run_status_sensor(
    name="alert_overdue",
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Alerts when a dataset or the backup is overdue. / 数据或备份未按时完成时告警。",
)
def overdue_sensor(context: dg.RunStatusSensorContext, installation: Installation) -> None:
    """Alert to what has become overdue, after a successful run."""
    _alert_overdue(context, installation)
