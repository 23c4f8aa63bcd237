"""Write one landed file as a Parquet part of accepted rows and one of rejected rows.

Parts never change: they are written under a temporary name, then renamed.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.contracts import Contract
from dagster_project.errors import ExpectedError
from dagster_project.load.cells import CellReader, TypedChunk, lake_schema
from dagster_project.load.csv_file import open_csv
from dagster_project.load.extract import Chunk, Extract
from dagster_project.load.header import HeaderMatcher, MatchedHeader
from dagster_project.load.isolation import IsolatedReader
from dagster_project.load.landing import LandedFile
from dagster_project.load.manifest import join_names
from dagster_project.load.masking import RowMasker
from dagster_project.load.parquet_file import open_parquet
from dagster_project.load.xlsx_file import open_xlsx
from dagster_project.privacy.forgotten import Forgotten
from dagster_project.privacy.rows import RejectedRows, forget_accepted

REJECTED_SCHEMA = pa.schema(
    [
        pa.field("system", pa.string()),
        pa.field("dataset", pa.string()),
        pa.field("source_file", pa.string()),
        pa.field("source_path", pa.string()),
        pa.field("source_line", pa.int64()),
        pa.field("extract_at", pa.timestamp("us")),
        pa.field("store_code", pa.string()),
        pa.field("reasons", pa.string()),
        pa.field("row_raw", pa.string()),
        pa.field("row_masked", pa.string()),
    ]
)

# Columns whose distinct values take more are cheaper to write, and smaller, without a dictionary.
_DICTIONARY_BYTES = 16 * 1024

Progress = Callable[[int], None]


@dataclass(frozen=True)
class LoadedRows:
    """The result of reading one file, by the names of an `Entry`: encoding, row counts, header drift."""

    encoding: str | None
    rows_read: int
    rows_parsed: int
    rows_rejected: int
    short_rows: int
    unknown_columns: str
    missing_columns: str


_ISOLATED = {".xlsx": open_xlsx, ".parquet": open_parquet}


@contextmanager
def open_extract(file: LandedFile, matcher: HeaderMatcher, reader: IsolatedReader) -> Iterator[Extract]:
    """Open a landed file according to its extension; raises Quarantine when it is not a table of the dataset."""
    if file.extension in _ISOLATED:
        with reader.turn:
            yield reader.open(_ISOLATED[file.extension], file.path, matcher)
    else:
        yield open_csv(file.path, matcher)


class LakeError(ExpectedError, OSError):
    """The lake can't be written, which is not a fault of the file that is read."""


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        failed = LakeError(f"can't write {path}: {error.strerror or error}")
        # The number decides whether the step is retried: a network disk may answer again in a minute.
        failed.errno = error.errno
        raise failed from error


def _is_searched(field: pa.Field, key: Collection[str]) -> bool:
    """Whether to write a column's least and greatest values: costly for texts, where only files and keys need them."""
    return not pa.types.is_string(field.type) or field.name in ("source_file", "source_path", *key)


class _PartWriter:
    """A Parquet file that appears under its name only when it is complete."""

    def __init__(self, path: Path, schema: pa.Schema, key: Collection[str] = ()) -> None:
        self.path = path
        self.schema = schema
        self.temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.writer = pq.ParquetWriter(
                self.temporary,
                schema,
                compression="zstd",
                dictionary_pagesize_limit=_DICTIONARY_BYTES,
                write_statistics=[field.name for field in schema if _is_searched(field, key)],
            )
        self.rows = 0

    def write(self, columns: list[pa.Array]) -> None:
        if len(columns[0]):
            with _writing(self.path):
                self.writer.write_batch(pa.record_batch(columns, schema=self.schema))
            self.rows += len(columns[0])

    def finish(self) -> None:
        with _writing(self.path):
            self.writer.close()
            os.replace(self.temporary, self.path)

    def abandon(self) -> None:
        with suppress(OSError):
            self.writer.close()
        self.temporary.unlink(missing_ok=True)


