"""A preview of a dataset: a few rows without personal data."""

from pathlib import Path

import pyarrow.parquet as pq

from dagster_project.contracts import Contract
from dagster_project.load.manifest import read_manifest
from dagster_project.load.masking import mask_text

_ROWS = 5


def preview(lake: Path, contract: Contract) -> str:
    """The first rows of the newest part as a Markdown table, without the personal columns."""
    folder = lake / contract.system / contract.dataset
    entries = [entry for entry in read_manifest(folder).values() if entry.accepted_part and entry.rows_parsed]
    if not entries:
        return "no rows"
    newest = max(entries, key=lambda entry: (entry.extract_at, entry.source_file))
    names = [column.name for column in contract.columns if not column.personal]
    batch = next(pq.ParquetFile(folder / str(newest.accepted_part)).iter_batches(_ROWS, columns=names))
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for row in batch.to_pylist():
        texts = ("" if row[name] is None else mask_text(str(row[name])) for name in names)
        cells = (" ".join(text.split()).replace("|", "\\|") for text in texts)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
