"""Convert text cells to the types of the contract, and state for each row why it can't be accepted.

Cleaning (trimming, compatibility forms, null spellings, enumerations, booleans) and the canonical spellings of
numbers and times use Arrow arrays; all other spellings use DuckDB SQL. docs/extracts.md lists the spellings.
"""

from dataclasses import dataclass
from functools import cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.contracts import Column, Contract
from dagster_project.contracts.contract import plain_name
from dagster_project.load.extract import REPEATED_HEADER, Chunk
from dagster_project.load.header import MatchedHeader

_NULLS = ("", "-", "NULL", "null", "Null", "N/A", "n/a")
# As typed and in full-width characters.
NULL_SPELLINGS = tuple(
    dict.fromkeys([*_NULLS, *("".join(chr(ord(c) + 0xFEE0) for c in spelling) for spelling in _NULLS)])
)
# What a spreadsheet shows where a formula has no value; CSV exports contain the same texts.
SPREADSHEET_ERRORS = (
    *("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!"),
    *("#GETTING_DATA", "#BLOCKED!", "#BUSY!", "#CONNECT!", "#EXTERNAL!", "#PYTHON!", "#UNKNOWN!"),
)
BOOLEANS = {"y": True, "1": True, "true": True, "是": True, "n": False, "0": False, "false": False, "否": False}

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.decimal128(18, 8),
    "date": pa.date32(),
    "month": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}

_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_MONEY = r"[+-]?¥?\s*[+-]?(([1-9][0-9]{0,2}(,[0-9]{3})+|[0-9]+)(\.[0-9]*)?|\.[0-9]+)"
_DATE = r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}|[0-9]{8}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日)"
_DATE_PARTS = r"^([0-9]{4})[-/年]?([0-9]{1,2})[-/月]?([0-9]{1,2})日?"
_MIDNIGHT = r"0?0:00(:00(\.0+)?)?"
_TIME = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"

