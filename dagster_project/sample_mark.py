"""The mark in a landing folder of the sample store, by which the invented extracts are told from real ones."""

from pathlib import Path

# The loader ignores files whose names start with a dot.
SAMPLE_MARK = ".aftersales-sample"


def mark_sample(landing: Path) -> None:
    """Mark a landing folder as the sample store's."""
    (landing / SAMPLE_MARK).write_text(
        "Written by `aftersales sample`: invented extracts, never to be mixed with real ones.\n", encoding="utf-8"
    )


def is_marked(landing: Path) -> bool:
    """Whether a landing folder is the sample store's."""
    return (landing / SAMPLE_MARK).exists()
