"""Open a CSV file as UTF-8 blocks of whole lines, whatever its encoding.

An encoding is accepted only if the whole file decodes with it. A byte order mark decides for UTF-16 or UTF-8; without
one, UTF-8 is tried, then GB18030. Latin-1 is never tried: it decodes any bytes, mostly into nonsense.
"""

import codecs
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dagster_project.load.extract import Quarantine

BLOCK_BYTES = 16 * 1024 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024

# A UTF-8 file with one broken byte must not be taken for GB18030. Read as UTF-8, a GB18030 text does not by chance
# hold this many different three-byte characters, as Chinese ones are, before its first malformed sequence. It can hold
# any number of two-byte ones: 鲁 and 女 in GB18030 are ³ and Ů in UTF-8.
_SURELY_UTF8 = 3
_LONG = re.compile(r"[\u0800-\U0010ffff]")
# How many characters of a block are searched: enough to find different ones.
_LOOKED_THROUGH = 64 * 1024
# Evidence that a file whose only non-ASCII characters have two bytes is UTF-8 and not GB18030: a Western letter in a
# word (Müller; alone it may be half of 郑梅), a sign beside a digit or after a letter (m³, ¥5, Maria·Lee), a byte that
# no common Chinese character ends with.
_WESTERN = re.compile(
    rb"(?<=[0-9A-Za-z])[\xc2\xc3][\x80-\xbf]|\xc3[\x80-\xbf](?=[0-9A-Za-z])|\xc2[\x80-\xbf](?=[0-9 .])"
    rb"|[\xc2-\xdf][\x80-\xa0]"
)
# The least share of non-ASCII letters whose second byte is not ASCII, or which have four bytes, in Chinese text in
# GB18030. Latin-1 text has hardly any such letters, Big5 text about 60%. A text of few letters may consist of rare
# names. Text with traditional characters may have fewer, but then many for which Big5 has no bytes.
_LEAST_CHINESE_SHARE = 0.75
_LEAST_CHINESE_SHARE_OF_FEW = 0.3
_FEW_LETTERS = 20
_LEAST_SHARE_BUT_BIG5 = 0.2
# gzip shrinks extracts to a tenth, repetitive ones to a fiftieth; at most it can reach a thousandth.
_MOST_UNPACKED = 200
_SURELY_NO_BOMB = 256 * 1024 * 1024
# UTF-16 without a byte order mark is full of NUL bytes; a single stray one in a cell is not.
_MOST_NUL_BYTES = 0.05


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, decompressed if its name ends in .gz."""
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _blocks(path: Path) -> Iterator[bytes]:
    size = 0
    largest = max(_SURELY_NO_BOMB, _MOST_UNPACKED * path.stat().st_size)
    try:
        with open_bytes(path) as file:
            while block := file.read(BLOCK_BYTES):
                size += len(block)
                if size > largest:
                    raise Quarantine(
                        f"the gzip archive unpacks to more than {_MOST_UNPACKED} times its size: this is not an extract"
                    )
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Quarantine(f"the gzip archive is damaged ({error}): ask for the file again") from error


def _count_chinese(text: str) -> Counter[str]:
    """Count non-ASCII letters: all, those typical of Chinese text in GB18030, and those of them that Big5 never has."""
    counts: Counter[str] = Counter()
    for character in text:
        if ord(character) > 0x7F and character.isalpha():
            first, second, *more = character.encode("gb18030")
            is_chinese = bool(more) or second >= 0x80
            counts["all"] += 1
            counts["chinese"] += is_chinese
            counts["not_big5"] += is_chinese and (bool(more) or first <= 0xA0 or second <= 0xA0)
    return counts


def _is_chinese(counts: Counter[str]) -> bool:
    least = _LEAST_CHINESE_SHARE if counts["all"] >= _FEW_LETTERS else _LEAST_CHINESE_SHARE_OF_FEW
    return counts["chinese"] >= least * counts["all"] or counts["not_big5"] >= _LEAST_SHARE_BUT_BIG5 * counts["all"]


class _NotUtf8(Exception):
    """Where the file is not UTF-8, and whether it certainly is UTF-8 with a damaged byte."""

    def __init__(self, where: str, *, is_damaged: bool) -> None:
        self.where = where
        self.is_damaged = is_damaged


def _check_utf8(path: Path) -> bool:
    """Whether all non-ASCII characters of the file, of which there are some, have two bytes.

    Raises _NotUtf8 for a file that is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    line = 1
    is_ascii = True
    long: set[str] = set()
    try:
        for block in _blocks(path):
            text = decoder.decode(block)
            if not text.isascii():
                is_ascii = False
                long.update(_LONG.findall(text, 0, _LOOKED_THROUGH))
                if not long and (first := _LONG.search(text)):
                    long.add(first[0])
            line += block.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        good = error.object[: error.start]
        long.update(_LONG.findall(good.decode("utf-8")))
        column = error.start - (good.rfind(b"\n") + 1) + 1
        where = f"line {line + good.count(bytes([10]))}, byte {column}"
        raise _NotUtf8(where, is_damaged=len(long) >= _SURELY_UTF8) from None
    return not (is_ascii or long)


