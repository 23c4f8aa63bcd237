"""What every file reader returns: a header and chunks of text cells."""

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
    """The file can't be read as an extract; the message says why, where, and what to do about it."""


def on_one_line(text: str) -> str:
    """A message that may quote the file, made safe: one line, printable, phones and plates masked, not too long."""
    shown = mask_text("".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split())))
    return shown if len(shown) <= _LONGEST_MESSAGE else f"{shown[:_LONGEST_MESSAGE]}…"


@dataclass(frozen=True)
class Chunk:
    """Some rows of an extract, in file order.

    `lines` says where each row begins (line of a text file, row of a sheet or of a Parquet file); `faults` holds a
    row's structural fault or null; `texts` the whole raw row where a text file has a faulty one; `columns` the cells
    as text, one array per header cell.
    """

    lines: pa.Array
    faults: pa.Array
    texts: pa.Array
    columns: list[pa.Array]

    @staticmethod
    def of(lines: pa.Array, columns: list[pa.Array]) -> "Chunk":
        """A chunk of complete rows; their only possible fault is a cell that is too long."""
        nothing = faults = pa.nulls(len(lines), pa.string())
        for column in columns:
            # A text has at least as many bytes as characters, and bytes are cheap to count.
            if (pc.max(pc.binary_length(column)).as_py() or 0) > MAX_CELL_CHARACTERS:
                too_long = pc.greater(pc.utf8_length(column), MAX_CELL_CHARACTERS)
                faults = pc.if_else(too_long, CELL_TOO_LONG, faults)
        return Chunk(lines=lines, faults=faults, texts=nothing, columns=columns)


def without_blank_rows(chunk: Chunk) -> Chunk:
    """The chunk without the rows whose cells are all blank, which are not counted as rows."""
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
    """A file opened for reading; `short_rows` counts the rows with missing cells among the chunks read so far."""

    header: list[str]
    encoding: str | None
    chunks: Iterator[Chunk]
    short_rows: int = field(default=0)
