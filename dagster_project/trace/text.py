"""Render the explanation as text for a terminal, where Chinese characters take two columns."""

import re
import unicodedata
from collections.abc import Sequence

from dagster_project.trace.explanation import Explained, number
from dagster_project.trace.figures import Key
from dagster_project.trace.keys import as_text, visible

_DETAIL_WIDTH = 90


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _table(rows: Sequence[Sequence[str]], right: int) -> list[str]:
    """Aligned lines; the column numbered `right` is right-aligned."""
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]

    def cell(column: int, text: str) -> str:
        space = " " * (widths[column] - width(text))
        return space + text if column == right else text + space

    return ["  " + "  ".join(cell(column, text) for column, text in enumerate(row)).rstrip() for row in rows]


def _cut(text: str) -> str:
    while width(text) > _DETAIL_WIDTH:
        text = text.removesuffix("…")[:-1] + "…"
    return text


def _chinese(description: str) -> str:
    """The Chinese label of a description, without additions in brackets or lists."""
    return re.sub("（.*?）|：.*", "", description.rpartition(" / ")[2]).rstrip("。")


def _rows_of(measure: Explained, limit: int | None) -> list[str]:
    shown = measure.rows[:limit]
    cells = [(row.dataset, row.file, str(row.line), row.part, row.key, _cut(row.detail)) for row in shown]
    lines = [
        "",
        f"{measure.name} {_chinese(measure.label)} = {number(measure.value)}: {measure.how}",
        *_table([("dataset", "file", "line", "part", "key", "detail"), *cells], right=2),
    ]
    if hidden := len(measure.rows) - len(shown):
        lines.append(f"  … and {hidden:,} more: --limit 0 or --csv FILE shows all / 还有 {hidden:,} 行")
    return lines


def render(mart: str, key: Key, explained: list[Explained], limit: int | None) -> str:
    """The whole answer: the figures, their rows, and whether the rows give the published values."""
    figures = [
        (measure.name, _chinese(measure.label), number(measure.value), "=" if measure.adds_up else "≠", measure.how)
        for measure in explained
    ]
    lines = [mart, "  " + ", ".join(f"{column} {as_text(value)}" for column, value in key.items()), ""]
    lines += _table(figures, right=2)
    for measure in explained:
        if measure.rows:
            lines += _rows_of(measure, limit)
    return "\n".join(visible(line) for line in [*lines, "", *_verdict(explained)])


def _verdict(explained: list[Explained]) -> list[str]:
    wrong = [measure for measure in explained if not measure.adds_up]
    by_rule = any(measure.by_rule for measure in explained)
    source, source_zh = (
        ("these rows, or by the rule stated", "来源行或所述规则") if by_rule else ("these rows", "来源行")
    )
    return [
        f"{len(explained) - len(wrong)} of {len(explained)} figures add up: recomputed from {source}, "
        f"they equal the published values. / 由{source_zh}重算，与发布值一致。",
        *(f"≠ {m.name}: published {m.value}, recomputed {m.recomputed} / 发布值与重算值不一致" for m in wrong),
    ]
