"""`aftersales backup`: copy what can't be rebuilt."""

import os
from argparse import Namespace, _SubParsersAction
from pathlib import Path

from dagster_project.settings import read_settings, require_data


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
    backup = commands.add_parser(
        "backup",
        help="copy lake, key, published state, reports and Dagster's storage into a new folder",
        description=(
            "Write a complete backup below DIR, in a folder named by its time; unchanged files take no extra space. "
            "It holds personal data and the key: keep it as safe as the data folder. To restore, copy it back."
        ),
    )
    backup.add_argument("folder", metavar="DIR", type=Path, help="where backups are kept, preferably on another disk")
    backup.add_argument("--data", metavar="DIR", help="folder of the warehouse (AFTERSALES_DATA_DIR, else data)")
    backup.set_defaults(do=do)


def do(parsed: Namespace) -> int:
    """Back up, and print the folder and the sizes."""
    from dagster_project.run.log import new_run_id, run_log
    from dagster_project.upkeep.backup import back_up

    settings = read_settings(data=parsed.data)
    require_data(settings)
    home = os.environ.get("DAGSTER_HOME")
    with run_log(settings, new_run_id()):
        backup = back_up(settings, parsed.folder, Path(home) if home else None)
    print(f"{backup.folder}: {backup.files:,} files, {backup.bytes_copied / 1e6:,.1f} MB of them copied now")
    if os.environ.get("AFTERSALES_HASH_KEY"):
        print("AFTERSALES_HASH_KEY is set: the key is not in the backup, keep it elsewhere")
    return 0