# Spellings that Arrow casts to the same values as the SQL below, but faster; the digits surely fit the type.
_CANONICAL = {
    "integer": r"^-?[0-9]{1,18}$",
    "number": r"^-?[0-9]{1,10}(\.[0-9]{1,8})?$",
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(:[0-9]{2})?$",
}
# Arrow and DuckDB read it as 1 BC; databases write 0000-00-00 for a missing date.
_NO_YEAR = "0000"
_NO_TEXT = pa.scalar(None, pa.string())
_NO_NAME = pa.array([spelling.lower() for spelling in NULL_SPELLINGS])
# How many cells are examined to decide whether the cells of a column repeat.
_SAMPLE = 1000


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type of a column in the lake."""
    return ARROW_TYPES[column.type]


def lake_schema(contract: Contract) -> pa.Schema:
    """Columns of an accepted part: those of the contract, then the lineage of the row."""
    fields = [pa.field(column.name, arrow_type(column)) for column in contract.columns]
    return pa.schema(
        [
            *fields,
            pa.field("source_file", pa.string()),
            pa.field("source_path", pa.string()),
            pa.field("source_line", pa.int64()),
            pa.field("extract_at", pa.timestamp("us")),
            pa.field("unknown_columns", pa.string()),
            pa.field("row_masked", pa.string()),
        ]
    )


def _number_sql(text: str, sql_type: str) -> str:
    plain = f"replace(replace(regexp_replace({text}, '\\s', '', 'g'), '¥', ''), ',', '')"
    return (
        f"case when regexp_full_match({text}, '{_NUMBER}') then try_cast({text} as {sql_type})"
        f" when regexp_full_match({text}, '{_MONEY}') then try_cast({plain} as {sql_type}) end"
    )


def typed_sql(column: Column, text: str) -> str:
    """SQL that converts `text` (clean, not null) to the column's type; null where it can't be read."""
    if column.type == "integer":
        number, nearest = _number_sql(text, "decimal(38,8)"), _number_sql(text, "double")
        # The decimal keeps every digit of a long number, the double the fraction of a small one.
        is_whole = f"({number}) = trunc({number}) and ({nearest}) = trunc({nearest})"
        return f"case when {is_whole} and abs({number}) < 1e18 then try_cast(({number}) as bigint) end"
    if column.type == "number":
        return _number_sql(text, "decimal(18,8)")
    no_year = f"starts_with({text}, '{_NO_YEAR}')"
    if column.type == "month":
        return (
            f"case when {no_year} then null"
            f" when regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}') then try_cast({text} || '-01' as date) end"
        )
    dashed = f"regexp_replace({text}, '{_DATE_PARTS}', '\\1-\\2-\\3 ')"
    if column.type == "date":
        return (
            f"case when {no_year} then null"
            f" when regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') then try_cast({text} as date)"
            f" when regexp_full_match({text}, '{_DATE}(\\s+{_MIDNIGHT})?|.*日{_MIDNIGHT}')"
            f" and regexp_full_match({text}, '{_DATE}(\\s*{_MIDNIGHT})?')"
            f" then try_cast(regexp_extract({dashed}, '^[0-9]+-[0-9]+-[0-9]+') as date) end"
        )
    if column.type == "timestamp":
        canonical = "[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        spaced = f"regexp_replace({dashed}, '\\s+', ' ')"
        return (
            f"case when {no_year} then null"
            f" when regexp_full_match({text}, '{canonical}') then try_cast({text} as timestamp)"
            f" when regexp_full_match({text}, '{_DATE}(\\s+{_TIME})?') or regexp_full_match({text}, '.*日{_TIME}')"
            f" and regexp_full_match({text}, '{_DATE}{_TIME}')"
            f" then try_cast(trim({spaced}) as timestamp) end"
        )
    return text


def clean(column: Column, cells: pa.Array) -> pa.Array:
    """The cells trimmed, null spellings as null; all but columns of type *text* in compatibility form (NFKC)."""
    text = pc.utf8_trim_whitespace(cells)
    is_free = column.type == "string" and not column.is_code
    if not is_free and not pc.all(pc.string_is_ascii(text)).as_py():
        text = pc.utf8_trim_whitespace(pc.utf8_normalize(text, form="NFKC"))
    return _without(NULL_SPELLINGS, text)


def _without(unwanted: tuple[str, ...], texts: pa.Array) -> pa.Array:
    """The texts, with unwanted ones replaced by null."""
    found = pc.is_in(texts, pa.array(unwanted))
    return pc.if_else(found, _NO_TEXT, texts) if pc.any(found).as_py() else texts


def _translate(texts: pa.Array, values: dict, kind: pa.DataType) -> pa.Array:
    """The value of each text in `values` (keys in plain form); null where there is none."""
    encoded = pc.dictionary_encode(texts)
    found = [values.get(text.casefold()) for text in encoded.dictionary.to_pylist()]
    return pa.array(found, kind).take(encoded.indices)


def enum_values(column: Column) -> dict[str, str]:
    """Map the codes and labels of an enumeration, in plain form, to the code."""
    labels = {plain_name(label): code for code, label in column.enum.items()}
    return labels | {plain_name(code): code for code in column.enum}


@dataclass(frozen=True)
class TypedChunk:
    """Typed rows of a chunk in file order; `reasons` is null where a row is accepted.

    `faults` holds structural faults: the cells of such a row can't be interpreted.
    """

    columns: list[pa.Array]
    faults: pa.Array
    reasons: pa.Array


def _canonical(column: Column, text: pa.Array) -> pa.Array | None:
    """The values, if every text has the canonical spelling of the column's type; else None."""
    spelling = _CANONICAL.get(column.type)
    if spelling is None or not pc.all(pc.match_substring_regex(text, spelling), min_count=0).as_py():
        return None
    if column.type in ("date", "timestamp") and pc.any(pc.starts_with(text, _NO_YEAR)).as_py():
        return None
    try:
        return pc.cast(text, arrow_type(column))
    except pa.ArrowInvalid:
        return None


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    # One thread keeps the order of the rows.
    return duckdb.connect(config={"threads": 1})


def _values(column: Column, text: pa.Array) -> pa.Array:
    """The typed values of clean texts; null where a text can't be read."""
    if column.enum:
        return _translate(text, enum_values(column), pa.string())
    if column.type == "boolean":
        return _translate(text, BOOLEANS, pa.bool_())
    if column.type == "string":
        may_be_error = pc.any(pc.starts_with(text, "#")).as_py()
        return _without(SPREADSHEET_ERRORS, text) if may_be_error else text
    plain = _canonical(column, text)
    if plain is not None:
        return plain
    with _engine().cursor() as connection:
        connection.register("cells", pa.table({"text": text}))
        values = connection.sql(f"select {typed_sql(column, 'text')} as value from cells").to_arrow_table()
    return values.column("value").combine_chunks().cast(arrow_type(column))


