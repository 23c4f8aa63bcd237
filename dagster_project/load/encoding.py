"""Open a CSV file as UTF-8 blocks of whole lines, whatever encoding it came in.

An encoding is believed only when the whole file decodes by it: UTF-16 and UTF-8 by their byte order
mark, else UTF-8, else GB18030. Latin-1 would decode anything into nonsense and is never tried.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dagster_project.load.extract import Quarantine

BLOCK_BYTES = 16 * 1024 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024

# A UTF-8 file with one broken byte must not be taken for GB18030: by chance, no GB18030 text
# holds this many continuation bytes of well-formed UTF-8 before its first malformed sequence.
_SURELY_UTF8 = 20
# Share of letters that Chinese text in GB18030 shows: those of GB 2312, whose second byte is not ASCII, and
# those of four bytes. Latin-1 shows hardly any, Big5 some 60%; a few letters may be rare names.
_LEAST_CHINESE_SHARE = 0.75
_LEAST_CHINESE_SHARE_OF_FEW = 0.3
_FEW_LETTERS = 20
# Extracts shrink to a tenth, repetitive ones to a fiftieth; gzip itself can do a thousandth.
_MOST_UNPACKED = 200
_SURELY_NO_BOMB = 256 * 1024 * 1024
# UTF-16 without its mark is full of NUL bytes; a stray one in a cell is none of that.
_MOST_NUL_BYTES = 0.05


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked when its name ends in .gz."""
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
                        f"the gzip archive unpacks to more than {_MOST_UNPACKED} times its size: this is no extract"
                    )
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Quarantine(f"the gzip archive is damaged ({error}): ask for the file again") from error


def _count_chinese(text: str) -> tuple[int, int]:
    """Number of letters that Chinese text in GB18030 shows, and of all letters that are not ASCII."""
    foreign = [character for character in text if ord(character) > 0x7F and character.isalpha()]
    encoded = [character.encode("gb18030") for character in foreign]
    chinese = sum(1 for code in encoded if len(code) == 4 or (0xB0 <= code[0] <= 0xF7 and code[1] >= 0xA1))
    return chinese, len(foreign)


def _check_utf8(path: Path) -> tuple[int, str] | None:
    """None when the file is UTF-8; else the multi-byte surplus decoded so far and where it is not."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    line = 1
    surplus = 0
    try:
        for block in _blocks(path):
            surplus += len(block) - len(decoder.decode(block))
            line += block.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        good = error.object[: error.start]
        surplus += len(good) - len(good.decode("utf-8"))
        column = error.start - (good.rfind(b"\n") + 1) + 1
        return surplus, f"line {line + good.count(bytes([10]))}, byte {column}"
    return None


def _check_decodes(path: Path, encoding: str, first: bytes) -> None:
    """Raise Quarantine unless the whole file, which begins with `first`, decodes by `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    chinese = foreign = 0
    try:
        for block in _blocks(path):
            text = decoder.decode(block)
            line += text.count("\n")
            if encoding == "gb18030" and foreign < 5000:
                more_chinese, more = _count_chinese(text[:200_000])
                chinese, foreign = chinese + more_chinese, foreign + more
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # The decoder names its byte order only before it met the mark.
        order = "utf-16-be" if first.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
        good = error.object[: error.start].decode(order if encoding == "utf-16" else encoding, "ignore")
        raise Quarantine(
            f"wrong encoding: in line {line + good.count(chr(10))} the text is not {encoding} ({error.reason}); "
            "save it as UTF-8 or GB18030"
        ) from error
    least = _LEAST_CHINESE_SHARE if foreign >= _FEW_LETTERS else _LEAST_CHINESE_SHARE_OF_FEW
    if foreign and chinese / foreign < least:
        raise Quarantine("wrong encoding: neither UTF-8 nor Chinese text in GB18030; save it as one of them")


def detect_encoding(path: Path) -> str:
    """The encoding of a CSV file: utf-8, utf-8-sig, utf-16 or gb18030.

    Reads the whole file. Raises Quarantine when it is empty, damaged, or in none of these.
    """
    first = next(_blocks(path), b"")
    if not first:
        raise Quarantine("the file is empty")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _check_decodes(path, "utf-16", first)
        return "utf-16"
    has_mark = first.startswith(codecs.BOM_UTF8)
    failure = _check_utf8(path)
    if failure is None:
        if first[:4096].count(b"\x00") > _MOST_NUL_BYTES * len(first[:4096]):
            raise Quarantine(
                "wrong encoding: NUL bytes (UTF-16 without a byte order mark?); save it as UTF-8 or GB18030"
            )
        return "utf-8-sig" if has_mark else "utf-8"
    surplus, where = failure
    if has_mark or surplus >= _SURELY_UTF8:
        raise Quarantine(f"wrong encoding: UTF-8 with a damaged byte at {where}; ask for the file again")
    _check_decodes(path, "gb18030", first)
    return "gb18030"


def utf8_blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """The file as UTF-8 blocks that end at the end of a line, line ends as `\\n`.

    Raises Quarantine for a line over 64 MB: such a file is no table.
    """
    decoder = None if encoding in ("utf-8", "utf-8-sig") else codecs.getincrementaldecoder(encoding)("strict")
    rest = b""
    old_mac: bool | None = None
    first = True
    for raw in _blocks(path):
        block = raw if decoder is None else decoder.decode(raw).encode("utf-8")
        if first:
            block = block.removeprefix(codecs.BOM_UTF8)
            first = False
        if old_mac is None and (b"\n" in block or b"\r" in block[:-1]):
            old_mac = b"\n" not in block
        block = rest + block
        held = b""
        if b"\r" in block:
            # A carriage return that ends the block may have its line feed in the next one.
            held = b"\r" if block.endswith(b"\r") else b""
            block = block[: len(block) - len(held)].replace(b"\r\n", b"\n")
        if old_mac:
            block = block.replace(b"\r", b"\n")
        cut = block.rfind(b"\n") + 1
        rest = block[cut:] + held
        if len(rest) > MAX_LINE_BYTES:
            raise Quarantine("a line is longer than 64 MB: this is not a table")
        if cut:
            yield block[:cut]
    if decoder is not None:
        rest += decoder.decode(b"", final=True).encode("utf-8")
    if rest:
        yield rest.replace(b"\r\n", b"\n").removesuffix(b"\r") + b"\n"
