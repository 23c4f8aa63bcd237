"""Find the cells of a sheet that hold an error such as `#N/A`, which calamine returns as blank."""

import re
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

_BLOCK_BYTES = 1024 * 1024
_MARK = re.compile(rb"""\bt\s*=\s*["']e["']""")
# Bytes kept of the previous block, as a mark may lie across two blocks.
_OVERLAP = 32
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_WORKBOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_IDS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",  # of workbooks saved as "Strict Open XML"
)


def column_number(letters: str) -> int:
    """The number of a column from its letters: 1 for A."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _part_of(archive: ZipFile, sheet: str) -> str | None:
    """The name of the archive member that holds the sheet; None if it is not in its usual place."""
    if not {_WORKBOOK, _LINKS} <= {*archive.namelist()}:
        return None
    workbook = ElementTree.fromstring(archive.read(_WORKBOOK))
    links = ElementTree.fromstring(archive.read(_LINKS))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    wanted = (
        found.get(name) for found in workbook.findall(".//{*}sheet") if found.get("name") == sheet for name in _IDS
    )
    target = targets.get(next(filter(None, wanted), None), "")
    part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return part if part in archive.namelist() else None


def _has_mark(archive: ZipFile, part: str) -> bool:
    with archive.open(part) as file:
        before = b""
        while block := file.read(_BLOCK_BYTES):
            if _MARK.search(before + block):
                return True
            before = block[-_OVERLAP:]
    return False


def _read(archive: ZipFile, part: str) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    row = column = 0
    with archive.open(part) as file:
        for event, element in ElementTree.iterparse(file, ("start", "end")):
            tag = element.tag.rpartition("}")[2]
            if event == "start" and tag == "row":
                row, column = int(element.get("r") or row + 1), 0
            elif event == "end" and tag == "c":
                place = _REFERENCE.fullmatch(element.get("r") or "")
                column = column_number(place[1]) if place else column + 1
                if element.get("t") == "e":
                    found[int(place[2]) if place else row, column] = element.findtext("{*}v") or "#UNKNOWN!"
            elif event == "end" and tag == "row":
                element.clear()
    return found


def error_cells(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """The errors of a sheet by row and column, both counted from 1.

    Only a sheet that contains errors is parsed. Raises ParseError, ValueError or BadZipFile for a file that is not a
    workbook.
    """
    with ZipFile(path) as archive:
        part = _part_of(archive, sheet)
        return _read(archive, part) if part and _has_mark(archive, part) else {}
