"""Turn text cells into typed values by the contract, and say of each row why it can't be accepted.

Cleaning (trimming, compatibility forms, null spellings, enumerations, booleans) works on Arrow arrays,
reading numbers and times on DuckDB SQL. The spellings are those of docs/extracts.md.
"""

from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.contracts import Column, Contract
from dagster_project.load.extract import REPEATED_HEADER, Chunk
from dagster_project.load.header import MatchedHeader, plain_name

NULL_SPELLINGS = ("", "-", "NULL", "null", "Null", "N/A", "n/a")
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
_MONEY = r"[+-]?¥?\s*[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]*)?"
_DATE = r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}|[0-9]{8}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日)"
_DATE_PARTS = r"^([0-9]{4})[-/年]?([0-9]{1,2})[-/月]?([0-9]{1,2})日?"
_TIME = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"


def arrow_type(column: Column) -> pa.DataType:
    """The type a column has in the lake."""
    return ARROW_TYPES[column.type]


def lake_schema(contract: Contract) -> pa.Schema:
    """Columns of an accepted part: the contract's, then where the row came from."""
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
    """SQL that reads `text` (clean, not null) as the column's type, null where it can't be read."""
    if column.type == "integer":
        number = _number_sql(text, "decimal(18,8)")
        return f"case when ({number}) = trunc({number}) then cast(({number}) as bigint) end"
    if column.type == "number":
        return _number_sql(text, "decimal(18,8)")
    if column.type == "month":
        return (
            f"case when regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}') then try_cast({text} || '-01' as date) end"
        )
    dashed = f"regexp_replace({text}, '{_DATE_PARTS}', '\\1-\\2-\\3 ')"
    if column.type == "date":
        return (
            f"case when regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') then try_cast({text} as date)"
            f" when regexp_full_match({text}, '{_DATE}(\\s*0?0:00(:00(\\.0+)?)?)?')"
            f" then try_cast(regexp_extract({dashed}, '^[0-9]+-[0-9]+-[0-9]+') as date) end"
        )
    if column.type == "timestamp":
        canonical = "[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        spaced = f"regexp_replace({dashed}, '\\s+', ' ')"
        return (
            f"case when regexp_full_match({text}, '{canonical}') then try_cast({text} as timestamp)"
            f" when regexp_full_match({text}, '{_DATE}(\\s+{_TIME})?') or regexp_full_match({text}, '.*日{_TIME}')"
            f" and regexp_full_match({text}, '{_DATE}{_TIME}')"
            f" then try_cast(trim({spaced}) as timestamp) end"
        )
    return text


def clean(column: Column, cells: pa.Array) -> pa.Array:
    """Cells trimmed, codes and numbers in compatibility form, null spellings as null."""
    text = pc.utf8_trim_whitespace(cells)
    is_free = column.type == "string" and not column.is_code
    if not is_free and not pc.all(pc.string_is_ascii(text)).as_py():
        text = pc.utf8_trim_whitespace(pc.utf8_normalize(text, form="NFKC"))
    return pc.if_else(pc.is_in(text, pa.array(NULL_SPELLINGS)), pa.scalar(None, pa.string()), text)


def _translate(texts: pa.Array, values: dict, kind: pa.DataType) -> pa.Array:
    """Each text's value by `values` (keys in plain form), null where there is none."""
    encoded = pc.dictionary_encode(texts)
    found = [values.get(text.casefold()) for text in encoded.dictionary.to_pylist()]
    return pa.array(found, kind).take(encoded.indices)


def enum_values(column: Column) -> dict[str, str]:
    """Codes and labels of an enumeration in plain form, to their code."""
    labels = {plain_name(label): code for code, label in column.enum.items()}
    return labels | {plain_name(code): code for code in column.enum}


@dataclass(frozen=True)
class TypedChunk:
    """Typed rows of a chunk in file order; `reasons` is null where a row is accepted.

    `faults` are the structural ones: the cells of such a row mean nothing.
    """

    columns: list[pa.Array]
    faults: pa.Array
    reasons: pa.Array


class CellReader:
    """Reads the chunks of one file by its contract and matched header."""

    def __init__(self, contract: Contract, header: list[str], matched: MatchedHeader) -> None:
        self.contract = contract
        self.header = header
        self.matched = matched
        self._connection = duckdb.connect(config={"threads": 2})
        self._sql = self._build_sql()

    def close(self) -> None:
        """Release the in-memory engine."""
        self._connection.close()

    def _build_sql(self) -> str:
        selects: list[str] = []
        faulty = ["false"]
        reasons = ["null"]
        for column in self.contract.columns:
            name, text = column.name, f"text_{column.name}"
            is_translated = bool(column.enum) or column.type == "boolean"
            if name not in self.matched.positions:
                selects.append(f"null as {name}")
                continue
            typed = f"value_{name}" if is_translated else typed_sql(column, text)
            selects.append(f"{typed} as {name}")
            if column.required:
                faulty.append(f"{text} is null")
                reasons.append(f"case when {text} is null then 'missing:{name}' end")
            if is_translated or column.type != "string":
                reason = "unknown_value" if column.enum else f"unreadable_{column.type}"
                faulty.append(f"({text} is not null and {name} is null)")
                reasons.append(f"case when {text} is not null and {name} is null then '{reason}:{name}' end")
        columns = ", ".join(column.name for column in self.contract.columns)
        return (
            f"with typed as (select *, {', '.join(selects)} from cells) "
            f"select {columns}, case when fault is not null then fault "
            f"when {' or '.join(faulty)} then concat_ws('; ', {', '.join(reasons)}) end as reasons "
            "from typed order by row_index"
        )

    def _header_again(self, chunk: Chunk) -> pa.Array:
        """Faults of the chunk, with rows that only repeat the header marked."""
        candidates = None
        for position in self.matched.positions.values():
            same = pc.equal(
                pc.utf8_lower(pc.utf8_trim_whitespace(chunk.columns[position])),
                self.header[position].strip().lower(),
            )
            candidates = same if candidates is None else pc.and_(candidates, same)
            if not pc.any(candidates).as_py():
                return chunk.faults
        return pc.if_else(candidates, pa.scalar(REPEATED_HEADER), chunk.faults)

    def read(self, chunk: Chunk) -> TypedChunk:
        """Typed values and reasons of rejection of one chunk."""
        count = len(chunk.lines)
        faults = self._header_again(chunk)
        cells = {"row_index": pa.array(range(count), pa.int64()), "fault": faults}
        for column in self.contract.columns:
            position = self.matched.positions.get(column.name)
            if position is None:
                continue
            text = clean(column, chunk.columns[position])
            cells[f"text_{column.name}"] = text
            if column.enum:
                cells[f"value_{column.name}"] = _translate(text, enum_values(column), pa.string())
            elif column.type == "boolean":
                cells[f"value_{column.name}"] = _translate(text, BOOLEANS, pa.bool_())
        self._connection.register("cells", pa.table(cells))
        table = self._connection.sql(self._sql).to_arrow_table()
        self._connection.unregister("cells")
        columns = [
            table.column(column.name).combine_chunks().cast(arrow_type(column)) for column in self.contract.columns
        ]
        return TypedChunk(columns=columns, faults=faults, reasons=table.column("reasons").combine_chunks())
