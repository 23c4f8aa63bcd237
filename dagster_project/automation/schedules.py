"""Dagster schedules: a run every morning, the monthly reports when the month before is in."""

import dagster as dg

TIME_ZONE = "Asia/Shanghai"

daily_refresh = dg.ScheduleDefinition(
    name="daily_refresh",
    job_name="refresh",
    cron_schedule="0 6 * * *",
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    tags={"aftersales/trigger": "daily"},
    description=(
        "Every morning at six, files or not: a new business date makes figures final and actions overdue. "
        "/ 每日六时运行：业务日期变化会影响最终性与逾期状态。"
    ),
)
