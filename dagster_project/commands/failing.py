"""`aftersales failing`: list every row that fails a check."""

import atexit
import os
import sys
from argparse import Namespace, _SubParsersAction
from pathlib import Path

from dagster_project.settings import read_settings


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
    failing = commands.add_parser(
        "failing",
        help="write every row that fails a check, as CSV",
        description=(
            "Write every row that failed a check in the last run, as CSV: key, file, line and the columns that the "
            "check concerns, without personal data."
        ),
    )
    failing.add_argument("--dataset", required=True, metavar="SYSTEM/DATASET", help="for example dms/repair_orders")
    failing.add_argument("--check", required=True, metavar="NAME", help="name of the check, as in the quality report")
    failing.add_argument("--out", type=Path, metavar="FILE.csv", help="file to write (else standard output)")
    failing.add_argument("--data", metavar="DIR", help="folder of the installation (AFTERSALES_DATA_DIR, else data)")
    failing.set_defaults(do=do)


def _leave() -> None:
    # Skips the interpreter's clean-up: after checks, DuckDB's bindings report leaks there that are not ours.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def do(parsed: Namespace) -> int:
    """Write the rows, and their number to standard error."""
    from dagster_project.checks.failing import NoSuchRows, find_check, write_failing_file, write_failing_rows
    from dagster_project.run.lock import only_run

    settings = read_settings(data=parsed.data)
    suite = find_check(parsed.dataset, parsed.check)
    if not settings.warehouse.exists():
        raise NoSuchRows(f"nothing was checked in {settings.data} yet: run `aftersales run`")
    with only_run(settings):
        if parsed.out is None:
            listed = write_failing_rows(settings, suite, parsed.check, sys.stdout)
            sys.stdout.flush()
        else:
            listed = write_failing_file(settings, suite, parsed.check, parsed.out)
    result = listed.result
    print(f"{listed.rows} rows fail {parsed.dataset} {parsed.check}, run {result.run_id}", file=sys.stderr)
    if listed.rows != result.failed:
        print(f"the run counted {result.failed}: the data was rebuilt since and is not checked yet", file=sys.stderr)
    atexit.register(_leave)
    return 0
