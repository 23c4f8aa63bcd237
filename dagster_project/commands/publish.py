"""`aftersales publish`: export the last published state to Postgres, CSV files or a workbook."""

from argparse import Namespace, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

from dagster_project.errors import OptionsRefused
from dagster_project.publish.postgres.target import VARIABLE, PostgresError, PostgresTarget, read_target
from dagster_project.settings import Settings, read_settings, require_data


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
    publish = commands.add_parser(
        "publish",
        help="export the last published marts: Postgres, CSV, XLSX",
        description="Export the last published marts; each target is replaced as a whole or not at all.",
    )
    publish.add_argument("--data", metavar="DIR", help="data folder of the runs (AFTERSALES_DATA_DIR, else data)")
    publish.add_argument(
        "--postgres",
        metavar="URL",
        nargs="?",
        const="",
        help=f"load all tables into this database; without a URL, into that of {VARIABLE}",
    )
    publish.add_argument("--csv", metavar="DIR", type=Path, help="replace this folder by one CSV file a table")
    publish.add_argument("--xlsx", metavar="FILE", type=Path, help="write one workbook, a sheet a table")
    publish.add_argument(
        "--tables",
        metavar="A,B",
        default="",
        help="for CSV and XLSX: these tables; default: those with figures, and the names of stores, items and KPIs",
    )
    publish.set_defaults(do=do)


def to_postgres(settings: Settings, target: PostgresTarget, run_id: str) -> str:
    """Publish to Postgres, logged under the run's id; returns a line on what it holds now."""
    from dagster_project.models.dbt_build import target_path
    from dagster_project.publish.postgres.load import publish_postgres
    from dagster_project.run.log import run_log

    with run_log(settings, run_id):
        rows = publish_postgres(settings.published, target_path(settings) / "manifest.json", target)
    return f"Postgres: {len(rows)} tables, {sum(rows.values()):,} rows in schema {target.schema}"


def publish_on(settings: Settings, parsed: Namespace) -> Iterator[str]:
    """Export to the targets that the options name; yields a line on what each holds now."""
    from dagster_project.publish.csv_files import export_csv
    from dagster_project.publish.state import NothingPublished
    from dagster_project.publish.workbook import export_xlsx
    from dagster_project.run.log import new_run_id

    tables = [name.strip() for name in parsed.tables.split(",") if name.strip()]
    target = read_target(url=parsed.postgres) if parsed.postgres is not None else None
    if parsed.postgres is not None and target is None:
        raise PostgresError(f"which Postgres? Give a URL, or set {VARIABLE}")
    if not (target or parsed.csv or parsed.xlsx):
        raise NothingPublished("nothing to do: give --postgres, --csv or --xlsx")
    if tables and not (parsed.csv or parsed.xlsx):
        raise OptionsRefused("--tables chooses what --csv and --xlsx hold; Postgres gets all tables: leave it out")
    if parsed.csv:
        rows = export_csv(settings.published, parsed.csv, tables)
        yield f"CSV: {len(rows)} files, {sum(rows.values()):,} rows in {parsed.csv}"
    if parsed.xlsx:
        rows = export_xlsx(settings.published, parsed.xlsx, tables)
        yield f"XLSX: {len(rows)} tables, {sum(rows.values()):,} rows in {parsed.xlsx}"
    if target:
        require_data(settings)
        yield to_postgres(settings, target, new_run_id())


def do(parsed: Namespace) -> int:
    """Export, and print what each target holds now."""
    for done in publish_on(read_settings(data=parsed.data), parsed):
        print(done)
    return 0
