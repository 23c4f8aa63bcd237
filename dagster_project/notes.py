"""Notes of a few words that the data folder keeps from one run to the next."""

import os
from pathlib import Path


def write_note(path: Path, text: str) -> None:
    """Write a note in one step: half a note would tell something else."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
