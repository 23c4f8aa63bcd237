"""Colours and text of the slides. Colours are those of the theme, so that a dealership's template changes them all."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lxml import etree
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.shapes.base import BaseShape
from pptx.shapes.shapetree import GroupShapes
from pptx.text.text import TextFrame, _Paragraph
from pptx.util import Emu, Pt

from dagster_project.reports.monthly.blocks import Text, Tone
from dagster_project.reports.monthly.forms import plain
from dagster_project.reports.monthly.slides.fit import LINE


@dataclass(frozen=True)
class Colour:
    """A colour of the theme (`accent1`, `tx1` …), made lighter or darker, or a fixed one (`A3372A`)."""

    name: str
    mod: int | None = None
    off: int | None = None

    def fill(self) -> etree._Element:
        """The colour as a fill of DrawingML."""
        fill = etree.Element(qn("a:solidFill"))
        is_fixed = len(self.name) == 6 and not self.name.startswith("accent")
        colour = etree.SubElement(fill, qn("a:srgbClr" if is_fixed else "a:schemeClr"), val=self.name)
        for tag, share in (("a:lumMod", self.mod), ("a:lumOff", self.off)):
            if share is not None:
                etree.SubElement(colour, qn(tag), val=str(share * 1000))
        return fill

    @property
    def xml(self) -> str:
        """The fill as text, for templates of XML."""
        return etree.tostring(self.fill(), encoding="unicode")


INK, SOFT, PAPER = Colour("tx1"), Colour("tx2"), Colour("bg1")
RULE, TINT, QUIET = Colour("bg1", mod=85), Colour("bg1", mod=96), Colour("bg1", mod=60)
DEEP = Colour("accent1")
GOOD, BAD, AMBER, TO_FILL_IN = Colour("2B6E4F"), Colour("A3372A"), Colour("96660F"), Colour("FBF5E4")
TONES = {Tone.GOOD: GOOD, Tone.BAD: BAD, Tone.NEUTRAL: INK}
TINTS = {Tone.GOOD: Colour("E6F1EC"), Tone.BAD: Colour("F6DCD8"), Tone.NEUTRAL: TINT}
FIXED_INK = Colour("17212B")
"""Text on fixed tints, which stay light in a dark theme."""

_ACCENTS = tuple(Colour(f"accent{number}") for number in range(1, 7))
SERIES = (
    *_ACCENTS,
    *(replace(accent, mod=50) for accent in _ACCENTS[1:4]),
    *(replace(accent, mod=50, off=50) for accent in _ACCENTS[1:4]),
)

HOUSE_FONT = "Microsoft YaHei"


@dataclass(frozen=True)
class Run:
    """A piece of a paragraph in one look."""

    text: str
    size: float
    colour: Colour = INK
    bold: bool = False


@dataclass(frozen=True)
class Box:
    """A place on a slide, in EMU."""

    left: int
    top: int
    width: int
    height: int

    @property
    def bottom(self) -> int:
        """The lower edge."""
        return self.top + self.height


def points(length: int) -> float:
    """A length of EMU in points."""
    return length / 12700


def emu(length: float) -> int:
    """A length of points in EMU."""
    return round(length * 12700)


def runs(
    text: Text, size: float, colour: Colour = INK, zh_colour: Colour | None = None, bold: bool = False
) -> list[Run]:
    """A text in both languages on one line, Chinese in `zh_colour` where it is given."""
    english, chinese = plain(text.en), plain(text.zh)
    if not chinese or english == chinese:
        return [Run(english, size, colour, bold)]
    return [Run(f"{english} ", size, colour, bold), Run(chinese, size, zh_colour or colour, bold)]


def _is_chinese(text: str) -> bool:
    return any("\u3400" <= character <= "\u9fff" for character in text)


def fill_paragraph(paragraph: _Paragraph, pieces: Iterable[Run], align: PP_ALIGN = PP_ALIGN.LEFT) -> None:
    """Write the pieces into a paragraph of python-pptx."""
    largest = 0.0
    for piece in pieces:
        largest = max(largest, piece.size)
        if not piece.text:
            continue
        run = paragraph.add_run()
        run.text = piece.text
        run.font.size = Pt(piece.size)
        run.font.bold = piece.bold or None
        properties = run._r.get_or_add_rPr()
        properties.set("lang", "zh-CN" if _is_chinese(piece.text) else "en-US")
        properties.append(piece.colour.fill())
    paragraph.alignment = align
    if largest:
        paragraph.line_spacing = Pt(largest * LINE)
        etree.SubElement(paragraph._p, qn("a:endParaRPr"), sz=str(round(largest * 100)))


def write(
    frame: TextFrame,
    paragraphs: Iterable[Iterable[Run]],
    align: PP_ALIGN = PP_ALIGN.LEFT,
    anchor: MSO_ANCHOR = MSO_ANCHOR.TOP,
    margin: float = 0.0,
) -> None:
    """Write paragraphs into a text frame that wraps and keeps its size."""
    frame.word_wrap = True
    frame.auto_size = None
    frame.vertical_anchor = anchor
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Emu(emu(margin))
    for place, pieces in enumerate(paragraphs):
        fill_paragraph(frame.paragraphs[0] if place == 0 else frame.add_paragraph(), pieces, align)


def text_box(
    shapes: GroupShapes, box: Box, paragraphs: Iterable[Iterable[Run]], anchor: MSO_ANCHOR = MSO_ANCHOR.TOP
) -> None:
    """A text box without a fill."""
    shape = shapes.add_textbox(box.left, box.top, box.width, box.height)
    write(shape.text_frame, paragraphs, anchor=anchor)


def paint(shape: BaseShape, colour: Colour) -> None:
    """Fill a shape, without an outline, a shadow or the theme's effects."""
    properties = shape._element.spPr
    for old in properties.findall(qn("a:solidFill")) + properties.findall(qn("a:ln")):
        properties.remove(old)
    properties.append(colour.fill())
    etree.SubElement(etree.SubElement(properties, qn("a:ln")), qn("a:noFill"))
    style = shape._element.find(qn("p:style"))
    if style is not None:
        shape._element.remove(style)


def set_fonts(root: etree._Element, font: str) -> None:
    """Give every run, field and default of a slide's or chart's XML its Latin and its East Asian font."""
    for properties in root.iter(qn("a:rPr"), qn("a:endParaRPr"), qn("a:defRPr")):
        for tag in ("a:latin", "a:ea"):
            for old in properties.findall(qn(tag)):
                properties.remove(old)
            etree.SubElement(properties, qn(tag), typeface=font)
