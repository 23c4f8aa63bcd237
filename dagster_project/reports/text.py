"""Texts in English and Chinese, made safe for the files that people open."""

import re
from dataclasses import dataclass

# A spreadsheet may read text that begins so as a formula; the full-width signs in Chinese and Japanese locales.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CJK = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Text:
    """A text in English and Chinese; `zh` is empty where there is only one."""

    en: str
    zh: str = ""


def printable(text: str) -> str:
    """The text with the characters replaced that XML, and so well-formed HTML and XLSX, can't hold."""
    return _NOT_XML.sub("\ufffd", text)


def visible(text: str) -> str:
    """The text on one line, with escapes for what is not seen, or what a terminal would act on."""
    return "".join(c if c.isprintable() or c == "\u3000" else f"\\u{ord(c):04x}" for c in text)


def no_formula(text: str) -> str:
    """Text for a CSV file that a spreadsheet opens: with an apostrophe where it could be read as a formula.

    Text that already begins with such an apostrophe gets another, so that taking one away gives the text back.
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def split(text: str) -> Text:
    """Split a text `English / 中文` into its two halves."""
    english, slash, chinese = text.rpartition(" / ")
    if slash and _CJK.search(chinese):
        return Text(english, chinese)
    return Text(text)
