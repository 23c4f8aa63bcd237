"""Read a Parquet file into chunks of text cells, each row with its ordinal in the file."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.load.extract import Chunk, Extract, Quarantine, without_blank_rows
from dagster_project.load.header import HeaderMatcher
from dagster_project.settings import TIME_ZONE

_ROWS_A_CHUNK = 200_000
# Even identical rows take more space than this; a file with more rows is made to fill the lake.
_MOST_ROWS_A_BYTE = 20
_SURELY_NO_BOMB = 10_000_000
# Whole numbers up to here are exact as binary fractions.
_MAX_EXACT = 2.0**53
# What pyarrow raises for inconsistent files; column names that are not UTF-8 raise a ValueError.
_DAMAGED = (pa.ArrowException, OSError, ValueError, OverflowError)
_SHANGHAI_OFFSET_US = 8 * 3600 * 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Between these China had summer time in some years.
_SUMMER_TIME_US = tuple((datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND for year in (1919, 1992))


def _float_text(array: pa.Array) -> pa.Array:
    # pandas stores whole numbers with missing values as floats, and the missing values as NaN.
    text = pc.cast(pc.cast(array, pa.float32()) if pa.types.is_float16(array.type) else array, pa.string())
    array = pc.cast(array, pa.float64())
    is_whole = pc.and_(pc.equal(pc.trunc(array), array), pc.less_equal(pc.abs(array), _MAX_EXACT))
    whole = pc.cast(pc.if_else(is_whole, array, pa.scalar(None, pa.float64())), pa.int64())
    text = pc.if_else(pc.fill_null(is_whole, False), pc.cast(whole, pa.string()), text)
    return pc.if_else(pc.is_nan(array), pa.scalar(None, pa.string()), text)


def _decimal_text(array: pa.Array) -> pa.Array:
    # Whole numbers often have the type decimal(38, 10): a code has no fraction.
    text = pc.replace_substring_regex(pc.cast(array, pa.string()), r"^-?0E-[0-9]+$", "0")
    return pc.replace_substring_regex(text, r"\.0+$", "")


def _wall_clock(instants: pa.Array) -> pa.Array:
    """Microseconds of instants in UTC as the clocks of Asia/Shanghai show them."""
    shown = pc.add(instants, _SHANGHAI_OFFSET_US)
    old = pc.fill_null(pc.and_(pc.greater(instants, _SUMMER_TIME_US[0]), pc.less(instants, _SUMMER_TIME_US[1])), False)
    places = pc.indices_nonzero(old)
    if not len(places):
        return shown
    moments = [_EPOCH + instant * _MICROSECOND for instant in instants.take(places).to_pylist()]
    clocks = [moment.astimezone(TIME_ZONE).replace(tzinfo=UTC) - _EPOCH for moment in moments]
    return pc.replace_with_mask(shown, old, pa.array([clock // _MICROSECOND for clock in clocks]))


def _timestamp_text(array: pa.Array) -> pa.Array:
    micros = pc.cast(array, pa.timestamp("us", array.type.tz), safe=False)
    if array.type.tz is not None:
        micros = _wall_clock(pc.cast(micros, pa.int64()))
    return pc.cast(pc.cast(pc.cast(micros, pa.int64()), pa.timestamp("us")), pa.string())


def _nested_text(array: pa.Array) -> pa.Array:
    values = array.to_pylist()
    texts = ["" if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]
    return pa.array(texts, pa.string())


def column_text(array: pa.Array) -> pa.Array:
    """A typed column as the text that a CSV export would contain, nested values as JSON.

    Raises ArrowInvalid when text, or bytes that some systems write in place of text, are not UTF-8.
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_floating(kind):
        text = _float_text(array)
    elif pa.types.is_decimal(kind):
        text = _decimal_text(array)
    elif pa.types.is_timestamp(kind):
        text = _timestamp_text(array)
    elif pa.types.is_nested(kind):
        text = _nested_text(array)
    else:
        text = pc.cast(array, pa.string())
    text.validate(full=True)
    return pc.fill_null(text, "")


def _hex_text(array: pa.Array) -> pa.Array:
    return pa.array([(value or b"").hex() for value in array.cast(pa.binary()).to_pylist()], pa.string())


def _columns(batch: pa.RecordBatch, matcher: HeaderMatcher) -> list[pa.Array]:
    """The batch's columns as text; raises Quarantine for a column of the contract that can't be converted."""
    texts = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        is_known = matcher.count([name]) > 0
        if is_known and pa.types.is_nested(column.type):
            raise Quarantine(f"column {name!r} holds {column.type}, which is not a plain value: export it flat")
        try:
            texts.append(column_text(column))
        except pa.ArrowInvalid as error:
            if is_known or pa.types.is_nested(column.type):
                raise Quarantine(f"column {name!r} ({column.type}) is not UTF-8 text: export it as UTF-8") from error
            texts.append(_hex_text(column))
    return texts


def open_parquet(path: Path, matcher: HeaderMatcher) -> Extract:
    """Open a .parquet file; raises Quarantine when it is damaged."""
    if path.stat().st_size == 0:
        raise Quarantine("the file is empty")
    source = path.open("rb")
    try:
        # Legacy INT96 times, read in nanoseconds, would overflow after the year 2262.
        file = pq.ParquetFile(source, coerce_int96_timestamp_unit="us")
        header, rows = list(file.schema_arrow.names), file.metadata.num_rows
    except MemoryError:
        source.close()
        raise
    except _DAMAGED as error:
        source.close()
        raise Quarantine(f"the Parquet file is damaged ({error}): ask for the file again") from error
    if rows > max(_SURELY_NO_BOMB, _MOST_ROWS_A_BYTE * path.stat().st_size):
        source.close()
        raise Quarantine(f"the Parquet file claims {rows:,} rows in too few bytes: this is not an extract")

    def chunks() -> Iterator[Chunk]:
        first = 1
        try:
            for batch in file.iter_batches(batch_size=_ROWS_A_CHUNK):
                lines = np.arange(first, first + batch.num_rows, dtype=np.int64)
                first += batch.num_rows
                yield without_blank_rows(Chunk.of(pa.array(lines), _columns(batch, matcher)))
        except MemoryError:
            raise
        except _DAMAGED as error:
            raise Quarantine(f"the Parquet file is damaged ({error}): ask for the file again") from error
        finally:
            source.close()

    return Extract(header=header, encoding=None, chunks=chunks())
