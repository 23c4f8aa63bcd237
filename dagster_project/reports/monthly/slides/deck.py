"""The report as a presentation: title, the month at a glance, then each chapter."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import qn
from pptx.presentation import Presentation
from pptx.shapes.placeholder import SlidePlaceholder
from pptx.slide import Slide, SlideLayout
from pptx.util import Inches, Pt

from dagster_project.reports.monthly.blocks import (
    Bars,
    Block,
    Chapter,
    Figures,
    Flow,
    Heat,
    Intervals,
    Lines,
    Note,
    Pareto,
    Report,
    Table,
    Text,
)
from dagster_project.reports.monthly.forms import both, plain
from dagster_project.reports.monthly.slides.charts import bars_pieces, intervals_pieces, lines_pieces, pareto_pieces
from dagster_project.reports.monthly.slides.fit import fitting_size
from dagster_project.reports.monthly.slides.flow import flow_pieces
from dagster_project.reports.monthly.slides.layout import pages
from dagster_project.reports.monthly.slides.pieces import GAP, Piece
from dagster_project.reports.monthly.slides.style import HOUSE_FONT, SOFT, Box, Run, points, set_fonts, text_box
from dagster_project.reports.monthly.slides.tables import heat_pieces, table_pieces
from dagster_project.reports.monthly.slides.template import (
    add_slide,
    content_layout,
    cover_layout,
    free_area,
    open_presentation,
)
from dagster_project.reports.monthly.slides.tiles import figures_pieces, headline_pieces, note_pieces

_PIECES: dict[type, Callable[[Any, Box], list[Piece]]] = {
    Figures: figures_pieces,
    Table: table_pieces,
    Lines: lines_pieces,
    Bars: bars_pieces,
    Pareto: pareto_pieces,
    Heat: heat_pieces,
    Intervals: intervals_pieces,
    Flow: flow_pieces,
    Note: note_pieces,
}
_AT_A_GLANCE = Text("The month at a glance", "本月概览")
_MOST_NOTES = 0.25
_EPOCH = (1980, 1, 1, 0, 0, 0)


def _pieces(blocks: Sequence[Block], area: Box, opening: Sequence[Piece] = ()) -> list[Piece]:
    """The pieces of the blocks, after the opening ones.

    A table leaves room for an opening or notes before it, so that these are not alone on a slide.
    """
    pieces = list(opening)
    notes = _taken(opening, area)
    for block in blocks:
        made = _PIECES[type(block)](block, replace(area, height=area.height - notes))
        pieces += made
        notes = _taken(made, area, notes) if isinstance(block, Note) else 0
    return pieces


def _taken(pieces: Sequence[Piece], area: Box, before: int = 0) -> int:
    """The height that short pieces take from a table's slide; 0 where they are so high that they get their own."""
    taken = before + sum((piece.height or 0) + GAP for piece in pieces)
    return 0 if taken > area.height * _MOST_NOTES else taken


def _own_size(title: SlidePlaceholder, layout: SlideLayout) -> float:
    """The template's title size, in points."""
    master = layout.slide_master
    kind = title.placeholder_format.type
    sources = [shape._element.txBody for shape in layout.placeholders if shape.placeholder_format.type == kind]
    sources += [shape._element.txBody for shape in master.placeholders if shape.placeholder_format.type == kind]
    sources += [master._element.find(f".//{qn('p:titleStyle')}")]
    for source in sources:
        default = source.find(f".//{qn('a:lvl1pPr')}/{qn('a:defRPr')}") if source is not None else None
        if default is not None and default.get("sz"):
            return int(default.get("sz")) / 100
    return 32.0


def _fill_title(slide: Slide, layout: SlideLayout, pieces: list[Run]) -> None:
    """Write the title in the template's own size, or in a smaller one at which it fits its box."""
    title = slide.shapes.title
    own = _own_size(title, layout)
    text = "".join(piece.text for piece in pieces)
    room = (points(title.width) - 15, points(title.height) - 4)
    size = fitting_size(text, *room, (own, *(size for size in (28, 24, 22, 20, 18, 16, 14, 12) if size < own)))
    title.text_frame.word_wrap = True
    paragraph = title.text_frame.paragraphs[0]
    for piece in pieces:
        run = paragraph.add_run()
        run.text = piece.text
        run.font.bold = None if piece.bold else False
        if size != own:
            run.font.size = Pt(size)
        if piece.colour is SOFT:
            run._r.get_or_add_rPr().append(SOFT.fill())


