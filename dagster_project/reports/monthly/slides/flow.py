"""A flow from left to right as native shapes: the heights of boxes and the widths of bands follow the counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR
from pptx.shapes.shapetree import GroupShapes
from pptx.util import Inches

from dagster_project.reports.monthly.blocks import Flow, Text
from dagster_project.reports.monthly.forms import both
from dagster_project.reports.monthly.slides.fit import LINE, cut, lines
from dagster_project.reports.monthly.slides.pieces import Piece, without_data
from dagster_project.reports.monthly.slides.style import (
    DEEP,
    INK,
    Box,
    Colour,
    Run,
    emu,
    paint,
    points,
    text_box,
)

_BAND = Colour("accent2", mod=40, off=60)
_BAR, _LABEL, _SMALLEST, _GAP, _BEND = 12.0, 11.0, 8.0, 7.0, 24
_LEAST, _LEAST_NODE = Inches(2.8), Inches(0.34)
_NO_DATA = Text("no data", "无数据")


@dataclass(frozen=True)
class _Bar:
    """A node's bar, in points from the corner of the drawing."""

    left: float
    top: float
    height: float
    slot_top: float
    slot_height: float


def _sizes(block: Flow) -> dict[str, int]:
    """Vehicles through each node: the larger of those coming in and those going out."""
    return {
        key: max(
            sum(link.value for link in block.links if link.target == key),
            sum(link.value for link in block.links if link.source == key),
        )
        for key in block.nodes
    }


def _height(sizes: list[int], scale: float, smallest: float) -> float:
    return sum(max(size * scale, smallest) for size in sizes) + _GAP * (len(sizes) - 1)


def _scale(stages: list[list[int]], height: float, smallest: float) -> float:
    """Points per vehicle, such that the fullest stage fills the height."""
    low, high = 0.0, height / max(1, *map(sum, stages))
    for _ in range(40):
        middle = (low + high) / 2
        fits = all(_height(stage, middle, smallest) <= height for stage in stages)
        low, high = (middle, high) if fits else (low, middle)
    return low


def _bars(block: Flow, sizes: Mapping[str, int], width: float, height: float) -> tuple[dict[str, _Bar], float, float]:
    """The bars, the points per vehicle, and the font size of the labels."""
    longest = max(len(stage) for stage in block.stages)
    slot = (height - _GAP * (longest - 1)) / longest
    size = max(_SMALLEST, min(_LABEL, slot / (2 * LINE)))
    smallest = min(slot, 2 * size * LINE)
    scale = _scale([[sizes[key] for key in stage] for stage in block.stages], height, smallest)
    step = width / len(block.stages)
    bars = {}
    for place, stage in enumerate(block.stages):
        top = 0.0
        for key in stage:
            high = max(sizes[key] * scale, smallest)
            bar = max(sizes[key] * scale, 1.0)
            bars[key] = _Bar(place * step, top + (high - bar) / 2, bar, top, high)
            top += high + _GAP
    return bars, scale, size


def _band(shapes: GroupShapes, start: tuple[float, float], end: tuple[float, float], wide: float, origin: Box) -> None:
    """A band that bends from one bar to the next."""
    (x1, y1), (x2, y2) = start, end
    shares = [place / _BEND for place in range(_BEND + 1)]
    upper = [(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share**2 * (3 - 2 * share)) for share in shares]
    outline = [*upper, *((x, y + wide) for x, y in reversed(upper))]
    corners = [(origin.left + emu(x), origin.top + emu(y)) for x, y in outline]
    builder = shapes.build_freeform(*corners[0])
    builder.add_line_segments(corners[1:], close=True)
    paint(builder.convert_to_shape(), _BAND)


def _bands(shapes: GroupShapes, block: Flow, bars: Mapping[str, _Bar], scale: float, box: Box) -> None:
    order = {key: place for place, key in enumerate(key for stage in block.stages for key in stage)}
    leaving = {key: bar.top for key, bar in bars.items()}
    arriving = dict(leaving)
    for link in sorted(block.links, key=lambda link: (order[link.source], order[link.target])):
        if link.value <= 0:
            continue
        wide = max(link.value * scale, 0.75)
        start = (bars[link.source].left + _BAR, leaving[link.source])
        end = (bars[link.target].left, arriving[link.target])
        _band(shapes, start, end, wide, box)
        leaving[link.source] += wide
        arriving[link.target] += wide


def _label(name: str, number: str, size: float, width: float, most: int) -> list[list[Run]]:
    value = Run(number, size, DEEP, bold=True)
    if most > 1:
        return [[value], [Run(cut(name, size, width, most - 1), size, INK)]]
    room = width - len(number) * size * 0.7
    return [[value, Run(f"  {cut(name, size, room, 1)}", size, INK)]]


def flow_pieces(block: Flow, area: Box) -> list[Piece]:
    """One drawing, whose shapes form a group."""
    sizes = _sizes(block)
    if not block.stages or not any(sizes.values()):
        return [without_data(block.title, _NO_DATA, block.note)]

    def draw(shapes: GroupShapes, box: Box) -> None:
        width, height = points(box.width), points(box.height) - 2
        bars, scale, size = _bars(block, sizes, width, height)
        group = shapes.add_group_shape()
        group.name = both(block.title)[:100]
        _bands(group.shapes, block, bars, scale, box)
        room = width / len(block.stages) - _BAR - 10
        for key, bar in bars.items():
            node = group.shapes.add_shape(
                MSO_SHAPE.RECTANGLE, box.left + emu(bar.left), box.top + emu(bar.top), emu(_BAR), emu(bar.height)
            )
            node.name = both(block.nodes[key])[:60]
            paint(node, DEEP)
            most = max(1, min(3, int((bar.slot_height + 0.5) // (size * LINE))))
            label = _label(both(block.nodes[key]), f"{sizes[key]:,}", size, room, most)
            line_count = sum(lines("".join(run.text for run in line), size, room) for line in label)
            tall = line_count * size * LINE
            top = bar.slot_top + max(0.0, (bar.slot_height - tall) / 2)
            place = Box(box.left + emu(bar.left + _BAR + 5), box.top + emu(top), emu(room), emu(tall))
            text_box(group.shapes, place, label, anchor=MSO_ANCHOR.MIDDLE)

    least = max(_LEAST, *(len(stage) * _LEAST_NODE for stage in block.stages))
    return [Piece(draw, None, block.title, note=block.note, least=least)]
