"""Spell values as other systems do: many date forms, labels or codes, full-width digits, stray spaces."""

from datetime import date, datetime, time
from typing import Any

from tests.reference.chance import Chance
from tests.reference.columns import Column

AMOUNTS = {"quoted_amount", "labour_amount", "parts_amount", "total_amount", "compensation_amount"}
UNREADABLE = {
    "date": ["2026-02-30", "2026-13-01", "昨天", "2026年13月1日", "20261399", "04-03"],
    "month": ["2026/04", "202604", "2026-13", "2026年4月", "四月"],
    "bool": ["maybe", "2", "对"],
    "int": ["abc", "1.5", "十"],
    "num": ["abc", "1.2.3", "高"],
}
UNREADABLE["time"] = UNREADABLE["date"]
UNKNOWN_CODES = ["unknown_x", "未知值"]

_WIDE = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
_TRUE = ["Y", "1", "true", "是", "TRUE", "y"]
_FALSE = ["N", "0", "false", "否", "False", "n"]
_DAYS = 5


class Speller:
    """Spells the cells of one file; a file mostly uses one date format."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.form = chance.randrange(_DAYS)

    def unknown(self) -> str:
        """A blank or one of its spellings."""
        return self.chance.pick("", "", "", "-", "NULL", "N/A", "  ")

    def _day(self, day: date) -> str:
        forms = [
            f"{day:%Y-%m-%d}",
            f"{day.year}/{day.month}/{day.day}",
            f"{day:%Y%m%d}",
            f"{day.year}年{day.month}月{day.day}日",
            f"{day:%Y/%m/%d}",
        ]
        return forms[self.chance.randrange(_DAYS) if self.chance.maybe(0.15) else self.form]

    def _time(self, moment: datetime) -> str:
        day = self._day(moment)
        if moment.time() == time() and self.chance.maybe(0.5):
            return day
        if moment.second == 0 and self.chance.maybe(0.6):
            return f"{day} {self.chance.pick(f'{moment.hour}:{moment:%M}', f'{moment:%H:%M}')}"
        return f"{day} {moment:%H:%M:%S}"

    def _number(self, column: Column, value: Any) -> str:
        text = f"{value:,.2f}" if self.chance.maybe(0.2) else f"{value}"
        if column.name in AMOUNTS and value >= 0 and self.chance.maybe(0.15):
            text = self.chance.pick("¥", "￥") + text
        return text

    def _widened(self, text: str, part: float) -> str:
        return text.translate(_WIDE) if self.chance.maybe(part) else text

    def _enum(self, column: Column, code: str) -> str:
        label = (column.enum or {}).get(code)
        return label if label and self.chance.maybe(0.5) else code

    def _plainly(self, column: Column, value: Any) -> str:
        spellings = {
            "date": self._day,
            "time": self._time,
            "month": lambda month: f"{month:%Y-%m}",
            "bool": lambda flag: self.chance.choice(_TRUE if flag else _FALSE),
            "int": lambda number: self._widened(str(number), 0.1),
            "num": lambda number: self._widened(self._number(column, number), 0.06),
            "code": lambda code: self._widened(code, 0.02),
            "text": str,
        }
        return self._enum(column, value) if column.enum else spellings[column.type](value)

    def spell(self, column: Column, value: Any) -> str:
        """A value as text."""
        if value is None:
            return self.unknown()
        text = self._plainly(column, value)
        if self.chance.maybe(0.04):
            return self.chance.pick(" ", "  ", "\u3000") + text + self.chance.pick("", " ")
        return text

    def heading(self, column: Column, is_chinese: bool) -> str:
        """A column's header, in any letter case and with surrounding spaces."""
        heading = column.label if is_chinese else column.name
        heading = self.chance.pick(heading, heading, heading.upper(), heading.title())
        return f" {heading}  " if self.chance.maybe(0.1) else heading

    def remark(self) -> str:
        """A cell of a column that is in no contract."""
        return self.chance.pick("", "x", "多行\n备注", 'a "q" b', "a,b;c\td")
