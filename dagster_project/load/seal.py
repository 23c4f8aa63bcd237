"""Seals of the lake's parts: size, time and digest as written, so that damage is noticed and never read as data."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seal:
    """Size, newest time and digest of the parts of one landed file, taken together."""

    size: int
    mtime_ns: int
    digest: str


def _size_and_time(parts: Sequence[Path]) -> tuple[int, int]:
    stats = [part.stat() for part in parts]
    return sum(stat.st_size for stat in stats), max(stat.st_mtime_ns for stat in stats)


def seal(parts: Sequence[Path]) -> Seal:
    """The seal of the parts as they are now."""
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return Seal(*_size_and_time(parts), digest.hexdigest())


def seal_if_intact(parts: Sequence[Path], before: Seal | None, *, by_digest: bool) -> Seal | None:
    """The current seal of parts that match the seal `before`; None when they are missing or damaged.

    Parts with the size and time of their seal are trusted unless `by_digest` is set. Copied parts have another time but
    the same digest. Parts that were never sealed are sealed as they are.
    """
    try:
        if before and not by_digest and _size_and_time(parts) == (before.size, before.mtime_ns):
            return before
        now = seal(parts)
    except FileNotFoundError:
        return None
    return now if before is None or before.digest == now.digest else None


def set_aside(parts: Sequence[Path], folder: Path) -> None:
    """Move parts to `folder/damaged/`, out of the lake's use: they may hold the only copy of some rows."""
    damaged = folder / "damaged"
    damaged.mkdir(parents=True, exist_ok=True)
    for part in parts:
        if part.exists():
            os.replace(part, damaged / f"{part.parent.name}-{part.name}")
