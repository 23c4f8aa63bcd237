"""Texts in English and Chinese, and what files for people can hold of a text."""

import re
from dataclasses import dataclass

# A spreadsheet may take text that begins so for a formula; the full-width signs in Chinese and Japanese settings.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CJK = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Text:
    """One text in English and Chinese; `zh` is empty where only one text exists."""

    en: str
    zh: str = ""


def printable(text: str) -> str:
    """The text without what XML, and so well-formed HTML and XLSX, can't hold."""
    return _NOT_XML.sub("\ufffd", text)


def no_formula(text: str) -> str:
    """Text for a CSV file that a spreadsheet opens: an apostrophe before what it could take for a formula.

    Text that already begins with such an apostrophe gets another, so that taking one away gives the text back.
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def split(text: str) -> Text:
    """A text `English / 中文` in its two halves."""
    english, slash, chinese = text.rpartition(" / ")
    if slash and _CJK.search(chinese):
        return Text(english, chinese)
    return Text(text)
