"""`aftersales sample`: write the invented store group's extracts."""

from argparse import Namespace, _SubParsersAction
from pathlib import Path


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
    sample = commands.add_parser("sample", help="write the extracts of the sample store group")
    sample.add_argument("folder", type=Path, help="landing folder to write to: new, empty or of an earlier sample")
    sample.set_defaults(do=do)


def do(parsed: Namespace) -> int:
    """Write the extracts and print their paths."""
    from dagster_project.sample import write_sample

    for path in write_sample(parsed.folder.resolve()):
        print(path)
    return 0
