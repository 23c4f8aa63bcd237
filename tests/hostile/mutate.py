"""Mutate files at random; each mutation is reproducible from its seed."""

import gzip
import io
import zipfile
from collections.abc import Callable
from random import Random

from tests.hostile.values import VALUES

Change = Callable[[Random, bytes], bytes]

_BYTES = (
    *(b"\x00", b'"', b'""', b"\r", b"\n", b"\r\n", b",", b";", b"\t", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\x80"),
    *(b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xb8", b"\x1a", b" ", b"=", b"'", b"\x81\x30\x81\x30"),
)
_XML = (
    *(b'<c t="e"><v>#N/A</v></c>', b'<c r="XFD1048576"><v>1</v></c>', b'<c r="ZZZZ9"><v>1</v></c>', b"<row r='0'>"),
    *(b'<c t="s"><v>99999999</v></c>', b'<c t="d"><v>0000-00-00</v></c>', b"<v>1e999</v>", b"<!DOCTYPE x>", b"&lol;"),
    *(b'<c r="A99999999999999999999"><v>1</v></c>', b"<c><v>1</v></c>" * 50, b"</row>", b"<is><t>x</t></is>", b"]]>"),
)


def _place(random: Random, content: bytes) -> int:
    return random.randrange(len(content) + 1)


def flip(random: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def insert(random: Random, content: bytes) -> bytes:
    at = _place(random, content)
    return content[:at] + random.choice(_BYTES) * random.choice((1, 1, 3)) + content[at:]


def delete(random: Random, content: bytes) -> bytes:
    at = _place(random, content)
    return content[:at] + content[at + random.choice((1, 2, 5, 50)) :]


def truncate(random: Random, content: bytes) -> bytes:
    return content[: _place(random, content)]


def splice(random: Random, content: bytes) -> bytes:
    start, at = _place(random, content), _place(random, content)
    piece = content[start : start + random.choice((1, 4, 40, 400))]
    return content[:at] + piece * random.choice((1, 1, 20)) + content[at:]


def swap_lines(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return random.choice((b"\n", b"\n", b"\r\n", b"\r")).join(lines)


def hostile_cell(random: Random, content: bytes) -> bytes:
    value = random.choice(VALUES).encode()
    pieces = content.split(b",")
    if len(pieces) < 2:
        return content + value
    pieces[random.randrange(len(pieces))] = value
    return b",".join(pieces)


def other_encoding(random: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    encoding = random.choice(("utf-16", "utf-16-be", "gb18030", "utf-8-sig", "big5", "latin-1", "utf-32", "shift-jis"))
    half = random.choice((0, len(text) // 2))
    return text[:half].encode() + text[half:].encode(encoding, "replace")


def long_line(random: Random, content: bytes) -> bytes:
    at = _place(random, content)
    return (
        content[:at]
        + random.choice((b"x", b",", b'"', b"\xe9\x95\xbf")) * random.choice((3_000, 400_000))
        + content[at:]
    )


def header_again(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    return b"\n".join((lines[0] + random.choice((b",", b";", b"\t")) + lines[0].rstrip(b"\r"), *lines[1:]))


BYTES: tuple[Change, ...] = (flip, insert, delete, truncate, splice)
TEXT: tuple[Change, ...] = (
    *BYTES,
    *(insert, insert, hostile_cell, hostile_cell, swap_lines, other_encoding, long_line, header_again),
)


def _several(random: Random, content: bytes, changes: tuple[Change, ...]) -> bytes:
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        content = random.choice(changes)(random, content)
    return content


def _inside_gzip(random: Random, content: bytes) -> bytes:
    return gzip.compress(_several(random, gzip.decompress(content), TEXT), 1, mtime=0)


def _xml_token(random: Random, content: bytes) -> bytes:
    at = content.find(b">", _place(random, content)) + 1
    return content[:at] + random.choice(_XML) + content[at:]


def _inside_zip(random: Random, content: bytes) -> bytes:
    source = zipfile.ZipFile(io.BytesIO(content))
    parts = {name: source.read(name) for name in source.namelist()}
    likely = [name for name in parts if "sheet1.xml" in name or "sharedStrings" in name]
    name = random.choice((*likely, *likely, *parts))
    parts[name] = _several(random, parts[name], (*BYTES, _xml_token, _xml_token, _xml_token))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part, text in parts.items():
            archive.writestr(zipfile.ZipInfo(part), text)
    return stream.getvalue()


def mutate(kind: str, content: bytes, seed: int) -> bytes:
    """The content of a file of this kind (see originals), mutated according to the seed."""
    random = Random(f"{kind} {seed}")
    if kind == "gzip" and random.random() < 0.7:
        return _inside_gzip(random, content)
    if kind == "xlsx" and random.random() < 0.8:
        return _inside_zip(random, content)
    if kind.startswith("csv"):
        return _several(random, content, TEXT)
    # Moving the bytes of a Parquet file would make it unreadable as a whole.
    return _several(random, content, (*BYTES, *[flip] * 12))
