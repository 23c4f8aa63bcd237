"""What must hold for a loaded folder, whatever its files contain."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

from dagster_project.contracts import read_contracts
from dagster_project.load.dataset import load_dataset
from dagster_project.load.manifest import LOADED, QUARANTINED, Entry
from dagster_project.settings import PROJECT_DIR
from tests.reference.columns import DATASETS
from tests.reference.reading import Quarantined, read_csv

STORES = frozenset({"001", "002"})


class Broken(AssertionError):
    """An invariant did not hold; the message names the file."""


@dataclass
class Counts:
    """Counts of what was tried."""

    files: int = 0
    loaded: int = 0
    quarantined: int = 0
    rows: int = 0
    rejected: int = 0
    compared: int = 0
    errors: set[str] = field(default_factory=set)


@cache
def documented_errors() -> re.Pattern[str]:
    """How the error of a quarantined file may begin, according to the table in docs/extracts.md."""
    page = (PROJECT_DIR / "docs" / "extracts.md").read_text(encoding="utf-8")
    section = page.split("## Quarantined files")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    begins = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    return re.compile("|".join(re.escape(text).replace("…", ".+?") for text in begins), re.DOTALL)


def _expect(holds: object, path: Path, what: str) -> None:
    if not holds:
        raise Broken(f"{path}: {what}")


def _lines(folder: Path, part: str | None) -> list[int]:
    assert part is not None
    return pq.read_table(folder / part, columns=["source_line"]).column("source_line").to_pylist()


def _check_loaded(path: Path, entry: Entry, folder: Path) -> None:
    accepted, rejected = _lines(folder, entry.accepted_part), _lines(folder, entry.rejected_part)
    counts = (entry.rows_read, entry.rows_parsed, entry.rows_rejected)
    _expect(entry.rows_read == len(accepted) + len(rejected), path, f"rows are lost: {counts}")
    _expect(
        (entry.rows_parsed, entry.rows_rejected) == (len(accepted), len(rejected)), path, f"counts are wrong: {counts}"
    )
    _expect(len({*accepted, *rejected}) == entry.rows_read, path, "two rows have the same line number")
    _expect(accepted == sorted(accepted) and rejected == sorted(rejected), path, "lines are out of order")


def _check_quarantined(path: Path, entry: Entry) -> None:
    error = entry.error or ""
    _expect("report it with the file" not in error, path, f"an internal error: {error}")
    _expect(documented_errors().match(error), path, f"not in docs/extracts.md: {error}")
    _expect(len(error) < 700 and error.isprintable(), path, f"an error that can't be shown on a line: {error!r}")


def _reference_rows(content: bytes, dataset: str) -> dict[int, bool] | None:
    """Line numbers of the rows as a plain reader sees them, and whether each is valid; None if it can't be decided."""
    if b"\r" in content.replace(b"\r\n", b"").replace(b"\r\0\n\0", b""):
        # With one kind of line end inside cells and another between rows, readers count lines differently.
        return None
    try:
        file = read_csv(content, DATASETS[dataset])
    except (Quarantined, UnicodeError):
        return None
    return {row.line: not row.problems for row in file.rows}


def check_folder(dataset: str, landing: Path, lake: Path, counts: Counts) -> None:
    """Load the dataset's folder and check every file of it; raises Broken, or any error that escapes the loader."""
    contract = read_contracts()[dataset]
    load = load_dataset(contract, landing, lake, STORES)
    folder = lake / dataset
    entries = {entry.source_path: entry for entry in load.entries}
    for path in sorted((landing / dataset).iterdir()):
        entry = entries.get(f"{dataset}/{path.name}")
        _expect(entry, path, "the manifest does not know it")
        assert entry is not None
        counts.files += 1
        if entry.status == LOADED:
            _check_loaded(path, entry, folder)
            counts.loaded += 1
            counts.rows += entry.rows_read
            counts.rejected += entry.rows_rejected
            if path.suffix == ".csv" and _same_as_reference(path, entry, folder, dataset):
                counts.compared += 1
        else:
            _expect(entry.status == QUARANTINED, path, f"status {entry.status}")
            _check_quarantined(path, entry)
            counts.quarantined += 1
            counts.errors.add(re.sub(r"[0-9]+|'[^']*'|\(.*?\)", "…", entry.error or "")[:60])
    _expect(not list(folder.rglob(".*.tmp")), folder, "temporary files are left")


def _same_as_reference(path: Path, entry: Entry, folder: Path, dataset: str) -> bool:
    rows = _reference_rows(path.read_bytes(), dataset)
    reasons = pq.read_table(folder / str(entry.rejected_part), columns=["reasons"]).column("reasons").to_pylist()
    # The loader treats a quote that swallows rows as never closed; a plain reader accepts it.
    if rows is None or "unclosed_quote" in reasons:
        return False
    lines = sorted([*_lines(folder, entry.accepted_part), *_lines(folder, entry.rejected_part)])
    _expect(lines == sorted(rows), path, f"rows of lines {lines}, a plain reader sees {sorted(rows)}")
    unsound = {line for line, sound in rows.items() if not sound}
    _expect(unsound <= set(_lines(folder, entry.rejected_part)), path, f"accepted although unsound: {unsound}")
    return True
