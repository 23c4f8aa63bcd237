"""Issue the monthly reports: write them below `<data>/reports/` and record it, so that later changes are reported."""

import calendar
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

from dagster_project.errors import ExpectedError
from dagster_project.privacy.access import open_to_readers
from dagster_project.reports.group.report import group_report
from dagster_project.reports.monthly.read import Marts, NothingToReport, open_marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.reports.monthly.write import write_report
from dagster_project.reports.reported_months import record_reported
from dagster_project.run.log import step
from dagster_project.settings import TIME_ZONE, Settings

TEMPLATE = "AFTERSALES_REPORT_TEMPLATE"
ALL_STORES = "all"

logger = logging.getLogger(__name__)


class MonthNotOver(ExpectedError):
    """The published figures do not cover the whole month; the message says until when they do."""


class ReportsFailed(ExpectedError):
    """Some reports could not be written; the message names them. The others were written."""


def _template() -> Path | None:
    name = os.environ.get(TEMPLATE)
    return Path(name) if name else None


def _open_to_readers(settings: Settings, paths: list[Path], out: Path | None) -> None:
    for path in paths:
        open_to_readers(path, None if out else settings.data / "reports")


def issue_store(
    settings: Settings, marts: Marts, store: str, month: date, *, out: Path | None = None, template: Path | None = None
) -> list[Path]:
    """Write the report of a store and record that it was issued; raises NothingToReport or BadTemplate."""
    with step("report", store=store, month=f"{month:%Y-%m}"):
        folder = settings.data / "reports" / "monthly" / quote(store, safe="") / f"{month:%Y-%m}"
        paths = write_report(store_report(marts, store, month), out or folder, template or _template())
        _open_to_readers(settings, paths, out)
        record_reported(settings.lake, store, month, datetime.now(TIME_ZONE).replace(tzinfo=None))
    return paths


def issue_group(
    settings: Settings, marts: Marts, region: str, month: date, *, out: Path | None = None, template: Path | None = None
) -> list[Path]:
    """Write the group view of a region, or of all stores when it is blank; raises NothingToReport or BadTemplate."""
    with step("report", region=region or ALL_STORES, month=f"{month:%Y-%m}"):
        folder = settings.data / "reports" / "group" / quote(region or ALL_STORES, safe="") / f"{month:%Y-%m}"
        paths = write_report(group_report(marts, region, month), out or folder, template or _template())
        _open_to_readers(settings, paths, out)
    return paths


@dataclass
class Issued:
    """The outcome of issuing a month's reports, each by its store or as `group <region or all>`."""

    as_of: date
    state: str
    written: dict[str, list[Path]] = field(default_factory=dict)
    without_rows: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def require_all(self) -> None:
        """Raise ReportsFailed when one could not be written."""
        if self.failed:
            reasons = "\n".join(f"  {name}: {reason}" for name, reason in self.failed.items())
            raise ReportsFailed(
                f"{len(self.failed)} report(s) could not be written ({', '.join(self.failed)}), "
                f"{len(self.written)} were:\n{reasons}"
            )


def issue_month(settings: Settings, month: date, stores: Iterable[str] = ()) -> Issued:
    """Issue the reports of the named stores, else of every store, and the group views of each region and of all stores.

    All are of one published state. One that can't be written is listed in `failed` and stops no other; a store that is
    not named and has no row in the month gets no report. Raises NothingPublished or MonthNotOver.
    """
    named = [code.strip() for code in stores if code.strip()]
    with open_marts(settings) as marts:
        last_day = month.replace(day=calendar.monthrange(month.year, month.month)[1])
        if marts.as_of <= last_day:
            raise MonthNotOver(
                f"the published figures are as of {marts.as_of}, {month:%Y-%m} ends on {last_day}: "
                "see why `refresh` did not publish since, then issue the month's reports again"
            )
        issued = Issued(as_of=marts.as_of, state=f"{marts.published_at:%Y-%m-%d %H:%M:%S}")
        known = marts.rows("select store_code, region_code from dim_store order by store_code")
        for store in named or [row["store_code"] for row in known]:
            try:
                issued.written[store] = issue_store(settings, marts, store, month)
            except NothingToReport as error:
                if named:
                    issued.failed[store] = str(error)
                else:
                    issued.without_rows.append(store)
            except Exception as error:
                issued.failed[store] = _describe(error)
        regions = [] if named else sorted({row["region_code"] for row in known})
        for region in [] if named else ["", *(regions if len(regions) > 1 else [])]:
            name = f"group {region or ALL_STORES}"
            try:
                issued.written[name] = issue_group(settings, marts, region, month)
            except Exception as error:
                issued.failed[name] = _describe(error)
    return issued


def _describe(error: Exception) -> str:
    # A foreign error may quote a row.
    return str(error) if isinstance(error, ExpectedError) else f"{type(error).__name__}; see the log for the place"
