"""Rates with their Wilson intervals."""

import math
from fractions import Fraction
from typing import Any

Z = 1.959964


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share, without continuity correction."""
    share, square = count / of, Z * Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    half = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return centre - half, centre + half


def rate(name: str, count: int | None, of: int) -> dict[str, Any]:
    """The columns of a rate: its value and interval, unknown if the denominator is 0."""
    if count is None or of == 0:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    low, high = wilson(count, of) if count <= of else (None, None)
    return {name: Fraction(count, of), f"{name}_low": low, f"{name}_high": high}
