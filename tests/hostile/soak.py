"""Thousands of mutated files: `run` continues until its time is up or an invariant fails."""

import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.hostile.mutate import mutate
from tests.hostile.oracle import Counts, check_folder
from tests.hostile.originals import DATASET, originals

_FILES_A_ROUND = 40
# The files are small: more memory than this is a leak, or a file that used too much.
_MOST_MEMORY_KB = 2_000_000
_MOST_SECONDS_A_FILE = 5.0


def try_round(kind: str, seeds: Iterable[int], counts: Counts) -> None:
    """Load mutated files of one kind, each named by its seed; on error, the files are kept and their path is raised."""
    ending, content = originals()[kind]
    root = Path(tempfile.mkdtemp(prefix="aftersales-hostile-"))
    folder = root / "landing" / DATASET
    folder.mkdir(parents=True)
    names = [f"{kind.replace(' ', '_')}_seed{seed}_.{ending}" for seed in seeds]
    for seed, name in zip(seeds, names, strict=True):
        (folder / name).write_bytes(mutate(kind, content, seed))
    started = time.monotonic()
    try:
        check_folder(DATASET, root / "landing", root / "lake", counts)
        seconds = (time.monotonic() - started) / len(names)
        assert seconds < _MOST_SECONDS_A_FILE, f"{seconds:.1f} s a file"
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert used < _MOST_MEMORY_KB, f"{used:,} KB of memory"
    except Exception as error:
        raise AssertionError(f"{kind}, seeds {min(seeds)} to {max(seeds)}, files in {folder}: {error}") from error
    shutil.rmtree(root)


def run(deadline: float, report: Callable[[str], None]) -> dict[str, int]:
    """Try new files until the deadline (by time.monotonic); counts by kind. Raises at the first failed invariant."""
    by_kind = {kind: Counts() for kind in originals()}
    first = 0
    while time.monotonic() < deadline:
        for kind, counts in by_kind.items():
            if time.monotonic() < deadline:
                try_round(kind, range(first, first + _FILES_A_ROUND), counts)
        first += _FILES_A_ROUND
        report(f"hostile files: {sum(counts.files for counts in by_kind.values()):,} tried")
    totals = {name: sum(getattr(counts, name) for counts in by_kind.values()) for name in ("files", *_TOTALS)}
    return totals | {f"files, {kind}": counts.files for kind, counts in by_kind.items()}


_TOTALS = ("loaded", "quarantined", "rows", "rejected", "compared")
