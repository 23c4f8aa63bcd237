"""Headline figures as tiles, and notes as paragraphs."""

from pptx.enum.shapes import MSO_SHAPE
from pptx.shapes.shapetree import GroupShapes
from pptx.util import Inches

from dagster_project.reports.monthly.blocks import Chapter, Comparison, Figure, Figures, Note, Text, Tone
from dagster_project.reports.monthly.forms import both
from dagster_project.reports.monthly.slides.fit import LINE, cut, fitting_size, height_of, width_of
from dagster_project.reports.monthly.slides.pieces import GAP, Piece
from dagster_project.reports.monthly.slides.style import (
    AMBER,
    DEEP,
    FIXED_INK,
    SOFT,
    TINT,
    TINTS,
    TONES,
    Box,
    Run,
    emu,
    paint,
    points,
    text_box,
    write,
)
from dagster_project.reports.monthly.written import written

_LABEL, _VALUE, _SMALL, _MARGIN = 11, 26, 10, 7.0
_NARROWEST = Inches(2.1)
_SMALL_SAMPLE = Text("small sample", "样本少")
_NOISE = Text("within noise", "波动内")


def _across(count: int, width: int) -> int:
    """The number of tiles in a row: as many as fit, with rows of about the same length."""
    most = max(1, min(5, width // _NARROWEST))
    rows = -(-count // most)
    return -(-count // rows)


def _comparison_text(comparison: Comparison, figure: Figure) -> str:
    text = f"{both(comparison.label)} {written(comparison.value, figure.form, figure.decimals)}"
    return f"{text} ({both(_NOISE)})" if comparison.is_news is False else text


def _paragraphs(figure: Figure, width: float) -> list[list[Run]]:
    label = both(figure.label)
    value = written(figure.value, figure.form, figure.decimals)
    size = next((s for s in (_VALUE, 22, 18, 14) if width_of(value, s) <= width), 11)
    lines = [[Run(cut(label, _LABEL, width, 2), _LABEL, SOFT)], [Run(value, size, TONES[figure.tone], bold=True)]]
    basis = []
    if figure.low is not None and figure.high is not None:
        ends = (written(end, figure.form, figure.decimals) for end in (figure.low, figure.high))
        basis.append("95%: " + " – ".join(ends))
    if figure.sample_size is not None:
        basis.append(f"n = {figure.sample_size:,}")
    if basis:
        lines.append([Run(", ".join(basis), _SMALL, SOFT)])
    lines += [[Run(cut(_comparison_text(c, figure), _SMALL, width, 2), _SMALL, SOFT)] for c in figure.comparisons]
    if figure.is_small_sample:
        lines.append([Run(both(_SMALL_SAMPLE), _SMALL, AMBER, bold=True)])
    if figure.note:
        lines.append([Run(cut(both(figure.note), _SMALL, width, 3), _SMALL, SOFT)])
    return lines


def _tile_height(paragraphs: list[list[Run]], width: float) -> int:
    heights = (height_of("".join(r.text for r in line), max(r.size for r in line), width) for line in paragraphs)
    return emu(sum(heights) + 2 * _MARGIN + 4)


def _row(figures: tuple[Figure, ...], across: int, width: int) -> Piece:
    wide = (width - (across - 1) * GAP) // across
    inner = points(wide) - 2 * _MARGIN - 2
    tiles = [_paragraphs(figure, inner) for figure in figures]
    height = max(_tile_height(paragraphs, inner) for paragraphs in tiles)

    def draw(shapes: GroupShapes, box: Box) -> None:
        for place, paragraphs in enumerate(tiles):
            left = box.left + place * (wide + GAP)
            tile = shapes.add_shape(MSO_SHAPE.RECTANGLE, left, box.top, wide, height)
            tile.name = paragraphs[0][0].text[:60]
            paint(tile, TINT)
            write(tile.text_frame, paragraphs, margin=_MARGIN)

    return Piece(draw, height)


def figures_pieces(block: Figures, area: Box) -> list[Piece]:
    """Rows of tiles."""
    if not block.figures:
        return []
    across = _across(len(block.figures), area.width)
    return [
        _row(block.figures[start : start + across], across, area.width)
        for start in range(0, len(block.figures), across)
    ]


def _paragraph_pieces(text: Text, area: Box, sizes: tuple[float, ...], tone: Tone) -> list[Piece]:
    width = points(area.width) - 2 * _MARGIN - 2
    paragraphs = both(text, "\n")
    size = fitting_size(paragraphs, width, points(area.height) * 0.5, sizes)
    most = int(points(area.height) * 0.8 / (size * LINE))
    lines = [cut(line, size, width, max(1, most // 2)) for line in paragraphs.split("\n")]
    height = emu(sum(height_of(line, size, width) for line in lines) + 2 * _MARGIN + 2)

    def draw(shapes: GroupShapes, box: Box) -> None:
        shape = shapes.add_shape(MSO_SHAPE.RECTANGLE, box.left, box.top, box.width, height)
        shape.name = lines[0][:60]
        paint(shape, TINTS[tone])
        colour = FIXED_INK if tone is not Tone.NEUTRAL else TONES[tone]
        write(shape.text_frame, [[Run(line, size, colour)] for line in lines], margin=_MARGIN)

    return [Piece(draw, height)]


def note_pieces(block: Note, area: Box) -> list[Piece]:
    """A paragraph across the whole width."""
    return _paragraph_pieces(block.text, area, (14, 12, 11, 10), block.tone)


def headline_pieces(chapter: Chapter, area: Box) -> list[Piece]:
    """The chapter's question and, larger, the answer in a sentence."""
    width = points(area.width)
    question = both(chapter.question, "  ")
    lines = [(cut(question, 13, width, 3), 13, SOFT, False)]
    if chapter.headline:
        answer = both(chapter.headline, "\n")
        size = fitting_size(answer, width, 130, (18, 16, 14, 12))
        lines += [(cut(line, size, width, 4), size, DEEP, True) for line in answer.split("\n")]
    height = emu(sum(height_of(text, size, width) for text, size, *_ in lines) + 4)

    def draw(shapes: GroupShapes, box: Box) -> None:
        text_box(shapes, Box(box.left, box.top, box.width, height), [[Run(*line)] for line in lines])

    return [Piece(draw, height)]
