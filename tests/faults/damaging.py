"""Ways to damage a file on disk."""

import os
from pathlib import Path


def flip(path: Path, at: int | None = None) -> None:
    """Invert 16 bytes of a file, by default in its middle."""
    content = bytearray(path.read_bytes())
    start = len(content) // 2 if at is None else at
    content[start : start + 16] = bytes(byte ^ 0xFF for byte in content[start : start + 16])
    path.write_bytes(content)


def rot(path: Path) -> None:
    """Damage a file without changing its size and modification time, as a failing disk does."""
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


DAMAGES = [
    flip,
    Path.unlink,
    lambda path: os.truncate(path, path.stat().st_size // 2),
    lambda path: path.write_bytes(b""),
]
