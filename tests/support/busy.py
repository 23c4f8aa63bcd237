"""Work of known cost, to test the benchmarks' measurements; it imports little, as its process starts with it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def idle_then_busy(folder: Path, begin: Callable[[str], None]) -> None:
    """Two stages: nothing; then a second of CPU in a child, and two megabytes written."""
    begin("idle")
    begin("busy")
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 1: pass"], check=True)
    (folder / "written").write_bytes(bytes(2_000_000))
