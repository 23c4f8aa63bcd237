"""The pieces that a block becomes on slides: one or, where it is too long, several."""

from collections.abc import Callable
from dataclasses import dataclass

from pptx.shapes.shapetree import GroupShapes
from pptx.util import Inches

from dagster_project.reports.monthly.blocks import Text
from dagster_project.reports.monthly.forms import both
from dagster_project.reports.monthly.slides.fit import height_of
from dagster_project.reports.monthly.slides.style import SOFT, Box, Run, emu, points, runs, text_box

GAP = Inches(0.16)
_CAPTION, _NOTE = 14, 10


@dataclass(frozen=True)
class Piece:
    """A part of a slide. `height` is None where it takes all the remaining height (charts)."""

    draw: Callable[[GroupShapes, Box], None]
    height: int | None = None
    title: Text | None = None
    part: str = ""
    note: Text | None = None
    is_half: bool = False
    least: int = 0  # the minimum height of a piece that takes the remaining height

    def around(self, width: int) -> int:
        """Height of the caption and the note."""
        return self._caption_height(width) + self._note_height(width)

    def _caption(self) -> list[Run]:
        if self.title is None:
            return []
        return [
            *runs(self.title, _CAPTION, zh_colour=SOFT, bold=True),
            Run(self.part and f"  {self.part}", _NOTE, SOFT),
        ]

    def _caption_height(self, width: int) -> int:
        if self.title is None:
            return 0
        text = "".join(run.text for run in self._caption())
        return emu(height_of(text, _CAPTION, points(width)) + 6)

    def _note_height(self, width: int) -> int:
        return emu(height_of(both(self.note, "  "), _NOTE, points(width)) + 5) if self.note else 0

    def place(self, shapes: GroupShapes, box: Box) -> None:
        """Draw the caption, the piece and its note into the box."""
        above, below = self._caption_height(box.width), self._note_height(box.width)
        if above:
            text_box(shapes, Box(box.left, box.top, box.width, above), [self._caption()])
        self.draw(shapes, Box(box.left, box.top + above, box.width, box.height - above - below))
        if self.note:
            text_box(shapes, Box(box.left, box.bottom - below, box.width, below), [runs(self.note, _NOTE, SOFT)])


def without_data(title: Text, why: Text, note: Text | None) -> Piece:
    """A caption that says why nothing is drawn."""
    caption = Text(f"{title.en} – {why.en}", f"{title.zh} – {why.zh}")
    return Piece(lambda shapes, box: None, 0, caption, note=note)
