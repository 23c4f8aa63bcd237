"""The layout of a slide: bands below each other, at most one of which takes the remaining height."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pptx.util import Inches

from dagster_project.reports.monthly.slides.pieces import GAP, Piece
from dagster_project.reports.monthly.slides.style import Box

_BETWEEN_HALVES = Inches(0.4)
_MOST_TITLED = 2


def _half(width: int) -> int:
    return (width - _BETWEEN_HALVES) // 2


@dataclass
class _Page:
    """A slide being filled."""

    area: Box
    bands: list[tuple[Piece, ...]] = field(default_factory=list)

    def least(self, band: tuple[Piece, ...]) -> int:
        """The minimum height of a band."""
        width = self.area.width if len(band) == 1 else _half(self.area.width)
        return max(piece.around(width) + (piece.least if piece.height is None else piece.height) for piece in band)

    def takes(self, band: tuple[Piece, ...]) -> bool:
        """Whether there is room for one more band."""
        bands = [*self.bands, band]
        if not self.bands:
            return True
        titled = sum(piece.title is not None for other in bands for piece in other)
        open_ended = sum(piece.height is None for other in bands for piece in other[:1])
        used = sum(map(self.least, bands)) + GAP * (len(bands) - 1)
        return used <= self.area.height and titled <= _MOST_TITLED and open_ended <= 1

    def placed(self) -> list[tuple[Piece, Box]]:
        """Each piece with its box."""
        fixed = sum(self.least(band) for band in self.bands if band[0].height is not None)
        rest = self.area.height - fixed - GAP * (len(self.bands) - 1)
        placed, top = [], self.area.top
        for band in self.bands:
            height = rest if band[0].height is None else self.least(band)
            width = self.area.width if len(band) == 1 else _half(self.area.width)
            for place, piece in enumerate(band):
                left = self.area.left + place * (width + _BETWEEN_HALVES)
                placed.append((piece, Box(left, top, width, height)))
            top += height + GAP
        return placed


def _bands(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """Pieces as bands: neighbouring half-width pieces in pairs, others alone."""
    bands: list[tuple[Piece, ...]] = []
    for piece in pieces:
        if bands and piece.is_half and len(bands[-1]) == 1 and bands[-1][0].is_half:
            bands[-1] = (bands[-1][0], piece)
        else:
            bands.append((piece,))
    return bands


def pages(pieces: Sequence[Piece], area: Box) -> list[list[tuple[Piece, Box]]]:
    """The pieces in reading order on as many slides as they need."""
    filled: list[_Page] = []
    for band in _bands(pieces):
        if not filled or not filled[-1].takes(band):
            filled.append(_Page(area))
        filled[-1].bands.append(band)
    return [page.placed() for page in filled]
