"""Mask personal data in raw rows, which reports show to the owners who correct them."""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dagster_project.contracts import Contract
from dagster_project.contracts.personal import KINDS

if TYPE_CHECKING:
    from dagster_project.load.header import MatchedHeader

MASK = "***"

# Building blocks of Chinese mobile numbers and number plates, which may have strayed into any cell.
_DIGIT, _LETTER, _END = "[0-9０-９]", "[A-Za-zＡ-Ｚａ-ｚ]", "[A-Za-zＡ-Ｚａ-ｚ挂学警港澳]"
# What may separate groups of digits, or follow the letters of a plate.
_GAP = "[-－–—. \u3000·・•]"
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"


def _written(pattern: str) -> str:
    for name, meaning in {"D": _DIGIT, "L": _LETTER, "E": _END, "G": _GAP}.items():
        pattern = pattern.replace(name, meaning)
    return pattern


PHONE = re.compile(_written(r"(?<!D)(([+＋]|00)?86G?|0)?[1１][3-9３-９]D((G?D{4}){2}|G?D{3}G?D{5})(?!D)"))
# 新 is Xinjiang's plates and also means new: "新 brakes" and "新GLC260L" are not plates.
PLATE = re.compile(
    r"((?!新)[\u4e00-\u9fa5][A-HJ-NP-Z][·・•.\s]?|新[A-HJ-NP-Z][·・•.])[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]|"
    # In other spellings it must have its digits.
    + f"((?!新){_PROVINCE}"
    + _written(r" ?LG?(D{5}|LD{4}|LLD{3}|D{4}E|LD{3}E)|新 ?LG?(D{5}|LD{4}|D{4}E))(D|E)?")
)

# Chinese characters, except those used in dates.
_CHINESE = re.compile("[\u4e00-\u9fff](?<![年月日])")
# Digits in file names have many meanings: only what can hardly be anything but a phone or a plate.
_IN_NAME = re.compile(
    r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])|"
    + _PROVINCE
    + r"[A-HJ-NP-Z][A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])"
)

MAX_SHOWN_CHARACTERS = 500
# A plate has seven characters, a phone number eleven.
_SHORTEST_SECRET = 7


def mask_text(text: str) -> str:
    """The text with phone numbers and plates masked, cut to 500 characters."""
    if len(text) < _SHORTEST_SECRET:
        return text
    masked = PLATE.sub(MASK, PHONE.sub(MASK, text[: 4 * MAX_SHOWN_CHARACTERS]))
    return masked if len(text) <= MAX_SHOWN_CHARACTERS else f"{masked[:MAX_SHOWN_CHARACTERS]}… ({len(text)} characters)"


def mask_name(name: str) -> str:
    """A file's name or path with phone numbers and plates masked by a digest, so that distinct names stay distinct."""
    return _IN_NAME.sub(lambda found: MASK + hashlib.sha256(found[0].encode()).hexdigest()[:8], name)


class RowMasker:
    """Masks the rows of one file: personal, free-text and unknown columns completely, others by pattern."""

    def __init__(self, contract: Contract, header: Sequence[str], matched: "MatchedHeader") -> None:
        personal = {c.name for c in contract.columns if c.is_hidden}
        self.names = [matched.unknown.get(position, name.strip()) for position, name in enumerate(header)]
        self.hidden = {matched.positions[name] for name in personal if name in matched.positions}
        self.hidden |= set(matched.unknown)
        # In datasets with names, one may be in the wrong column: Chinese text shows only as a value of its column.
        names_people = any(column.personal == KINDS["person_name"] for column in contract.columns)
        self.values = {
            matched.positions[column.name]: {*column.enum.values()}
            for column in contract.columns
            if names_people and column.name in matched.positions
        }
        # In a row whose cells can't be assigned to columns, any cell may be the personal one.
        self.hides_broken_rows = bool(personal or matched.unknown)

    def cells(self, cells: Sequence[str | None]) -> str:
        """The masked row as JSON: its cells by header cell."""
        shown = {}
        for position, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
            is_hidden = position in self.hidden and (cell or "").strip()
            shown[name] = MASK if is_hidden or self._may_be_name(position, cell or "") else mask_text(cell or "")
        return json.dumps(shown, ensure_ascii=False)

    def _may_be_name(self, position: int, cell: str) -> bool:
        values = self.values.get(position)
        return values is not None and bool(_CHINESE.search(cell)) and cell.strip() not in values

    def broken(self, text: str) -> str:
        """A row whose cells can't be assigned, as JSON with its masked line."""
        return json.dumps({"line": MASK if self.hides_broken_rows else mask_text(text)}, ensure_ascii=False)
