"""Dagster sensors: a run when files arrived, an alert when a run failed, a dataset or backups stopped coming."""

from collections.abc import Iterable
from datetime import datetime

import dagster as dg

from dagster_project.automation.alerts import Alert, read_sinks, send_alert
from dagster_project.automation.arrivals import Arrival, Watched, look, told
from dagster_project.automation.incidents import failed_run
from dagster_project.automation.overdue import tell_once, waited_for
from dagster_project.contracts import read_contracts
from dagster_project.load.assets import landing_key
from dagster_project.resources import RUN_ID_TAG, Installation
from dagster_project.settings import TIME_ZONE

SECONDS_BETWEEN_LOOKS = 15
REFRESH = "refresh"


def _arrived(arrivals: Iterable[Arrival]) -> list[dg.AssetMaterialization]:
    """What came, as events of the landing assets; misplaced files belong to none."""
    contracts = read_contracts()
    return [
        dg.AssetMaterialization(
            landing_key(contracts[f"{arrival.system}/{arrival.dataset}"]),
            metadata={
                "files": dg.MetadataValue.md("\n".join(f"- `{name}`" for name in arrival.files[:50])),
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
        "Runs `refresh` when files arrived and have stopped growing; the same content never runs twice. "
        "/ 新文件到达且不再增长后自动运行。"
    ),
)
def landing_sensor(context: dg.SensorEvaluationContext, installation: Installation) -> dg.SensorResult:
    """Look at the landing folder, remember what was seen, and ask for a run when there is something new."""
    settings = installation.settings(context.log.info)
    looked = look(settings.landing, settings.lake, Watched.from_cursor(context.cursor))
    cursor = looked.watched.to_cursor()
    if looked.run_key is None:
        return dg.SensorResult(skip_reason=looked.reason, cursor=cursor)
    run = dg.RunRequest(
        run_key=looked.run_key,
        tags={"aftersales/trigger": "landing", "aftersales/files": told(looked.arrivals)[:250]},
    )
    return dg.SensorResult(run_requests=[run], cursor=cursor, asset_events=_arrived(looked.arrivals))


def _tell(context: dg.RunStatusSensorContext, alert: Alert) -> bool:
    """Tell people; whether any way to them worked."""
    sinks = read_sinks()
    context.log.info("%s: %s", alert.kind, alert.text)
    silent = send_alert(alert, sinks)
    if silent:
        context.log.error("could not be told: %s", ", ".join(silent))
    return len(silent) < len(sinks)


def _tell_overdue(context: dg.RunStatusSensorContext, installation: Installation) -> None:
    """Tell what became overdue."""
    settings = installation.settings(lambda _: None)
    if not settings.data.exists():
        return
    run_id = context.dagster_run.tags.get(RUN_ID_TAG, "")
    found = waited_for(settings, run_id, datetime.now(TIME_ZONE))
    tell_once(settings.data, found, run_id, lambda alert: _tell(context, alert))


@dg.run_failure_sensor(
    name="alert_failed_run",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people that a run failed or publishing was blocked. / 运行失败或发布被阻止时告警。",
)
def failure_sensor(context: dg.RunFailureSensorContext, installation: Installation) -> None:
    """Tell what failed, with the message of the step that did."""
    run = context.dagster_run
    reasons = [event.step_failure_data.error for event in context.get_step_failure_events()]
    reason = next((error.cause or error for error in reasons if error is not None), None)
    name, message = (reason.cls_name or "", reason.message) if reason else ("", context.failure_event.message or "")
    _tell(context, failed_run(run.run_id, run.job_name, name, message))
    _tell_overdue(context, installation)


@dg.run_status_sensor(
    name="alert_overdue",
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people that a dataset stopped coming, or backups. / 数据或备份未按时完成时告警。",
)
def overdue_sensor(context: dg.RunStatusSensorContext, installation: Installation) -> None:
    """Tell what became overdue, after a run."""
    _tell_overdue(context, installation)
