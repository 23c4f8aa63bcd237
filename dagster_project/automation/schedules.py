"""Dagster schedules: a run every morning, the monthly reports on the third of each month."""

import dagster as dg

from dagster_project.reports.assets import monthly_reports
from dagster_project.settings import TIME_ZONE

daily_refresh = dg.ScheduleDefinition(
    name="daily_refresh",
    job_name="refresh",
    cron_schedule="0 6 * * *",
    execution_timezone=TIME_ZONE.key,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    tags={"aftersales/trigger": "daily"},
    description=(
        "Every morning at six, with or without new files: a new business date makes figures final and actions overdue. "
        "/ 每日六时运行：业务日期变化会影响最终性与逾期状态。"
    ),
)

monthly_reports_job = dg.define_asset_job(
    "monthly_reports",
    selection=dg.AssetSelection.assets(monthly_reports),
    description=(
        "Issues the reports of a month: choose it as the partition, and stores in the launchpad if not all are meant. "
        "/ 生成某月的报告。"
    ),
)

# The partition is the month before. It runs after the morning's refresh: Dagster queues the runs one after another.
issue_monthly_reports = dg.build_schedule_from_partitioned_job(
    monthly_reports_job,
    name="issue_monthly_reports",
    day_of_month=3,
    hour_of_day=7,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    tags={"aftersales/trigger": "monthly"},
    description=(
        "On the third at seven: the reports of the month before, when the extracts of its last days are in. "
        "The cover names what is not final yet. / 每月三日七时生成上月报告，尚未确定的指标在封面注明。"
    ),
)
