"""`aftersales run`: load, build, check, publish."""

import sys
import time
from argparse import Namespace, _SubParsersAction
from collections.abc import Callable
from dataclasses import replace

from dagster_project.settings import DUCKDB, SPARK, read_settings


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
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
    run.add_argument(
        "--engine",
        choices=(DUCKDB, SPARK),
        default=DUCKDB,
        help="where models are built and checked: this machine, or the Spark cluster of dbt's profile",
    )
    run.add_argument("--anew", action="store_true", help="full refresh: rebuild every model, even if nothing is new")
    run.add_argument(
        "--reload",
        metavar="SYSTEM/DATASET[:FILE]",
        action="append",
        default=[],
        help="read these files again even if unchanged, `*` for anything: dms/repair_orders:ro_202603*, *:*202603*",
    )
    run.add_argument("--quiet", action="store_true", help="print the summary only, no progress")
    run.set_defaults(do=do)


def _progress_since(started: float) -> Callable[[str], None]:
    def tell(message: str) -> None:
        print(f"{time.monotonic() - started:6.1f}s  {message}", file=sys.stderr, flush=True)

    return tell


def do(parsed: Namespace) -> int:
    """Refresh the warehouse and print the summary."""
    from dagster_project.commands.publish import to_postgres
    from dagster_project.publish.postgres.target import read_target
    from dagster_project.run.refresh import PublishingBlocked, refresh
    from dagster_project.run.summary import summarise, summarise_loads
    from dagster_project.sample_store import choose_sample, guard_sample
    from dagster_project.spark_server import require_libraries

    if parsed.engine == SPARK:
        require_libraries()
    started = time.monotonic()
    tell = _progress_since(started)
    settings = read_settings(landing=parsed.landing, data=parsed.data, as_of=parsed.as_of)
    settings = replace(choose_sample(settings, parsed.landing, parsed.as_of, tell), engine=parsed.engine)
    # Before the work: an unreadable URL is reported at once.
    postgres = read_target()
    guard_sample(settings)
    try:
        refreshed = refresh(settings, None if parsed.quiet else tell, parsed.reload, anew=parsed.anew)
    except PublishingBlocked:
        print(summarise_loads(settings))
        raise
    print(summarise(settings, refreshed, time.monotonic() - started))
    if postgres:
        print(to_postgres(settings, postgres, refreshed.run_id))
    return 0
