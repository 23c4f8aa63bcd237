"""The reports of a month are issued together for all stores: a failure is reported and the others are written."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.definitions import defs
from dagster_project.reports import issue
from dagster_project.reports.issue import MonthNotOver, ReportsFailed, issue_month
from dagster_project.reports.monthly.read import NothingToReport
from dagster_project.reports.reported_months import reported_months
from dagster_project.settings import Settings

OCTOBER = date(2025, 10, 1)
PHONE = "13800000000"


def materialize(settings: Settings, *stores: str) -> dg.ExecuteInProcessResult:
    folders = {"landing_dir": str(settings.landing), "data_dir": str(settings.data)}
    config = {
        "resources": {"installation": {"config": folders}},
        "ops": {"reports__monthly": {"config": {"stores": list(stores)}}},
    }
    job = defs.resolve_job_def("monthly_reports")
    return job.execute_in_process(partition_key="2025-10", run_config=config, raise_on_error=False)


def test_the_asset_issues_the_month_of_its_partition_and_lists_what_it_wrote(sample_run: Settings) -> None:
    issued_before = reported_months(sample_run.lake).num_rows
    metadata = materialize(sample_run, "S001").asset_materializations_for_node("reports__monthly")[0].metadata
    folder = sample_run.data / "reports" / "monthly" / "S001" / "2025-10"
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.pptx", "report.xlsx"}
    assert (metadata["month"].value, metadata["stores"].value, metadata["files"].value) == ("2025-10", 1, 3)
    assert metadata["as_of"].value == "2025-11-30"
    assert (folder / "report.pptx").as_uri() in metadata["reports"].value
    assert reported_months(sample_run.lake).num_rows == issued_before + 1


def test_a_store_that_fails_stops_no_other_and_the_failed_run_names_it(sample_run: Settings) -> None:
    page = sample_run.data / "reports" / "monthly" / "S003" / "2025-10" / "report.html"
    ran = materialize(sample_run, "S999", "S003")
    assert not ran.success
    error = ran.get_step_failure_events()[0].event_specific_data.error
    cause = error.cause or error
    assert cause.cls_name == "ReportsFailed"
    assert "1 report(s) could not be written (S999), 1 were" in cause.message
    assert page.exists()


def test_all_stores_regions_and_the_group_are_tried_whatever_fails(sample_run: Settings, monkeypatch) -> None:
    def store(settings: Settings, marts: object, code: str, month: date) -> list[Path]:
        if code == "S002":
            raise ValueError(f"could not convert {PHONE}")
        if code == "S004":
            raise NothingToReport("S004 has no row")
        return [Path(code)]

    monkeypatch.setattr(issue, "issue_store", store)
    monkeypatch.setattr(issue, "issue_group", lambda settings, marts, region, month: [Path(region or "all")])
    issued = issue_month(sample_run, OCTOBER)
    assert list(issued.written) == ["S001", "S003", "S005", "S006", "group all", "group 01", "group 02"]
    assert issued.without_rows == ["S004"]
    with pytest.raises(ReportsFailed, match="S002") as failed:
        issued.require_all()
    assert PHONE not in str(failed.value)


def test_a_month_that_the_published_figures_do_not_fully_cover_is_refused(sample_run: Settings) -> None:
    with pytest.raises(MonthNotOver, match="as of 2025-11-30, 2025-11 ends on 2025-11-30"):
        issue_month(sample_run, date(2025, 11, 1))
