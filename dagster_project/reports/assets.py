"""The Dagster asset of the monthly reports, partitioned by month."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from dagster_project.models.assets import OWNER
from dagster_project.publish.assets import published_marts
from dagster_project.reports.issue import issue_month
from dagster_project.resources import Installation, run_id_of
from dagster_project.run.log import run_log
from dagster_project.settings import TIME_ZONE

# Reports of earlier months are written by `aftersales report`.
months = dg.MonthlyPartitionsDefinition("2024-01", fmt="%Y-%m", timezone=TIME_ZONE.key)


class ReportConfig(dg.Config):
    """Which reports of the month are issued: those of the named stores, or all of them when none is named."""

    stores: list[str] = Field(default=[], description="Store codes; empty: all stores, regions and the group")


def _linked(paths: list[Path]) -> str:
    return " ".join(f"[{path.suffix[1:]}]({path.as_uri()})" for path in paths)


@dg.asset(
    key=["reports", "monthly"],
    deps=[published_marts],
    partitions_def=months,
    group_name="reports",
    owners=[OWNER],
    kinds={"html", "powerpoint", "excel"},
    description=(
        "The month's report of every store, of each region and of all stores, from the published marts. "
        "A report written before is replaced. / 各门店、分中心与集团的月度报告，取自已发布的数据。"
    ),
)
def monthly_reports(
    context: dg.AssetExecutionContext, config: ReportConfig, installation: Installation
) -> dg.MaterializeResult:
    """Issue the reports of the partition's month; fails at the end, naming those that could not be written."""
    settings = installation.settings(context.log.info)
    month = context.partition_time_window.start.date()
    run_id = run_id_of(context, settings)
    with run_log(settings, run_id):
        issued = issue_month(settings, month, config.stores)
        context.log.info("%d reports written below %s", len(issued.written), settings.data / "reports")
        issued.require_all()
    paths = [path for written in issued.written.values() for path in written]
    table = "\n".join(f"| {name} | {_linked(written)} |" for name, written in issued.written.items())
    return dg.MaterializeResult(
        metadata={
            "month": dg.MetadataValue.text(f"{month:%Y-%m}"),
            "run_id": dg.MetadataValue.text(run_id),
            "as_of": dg.MetadataValue.text(f"{issued.as_of}"),
            "published_at": dg.MetadataValue.text(issued.state),
            "stores": dg.MetadataValue.int(sum(not name.startswith("group ") for name in issued.written)),
            "stores_without_rows": dg.MetadataValue.text(", ".join(issued.without_rows) or "none"),
            "pages": dg.MetadataValue.int(sum(path.suffix == ".html" for path in paths)),
            "files": dg.MetadataValue.int(len(paths)),
            "reports": dg.MetadataValue.md(f"| report | files |\n|---|---|\n{table}"),
            "folder": dg.MetadataValue.path(str(settings.data / "reports")),
        }
    )
