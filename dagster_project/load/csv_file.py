"""Read a CSV file into chunks of text cells, each row with the line it begins on.

Arrow splits ordinary blocks. Blocks with quoted line breaks, blank lines, rows of another width or over-long
cells are split here, record by record: line numbers stay exact, and a bad row costs that row alone.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from dagster_project.load.encoding import detect_encoding, utf8_blocks
from dagster_project.load.extract import (
    CELL_TOO_LONG,
    MAX_CELL_CHARACTERS,
    TOO_MANY_FIELDS,
    UNCLOSED_QUOTE,
    Chunk,
    Extract,
    Quarantine,
    without_blank_rows,
)
from dagster_project.load.header import HeaderMatcher

SEPARATORS = (",", ";", "\t")

# The header nearly always ends within these.
_HEAD_BYTES = 64 * 1024
# A quote that is still open after so many characters counts as never closed.
_MAX_RECORD_CHARACTERS = 32 * 1024 * 1024


def _opening_quote(line: str, start: int) -> int:
    """Where the quote of a cell is, which spaces may precede; -1 for a cell without."""
    at = start
    while line.startswith(" ", at):
        at += 1
    return at if line.startswith('"', at) else -1


def split_record(
    lines: Sequence[str], start: int, separator: str, at_end: bool, width: int = 0
) -> tuple[list[str], int] | None:
    """Split the record that begins at `lines[start]`.

    Returns its cells and the number of lines it spans: 0 when its quote is never closed (the only cell is then the
    raw line). Returns None when more lines are needed to decide; `at_end` says that there are no more. A quote also
    counts as never closed when a line inside it is clearly a row: `width` cells, the first one equal to
    the record's, if that ends on its line.
    """
    line = lines[start]
    if '"' not in line:
        return line.split(separator), 1
    first_cell = ""
    cells: list[str] = []
    used = 1
    position = 0
    while True:
        first_cell = line[:position] if len(cells) == used == 1 else first_cell
        opening = _opening_quote(line, position)
        if opening < 0:
            end = line.find(separator, position)
            if end < 0:
                cells.append(line[position:])
                return cells, used
            cells.append(line[position:end])
            position = end + 1
            continue
        parts: list[str] = []
        position = opening + 1
        size = 0
        while True:
            quote = line.find('"', position)
            if quote >= 0:
                parts.append(line[position:quote])
                if line.startswith('""', quote):
                    parts.append('"')
                    position = quote + 2
                    continue
                position = quote + 1
                break
            parts.append(line[position:])
            size += len(line)
            if start + used >= len(lines) and not at_end and size <= _MAX_RECORD_CHARACTERS:
                return None
            line = lines[start + used] if start + used < len(lines) else ""
            is_row = bool(first_cell) and line.startswith(first_cell) and line.count(separator) == width - 1
            if start + used >= len(lines) or size > _MAX_RECORD_CHARACTERS or is_row:
                return [lines[start]], 0
            parts.append("\n")
            used += 1
            position = 0
        end = line.find(separator, position)
        end = len(line) if end < 0 else end
        if line[position:end].strip():
            # Text after a closing quote: part of the cell if that is on one line, a sign of a stray quote if not.
            if used > 1:
                return [lines[start]], 0
            parts.append(line[position:end])
        cells.append("".join(parts))
        if end == len(line):
            return cells, used
        position = end + 1


class _RowBuilder:
    """Collects the rows of a block that Arrow can't split."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[int] = []
        self.faults: list[str | None] = []
        self.texts: list[str | None] = []
        self.rows: list[list[str]] = []
        self.short_rows = 0

    def add(self, line: int, cells: list[str], fault: str | None, text: str | None) -> None:
        self.lines.append(line)
        self.faults.append(fault)
        self.texts.append(text)
        if fault:
            cells = []
        elif len(cells) < self.width:
            self.short_rows += 1
        self.rows.append((cells + [""] * (self.width - len(cells)))[: self.width])

    def chunk(self) -> Chunk:
        columns = zip(*self.rows, strict=True) if self.rows else [()] * self.width
        return Chunk(
            lines=pa.array(self.lines, pa.int64()),
            faults=pa.array(self.faults, pa.string()),
            texts=pa.array(self.texts, pa.string()),
            columns=[pa.array(cells, pa.string()) for cells in columns],
        )


