"""Everything Dagster shows and runs."""

import sys
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from dagster_project.automation.assets import housekeeping
from dagster_project.automation.schedules import daily_refresh, issue_monthly_reports, monthly_reports_job
from dagster_project.automation.sensors import failure_sensor, landing_sensor, overdue_sensor
from dagster_project.checks.assets import data_checks, quality_checks
from dagster_project.load.assets import dataset_assets, landing_assets, registered_lake
from dagster_project.models.assets import dbt_models, dbt_project
from dagster_project.privacy.access import private_by_default
from dagster_project.publish.assets import published_assets
from dagster_project.reports.assets import monthly_reports
from dagster_project.resources import Installation

# Dagster loads this module in every process that writes for it.
private_by_default()

refresh_job = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(monthly_reports),
    description="Load what landed, build and test the models, publish the marts. / 加载、建模、校验、发布。",
    # Shown in the launchpad, to be filled in: another business date, files to read again.
    config={"resources": {"installation": {"config": {"as_of": "", "reload": []}}}},
)

defs = dg.Definitions(
    assets=[
        *landing_assets,
        *dataset_assets,
        registered_lake,
        dbt_models,
        quality_checks,
        *published_assets,
        monthly_reports,
        housekeeping,
    ],
    asset_checks=[data_checks],
    jobs=[refresh_job, monthly_reports_job],
    schedules=[daily_refresh, issue_monthly_reports],
    sensors=[landing_sensor, failure_sensor, overdue_sensor],
    # One process: the steps write to one data folder in turn.
    executor=dg.in_process_executor,
    resources={
        "installation": Installation(),
        "dbt": DbtCliResource(project_dir=dbt_project, dbt_executable=str(Path(sys.executable).with_name("dbt"))),
    },
)
