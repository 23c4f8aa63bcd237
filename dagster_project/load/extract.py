"""What every reader of a file format hands on: a header and chunks of text cells."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.load.masking import mask_text

MAX_CELL_CHARACTERS = 1_000_000
_LONGEST_MESSAGE = 500

TOO_MANY_FIELDS = "too_many_fields"
UNCLOSED_QUOTE = "unclosed_quote"
CELL_TOO_LONG = "cell_too_long"
REPEATED_HEADER = "repeated_header"


class Quarantine(Exception):
    """The file can't be read as an extract; the message says why, where, and what to do."""


def on_one_line(text: str) -> str:
    """A message that may quote the file: one line of characters that are seen, no phone or plate, not too long."""
    shown = mask_text("".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split())))
    return shown if len(shown) <= _LONGEST_MESSAGE else f"{shown[:_LONGEST_MESSAGE]}…"


@dataclass(frozen=True)
class Chunk:
    """Some rows of an extract, in file order.

    `lines` is where each row begins (line of a text file, row of a sheet or of a Parquet file);
    `faults` the structural fault of a row or null; `texts` the whole row as it came where it has
    a fault; `columns` the cells as text, one array a header cell.
    """

    lines: pa.Array
    faults: pa.Array
    texts: pa.Array
    columns: list[pa.Array]

    @staticmethod
    def of(lines: pa.Array, columns: list[pa.Array]) -> "Chunk":
        """A chunk of whole rows; the only fault they can have is a cell that is too long."""
        nothing = faults = pa.nulls(len(lines), pa.string())
        for column in columns:
            # Bytes are at least characters, and cheap to count.
            if (pc.max(pc.binary_length(column)).as_py() or 0) > MAX_CELL_CHARACTERS:
                too_long = pc.greater(pc.utf8_length(column), MAX_CELL_CHARACTERS)
                faults = pc.if_else(too_long, CELL_TOO_LONG, faults)
        return Chunk(lines=lines, faults=faults, texts=nothing, columns=columns)


def without_blank_rows(chunk: Chunk) -> Chunk:
    """The chunk less the rows whose cells are all blank: such a row is no row."""
    filled = np.zeros(len(chunk.lines), bool)
    for column in chunk.columns:
        filled |= pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False)
        if filled.all():
            return chunk
    kept = pa.array(filled)
    return Chunk(
        lines=chunk.lines.filter(kept),
        faults=chunk.faults.filter(kept),
        texts=chunk.texts.filter(kept),
        columns=[column.filter(kept) for column in chunk.columns],
    )


@dataclass
class Extract:
    """A file opened for reading; `short_rows` counts, as chunks are read, rows with missing cells."""

    header: list[str]
    encoding: str | None
    chunks: Iterator[Chunk]
    short_rows: int = field(default=0)
