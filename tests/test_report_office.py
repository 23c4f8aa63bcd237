"""Slides and workbook hold every block: native, editable, readable, safe, and on the dealership's own template."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.oxml.ns import qn
from pptx.util import Inches
from python_calamine import CalamineWorkbook

from dagster_project.reports.monthly.blocks import (
    Bars,
    Change,
    Column,
    Form,
    Heat,
    Intervals,
    Lines,
    Pareto,
    Report,
    Table,
    Text,
)
from dagster_project.reports.monthly.forms import both, shown
from dagster_project.reports.monthly.slides import BadTemplate, write_pptx
from dagster_project.reports.monthly.workbook import write_xlsx
from tests.support.office_example import EXAMPLE, FLOW, HEAT, HOSTILE, NOTHING, PARETO, TECHNICIANS, TRENDS

SAFE = both(type(FLOW.title)(HOSTILE, HOSTILE))


@pytest.fixture(scope="module")
def deck_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deck") / "report.pptx"
    write_pptx(EXAMPLE, path)
    return path


@pytest.fixture(scope="module")
def deck(deck_path: Path) -> Any:
    return Presentation(str(deck_path))


@pytest.fixture(scope="module")
def book_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "report.xlsx"
    write_xlsx(EXAMPLE, path)
    return path


def blocks(report: Report = EXAMPLE) -> list[Any]:
    return [*report.summary, *(block for chapter in report.chapters for block in chapter.blocks)]


def shapes(deck: Any) -> list[Any]:
    return [shape for slide in deck.slides for shape in slide.shapes]


def charts(deck: Any) -> dict[str, list[Any]]:
    """The charts by the title of their block."""
    found: dict[str, list[Any]] = {}
    titles = {both(block.title) for block in blocks() if hasattr(block, "title")}
    for shape in shapes(deck):
        if shape.has_chart:
            title = max((title for title in titles if shape.name.startswith(title)), key=len)
            found.setdefault(title, []).append(shape.chart)
    return found


def embedded(chart: Any) -> list[list[Any]]:
    """The rows of a chart's own workbook, None for a blank cell."""
    sheet = CalamineWorkbook.from_filelike(BytesIO(chart.part.chart_workbook.xlsx_part.blob)).get_sheet_by_index(0)
    return [[None if cell == "" else cell for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def known(values: Any) -> list[float | None]:
    return [None if value is None else pytest.approx(value) for value in values]


def by_series(chart: Any) -> dict[str, list[Any]]:
    """The embedded columns by their heading, which equal what the chart shows before it is edited."""
    head, *rows = embedded(chart)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(head)}
    for plot in chart.plots:
        for series in plot.series:
            assert list(series.values) == known(columns[series.name])
    return columns


def test_each_chapter_opens_with_its_title_and_answer(deck: Any) -> None:
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    for chapter in EXAMPLE.chapters:
        assert any(title.startswith(f"{chapter.number}  {both(chapter.title)}") for title in titles)
        if chapter.headline:
            assert any(chapter.headline.zh in s.text_frame.text for s in shapes(deck) if s.has_text_frame)
    assert titles[0] == both(EXAMPLE.title)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("kind", [Lines, Bars])
def test_lines_and_bars_hold_their_values_and_gaps(deck: Any, kind: type) -> None:
    by_title = charts(deck)
    drawn = [block for block in blocks() if isinstance(block, kind) and any(v for s in block.series for v in s.values)]
    assert drawn
    for block in drawn:
        parts = [by_series(chart) for chart in by_title[both(block.title)]]
        for series in block.series:
            joined = [value for part in parts for value in part[both(series.name)]]
            assert joined == known(series.values) * (len(joined) // len(series.values))
    assert both(NOTHING.title) not in by_title


def test_a_pareto_is_bars_with_the_share_on_a_second_axis(deck: Any) -> None:
    (chart,) = charts(deck)[both(PARETO.title)]
    assert [type(plot).__name__ for plot in chart.plots] == ["BarPlot", "LinePlot"]
    columns = by_series(chart)
    assert columns["Count 数量"] == list(PARETO.counts)
    total = sum(PARETO.counts)
    assert columns["Cumulative share 累计占比"] == known(sum(PARETO.counts[: n + 1]) / total for n in range(8))
    assert len({axis.get("val") for axis in chart._chartSpace.iter(qn("c:axId"))}) == 4


def test_intervals_are_error_bars_that_can_be_edited(deck: Any) -> None:
    (chart,) = charts(deck)[both(TECHNICIANS.title)]
    head, *rows = embedded(chart)
    assert [row[0] for row in rows] == [
        both(name) + (f" (n={size})" if size else "")
        for name, size in zip(TECHNICIANS.names, TECHNICIANS.sample_sizes, strict=True)
    ]
    assert [row[1] for row in rows] == known(TECHNICIANS.values)
    for sign, ends, column in (("minus", TECHNICIANS.lows, 3), ("plus", TECHNICIANS.highs, 4)):
        distances = [
            None if end is None else abs(end - value) for end, value in zip(ends, TECHNICIANS.values, strict=True)
        ]
        assert [row[column] for row in rows] == known(distances)
        source = next(chart._chartSpace.iter(qn(f"c:{sign}")))
        letter = "ABCDE"[column]
        assert source.find(f".//{qn('c:f')}").text == f"Data!${letter}$2:${letter}${len(rows) + 1}"
    assert head[2].endswith("1.75%")


def cells(table: Any) -> list[list[str]]:
    return [[cell.text_frame.text for cell in row.cells] for row in table.rows]


def tables(deck: Any, title: str) -> Iterator[list[list[str]]]:
    """The tables of each caption."""
    for slide in deck.slides:
        for caption, shape in zip(slide.shapes, list(slide.shapes)[1:], strict=False):
            if shape.has_table and caption.has_text_frame and caption.text_frame.text.startswith(title):
                yield cells(shape.table)


@pytest.mark.parametrize("block", [block for block in blocks() if isinstance(block, Table) and len(block.rows) < 100])
def test_tables_show_every_formatted_value(deck: Any, block: Table) -> None:
    drawn = list(tables(deck, both(block.title)))
    expected = [
        [shown(cell, column.form, column.decimals) for cell, column in zip(row, block.columns, strict=True)]
        for row in block.rows
    ]
    if len({len(part[0]) for part in drawn}) > 1 or (drawn and len(drawn[0][0]) < len(block.columns)):
        wide = [
            [row[0] for row in drawn[0][1:]],
            *([r[n] for r in part[1:]] for part in drawn for n in range(1, len(part[0]))),
        ]
        assert [list(row) for row in zip(*wide, strict=True)] == expected
    else:
        assert [row for part in drawn for row in part[1:]] == expected


def test_a_table_too_long_for_slides_keeps_its_total_and_states_what_is_omitted(deck: Any) -> None:
    huge = next(block for block in blocks() if isinstance(block, Table) and len(block.rows) > 100)
    parts = list(tables(deck, both(huge.title)))
    rows = sum(len(part) - 1 for part in parts)
    assert parts[-1][-1] == ["Total 合计", "404,550 min"]
    text = " ".join(shape.text_frame.text for shape in shapes(deck) if shape.has_text_frame)
    assert f"{len(huge.rows) - rows:,} more rows are in the workbook." in text


def test_heat_cells_are_coloured_about_the_middle(deck: Any) -> None:
    title = both(HEAT.title)
    drawn = next(s.table for s in shapes(deck) if s.has_table and cells(s.table)[0][1] == "mot01\n项目1")
    fills = {}
    for row, values in enumerate(HEAT.values, start=1):
        for column, value in enumerate(values, start=1):
            cell = drawn.cell(row, column)
            fill = cell._tc.tcPr.find(qn("a:solidFill"))
            fills[value] = None if fill is None else fill[0].get("val")
            assert cell.text_frame.text == shown(value, HEAT.form), title
    worst, best = min(v for v in fills if v is not None), max(v for v in fills if v is not None)
    assert fills[None] is None
    red, green = ([int(fills[end][place : place + 2], 16) for place in (0, 2, 4)] for end in (worst, best))
    assert red[0] > red[1]
    assert green[1] > green[0]


def test_a_flow_is_boxes_and_bands_in_proportion(deck: Any) -> None:
    group = next(shape for shape in shapes(deck) if shape.shape_type == MSO_SHAPE_TYPE.GROUP)
    nodes = {s.name: s.height for s in group.shapes if s.shape_type == MSO_SHAPE_TYPE.AUTO_SHAPE}
    bands = [s for s in group.shapes if s.shape_type == MSO_SHAPE_TYPE.FREEFORM]
    assert set(nodes) == {both(text) for text in FLOW.nodes.values()}
    assert len(bands) == len(FLOW.links)
    assert nodes["Came back 回站"] / nodes["Visited 来站"] == pytest.approx(732 / 1008, rel=0.01)


def edges(shape: Any) -> tuple[int, int, int, int]:
    return shape.left, shape.top, shape.left + shape.width, shape.top + shape.height


def overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = one
    left2, top2, right2, bottom2 = other
    return min(right, right2) > max(left, left2) and min(bottom, bottom2) > max(top, top2)


def check_geometry(deck: Any) -> None:
    for number, slide in enumerate(deck.slides, start=1):
        placed = [(shape.name, edges(shape)) for shape in slide.shapes]
        for name, (left, top, right, bottom) in placed:
            assert left >= 0 and top >= 0, (number, name)
            assert right <= deck.slide_width and bottom <= deck.slide_height, (number, name)
        for (name, one), (other_name, other) in combinations(placed, 2):
            assert not overlap(one, other), (number, name, other_name)


def test_nothing_overlaps_or_leaves_the_slide(deck: Any) -> None:
    check_geometry(deck)


def test_every_run_has_an_east_asian_font(deck: Any) -> None:
    roots = [slide._element for slide in deck.slides]
    roots += [shape.chart._chartSpace for shape in shapes(deck) if shape.has_chart]
    looks = [look for root in roots for look in root.iter(qn("a:rPr"), qn("a:defRPr"))]
    runs = [run for root in roots for run in root.iter(qn("a:r"), qn("a:fld"))]
    assert len(runs) > 500
    assert all(run.find(qn("a:rPr")) is not None for run in runs)
    for look in looks:
        assert look.find(qn("a:ea")).get("typeface") == look.find(qn("a:latin")).get("typeface") == "Microsoft YaHei"


def test_hostile_text_is_written_as_text(deck_path: Path, deck: Any, book_path: Path) -> None:
    for path in (deck_path, book_path):
        with ZipFile(path) as file:
            for name in file.namelist():
                if name.endswith((".xml", ".rels")):
                    etree.fromstring(file.read(name))
                if name.endswith(".xlsx"):
                    sheet = ZipFile(BytesIO(file.read(name))).read("xl/worksheets/sheet1.xml")
                    assert b"<f>" not in sheet
                if "worksheets/sheet" in name:
                    assert b"<f>" not in file.read(name)
    assert any(SAFE in row for rows in tables(deck, "Improvement actions") for row in rows)
    in_charts = [row[0] for chart in charts(deck)["Check-ins by advisor 服务顾问接车数"] for row in embedded(chart)]
    assert SAFE in in_charts


def test_the_same_report_gives_the_same_bytes(deck_path: Path, book_path: Path, tmp_path: Path) -> None:
    write_pptx(EXAMPLE, tmp_path / "again.pptx")
    write_xlsx(EXAMPLE, tmp_path / "again.xlsx")
    assert (tmp_path / "again.pptx").read_bytes() == deck_path.read_bytes()
    assert (tmp_path / "again.xlsx").read_bytes() == book_path.read_bytes()


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A dealership's template: 4:3, another theme, layouts of other names, two slides of its own."""
    own = Presentation()
    own.slide_width, own.slide_height = Inches(10), Inches(7.5)
    for number, layout in enumerate(own.slide_layouts):
        layout.name = f"Seite {number}"
    for layout in (own.slide_layouts[0], own.slide_layouts[1]):
        own.slides.add_slide(layout).shapes.title.text = "An old slide"
    path = tmp_path / "own.pptx"
    own.save(str(path))
    return path


def as_potx(path: Path, main: bytes = b"presentationml.template.main+xml") -> Path:
    target = path.with_suffix(".potx")
    with ZipFile(path) as source, ZipFile(target, "w") as copy:
        for name in source.namelist():
            copy.writestr(name, source.read(name).replace(b"presentationml.presentation.main+xml", main))
    return target


@pytest.mark.parametrize("is_potx", [False, True])
def test_a_template_gives_size_master_and_theme(template: Path, tmp_path: Path, is_potx: bool) -> None:
    write_pptx(EXAMPLE, tmp_path / "report.pptx", as_potx(template) if is_potx else template)
    deck = Presentation(str(tmp_path / "report.pptx"))
    assert (deck.slide_width, deck.slide_height) == (Inches(10), Inches(7.5))
    layouts = [slide.slide_layout for slide in deck.slides]
    assert layouts[0].name == "Seite 0"
    assert {layout.name for layout in layouts[1:]} == {"Seite 5"}
    assert not any("An old slide" in slide.shapes.title.text_frame.text for slide in deck.slides)
    assert not [look for slide in deck.slides for look in slide._element.iter(qn("a:ea"))]
    colours = {c.get("val") for s in shapes(deck) if s.has_chart for c in s.chart._chartSpace.iter(qn("a:schemeClr"))}
    assert "accent1" in colours
    assert not [c for s in shapes(deck) if s.has_chart for c in s.chart._chartSpace.iter(qn("a:srgbClr"))]
    check_geometry(deck)
    for slide in deck.slides:
        kinds = {s.placeholder_format.type for s in slide.placeholders}
        assert kinds <= {
            PP_PLACEHOLDER.TITLE,
            PP_PLACEHOLDER.CENTER_TITLE,
            PP_PLACEHOLDER.SUBTITLE,
            PP_PLACEHOLDER.FOOTER,
            PP_PLACEHOLDER.SLIDE_NUMBER,
        }
    with ZipFile(tmp_path / "report.pptx") as file:
        assert len(file.namelist()) == len(set(file.namelist()))


def test_an_unusable_template_is_reported_in_a_sentence(template: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.pptx"
    text.write_text("not a presentation")
    with pytest.raises(BadTemplate, match=r"notes\.pptx is not a PowerPoint file"):
        write_pptx(EXAMPLE, tmp_path / "report.pptx", text)
    with pytest.raises(BadTemplate, match=r"gone\.potx is not a PowerPoint file"):
        write_pptx(EXAMPLE, tmp_path / "report.pptx", tmp_path / "gone.potx")
    macros = as_potx(template, b"ms-powerpoint.template.macroEnabled.main+xml")
    with pytest.raises(BadTemplate, match="holds macros"):
        write_pptx(EXAMPLE, tmp_path / "report.pptx", macros)
    assert not (tmp_path / "report.pptx").exists()


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def under(rows: list[list[Any]], title: str, count: int) -> list[list[Any]]:
    """The rows of the table under a title."""
    start = next(place for place, row in enumerate(rows) if row[0] == title)
    return [[None if cell == "" else cell for cell in row] for row in rows[start + 2 : start + 2 + count]]


def test_the_workbook_holds_every_block_at_full_precision(book_path: Path) -> None:
    book = sheets(book_path)
    assert list(book)[:2] == ["Index 目录", "At a glance 概览"]
    assert len(book) == 2 + len(EXAMPLE.chapters)
    rows = [row for sheet in list(book.values())[1:] for row in sheet]
    for block in blocks():
        match block:
            case Lines() | Bars() if block.categories:
                found = under(rows, both(block.title), len(block.categories))
                for place, series in enumerate(block.series, start=1):
                    assert [row[place] for row in found] == known(series.values)
            case Pareto():
                found = under(rows, both(block.title), len(block.counts))
                assert [row[1] for row in found] == list(block.counts)
                assert found[-1][3] == pytest.approx(1)
            case Intervals():
                found = under(rows, both(block.title), len(block.names))
                assert [row[2] for row in found] == known(block.values)
                assert [row[3] for row in found] == known(block.lows)
            case Heat():
                found = under(rows, both(block.title), len(block.rows))
                assert [row[1 : len(block.columns) + 1] for row in found] == [known(values) for values in block.values]
    actions = under(rows, "Improvement actions 改进措施", 4)
    assert actions[0][7] == 0.27381
    assert actions[1][0] == SAFE
    assert actions[2][0] == "+86"
    assert actions[0][8:12] == [1.0, 2.0, None, 4.0]


@pytest.mark.parametrize(
    ("change", "value", "sections"),
    [
        (Change(0.075, Form.RATE, decimals=2), 7.5, ['"+"0.00" pp"', '"\N{MINUS SIGN}"0.00" pp"', '"±"0.00" pp"']),
        (Change(-2.5, Form.SCORE), -2.5, ['"+"#,##0.0', '"\N{MINUS SIGN}"#,##0.0', '"±"#,##0.0']),
        (Change(-0.0001, Form.RATE), -0.01, ['"±"0.0" pp"'] * 3),
        (Change(0.04, Form.SCORE), 0.04, ['"±"#,##0.0'] * 3),
    ],
)
def test_changes_are_shown_in_the_workbook_as_on_the_page(
    tmp_path: Path, change: Change, value: float, sections: list[str]
) -> None:
    table = Table(Text("Moves", "变化"), (Column(Text("Change", "较上月"), Form.TEXT),), ((change,),))
    chapter = replace(EXAMPLE.chapters[0], blocks=(table,), headline=None)
    write_xlsx(replace(EXAMPLE, summary=(), chapters=(chapter,)), tmp_path / "report.xlsx")
    sheet = list(sheets(tmp_path / "report.xlsx").values())[2]
    assert under(sheet, "Moves 变化", 1)[0][0] == pytest.approx(value)
    with ZipFile(tmp_path / "report.xlsx") as file:
        styles = etree.fromstring(file.read("xl/styles.xml"))
    codes = [look.get("formatCode") for look in styles.iter("{*}numFmt")]
    assert ";".join(sections) in codes


def test_the_workbook_has_native_tables_and_charts(book_path: Path) -> None:
    with ZipFile(book_path) as file:
        names = file.namelist()
        drawn = [etree.fromstring(file.read(name)) for name in names if name.startswith("xl/charts/chart")]
    charted = [block for block in blocks() if isinstance(block, Lines | Bars | Pareto | Intervals)]
    assert len(drawn) == len(charted)
    assert sum(1 for chart in drawn if chart.findall(f".//{qn('c:errBars')}")) == 2
    assert sum(1 for chart in drawn if len(chart.findall(f".//{qn('c:valAx')}")) == 2) == 2
    assert len([name for name in names if name.startswith("xl/tables/")]) >= len(charted)


def test_an_empty_report_is_still_a_deck_and_a_workbook(tmp_path: Path) -> None:
    empty = replace(EXAMPLE, notes=(), summary=(), chapters=(replace(EXAMPLE.chapters[0], blocks=(), headline=None),))
    write_pptx(empty, tmp_path / "report.pptx")
    write_xlsx(empty, tmp_path / "report.xlsx")
    assert len(Presentation(str(tmp_path / "report.pptx")).slides) == 3
    assert len(sheets(tmp_path / "report.xlsx")) == 3


def test_a_chart_of_one_series_is_not_the_default_look(deck: Any) -> None:
    (chart, *_) = charts(deck)[both(TRENDS.title)]
    space = chart._chartSpace
    assert space.find(f".//{qn('c:dispBlanksAs')}").get("val") == "gap"
    assert space.find(f".//{qn('c:autoTitleDeleted')}").get("val") == "1"
    assert space.find(f".//{qn('c:dLbls')}/{qn('c:numFmt')}").get("formatCode") == "0.00%"
