"""Merge the check results of past months into one file per month, in place of one per run.

Readers find the same rows: `*.parquet` of a folder matches the files of single runs and of months.
"""

import os
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.checks.results import FAILURE_SCHEMA, RESULT_SCHEMA, month_file, run_files


def _compact(folder: Path, runs: list[Path], schema: pa.Schema) -> None:
    """Add the rows of runs to the file of their month, unless an interrupted attempt did, then remove their files."""
    path = month_file(folder, runs[0].stem)
    kept = [pq.read_table(path, schema=schema)] if path.exists() else []
    known = set(pc.unique(kept[0].column("run_id")).to_pylist()) if kept else set()
    added = [pq.read_table(run, schema=schema) for run in runs if run.stem not in known]
    if added:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            pq.write_table(pa.concat_tables([*kept, *added]), temporary, compression="zstd")
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    for run in runs:
        run.unlink()


def compact_results(folder: Path, today: date) -> int:
    """Compact the months before that of `today`, except for the two newest runs; returns how many runs were merged.

    Call it while holding the lock of the data folder. If it is killed, rows may exist twice until it is called again.
    """
    moved = 0
    for kind, schema in (("check_failures", FAILURE_SCHEMA), ("check_results", RESULT_SCHEMA)):
        by_month: dict[str, list[Path]] = defaultdict(list)
        for path in run_files(folder / kind)[:-2]:
            if path.stem[:6] < f"{today:%Y%m}":
                by_month[path.stem[:6]].append(path)
        for runs in by_month.values():
            _compact(folder / kind, runs, schema)
        moved = sum(map(len, by_month.values()))
    return moved
