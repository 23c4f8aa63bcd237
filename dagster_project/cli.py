"""The command line: `aftersales run`, `aftersales sample`, `aftersales report`."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dagster_project.load.lake import WarehouseBusy
from dagster_project.load.load import LandingError
from dagster_project.models.dbt_build import ModelError
from dagster_project.refresh import AlreadyRunning, PublishingBlocked, refresh
from dagster_project.reports.command import REPORT_ERRORS, add_report_command, write_reports
from dagster_project.sample_store import SampleMixed, choose_sample, guard_sample
from dagster_project.settings import Settings, SettingsError, read_settings
from dagster_project.summary import summarise

_EXPECTED_ERRORS = (
    SettingsError,
    LandingError,
    WarehouseBusy,
    ModelError,
    AlreadyRunning,
    PublishingBlocked,
    SampleMixed,
    *REPORT_ERRORS,
    OSError,
)


def _tell_since(started: float) -> Callable[[str], None]:
    def tell(message: str) -> None:
        print(f"{time.monotonic() - started:6.1f}s  {message}", file=sys.stderr, flush=True)

    return tell


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aftersales",
        description="After-sales analytics warehouse: extracts in, checked and traceable figures out.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    run = commands.add_parser(
        "run",
        help="load new extracts, build and test the marts, publish them",
        description=(
            "Load what is new in the landing folder, build and test the marts, publish them. "
            "Without a landing folder the sample store is written and used."
        ),
    )
    run.add_argument(
        "--landing",
        metavar="DIR",
        help="folder of the extracts, <system>/<dataset>/<file> (AFTERSALES_LANDING_DIR, else data/landing)",
    )
    run.add_argument("--data", metavar="DIR", help="folder for all that is written (AFTERSALES_DATA_DIR, else data)")
    run.add_argument(
        "--as-of", metavar="YYYY-MM-DD", help="business date (AFTERSALES_AS_OF, else today in Asia/Shanghai)"
    )
    run.add_argument("--quiet", action="store_true", help="print the summary only, no progress")

    sample = commands.add_parser("sample", help="write the extracts of the sample store group")
    sample.add_argument("folder", type=Path, help="landing folder to write to")

    add_report_command(commands)
    return parser


def _run(settings: Settings, quiet: bool) -> int:
    started = time.monotonic()
    tell = None if quiet else _tell_since(started)
    guard_sample(settings)
    refreshed = refresh(settings, tell)
    print(summarise(settings, refreshed, time.monotonic() - started))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed with its reason on stderr."""
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.command == "sample":
            from dagster_project.sample import write_sample

            for path in write_sample(parsed.folder.resolve()):
                print(path)
            return 0
        if parsed.command == "report":
            for path in write_reports(read_settings(data=parsed.data), parsed):
                print(path)
            return 0
        settings = read_settings(landing=parsed.landing, data=parsed.data, as_of=parsed.as_of)
        return _run(choose_sample(settings, parsed.landing, parsed.as_of, _tell_since(time.monotonic())), parsed.quiet)
    except _EXPECTED_ERRORS as error:
        print(f"aftersales: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
