"""Estimates of the space that a text takes, on the safe side: exact sizes are known only to PowerPoint."""

import re

LINE = 1.25
"""Height of a line as a multiple of its font size; slides set it exactly, so that taller fonts take no more."""

_WIDE = re.compile(r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]")
_TOKENS = re.compile(
    r"\s+|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]"
    r"|[^\s\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]+"
)
_ELLIPSIS = "…"
_SAFETY = 1.06


def _em(character: str) -> float:
    if _WIDE.match(character) or ord(character) > 0xFFFF or "▁" <= character <= "█":
        return 1.0
    if character in " .,:;'|!ijl()[]":
        return 0.34
    if character in "mwMW%@—…":
        return 0.92
    return 0.7 if character.isupper() else 0.58


def width_of(text: str, size: float) -> float:
    """Width of the text on one line, in points."""
    return sum(map(_em, text)) * size * _SAFETY


def widest_word(text: str, size: float) -> float:
    """Width of the widest part that can't be broken, in points."""
    return max((width_of(token, size) for token in _TOKENS.findall(text)), default=0.0)


def lines(text: str, size: float, width: float) -> int:
    """The number of lines that the text takes in a box `width` points wide."""
    count = 0
    for paragraph in text.split("\n"):
        count, used = count + 1, 0.0
        for token in _TOKENS.findall(paragraph):
            wide = width_of(token, size)
            if used + wide <= width:
                used += wide
            elif token.isspace():
                used = width
            else:
                count += 1 if used else 0
                count += int(wide // width) if wide > width else 0
                used = wide % width if wide > width else wide
    return count


def height_of(text: str, size: float, width: float) -> float:
    """Height of the text in a box `width` points wide, in points."""
    return lines(text, size, width) * size * LINE


def fitting_size(text: str, width: float, height: float, sizes: tuple[float, ...]) -> float:
    """The first of the sizes, largest first, at which the text fits; the last if none does."""
    return next((size for size in sizes if height_of(text, size, width) <= height), sizes[-1])


def cut(text: str, size: float, width: float, most: int) -> str:
    """The text, cut with an ellipsis where it takes more than `most` lines."""
    if lines(text, size, width) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if lines(text[:middle].rstrip() + _ELLIPSIS, size, width) <= most:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + _ELLIPSIS