class _FileLoader:
    """Writes the chunks of one file to its two parts."""

    def __init__(
        self,
        contract: Contract,
        file: LandedFile,
        source_path: str,
        known_stores: Collection[str],
        *,
        reader: IsolatedReader,
        forgotten: Forgotten | None,
    ) -> None:
        self.contract = contract
        self.forgotten = forgotten
        self.file = file
        self.source_path = source_path
        self.known_stores = pa.array(sorted(known_stores), pa.string())
        self.reader = reader

    def _origin(self, lines: pa.Array) -> list[pa.Array]:
        count = len(lines)
        return [
            pa.repeat(pa.scalar(self.file.name), count),
            pa.repeat(pa.scalar(self.source_path), count),
            lines,
            pa.repeat(pa.scalar(self.file.extract_at, pa.timestamp("us")), count),
        ]

    def _accepted(self, chunk: Chunk, typed: TypedChunk, matched: MatchedHeader, masker: RowMasker) -> list[pa.Array]:
        accepted = pc.is_null(typed.reasons)
        is_whole = typed.reasons.null_count == len(typed.reasons)
        columns = typed.columns if is_whole else [column.filter(accepted) for column in typed.columns]
        lines = chunk.lines.filter(accepted)
        unknown = pa.nulls(len(lines), pa.string())
        if matched.unknown:
            cells = {name: chunk.columns[p].filter(accepted).to_pylist() for p, name in matched.unknown.items()}
            rows = (dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True))
            unknown = pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.string())
        masked = pa.nulls(len(lines), pa.string())
        if self.contract.has_store:
            position = [column.name for column in self.contract.columns].index("store_code")
            stray = pc.invert(pc.is_in(columns[position], self.known_stores))
            if pc.any(stray).as_py():
                raw = [column.filter(accepted).filter(stray).to_pylist() for column in chunk.columns]
                shown = pa.array([masker.cells(cells) for cells in zip(*raw, strict=True)], pa.string())
                masked = pc.replace_with_mask(masked, stray, shown)
        columns = [*columns, *self._origin(lines), unknown, masked]
        if self.forgotten:
            named = dict(zip(lake_schema(self.contract).names, columns, strict=True))
            columns = [*forget_accepted(self.forgotten, self.contract, named)[0].values()]
        return columns

    def _rejected(self, chunk: Chunk, typed: TypedChunk, masker: RowMasker) -> list[pa.Array]:
        rejected = pc.is_valid(typed.reasons)
        lines = chunk.lines.filter(rejected)
        texts = chunk.texts.filter(rejected).to_pylist()
        cells = [column.filter(rejected).to_pylist() for column in chunk.columns]
        raws, masks = [], []
        for row, text in enumerate(texts):
            if text is None:
                values = [column[row] for column in cells]
                raws.append(json.dumps(dict(zip(masker.names, values, strict=True)), ensure_ascii=False))
                masks.append(masker.cells(values))
            else:
                raws.append(json.dumps({"line": text}, ensure_ascii=False))
                masks.append(masker.broken(text))
        names = [column.name for column in self.contract.columns]
        stores = pa.nulls(len(lines), pa.string())
        if self.contract.has_store:
            codes = pc.if_else(pc.is_null(typed.faults), typed.columns[names.index("store_code")], None)
            stores = codes.filter(rejected)
        columns = [
            pa.repeat(pa.scalar(self.contract.system), len(lines)),
            pa.repeat(pa.scalar(self.contract.dataset), len(lines)),
            *self._origin(lines),
            stores,
            typed.reasons.filter(rejected),
            pa.array(raws, pa.string()),
            pa.array(masks, pa.string()),
        ]
        if self.forgotten:
            named = dict(zip(REJECTED_SCHEMA.names, columns, strict=True))
            columns = [*RejectedRows(self.forgotten, self.contract).forget(named)[0].values()]
        return columns

    def load(self, accepted_path: Path, rejected_path: Path, progress: Progress) -> LoadedRows:
        matcher = HeaderMatcher(self.contract)
        with open_extract(self.file, matcher, self.reader) as extract:
            return self._load(extract, matcher.match(extract.header), accepted_path, rejected_path, progress)

    def _load(
        self, extract: Extract, matched: MatchedHeader, accepted_path: Path, rejected_path: Path, progress: Progress
    ) -> LoadedRows:
        masker = RowMasker(self.contract, extract.header, matched)
        cells = CellReader(self.contract, extract.header, matched)
        accepted = _PartWriter(accepted_path, lake_schema(self.contract), self.contract.key)
        rejected = _PartWriter(rejected_path, REJECTED_SCHEMA)
        rows_read = 0
        try:
            for chunk in extract.chunks:
                if not len(chunk.lines):
                    continue
                rows_read += len(chunk.lines)
                typed = cells.read(chunk)
                accepted.write(self._accepted(chunk, typed, matched, masker))
                if typed.reasons.null_count < len(typed.reasons):
                    rejected.write(self._rejected(chunk, typed, masker))
                progress(rows_read)
            accepted.finish()
            rejected.finish()
        except BaseException:
            accepted.abandon()
            rejected.abandon()
            raise
        return LoadedRows(
            encoding=extract.encoding,
            rows_read=rows_read,
            rows_parsed=accepted.rows,
            rows_rejected=rejected.rows,
            short_rows=extract.short_rows,
            unknown_columns=join_names(matched.unknown.values()),
            missing_columns=join_names(matched.missing),
        )


def load_file(
    contract: Contract,
    file: LandedFile,
    source_path: str,
    known_stores: Collection[str],
    reader: IsolatedReader,
    *,
    accepted_path: Path,
    rejected_path: Path,
    progress: Progress,
    forgotten: Forgotten | None = None,
) -> LoadedRows:
    """Load one landed file into its two parts, without the personal data of people in `forgotten`.

    `source_path` is the file's path below the landing folder; `progress` is called with the number of rows read so far.
    Raises Quarantine when the file is not a table of the dataset, LakeError when a part can't be written; no part is
    left behind then.
    """
    loader = _FileLoader(contract, file, source_path, known_stores, reader=reader, forgotten=forgotten)
    return loader.load(accepted_path, rejected_path, progress)
