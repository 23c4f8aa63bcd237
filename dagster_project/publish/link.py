"""Point a link at another folder in one step."""

import os
from pathlib import Path


def point(link: Path, target: str) -> None:
    """Make `link` point at `target`, relative to the link's folder, whatever stood there before."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)
