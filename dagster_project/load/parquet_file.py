"""Read a Parquet file into chunks of text cells, each row with its ordinal in the file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.load.extract import Chunk, Extract, Quarantine, without_blank_rows

_ROWS_A_CHUNK = 200_000
_SHANGHAI_OFFSET_US = 8 * 3600 * 1_000_000


def _float_text(array: pa.Array) -> pa.Array:
    # pandas turns whole numbers with gaps into floats and gaps into NaN.
    array = pc.if_else(pc.is_nan(array), pa.scalar(None, pa.float64()), array)
    is_whole = pc.and_(pc.equal(pc.trunc(array), array), pc.less(pc.abs(array), 1e15))
    whole = pc.cast(pc.if_else(is_whole, array, pa.scalar(None, pa.float64())), pa.int64())
    return pc.if_else(pc.fill_null(is_whole, False), pc.cast(whole, pa.string()), pc.cast(array, pa.string()))


def _timestamp_text(array: pa.Array) -> pa.Array:
    micros = pc.cast(array, pa.timestamp("us", array.type.tz), safe=False)
    if array.type.tz is not None:
        # Instants are shown as the wall clock of Asia/Shanghai, which has no summer time.
        micros = pc.add(pc.cast(micros, pa.int64()), _SHANGHAI_OFFSET_US)
    return pc.cast(pc.cast(pc.cast(micros, pa.int64()), pa.timestamp("us")), pa.string())


def column_text(array: pa.Array) -> pa.Array:
    """A native column as the text a CSV export would hold; raises Quarantine for nested types."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if pa.types.is_floating(kind):
        text = _float_text(pc.cast(array, pa.float64()))
    elif pa.types.is_timestamp(kind):
        text = _timestamp_text(array)
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise Quarantine(f"a column holds {kind}, which is not a plain value")
    else:
        text = pc.cast(array, pa.string())
    return pc.fill_null(text, "")


def open_parquet(path: Path) -> Extract:
    """Open a .parquet file; raises Quarantine when it is damaged."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise Quarantine(f"the Parquet file is damaged ({error}): ask for the file again") from error

    def chunks() -> Iterator[Chunk]:
        first = 1
        try:
            for batch in file.iter_batches(batch_size=_ROWS_A_CHUNK):
                columns = [column_text(column) for column in batch.columns]
                lines = np.arange(first, first + batch.num_rows, dtype=np.int64)
                first += batch.num_rows
                yield without_blank_rows(Chunk.of(pa.array(lines), columns))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise Quarantine(f"the Parquet file is damaged ({error}): ask for the file again") from error
        finally:
            file.close()

    return Extract(header=list(file.schema_arrow.names), encoding=None, chunks=chunks())
