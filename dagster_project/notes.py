"""Small notes that are kept in the data folder from one run to the next."""

import os
from pathlib import Path


def write_note(path: Path, text: str) -> None:
    """Write a note atomically: half a note could be read as a different one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
