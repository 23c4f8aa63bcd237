"""The presentation that the report is written into: the built-in one, or a dealership's template without its slides."""

import io
from copy import deepcopy
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PackageNotFoundError
from pptx.oxml.ns import qn
from pptx.presentation import Presentation as Deck
from pptx.shapes.placeholder import LayoutPlaceholder
from pptx.slide import Slide, SlideLayout
from pptx.util import Inches

from dagster_project.errors import ExpectedError
from dagster_project.reports.monthly.slides.fit import LINE, cut, fitting_size
from dagster_project.reports.monthly.slides.house import house_presentation
from dagster_project.reports.monthly.slides.style import Box, points

_TEMPLATE = b"presentationml.template.main+xml"
_PRESENTATION = b"presentationml.presentation.main+xml"
_MARGIN = Inches(0.6)
_TITLES = {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE}
_FOOTERS = {PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.DATE}


class BadTemplate(ExpectedError):
    """The template can't be used; the message says why."""


def _as_presentation(path: Path) -> io.BytesIO:
    """The file's bytes, with a `.potx` turned into a `.pptx`: they differ in one content type."""
    try:
        source = ZipFile(path)
        types = source.read("[Content_Types].xml")
    except (OSError, BadZipFile, KeyError) as error:
        raise BadTemplate(f"the template {path.name} is not a PowerPoint file (.pptx or .potx): {error}") from error
    if b"macroEnabled" in types:
        raise BadTemplate(f"the template {path.name} holds macros; save it as .pptx or .potx without them")
    copy = io.BytesIO()
    with source, ZipFile(copy, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(
                name, content.replace(_TEMPLATE, _PRESENTATION) if name == "[Content_Types].xml" else content
            )
    copy.seek(0)
    return copy


def _empty(presentation: Deck) -> None:
    """Remove the template's own slides, and the sections and custom shows that refer to them."""
    root = presentation.part._element
    slides = root.find(qn("p:sldIdLst"))
    for slide in list(slides if slides is not None else ()):
        presentation.part.drop_rel(slide.get(qn("r:id")))
        slides.remove(slide)
    for shows in root.findall(qn("p:custShowLst")):
        root.remove(shows)
    for extension in root.findall(f"{qn('p:extLst')}/{qn('p:ext')}"):
        if any(etree.QName(child).localname == "sectionLst" for child in extension):
            extension.getparent().remove(extension)


def open_presentation(template: Path | None) -> Deck:
    """An empty presentation, with the template's size, master and theme, or the built-in ones."""
    if template is None:
        return house_presentation()
    content = _as_presentation(template)
    try:
        presentation = Presentation(content)
        _empty(presentation)
        presentation.slide_masters[0].slide_layouts  # noqa: B018 a broken package fails here
    except (PackageNotFoundError, KeyError, ValueError, IndexError, AttributeError, etree.XMLSyntaxError) as error:
        raise BadTemplate(f"the template {template.name} can't be read as a PowerPoint file: {error}") from error
    if not any(_kinds(layout) & _TITLES for layout in _layouts(presentation)):
        raise BadTemplate(f"the template {template.name} has no slide layout with a title")
    return presentation


def _layouts(presentation: Deck) -> list[SlideLayout]:
    return [layout for master in presentation.slide_masters for layout in master.slide_layouts]


def _kinds(layout: SlideLayout) -> set[PP_PLACEHOLDER]:
    return {shape.placeholder_format.type for shape in layout.placeholders}


def cover_layout(presentation: Deck) -> SlideLayout:
    """The layout of the title slide: preferably with a subtitle, then with a centred title, else with any title."""
    return max(
        (layout for layout in _layouts(presentation) if _kinds(layout) & _TITLES),
        key=lambda layout: (
            PP_PLACEHOLDER.SUBTITLE in _kinds(layout),
            PP_PLACEHOLDER.CENTER_TITLE in _kinds(layout),
        ),
    )


def content_layout(presentation: Deck) -> SlideLayout:
    """The layout with a title and the fewest other placeholders."""
    titled = [layout for layout in _layouts(presentation) if PP_PLACEHOLDER.TITLE in _kinds(layout)]
    return min(
        titled or [cover_layout(presentation)],
        key=lambda layout: sum(
            shape.placeholder_format.type not in _TITLES | _FOOTERS for shape in layout.placeholders
        ),
    )


def add_slide(presentation: Deck, layout: SlideLayout, footer: str = "") -> Slide:
    """Add a slide with a title and no empty placeholders, and with the layout's footer and number if one is given."""
    slide = presentation.slides.add_slide(layout)
    for shape in list(slide.placeholders):
        if shape.placeholder_format.type not in _TITLES | {PP_PLACEHOLDER.SUBTITLE}:
            shape._element.getparent().remove(shape._element)
    for shape in layout.placeholders if footer else ():
        if shape.placeholder_format.type in {PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER}:
            slide.shapes._spTree.append(_footer(shape, footer, len(presentation.slides)))
    return slide


def _footer(shape: LayoutPlaceholder, text: str, number: int) -> SlideLayout:
    """A copy of the layout's footer or slide number: PowerPoint shows only those that the slide itself has."""
    element = deepcopy(shape._element)
    element.nvSpPr.cNvPr.set("id", str(900 + shape.placeholder_format.idx))
    properties = element.spPr
    for child in list(properties):
        properties.remove(child)
    paragraph = element.txBody.p_lst[0]
    for child in list(paragraph):
        paragraph.remove(child)
    for extra in element.txBody.p_lst[1:]:
        element.txBody.remove(extra)
    is_number = shape.placeholder_format.type == PP_PLACEHOLDER.SLIDE_NUMBER
    tag, attributes = ("a:fld", {"id": _FIELD, "type": "slidenum"}) if is_number else ("a:r", {})
    run = etree.SubElement(paragraph, qn(tag), attributes)
    look = etree.SubElement(run, qn("a:rPr"), lang="en-US" if is_number else "zh-CN")
    if not is_number:
        width, height = points(shape.width) - 15, points(shape.height) - 1
        size = fitting_size(text, width, height, _FOOTER_SIZES)
        look.set("sz", str(round(size * 100)))
        text = cut(text, size, width, max(1, int(height // (size * LINE))))
    etree.SubElement(run, qn("a:t")).text = str(number) if is_number else text
    return element


_FOOTER_SIZES = (10, 9, 8)
_FIELD = "{C1FF6DA9-008F-8B48-92A6-B652298478BF}"


def free_area(presentation: Deck, layout: SlideLayout) -> Box:
    """The free area of a slide with the layout: below the title, above the footer, inside the margins."""
    width, height = presentation.slide_width, presentation.slide_height
    titles = [shape for shape in layout.placeholders if shape.placeholder_format.type in _TITLES]
    top = max((shape.top + shape.height for shape in titles), default=0)
    feet = [shape.top for shape in layout.placeholders if shape.placeholder_format.type in _FOOTERS]
    bottom = min([top for top in feet if top > height * 0.8] + [height - Inches(0.4)])
    if top > height // 2:
        top, bottom = Inches(0.4), min(shape.top for shape in titles)
    top, bottom = top + Inches(0.2), bottom - Inches(0.1)
    left = min([shape.left for shape in titles if shape.left < width // 3] + [_MARGIN])
    left = max(left, Inches(0.3))
    return Box(left, top, width - 2 * left, bottom - top)
