"""Pseudonyms for the numbers of a forgotten person: they identify nobody, and rows are counted as before."""

import re
import secrets

from dagster_project.privacy.forgotten import PSEUDONYM

_SIGNS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_VALUES = dict(zip(_SIGNS, [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_WELL_FORMED = re.compile(f"[{_SIGNS}]{{17}}")


def new_number() -> str:
    """A new customer number that belongs to nobody."""
    return f"{PSEUDONYM}{secrets.token_hex(6)}"


def _check_digit(vin: str) -> str:
    rest = sum(_VALUES[sign] * weight for sign, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def new_vin(vin: str) -> str:
    """A VIN of no vehicle (no manufacturer's begins with 000), well formed and with a correct check digit if `vin` is.

    So the checks of VINs find as many faults as before.
    """
    if not _WELL_FORMED.fullmatch(vin):
        return new_number()
    body = "000" + "".join(secrets.choice(_SIGNS) for _ in range(14))
    digit = _check_digit(body)
    if vin[8] != _check_digit(vin):
        digit = "0" if digit == "X" else "X"
    return body[:8] + digit + body[9:]
