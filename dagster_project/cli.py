"""The command line: `aftersales run`, `report`, `trace` and the others of `commands/`."""

import argparse
import sys
from collections.abc import Sequence

from dagster_project.commands import backup, failing, forget, load, publish, report, run, sample, trace, verify
from dagster_project.commands.output import stop_printing
from dagster_project.errors import ExpectedError
from dagster_project.privacy.access import private_by_default
from dagster_project.privacy.error_details import keep_details
from dagster_project.settings import read_settings

# The exit code by which shells report that Ctrl-C ended a command.
_STOPPED = 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aftersales",
        description="After-sales analytics warehouse: extracts in, checked and traceable figures out.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for command in (run, load, publish, report, trace, failing, forget, verify, backup, sample):
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0: done; 1: failed, with its reason on stderr; 2: wrong usage; 3: a trace differs; 130: stopped by Ctrl-C.
    """
    private_by_default()
    parsed = _parser().parse_args(arguments)
    try:
        exit_code = parsed.do(parsed)
        sys.stdout.flush()
        return exit_code
    except BrokenPipeError:
        stop_printing()
        return 0
    except KeyboardInterrupt:
        print(
            "aftersales: stopped; the published state is unchanged, and the next run continues from here",
            file=sys.stderr,
        )
        return _STOPPED
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
