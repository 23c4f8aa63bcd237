"""`aftersales report`: which report, of which month, written where."""

import argparse
import os
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

from dagster_project.settings import TIME_ZONE, Settings, read_settings


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month; write it as YYYY-MM") from None


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the subcommand."""
    report = commands.add_parser(
        "report",
        help="write the monthly report of a store, or the stores of a group side by side",
        description=(
            "Write the report of one month from the published marts, as HTML, PPTX and XLSX. Files go to "
            "<data>/reports/monthly/<store>/<YYYY-MM>/, or <data>/reports/group/<region or all>/<YYYY-MM>/; "
            "their paths are printed. A report written before is replaced."
        ),
        epilog="examples: aftersales report --store S001 --month 2025-10; aftersales report --group 01 --month 2025-10",
    )
    subject = report.add_mutually_exclusive_group(required=True)
    subject.add_argument("--store", metavar="CODE", help="code of the store, as in dms/stores")
    subject.add_argument(
        "--group",
        metavar="REGION",
        nargs="?",
        const="",
        help="code or name of the region whose stores are compared; all stores when left out",
    )
    report.add_argument("--month", metavar="YYYY-MM", type=_month, required=True, help="month the report is about")
    report.add_argument("--out", metavar="DIR", type=Path, help="folder to write to instead")
    report.add_argument(
        "--template",
        metavar="FILE",
        type=Path,
        help="presentation (.pptx, .potx) whose master the slides take (AFTERSALES_REPORT_TEMPLATE, else the house's)",
    )
    report.add_argument("--data", metavar="DIR", help="folder of the warehouse (AFTERSALES_DATA_DIR, else data)")
    report.set_defaults(do=do)


def do(parsed: argparse.Namespace) -> int:
    """Write the reports and print their paths."""
    for path in write_reports(read_settings(data=parsed.data), parsed):
        print(path)
    return 0


def write_reports(settings: Settings, parsed: argparse.Namespace) -> list[Path]:
    """Write what the options ask for; raises NothingPublished, NothingToReport or BadTemplate."""
    # Drawing charts loads much; other subcommands don't wait for it.
    from dagster_project.access import open_to_readers
    from dagster_project.reports.group.report import group_report
    from dagster_project.reports.monthly.read import open_marts
    from dagster_project.reports.monthly.report import store_report
    from dagster_project.reports.monthly.write import write_report
    from dagster_project.reports.reported_months import record_reported

    reports, month = settings.data / "reports", f"{parsed.month:%Y-%m}"
    with open_marts(settings) as marts:
        if parsed.store is None:
            report = group_report(marts, parsed.group, parsed.month)
            folder = reports / "group" / quote(parsed.group or "all", safe="") / month
        else:
            report = store_report(marts, parsed.store, parsed.month)
            folder = reports / "monthly" / quote(parsed.store, safe="") / month
    template = parsed.template or os.environ.get("AFTERSALES_REPORT_TEMPLATE")
    paths = write_report(report, parsed.out or folder, Path(template) if template else None)
    for path in paths:
        open_to_readers(path, None if parsed.out else reports)
    if parsed.store is not None:
        issued_at = datetime.now(TIME_ZONE).replace(tzinfo=None)
        record_reported(settings.lake, parsed.store, parsed.month, issued_at)
    return paths
