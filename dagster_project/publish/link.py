"""Point a link at another folder atomically."""

import os
from pathlib import Path


def point(link: Path, target: str) -> None:
    """Make `link` point at `target`, relative to the link's folder; an existing file or link is replaced."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)