def _is_short_chinese(path: Path) -> bool:
    """Whether a file whose non-ASCII characters all have two bytes in UTF-8 is rather Chinese text in GB18030."""
    return not any(_WESTERN.search(block) for block in utf8_blocks(path, "utf-8"))


def _check_decodes(path: Path, encoding: str, first: bytes) -> None:
    """Raise Quarantine unless the whole file, whose first block is `first`, decodes with `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    counts: Counter[str] = Counter()
    try:
        for block in _blocks(path):
            text = decoder.decode(block)
            line += text.count("\n")
            if encoding == "gb18030" and counts["all"] < 5000:
                counts += _count_chinese(text[:200_000])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # The bytes before the error need not include the mark: the byte order is that of the file's beginning.
        order = "utf-16-be" if first.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
        good = error.object[: error.start].decode(order if encoding == "utf-16" else encoding, "ignore")
        raise Quarantine(
            f"wrong encoding: in line {line + good.count(chr(10))} the text is not {encoding} ({error.reason}); "
            "save it as UTF-8 or GB18030"
        ) from error
    if not _is_chinese(counts):
        raise Quarantine("wrong encoding: neither UTF-8 nor Chinese text in GB18030; save it as one of them")


def detect_encoding(path: Path) -> str:
    """The encoding of a CSV file: utf-8, utf-8-sig, utf-16 or gb18030.

    Reads the whole file. Raises Quarantine when it is empty, damaged, or in another encoding.
    """
    first = next(_blocks(path), b"")
    if not first:
        raise Quarantine("the file is empty")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _check_decodes(path, "utf-16", first)
        return "utf-16"
    has_mark = first.startswith(codecs.BOM_UTF8)
    try:
        only_of_two_bytes = _check_utf8(path)
    except _NotUtf8 as error:
        if has_mark or error.is_damaged:
            raise Quarantine(
                f"wrong encoding: UTF-8 with a damaged byte at {error.where}; ask for the file again"
            ) from None
        _check_decodes(path, "gb18030", first)
        return "gb18030"
    if first[:4096].count(b"\x00") > _MOST_NUL_BYTES * len(first[:4096]):
        raise Quarantine("wrong encoding: NUL bytes (UTF-16 without a byte order mark?); save it as UTF-8 or GB18030")
    if has_mark:
        return "utf-8-sig"
    return "gb18030" if only_of_two_bytes and _is_short_chinese(path) else "utf-8"


def _with_line_feeds(block: bytes) -> bytes:
    # Programs that write text twice as text make CR CR LF.
    return block.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")


def utf8_blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """The file as UTF-8 blocks of whole lines, with `\\n` as line ends.

    The last line is in the block of the line before it, whether it has an end or not. Raises Quarantine for a line
    longer than 64 MB: such a file is not a table.
    """
    decoder = None if encoding in ("utf-8", "utf-8-sig") else codecs.getincrementaldecoder(encoding)("strict")
    ready = rest = b""
    old_mac: bool | None = None
    first = True
    for raw in _blocks(path):
        block = raw if decoder is None else decoder.decode(raw).encode("utf-8")
        if first:
            block = block.removeprefix(codecs.BOM_UTF8)
            first = False
        block = rest + block
        if old_mac is None and (b"\n" in block or b"\r" in block[:-1]):
            old_mac = b"\n" not in block
        held = b""
        if b"\r" in block:
            # The line feed of a carriage return at the end of the block may begin the next one.
            held = block[len(block.rstrip(b"\r")) :]
            block = _with_line_feeds(block[: len(block) - len(held)])
        if old_mac:
            block = block.replace(b"\r", b"\n")
        cut = block.rfind(b"\n") + 1
        rest = block[cut:] + held
        if len(rest) > MAX_LINE_BYTES:
            raise Quarantine("a line is longer than 64 MB: this is not a table")
        if cut:
            if ready:
                yield ready
            ready = block[:cut]
    if decoder is not None:
        rest += decoder.decode(b"", final=True).encode("utf-8")
    if rest:
        rest = _with_line_feeds(rest)
        ready += (rest.replace(b"\r", b"\n") if old_mac else rest.rstrip(b"\r")) + b"\n"
    if ready:
        yield ready
