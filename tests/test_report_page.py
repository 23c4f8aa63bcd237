"""The monthly report as a page is safe to open and to print."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree

from dagster_project.reports.group.report import group_report
from dagster_project.reports.monthly.blocks import Column, Figures, Form, Note, Report, Table, Text, Tone
from dagster_project.reports.monthly.html import html_page
from dagster_project.reports.monthly.read import Marts, open_marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.reports.monthly.sentences import READ_WITH_CARE, care
from dagster_project.sample import MAIN_STORE
from dagster_project.settings import Settings
from tests.support.report_pages import OCTOBER, blocks

HOSTILE = "<script>alert('&\"')</script>"


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert not re.search(r"<(script|link|iframe|img|object|embed)\b", page)
    assert not re.search(r"""(src|href)\s*=\s*["']?\s*(https?:|//|file:|data:)""", page)
    assert not re.search(r"url\(\s*[\"']?(?!#)", page)
    assert "@import" not in page
    assert not re.search(r"\son[a-z]+\s*=", page)


def test_ids_are_unique_and_references_are_kept(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_charts_are_well_formed(page: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(charts) > 20
    for chart in charts:
        ElementTree.fromstring(chart)


def test_hostile_texts_are_shown_as_text(emptied: Callable[..., Marts]) -> None:
    quoted = HOSTILE.replace("'", "''")
    marts = emptied(
        f"update improvement_action set problem = '{quoted}', measure = chr(7) || '{quoted}', evidence = '{quoted}', "
        f"owner_no = '{quoted}'",
        # The soft line break of a word processor: on it, in a chart, the drawing library would end the process.
        f"update dim_store set store_name = '{quoted}' || chr(11), city = '{quoted}', region_name = '{quoted}'",
        f"update first_fix_technician_monthly set technician_no = '{quoted}' || chr(11) where technician_no = '011'",
        f"update css_advisor_item_monthly set advisor_no = '{quoted}' where advisor_no = '005'",
    )
    with closing(marts.connection):
        pages = [
            html_page(store_report(marts, MAIN_STORE, OCTOBER)),
            html_page(group_report(marts, None, OCTOBER)),
        ]
    for page in pages:
        assert "<script" not in page
        assert "alert(" in page
        assert "\x07" not in page
        assert "\x0b" not in page
        for chart in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
            ElementTree.fromstring(chart)


def test_the_same_state_gives_the_same_bytes(sample_run: Settings, page: str) -> None:
    with open_marts(sample_run) as marts:
        assert html_page(store_report(marts, MAIN_STORE, OCTOBER)) == page


def test_labels_are_in_both_languages(october: Report) -> None:
    def texts() -> Iterator[Text]:
        for block in blocks(october):
            if isinstance(block, Note):
                yield block.text
            elif not isinstance(block, Figures):
                yield block.title
            if isinstance(block, Table):
                yield from (one.label for one in block.columns)
        for chapter in october.chapters:
            yield from (chapter.title, chapter.question)
            if chapter.headline:
                yield chapter.headline

    chinese = re.compile("[\u4e00-\u9fff]")
    short = {"MOT", "CSS"}
    assert [text for text in texts() if not text.en or not (chinese.search(text.zh) or text.zh in short)] == []


def test_an_optional_column_is_shown_where_a_cell_has_something() -> None:
    columns = (Column(Text("Item", "题目"), Form.TEXT), READ_WITH_CARE, Column(Text("Score", "得分"), Form.SCORE))
    unmarked = Table(Text("Items", "题目"), columns, (("a", "", 1.0), ("b", "", 2.0)), tones=((1, 2, Tone.BAD),))
    assert unmarked.to_read().columns == (columns[0], columns[2])
    assert unmarked.to_read().rows == (("a", 1.0), ("b", 2.0))
    assert unmarked.to_read().tones == ((1, 1, Tone.BAD),)
    marked = replace(unmarked, rows=(("a", "", 1.0), ("b", care(3), 2.0)))
    assert marked.to_read() == marked
