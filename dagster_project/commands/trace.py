"""`aftersales trace`: the source rows of a figure. Its options are the keys of the mart that is named."""

import argparse
from argparse import Namespace, _SubParsersAction


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
    trace = commands.add_parser(
        "trace",
        help="list the source rows, file and line, that a published figure was made from",
        description="List the source rows, file and line, that the figures in one row of a mart were made from: "
        "`aftersales trace first_fix_store_monthly --store S001 --month 2025-10`.",
    )
    trace.add_argument("mart", help="a published mart; `aftersales trace MART --help` shows its keys")
    trace.add_argument("arguments", nargs=argparse.REMAINDER, metavar="--KEY VALUE …", help="which row of the mart")
    trace.set_defaults(do=do)


def do(parsed: Namespace) -> int:
    """Print the rows; returns 3 when they do not add up to the figure."""
    from dagster_project.trace.command import data_option, trace

    # Known to the command line, too: the details of an unexpected error are kept in that folder.
    parsed.data = data_option(parsed.arguments)
    return trace(parsed.mart, parsed.arguments, parsed.data)
