"""The command line: `aftersales run`, `report`, `trace` and the others of `commands/`."""

import argparse
import sys
from collections.abc import Sequence

from dagster_project.access import private_by_default
from dagster_project.commands import failing, forget, publish, report, run, sample, trace
from dagster_project.error_details import keep_details
from dagster_project.errors import ExpectedError
from dagster_project.settings import read_settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aftersales",
        description="After-sales analytics warehouse: extracts in, checked and traceable figures out.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for command in (run, publish, report, trace, failing, forget, sample):
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed with its reason on stderr, 2 a trace differs."""
    private_by_default()
    parsed = _parser().parse_args(arguments)
    try:
        return parsed.do(parsed)
    except (ExpectedError, OSError) as error:
        print(f"aftersales: {error}", file=sys.stderr)
    except Exception as error:
        print(
            f"aftersales: {keep_details(read_settings(data=getattr(parsed, 'data', None)).lake, error)}",
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main())
