"""The command line: `aftersales run`, `aftersales sample`, `aftersales failing`."""

import argparse
import atexit
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dagster_project.checks.failing import NoSuchRows, find_check, write_failing_file, write_failing_rows
from dagster_project.load.lake import WarehouseBusy
from dagster_project.load.load import LandingError
from dagster_project.models.dbt_build import ModelError
from dagster_project.refresh import AlreadyRunning, PublishingBlocked, only_run, refresh
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
    NoSuchRows,
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

    failing = commands.add_parser(
        "failing",
        help="write every row that fails a check, as CSV",
        description=(
            "Write every row that failed a check in the last run, as CSV: key, file, line and what the check is about, "
            "without personal data."
        ),
    )
    failing.add_argument("--dataset", required=True, metavar="SYSTEM/DATASET", help="for example dms/repair_orders")
    failing.add_argument(
        "--check", required=True, metavar="NAME", help="name of the check, as the quality report has it"
    )
    failing.add_argument("--out", type=Path, metavar="FILE.csv", help="file to write (else standard output)")
    failing.add_argument("--data", metavar="DIR", help="folder of the installation (AFTERSALES_DATA_DIR, else data)")
    return parser


def _leave() -> None:
    # Without the interpreter's clean-up: after checks DuckDB's bindings report leaks there that are none of ours.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _failing(settings: Settings, dataset: str, check_name: str, out: Path | None) -> int:
    suite = find_check(dataset, check_name)
    if not settings.warehouse.exists():
        raise NoSuchRows(f"nothing was checked in {settings.data} yet: run `aftersales run`")
    with only_run(settings):
        if out is None:
            listed = write_failing_rows(settings, suite, check_name, sys.stdout)
            sys.stdout.flush()
        else:
            listed = write_failing_file(settings, suite, check_name, out)
    atexit.register(_leave)
    result = listed.result
    print(f"{listed.rows} rows fail {dataset} {check_name}, run {result.run_id}", file=sys.stderr)
    if listed.rows != result.failed:
        print(f"the run counted {result.failed}: what was built since is not checked yet", file=sys.stderr)
    return 0


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
        if parsed.command == "failing":
            return _failing(read_settings(data=parsed.data), parsed.dataset, parsed.check, parsed.out)
        settings = read_settings(landing=parsed.landing, data=parsed.data, as_of=parsed.as_of)
        return _run(choose_sample(settings, parsed.landing, parsed.as_of, _tell_since(time.monotonic())), parsed.quiet)
    except _EXPECTED_ERRORS as error:
        print(f"aftersales: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
