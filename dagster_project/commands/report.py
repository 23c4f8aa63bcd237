"""`aftersales report`: which report, of which month, written where."""

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from dagster_project.errors import OptionsRefused
from dagster_project.settings import Settings, read_settings, require_data


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
    subject.add_argument(
        "--all",
        action="store_true",
        help="every report that Dagster issues: of each store, each region and the group",
    )
    report.add_argument("--month", metavar="YYYY-MM", type=_month, required=True, help="month the report is about")
    report.add_argument("--out", metavar="DIR", type=Path, help="folder to write to instead")
    report.add_argument(
        "--template",
        metavar="FILE",
        type=Path,
        help="presentation (.pptx, .potx) whose master the slides use (AFTERSALES_REPORT_TEMPLATE, else built in)",
    )
    report.add_argument("--data", metavar="DIR", help="folder of the warehouse (AFTERSALES_DATA_DIR, else data)")
    report.set_defaults(do=do)


def do(parsed: argparse.Namespace) -> int:
    """Write the reports and print their paths."""
    if parsed.all and (parsed.out or parsed.template):
        raise OptionsRefused(
            "--all writes the reports that Dagster issues, into the data folder: leave out --out and --template "
            "(AFTERSALES_REPORT_TEMPLATE names a presentation for all of them)"
        )
    settings = read_settings(data=parsed.data)
    require_data(settings)
    for path in write_reports(settings, parsed):
        print(path)
    return 0


def write_reports(settings: Settings, parsed: argparse.Namespace) -> Iterator[Path]:
    """Write the reports asked for; raises NothingPublished, NothingToReport, BadTemplate or ReportsFailed."""
    # The chart libraries are large: other subcommands need not wait for them.
    from dagster_project.reports.issue import issue_group, issue_month, issue_store
    from dagster_project.reports.monthly.read import open_marts
    from dagster_project.run.log import new_run_id, run_log

    with run_log(settings, new_run_id()):
        if parsed.all:
            issued = issue_month(settings, parsed.month)
            yield from (path for paths in issued.written.values() for path in paths)
            issued.require_all()
            return
        with open_marts(settings) as marts:
            options = {"out": parsed.out, "template": parsed.template}
            if parsed.store is None:
                yield from issue_group(settings, marts, parsed.group, parsed.month, **options)
            else:
                yield from issue_store(settings, marts, parsed.store, parsed.month, **options)