def _repeats(cells: pa.Array) -> bool:
    """Whether most cells are duplicates, judging by the first ones."""
    sample = cells[:_SAMPLE]
    return len(cells) > _SAMPLE and 2 * len(sample.unique()) < _SAMPLE


def _read(column: Column, cells: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The typed values of a column's cells (null where blank or unreadable), and which cells are blank."""
    if _repeats(cells):
        # Each distinct spelling is read once.
        encoded = cells.dictionary_encode("encode")
        return tuple(found.take(encoded.indices) for found in _read(column, encoded.dictionary))
    text = clean(column, cells)
    return _values(column, text), text.is_null()


def _as_header(cells: pa.Array) -> pa.Array:
    """Cells as headers are compared: compatibility forms, surrounding spaces and case ignored."""
    if not pc.all(pc.string_is_ascii(cells)).as_py():
        cells = pc.utf8_normalize(cells, form="NFKC")
    return pc.utf8_lower(pc.utf8_trim_whitespace(cells))


class CellReader:
    """Reads the chunks of one file according to its contract and matched header."""

    def __init__(self, contract: Contract, header: list[str], matched: MatchedHeader) -> None:
        self.contract = contract
        self.matched = matched
        # In most chunks the first cells compared show that no row is a header.
        columns = sorted((contract.column(name) for name in matched.positions), key=lambda column: not column.required)
        positions = [matched.positions[column.name] for column in columns]
        own = _as_header(pa.array([header[position] for position in positions], pa.string())).to_pylist()
        names = [pa.array([*column.headers, name]) for column, name in zip(columns, own, strict=True)]
        self._keys_first = list(zip(positions, names, strict=True))

    def _mark_repeated_headers(self, chunk: Chunk) -> pa.Array:
        """Faults of the chunk, with rows that only repeat the header marked.

        All cells of such a row that are not blank name their own column, as a header may: by any of its names.
        """
        candidates = pa.scalar(True)
        naming = pa.scalar(False)
        for position, names in self._keys_first:
            cells = _as_header(chunk.columns[position])
            is_name = pc.is_in(cells, names)
            candidates = pc.and_(candidates, pc.or_(is_name, pc.is_in(cells, _NO_NAME)))
            naming = pc.or_(naming, is_name)
            if not pc.any(candidates).as_py():
                return chunk.faults
        return pc.if_else(pc.and_(candidates, naming), pa.scalar(REPEATED_HEADER), chunk.faults)

    def _reasons(self, read: dict[str, tuple[pa.Array, pa.Array]], faults: pa.Array) -> pa.Array:
        """Why each row is rejected: its structural fault, else the reasons of all columns; null where accepted."""
        found: list[pa.Array] = []
        for name, (values, blank) in read.items():
            column = self.contract.column(name)
            if column.required and blank.true_count:
                found.append(pc.if_else(blank, f"missing:{name}", _NO_TEXT))
            if values.null_count > blank.true_count:
                reason = "unknown_value" if column.enum else f"unreadable_{column.type}"
                unreadable = pc.and_not(pc.is_null(values), blank)
                found.append(pc.if_else(unreadable, f"{reason}:{name}", _NO_TEXT))
        if not found:
            return faults
        reasons = found[0]
        for more in found[1:]:
            both = pc.binary_join_element_wise(reasons, more, "; ", null_handling="emit_null")
            reasons = pc.coalesce(both, reasons, more)
        return pc.coalesce(faults, reasons)

    def read(self, chunk: Chunk) -> TypedChunk:
        """The typed values of one chunk, and the reasons for rejecting rows."""
        faults = self._mark_repeated_headers(chunk)
        columns = [column for column in self.contract.columns if column.name in self.matched.positions]
        read = {c.name: _read(c, chunk.columns[self.matched.positions[c.name]]) for c in columns}
        typed = [
            read[column.name][0] if column.name in read else pa.nulls(len(chunk.lines), arrow_type(column))
            for column in self.contract.columns
        ]
        return TypedChunk(columns=typed, faults=faults, reasons=self._reasons(read, faults))