class _CsvReader:
    """Splits the blocks of one file; holds back the lines of a record that ends in the next block."""

    def __init__(self, separator: str, width: int, first_line: int, extract: Extract) -> None:
        self.separator = separator
        # Arrow would take a quote after spaces for a character of the cell.
        self.spaced_quote = re.compile(rb"(?:^|[\n" + separator.encode() + rb']) +"')
        self.width = width
        self.line = first_line
        self.extract = extract
        self.held: list[str] = []

    def _is_unusual(self, block: bytes, octets: np.ndarray, ends: np.ndarray) -> bool:
        """Whether Arrow would misread the block: lone returns, NUL, byte order marks, spaces before quotes."""
        if b"\r" in block or b"\x00" in block:
            return True
        if (octets[ends[:-1] + 1] == codecs.BOM_UTF8[0]).any() and b"\n" + codecs.BOM_UTF8 in block:
            return True
        may_be_spaced = b'"' in block and b' "' in block
        return block.startswith(codecs.BOM_UTF8) or (may_be_spaced and bool(self.spaced_quote.search(block)))

    def plain(self, block: bytes) -> Chunk | None:
        """The block split by Arrow; None when it must be split record by record."""
        octets = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(octets == 0x0A)
        count = len(ends)
        longest = int(np.diff(ends, prepend=-1).max()) if count else 0
        if self.held or self.width < 2 or longest > MAX_CELL_CHARACTERS or self._is_unusual(block, octets, ends):
            return None
        odd_rows = []

        def skip(row: pyarrow.csv.InvalidRow) -> str:
            odd_rows.append(row.actual_columns)
            return "skip"

        names = [str(index) for index in range(self.width)]
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(block),
                read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=len(block) + 1),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=self.separator,
                    newlines_in_values=b'"' in block,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip,
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return None
        if odd_rows or table.num_rows != count:
            return None
        columns = [column.combine_chunks() for column in table.columns]
        if count and columns[-1][-1].as_py().endswith("\n"):
            # Arrow silently closes a quote that is still open at the end of the block.
            return None
        lines = pa.array(np.arange(self.line, self.line + count, dtype=np.int64))
        self.line += count
        return without_blank_rows(Chunk.of(lines, columns))

    def exact(self, block: bytes, at_end: bool) -> Chunk:
        """The block split record by record."""
        # Files that were joined have a byte order mark before the first line of each.
        lines = self.held + [line.removeprefix("\ufeff") for line in block.decode("utf-8").split("\n")[:-1]]
        self.held = []
        rows = _RowBuilder(self.width)
        index = 0
        while index < len(lines):
            record = split_record(lines, index, self.separator, at_end, self.width)
            if record is None:
                self.held = lines[index:]
                break
            cells, used = record
            text = "\n".join(lines[index : index + max(used, 1)])
            fault = None
            if used == 0:
                fault, text = UNCLOSED_QUOTE, lines[index]
            elif any(cell.strip() for cell in cells[self.width :]):
                fault = TOO_MANY_FIELDS
            elif len(text) > MAX_CELL_CHARACTERS and max(map(len, cells)) > MAX_CELL_CHARACTERS:
                fault = CELL_TOO_LONG
            if fault or any(cell.strip() for cell in cells):
                rows.add(self.line + index, cells, fault, text if fault else None)
            index += max(used, 1)
        self.line += index
        self.extract.short_rows += rows.short_rows
        return rows.chunk()

    def chunks(self, blocks: Iterator[bytes]) -> Iterator[Chunk]:
        for block in blocks:
            chunk = self.plain(block) or self.exact(block, at_end=False)
            if len(chunk.lines):
                yield chunk
        if self.held:
            chunk = self.exact(b"", at_end=True)
            if len(chunk.lines):
                yield chunk


def _is_blank(line: str) -> bool:
    """Whether all cells of the line are blank; an odd number of quotes means that a cell continues on the next line."""
    return not line.strip(' "\t,;\ufeff\u3000\r') and line.count('"') % 2 == 0


def _read_header(block: bytes, matcher: HeaderMatcher, *, at_end: bool) -> tuple[list[str], str, int, int] | None:
    """Header cells, separator, lines before the data, and bytes before the data.

    None when more lines are needed to decide; `at_end` says that there are no more.
    """
    lines = block.decode("utf-8").split("\n")
    start = next((index for index, line in enumerate(lines) if not _is_blank(line)), None)
    if start is None and at_end:
        raise Quarantine("the file is empty")
    if start is None:
        return None
    best: tuple[int, int, list[str], str, int] | None = None
    for separator in SEPARATORS:
        record = split_record(lines[:-1], start, separator, at_end)
        if record is None:
            return None
        cells, used = record
        if used == 0:
            continue
        score = (matcher.count(cells), len(cells))
        if best is None or score > best[:2]:
            best = (*score, cells, separator, used)
    if best is None:
        raise Quarantine(f"line {start + 1}: the header has a quote that is never closed")
    _, _, cells, separator, used = best
    if any("\r" in cell for cell in cells):
        raise Quarantine(f"line {start + 1}: a carriage return in the header: save the file with one kind of line end")
    end = start + used
    return cells, separator, end, len("\n".join(lines[:end]).encode("utf-8")) + 1


def _rows_from(path: Path, encoding: str, start: int) -> Iterator[bytes]:
    """The file's blocks, from byte `start` of the first one on."""
    blocks = utf8_blocks(path, encoding)
    if rest := next(blocks, b"")[start:]:
        yield rest
    yield from blocks


def _width(header: Sequence[str], chunks: Iterator[Chunk]) -> int:
    """The number of columns up to the last with a name or a value: many programs end each line with separators."""
    width = max((place for place, cell in enumerate(header, start=1) if cell.strip()), default=1)
    for chunk in chunks:
        for place in range(width, len(header)):
            if pc.any(pc.not_equal(pc.utf8_trim_whitespace(chunk.columns[place]), "")).as_py():
                width = place + 1
    return width


def open_csv(path: Path, matcher: HeaderMatcher) -> Extract:
    """Open a .csv or .csv.gz file; raises Quarantine when it is not a table of this dataset."""
    encoding = detect_encoding(path)
    first = next(utf8_blocks(path, encoding), b"")
    if not first.strip():
        raise Quarantine("the file is empty")
    head = first[: first.rfind(b"\n", 0, _HEAD_BYTES) + 1]
    found = _read_header(head, matcher, at_end=False) or _read_header(first, matcher, at_end=True)
    assert found is not None
    header, separator, lines_before, bytes_before = found

    def opened(header: list[str]) -> Extract:
        extract = Extract(header=header, encoding=encoding.removesuffix("-sig"), chunks=iter(()))
        reader = _CsvReader(separator, len(header), lines_before + 1, extract)
        extract.chunks = reader.chunks(_rows_from(path, encoding, bytes_before))
        return extract

    if header[-1].strip():
        return opened(header)
    return opened(header[: _width(header, opened(header).chunks)])
