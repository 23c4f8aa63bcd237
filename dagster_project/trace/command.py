"""`aftersales trace <mart> --<key> …`: the source rows of the figures in one row of a mart."""

import argparse
import csv
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

import duckdb

from dagster_project.commands.output import print_to_reader
from dagster_project.publish.open_state import DETAIL_PREFIXES
from dagster_project.reports.text import no_formula
from dagster_project.settings import read_settings
from dagster_project.trace.declarations import marts
from dagster_project.trace.explanation import Explained, explain
from dagster_project.trace.figures import Key
from dagster_project.trace.keys import TraceError, as_text, find_key, options_of
from dagster_project.trace.published import columns_of, key_of, open_published, published_marts
from dagster_project.trace.source_rows import SourceRow
from dagster_project.trace.text import render

ROWS_SHOWN = 10
# 2 is argparse's code of wrong usage.
DIFFERS = 3


def _parser(mart: str, key: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"aftersales trace {mart}",
        description=f"The source rows, file and line, of the figures in one row of {mart}. "
        "Each figure is recomputed from the rows listed; exit code 3 means that one differs.",
        allow_abbrev=False,
    )
    for column in key:
        parser.add_argument(*options_of(column), dest=f"key_{column}", metavar=column.upper())
    parser.add_argument("--measure", metavar="COLUMN", help="only this figure, and those it is computed from")
    parser.add_argument(
        "--limit", type=_limit, default=ROWS_SHOWN, metavar="N", help=f"rows shown per figure ({ROWS_SHOWN}); 0 for all"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every row to a CSV file")
    parser.add_argument("--data", metavar="DIR", help="data folder (AFTERSALES_DATA_DIR, else data)")
    return parser


def _limit(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rows; 0 is all")
    return int(text)


def data_option(arguments: Sequence[str]) -> str | None:
    """The data folder, which must be known before the options of the mart's key can be parsed."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--data")
    return parser.parse_known_args(arguments)[0].data


def trace(mart: str, arguments: Sequence[str], data: str | None) -> int:
    """Print the rows behind the figures; returns 0, or 3 when a figure differs from what they give.

    `data` is what the arguments name as the data folder, by `data_option`. Raises TraceError and NothingPublished.
    """
    with open_published(read_settings(data=data).published / "aftersales.duckdb") as connection:
        if mart.startswith(DETAIL_PREFIXES):
            raise TraceError(f"{mart} holds rows, not figures made of them: each fact names its file and line")
        _guard("mart", mart, [name for name in published_marts(connection) if name in marts()])
        if marts()[mart].see:
            raise TraceError(f"{mart} holds no figures computed from rows: {marts()[mart].see}")
        parsed = _parser(mart, key_of(mart)).parse_args(arguments)
        key = find_key(connection, mart, {column: getattr(parsed, f"key_{column}") for column in key_of(mart)})
        if parsed.measure:
            _guard("measure", parsed.measure, _measures(connection, mart))
        explained = explain(connection, mart, key, parsed.measure)
    text = render(mart, key, explained, parsed.limit or None)
    if parsed.csv:
        # Before printing: whoever reads the output may end it early.
        _write_csv(parsed.csv, mart, key, explained)
        text += f"\n{sum(len(measure.rows) for measure in explained):,} rows written to {parsed.csv}"
    print_to_reader(text)
    return 0 if all(measure.adds_up for measure in explained) else DIFFERS


def _measures(connection: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    return [column for column in columns_of(connection, mart) if column not in key_of(mart)]


def _guard(what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(names)}"
        raise TraceError(f"there is no {what} {name}; {hint}")


def _write_csv(path: Path, mart: str, key: Key, explained: list[Explained]) -> None:
    row_columns = [field.name for field in fields(SourceRow)]
    named = [as_text(value) for value in key.values()]
    # Excel recognises UTF-8 by its byte order mark.
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["mart", *(f"mart_{column}" for column in key), "measure", "value", *row_columns])
        for measure in explained:
            for row in measure.rows:
                cells = [mart, *named, measure.name, measure.value, *astuple(row)]
                writer.writerow(no_formula(cell) if isinstance(cell, str) else cell for cell in cells)
