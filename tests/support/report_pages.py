"""Read a monthly report as its reader does."""

from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser

from dagster_project.reports.monthly.blocks import (
    Block,
    Note,
    Report,
)

OCTOBER = date(2025, 10, 1)


class _Tables(HTMLParser):
    """The tables of a page by their English title: rows of cell texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self._title, self._inside, self._rows = "", "", []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        if tag == "h3":
            self._title = ""
        if tag in ("h3", "td") or (tag == "span" and self._inside in ("h3", "td")):
            self._inside = "zh" if ("class", "zh") in attributes else tag if tag != "span" else self._inside
        if tag == "table":
            self._rows = self.tables.setdefault(self._title.strip(), [])
        if tag == "tr":
            self._rows.append([])
        if tag == "td":
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h3", "td"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "h3":
            self._title += data
        elif self._inside == "td":
            self._rows[-1][-1] += data.strip()


def shown(page: str, title: str) -> list[list[str]]:
    """The body of a table as printed."""
    return [row for row in _Tables(page).tables[title] if row]


def column(rows: list[list[str]], place: int) -> list[str]:
    return [row[place] for row in rows]


def chapter_text(report: Report, number: int) -> str:
    """All text of a chapter, in English."""
    chapter = report.chapters[number - 1]
    notes = [block.text.en for block in chapter.blocks if isinstance(block, Note)]
    return " ".join([chapter.headline.en if chapter.headline else "", *notes])


def blocks(report: Report) -> Iterator[Block]:
    yield from report.summary
    for chapter in report.chapters:
        yield from chapter.blocks
