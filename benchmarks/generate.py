"""Write extracts of any size, as a group of stores would deliver them: `python -m benchmarks.generate --help`.

Every row is derived from its number by hashing (`macros.sql`), so extracts of the same size and seed are identical,
and a further day continues the history without reading the files before it.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

STARTS_ON = date(2025, 1, 1)
VISITS_A_STORE = 20_000
VEHICLES_A_VISIT = 0.44
REJECTED_SHARE = 0.001

SQL_DIR = Path(__file__).parent
EXTRACTS_DIR = SQL_DIR / "extracts"
# The base tables of the extracts, in the order in which they are built.
BASES = ("visits.sql", "calls.sql", "complaints.sql")


@dataclass(frozen=True)
class Size:
    """How much is written: repair orders of the whole history, its months, and the share of rows with each fault."""

    repair_orders: int
    months: int = 12
    seed: int = 1
    faults: float = 0.001

    @property
    def ends_on(self) -> date:
        """The first day after the history."""
        return _months_later(STARTS_ON, self.months)

    @property
    def as_of(self) -> date:
        """The business date on which the last extract of the history arrives."""
        return _sent_on(self.ends_on)


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)


def _sent_on(to_day: date) -> date:
    # A day after the last day that it covers: cars are delivered, and cases closed, by then.
    return to_day + timedelta(days=1)


def _months(size: Size) -> Iterator[tuple[date, date]]:
    for month in range(size.months):
        yield _months_later(STARTS_ON, month), _months_later(STARTS_ON, month + 1)


def _open(size: Size) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set enable_progress_bar = false")
    values = {
        "starts_on": STARTS_ON,
        "seed": size.seed,
        "faults": size.faults,
        "rejected": REJECTED_SHARE,
        "visits": size.repair_orders,
        "visits_a_day": size.repair_orders / (size.ends_on - STARTS_ON).days,
        "vehicles": max(int(size.repair_orders * VEHICLES_A_VISIT), 100),
        "stores": max(size.repair_orders // VISITS_A_STORE, 6),
    }
    _set(connection, values)
    connection.execute((SQL_DIR / "macros.sql").read_text(encoding="utf-8"))
    return connection


def _set(connection: duckdb.DuckDBPyConnection, values: dict[str, object]) -> None:
    for name, value in values.items():
        connection.execute(f"set variable {name} = ?", [value])


def _write_extracts(connection: duckdb.DuckDBPyConnection, landing: Path, from_day: date, to_day: date) -> list[Path]:
    """Write one file a dataset, of what happened from `from_day` until before `to_day`."""
    _set(connection, {"from_day": from_day, "to_day": to_day, "is_first": from_day == STARTS_ON})
    for base in BASES:
        connection.execute((SQL_DIR / base).read_text(encoding="utf-8"))
    written = []
    for query in sorted(EXTRACTS_DIR.glob("*/*.sql")):
        folder = landing / query.parent.name / query.stem
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{query.stem}_{_sent_on(to_day):%Y%m%d}.csv"
        rows = query.read_text(encoding="utf-8")
        connection.execute(f"copy ({rows}) to '{path}' (format csv, header, timestampformat '%Y-%m-%d %H:%M')")
        written.append(path)
    return written


def write_history(landing: Path, size: Size) -> list[Path]:
    """Write the whole history, one file a dataset and month; return the paths."""
    with _open(size) as connection:
        return [path for days in _months(size) for path in _write_extracts(connection, landing, *days)]


def write_day(landing: Path, size: Size, day: int = 1) -> list[Path]:
    """Write the extracts of the `day`-th day after the history; return the paths."""
    from_day = size.ends_on + timedelta(days=day - 1)
    with _open(size) as connection:
        return _write_extracts(connection, landing, from_day, from_day + timedelta(days=1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description="Write extracts of any size.")
    parser.add_argument("landing", type=Path, help="landing folder to write to")
    parser.add_argument("--repair-orders", type=int, default=1_000_000, help="of the whole history (1,000,000)")
    parser.add_argument("--months", type=int, default=12, help="months of history (12)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the rows (1)")
    parser.add_argument("--faults", type=float, default=0.001, help="share of rows with each planted fault (0.001)")
    parser.add_argument(
        "--day", type=int, metavar="N", help="write only the N-th day after a history of the same size and seed"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Write extracts, and print their number, size and cost."""
    parsed = _parser().parse_args(arguments)
    size = Size(parsed.repair_orders, parsed.months, parsed.seed, parsed.faults)
    started, used = time.monotonic(), time.process_time()
    paths = write_day(parsed.landing, size, parsed.day) if parsed.day else write_history(parsed.landing, size)
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    print(
        f"{len(paths)} files, {megabytes:.0f} MB in {time.monotonic() - started:.1f} s, "
        f"{time.process_time() - used:.1f} CPU s; the business date is {size.as_of + timedelta(days=parsed.day or 0)}"
    )


if __name__ == "__main__":
    main()
