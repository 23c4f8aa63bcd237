"""`aftersales load`: load new extracts of some datasets into the lake, and nothing else."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction

from dagster_project.settings import DUCKDB, SPARK, SettingsError, read_settings


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
    load: ArgumentParser = commands.add_parser(
        "load",
        help="load new extracts of some datasets into the lake, and nothing else",
        description=(
            "Load what is new in the landing folder into the lake. Several loaders may work on one lake at once, each "
            "on different datasets, as long as no run is active; the next `aftersales run` builds, checks and "
            "publishes. Load dms/stores first: rows of other datasets refer to its stores."
        ),
    )
    load.add_argument(
        "--dataset",
        metavar="SYSTEM/DATASET",
        action="append",
        default=[],
        help="dataset to load; may be given several times (default: all)",
    )
    load.add_argument("--landing", metavar="DIR", help="folder of the extracts (AFTERSALES_LANDING_DIR)")
    load.add_argument("--data", metavar="DIR", help="data folder (AFTERSALES_DATA_DIR, else data)")
    load.add_argument(
        "--engine",
        choices=(DUCKDB, SPARK),
        default=DUCKDB,
        help=f"{SPARK}: also register the loaded files as Iceberg tables",
    )
    load.add_argument("--quiet", action="store_true", help="print no progress")
    load.set_defaults(do=do)


def do(parsed: Namespace) -> int:
    """Load, and print the number of rows of each dataset."""
    from dagster_project.contracts import read_contracts
    from dagster_project.load.hash_key import read_hash_key
    from dagster_project.load.load import load_landing
    from dagster_project.privacy.forgotten import read_forgotten
    from dagster_project.run.lock import only_loader
    from dagster_project.run.log import run_log
    from dagster_project.run.refresh import new_run_id_of
    from dagster_project.sample_store import guard_sample
    from dagster_project.spark_server import require_libraries

    if parsed.engine == SPARK:
        require_libraries()
    contracts = read_contracts()
    if unknown := sorted(set(parsed.dataset) - contracts.keys()):
        raise SettingsError(f"no such dataset: {', '.join(unknown)}; choose from {', '.join(contracts)}")
    chosen = [contract for name, contract in contracts.items() if not parsed.dataset or name in parsed.dataset]
    settings = read_settings(landing=parsed.landing, data=parsed.data)
    guard_sample(settings)
    with only_loader(settings, [contract.name for contract in chosen]):
        hash_key = read_hash_key(settings.data)
        with run_log(settings, new_run_id_of(settings)):
            loads = load_landing(
                settings.landing,
                settings.lake,
                None if parsed.quiet else lambda message: print(message, file=sys.stderr, flush=True),
                forgotten=read_forgotten(settings.data, hash_key),
                contracts=chosen if parsed.dataset else None,
            )
            if parsed.engine == SPARK:
                from dagster_project.load.iceberg import open_catalog, register_iceberg

                register_iceberg(settings.lake, open_catalog(), hash_key)
    for load in loads:
        totals = f"{load.total('rows_parsed'):,} rows, {load.total('rows_rejected'):,} rejected"
        print(f"{load.contract.name}: {load.files_loaded} file(s) loaded now; in all {totals}")
    return 0