class _Deck:
    """The presentation while it is written."""

    def __init__(self, report: Report, template: Path | None) -> None:
        self.report = report
        self.presentation = open_presentation(template)
        self.layout = content_layout(self.presentation)
        self.area = free_area(self.presentation, self.layout)
        self.footer = f"{both(report.subject)} · {report.month:%Y-%m} · {both(report.title)}"

    def cover(self) -> None:
        """The title slide."""
        report, layout = self.report, cover_layout(self.presentation)
        slide = add_slide(self.presentation, layout)
        _fill_title(slide, layout, [Run(both(report.title), 0, bold=True)])
        lines = [
            f"{both(report.subject)} · {report.month:%Y-%m}",
            f"as of 截至 {report.as_of:%Y-%m-%d} · published 发布 {report.published_at:%Y-%m-%d %H:%M}",
        ]
        kind = PP_PLACEHOLDER.SUBTITLE
        subtitle = next((shape for shape in slide.placeholders if shape.placeholder_format.type == kind), None)
        if subtitle is None:
            title = slide.shapes.title
            place = Box(title.left, title.top + title.height + Inches(0.1), title.width, Inches(0.8))
            text_box(slide.shapes, place, [[Run(line, 16, SOFT)] for line in lines])
            return
        size = min(
            fitting_size("\n".join(lines), points(subtitle.width), points(subtitle.height), (18, 16, 14, 12)), 18
        )
        frame = subtitle.text_frame
        for number, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            paragraph.add_run().text = line
            paragraph.runs[0].font.size = Pt(size)

    def section(self, number: str, title: Text, pieces: list[Piece]) -> None:
        """The slides of a chapter, numbered within it."""
        filled = pages(pieces, self.area) or [[]]
        for place, page in enumerate(filled, start=1):
            slide = add_slide(self.presentation, self.layout, self.footer)
            chinese = plain(title.zh) if plain(title.zh) != plain(title.en) else ""
            runs = [Run(f"{number}{plain(title.en)} ", 0, bold=True), Run(chinese, 0, SOFT)]
            counted = [Run(f"  {place}/{len(filled)}", 0, SOFT)] if len(filled) > 1 else []
            _fill_title(slide, self.layout, [run for run in runs if run.text] + counted)
            for piece, box in page:
                piece.place(slide.shapes, box)

    def chapter(self, chapter: Chapter) -> None:
        """A chapter: its question and answer, then its blocks."""
        pieces = _pieces(chapter.blocks, self.area, headline_pieces(chapter, self.area))
        self.section(f"{chapter.number}  ", chapter.title, pieces)

    def set_house_fonts(self) -> None:
        """Set the fonts of every run; with a template, text takes them from the template's theme instead."""
        for slide in self.presentation.slides:
            set_fonts(slide._element, HOUSE_FONT)
            for shape in slide.shapes:
                if shape.has_chart:
                    set_fonts(shape.chart._chartSpace, HOUSE_FONT)

    def describe(self) -> None:
        """Set the file's properties, and drop the template's thumbnail."""
        properties, when = self.presentation.core_properties, self.report.published_at.replace(tzinfo=None)
        properties.title, properties.subject = both(self.report.title), both(self.report.subject)
        properties.author = properties.last_modified_by = ""
        properties.created = properties.modified = when
        package = self.presentation.part.package
        for key, relation in list(package._rels.items()):
            if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:
                package._rels.pop(key)


def _save(presentation: Presentation, path: Path) -> None:
    """Write the file without timestamps: the same report gives the same bytes."""
    stream = io.BytesIO()
    presentation.save(stream)
    with ZipFile(stream) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = ZipInfo(name, _EPOCH)
            entry.compress_type = ZIP_DEFLATED
            target.writestr(entry, source.read(name))


def write_pptx(report: Report, path: Path, template: Path | None = None) -> None:
    """Write the report as a presentation, on the master and theme of a `.pptx` or `.potx` where one is given.

    Raises `BadTemplate` where the template can't be used.
    """
    deck = _Deck(report, template)
    deck.cover()
    deck.section("", _AT_A_GLANCE, _pieces([*report.notes, *report.summary], deck.area))
    for chapter in report.chapters:
        deck.chapter(chapter)
    if template is None:
        deck.set_house_fonts()
    deck.describe()
    _save(deck.presentation, path)
