"""Small files that unpack, or are declared, to be enormous."""

import gzip
import io
import itertools
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.originals import HEADER, csv_text

_SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%b</sheetData></worksheet>'
_PARTS = {
    "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/'
        b'workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.'
        b'openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/>'
        b"</sheets></workbook>"
    ),
    "xl/_rels/workbook.xml.rels": (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/'
        b'sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ),
}


def inline(text: bytes, reference: bytes = b"") -> bytes:
    place = b' r="' + reference + b'"' if reference else b""
    return b"<c" + place + b' t="inlineStr"><is><t>' + text + b"</t></is></c>"


def book(cells: bytes, shared: bytes = b"", before: bytes = b"") -> bytes:
    """A workbook with the header and then `cells`; `before` precedes the sheet's XML."""
    header = b"<row>" + b"".join(inline(name.encode()) for name in HEADER) + b"</row>"
    parts = _PARTS | {"xl/worksheets/sheet1.xml": before + _SHEET % (header + cells)}
    parts["xl/sharedStrings.xml"] = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%b</sst>' % shared
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 1)
    return stream.getvalue()


def _entities() -> bytes:
    names = [f"e{level}" for level in range(12)]
    nested = (f'<!ENTITY {name} "{("&" + below + ";") * 10}">' for below, name in itertools.pairwise(names))
    return f'<!DOCTYPE w [<!ENTITY e0 "lol">{"".join(nested)}]>'.encode()


def gzip_of(line: bytes, megabytes: int) -> bytes:
    """A gzip archive of the header and then `line` repeated: many small archives, concatenated."""
    block = gzip.compress(line * (1024 * 1024 // len(line)), mtime=0)
    return gzip.compress(csv_text().encode(), mtime=0) + block * megabytes


def parquet_of(rows: int, value: str, names: tuple[str, ...] = HEADER) -> bytes:
    """A Parquet file of identical rows."""
    stream = io.BytesIO()
    cells = pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int32()).fill_null(0), [value])
    pq.write_table(pa.table(dict.fromkeys(names, cells)), stream, compression="zstd")
    return stream.getvalue()


def nested_parquet(depth: int) -> bytes:
    """A Parquet file with a column of lists of lists of lists…"""
    array = pa.array([1])
    for _ in range(depth):
        array = pa.ListArray.from_arrays(pa.array([0, len(array)], pa.int32()), array)
    columns = {name: pa.array([cell]) for name, cell in zip(HEADER, csv_text().splitlines()[1].split(","), strict=True)}
    stream = io.BytesIO()
    pq.write_table(pa.table(columns | {"deep": array}), stream)
    return stream.getvalue()


def bombs() -> dict[str, tuple[str, bytes, str]]:
    """For each bomb: file ending, content, and text of the error."""
    rows = b'<row><c t="s"><v>0</v></c></row>'
    return {
        "gzip of rows": (
            "csv.gz",
            gzip_of(b"001,C1,complaint,phone,quality,normal,2026-04-01,,\n", 40),
            "unpacks to more",
        ),
        "gzip of one line": ("csv.gz", gzip_of(b"x", 40), "unpacks to more"),
        "a cell in the last corner": (
            "xlsx",
            book(b"<row>" + inline(b"x", b"XFD1048576") + b"</row>"),
            "its reader broke off",
        ),
        "a cell beyond the last corner": (
            "xlsx",
            book(b"<row>" + inline(b"x", b"ZZZZZZ9") + b"</row>"),
            "its reader broke off",
        ),
        "a row beyond all numbers": (
            "xlsx",
            book(b"<row>" + inline(b"x", b"A99999999999999999999") + b"</row>"),
            "its reader broke off",
        ),
        "one long text in many cells": (
            "xlsx",
            book(rows * 9000, b"<si><t>" + b"x" * 1_000_000 + b"</t></si>"),
            "its reader broke off",
        ),
        "entities of entities": ("xlsx", book(b"<row>" + inline(b"&e11;") + b"</row>", before=_entities()), "entity"),
        "an entity from outside": (
            "xlsx",
            book(
                b"<row>" + inline(b"&e;") + b"</row>",
                before=b'<!DOCTYPE w [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
            ),
            "entity",
        ),
        "rows beyond number": ("parquet", parquet_of(12_000_000, "x", HEADER[:1]), "claims 12,000,000 rows"),
        "one long text in many rows": ("parquet", parquet_of(200_000, "x" * 100_000), "memory"),
    }
