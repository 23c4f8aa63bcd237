"""Read one cell as its column's type."""

import math
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.columns import Column

NULLS = {"", "-", "NULL", "N/A"}
TRUE = {"y", "1", "true", "是"}
FALSE = {"n", "0", "false", "否"}

_DAYS = [
    r"(\d{4})-(\d{1,2})-(\d{1,2})",
    r"(\d{4})/(\d{1,2})/(\d{1,2})",
    r"(\d{4})(\d{2})(\d{2})",
    r"(\d{4})年(\d{1,2})月(\d{1,2})日",
]
_CLOCK = r"\s*[ T]\s*(\d{1,2}):(\d{2})(?::(\d{2}))?"
_NUMBER = r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?|[+-]?\.\d+"


class Unreadable(Exception):
    """The cell can't be read as its column's type."""


def normalised(text: str) -> str:
    """The form in which codes, numbers and headers are compared: full-width characters become plain ones."""
    return unicodedata.normalize("NFKC", text).strip()


def is_blank(raw: Any) -> bool:
    """Whether the cell holds nothing; a row of such cells is no row."""
    if raw is None:
        return True
    if isinstance(raw, float) and math.isnan(raw):
        return True
    return isinstance(raw, str) and raw.strip() == ""


def as_text(raw: Any) -> str:
    """A cell as someone would have typed it."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (float, Decimal)) and raw == int(raw):
        return str(int(raw))
    return str(raw)


def _moment(parts: re.Match[str]) -> datetime:
    try:
        return datetime(*(int(part or 0) for part in parts.groups()))
    except ValueError:
        raise Unreadable from None


def read_day(text: str) -> date:
    """A date in one of the four spellings."""
    for form in _DAYS:
        if parts := re.fullmatch(form, text, re.ASCII):
            return _moment(parts).date()
    raise Unreadable


def read_time(text: str) -> datetime:
    """A date with or without a time of day."""
    for form in _DAYS:
        if parts := re.fullmatch(form + _CLOCK, text, re.ASCII):
            return _moment(parts)
    day = read_day(text)
    return datetime(day.year, day.month, day.day)


def read_month(text: str) -> date:
    """A month, spelt YYYY-MM only, as its first day."""
    parts = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
    if not parts or not 1 <= int(parts[2]) <= 12:
        raise Unreadable
    return date(int(parts[1]), int(parts[2]), 1)


def read_flag(text: str) -> bool:
    """A yes or no."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise Unreadable


def read_enum(text: str, labels: dict[str, str | None]) -> str:
    """The code for a code in any letter case, or for its label."""
    for code, label in labels.items():
        if text == code or (label and text == label):
            return code
    for code in labels:
        if text.lower() == code.lower():
            return code
    raise Unreadable


def read_number(raw: Any) -> Decimal:
    """A number, native or as text with thousands separators or a currency sign."""
    if isinstance(raw, str):
        digits = raw.replace("¥", "").replace(" ", "")
        if not re.fullmatch(_NUMBER, digits, re.ASCII):
            raise Unreadable
        return Decimal(digits.replace(",", ""))
    number = Decimal(repr(raw)) if isinstance(raw, float) else Decimal(raw)
    if not number.is_finite():
        raise Unreadable
    return number


def _read_integer(raw: Any) -> int:
    number = read_number(raw)
    if number != number.to_integral_value():
        raise Unreadable
    return int(number)


def _read_native_date(kind: str, raw: date) -> date:
    if kind == "time":
        return raw.replace(tzinfo=None) if isinstance(raw, datetime) else datetime(raw.year, raw.month, raw.day)
    if kind == "date":
        return raw.date() if isinstance(raw, datetime) else raw
    raise Unreadable


_OF_TEXT = {
    "code": str,
    "time": read_time,
    "date": read_day,
    "month": read_month,
    "bool": read_flag,
    "int": _read_integer,
    "num": lambda text: Fraction(read_number(text)),
}


def _read_text(column: Column, raw: Any) -> Any:
    if column.type == "text":
        text = as_text(raw).strip()
        return None if text in NULLS else text
    text = normalised(as_text(raw))
    if text in NULLS:
        return None
    if column.enum is not None:
        return read_enum(text, column.enum)
    return _OF_TEXT[column.type](text)


def read_cell(column: Column, raw: Any) -> Any:
    """The value of a cell, None where it is unknown; raises Unreadable."""
    if is_blank(raw):
        return None
    is_number = isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool)
    if isinstance(raw, date) and column.type != "text":
        return _read_native_date(column.type, raw)
    if isinstance(raw, bool) and column.type == "bool":
        return raw
    if is_number and column.type == "int":
        return _read_integer(raw)
    if is_number and column.type == "num":
        return Fraction(read_number(raw))
    return _read_text(column, raw)
