"""Rounding in reports: half away from zero."""

from decimal import ROUND_HALF_UP, Context, Decimal

# Enough digits for every float, with nine decimals.
_EXACT = Context(prec=320)


def rounded(value: float, decimals: int) -> Decimal:
    """The value rounded half away from zero, free of binary noise, never minus zero."""
    exact = Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _EXACT)
    return exact if exact else abs(exact)
