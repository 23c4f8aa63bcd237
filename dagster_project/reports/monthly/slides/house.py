"""The built-in master: 16:9, a title layout and a title-only layout, quiet colours, one typeface."""

from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.opc.package import Part
from pptx.oxml.ns import qn
from pptx.presentation import Presentation as Deck
from pptx.shapes.placeholder import LayoutPlaceholder
from pptx.slide import SlideLayout, SlideMaster
from pptx.util import Inches, Pt

from dagster_project.reports.monthly.slides.style import DEEP, HOUSE_FONT, RULE, SOFT, Colour

_COLOURS = {
    "dk1": "17212B",
    "lt1": "FFFFFF",
    "dk2": "5C6875",
    "lt2": "EEF2F4",
    "accent1": "0E4F5C",
    "accent2": "6FA3AD",
    "accent3": "C29A4B",
    "accent4": "8593A0",
    "accent5": "A3372A",
    "accent6": "2B6E4F",
    "hlink": "0E4F5C",
    "folHlink": "5C6875",
}
_KEPT = ("Title Slide", "Title Only")
_PLACES = {
    PP_PLACEHOLDER.TITLE: (0.6, 0.38, 12.13, 0.62),
    PP_PLACEHOLDER.CENTER_TITLE: (0.9, 2.1, 11.5, 1.2),
    PP_PLACEHOLDER.SUBTITLE: (0.9, 3.4, 11.5, 1.0),
    PP_PLACEHOLDER.BODY: (0.6, 1.3, 12.13, 5.4),
    PP_PLACEHOLDER.DATE: (5.0, 7.0, 2.0, 0.28),
    PP_PLACEHOLDER.FOOTER: (0.6, 7.0, 9.0, 0.28),
    PP_PLACEHOLDER.SLIDE_NUMBER: (11.73, 7.0, 1.0, 0.28),
}


def _recolour(theme: Part) -> None:
    root = etree.fromstring(theme.blob)
    for name, colour in _COLOURS.items():
        slot = root.find(f".//{qn('a:clrScheme')}/{qn('a:' + name)}")
        for old in list(slot):
            slot.remove(old)
        etree.SubElement(slot, qn("a:srgbClr"), val=colour)
    for fonts in root.iter(qn("a:majorFont"), qn("a:minorFont")):
        for tag in ("a:latin", "a:ea"):
            fonts.find(qn(tag)).set("typeface", HOUSE_FONT)
    theme._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _bar(colour: Colour, place: tuple[float, float, float, float], number: int) -> etree._Element:
    """A coloured bar as the XML of a shape: python-pptx can't add shapes to layouts."""
    left, top, width, height = (Inches(length) for length in place)
    namespaces = "".join(f' xmlns:{prefix}="{url}"' for prefix, url in (("a", _A), ("p", _P)))
    return etree.fromstring(
        f'<p:sp{namespaces}><p:nvSpPr><p:cNvPr id="{number}" name="Bar"/><p:cNvSpPr/><p:nvPr userDrawn="1"/></p:nvSpPr>'
        f'<p:spPr><a:xfrm><a:off x="{left}" y="{top}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
        f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>{colour.xml}<a:ln><a:noFill/></a:ln></p:spPr></p:sp>'
    )


_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"


def _place(slide: SlideMaster | SlideLayout) -> None:
    for shape in slide.placeholders:
        left, top, width, height = (Inches(length) for length in _PLACES[shape.placeholder_format.type])
        shape.left, shape.top, shape.width, shape.height = left, top, width, height
        frame = shape.text_frame
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0


def _restyle(master: SlideMaster) -> None:
    title = master._element.find(f".//{qn('p:titleStyle')}/{qn('a:lvl1pPr')}")
    title.set("algn", "l")
    default = title.find(qn("a:defRPr"))
    default.set("sz", "2200")
    default.set("b", "1")
    for shape in master.placeholders:
        for level in shape._element.iter(qn("a:lvl1pPr")):
            level.set("algn", "r" if shape.placeholder_format.type == PP_PLACEHOLDER.SLIDE_NUMBER else "l")
            size = level.find(qn("a:defRPr"))
            size.set("sz", "1000")
            size.replace(size.find(qn("a:solidFill")), SOFT.fill())


def house_presentation() -> Deck:
    """An empty presentation with the built-in master."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Inches(13.333), Inches(7.5)
    master = presentation.slide_master
    for part in [relation.target_part for relation in master.part.rels.values()]:
        if part.partname.startswith("/ppt/theme/"):
            _recolour(part)
    for layout in list(presentation.slide_layouts):
        if layout.name not in _KEPT:
            presentation.slide_layouts.remove(layout)
    _place(master)
    _restyle(master)
    cover, content = (presentation.slide_layouts.get_by_name(name) for name in _KEPT)
    assert cover is not None, "python-pptx's own template has both"
    assert content is not None
    for kept in (cover, content):
        _place(kept)
    for shape in cover.placeholders:
        is_title = shape.placeholder_format.type == PP_PLACEHOLDER.CENTER_TITLE
        for level in shape._element.iter(qn("a:lvl1pPr")):
            level.set("algn", "l")
        shape.text_frame.paragraphs[0].font.size = Pt(36 if is_title else 18)
        _default_size(shape, 3600 if is_title else 1800)
    cover.shapes._spTree.append(_bar(DEEP, (0.6, 2.1, 0.09, 2.3), 90))
    content.shapes._spTree.append(_bar(RULE, (0.6, 1.08, 12.13, 0.012), 91))
    return presentation


def _default_size(shape: LayoutPlaceholder, hundredths: int) -> None:
    style = shape._element.txBody.find(qn("a:lstStyle"))
    level = style.find(qn("a:lvl1pPr"))
    if level is None:
        level = etree.SubElement(style, qn("a:lvl1pPr"), algn="l")
    default = level.find(qn("a:defRPr"))
    if default is None:
        default = etree.SubElement(level, qn("a:defRPr"))
    default.set("sz", str(hundredths))
