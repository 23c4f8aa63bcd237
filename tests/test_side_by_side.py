"""Files are loaded in parallel, which changes the time it takes and nothing else."""

import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.load import dataset, load, workers
from dagster_project.load.load import load_landing
from dagster_project.load.manifest import Entry
from dagster_project.load.part import LakeError
from tests.reference import edge_cases


def lake_of(landing: Path, lake: Path) -> tuple[list[Entry], dict[str, list[str]], dict[str, bytes]]:
    """Manifest entries without times, the log lines of each dataset, and every part."""
    lines: dict[str, list[str]] = {}
    loads = load_landing(landing, lake, lambda line: lines.setdefault("/".join(line.split("/")[:2]), []).append(line))
    entries = [replace(e, loaded_at=datetime.min, parts_mtime_ns=0) for one in loads for e in one.entries]
    parts = {str(path.relative_to(lake)): path.read_bytes() for path in lake.glob("*/*/*/*.parquet")}
    return entries, lines, parts


def test_the_lake_equals_that_of_loading_one_file_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("loading", "css"):
        edge_cases.land(name, tmp_path / "landing")
    (tmp_path / "landing/dms/customers").mkdir(parents=True, exist_ok=True)
    for number in range(4):
        rows = {"store_code": ["001"], "customer_no": [f"P{number}"], "customer_type": ["private"]}
        table = pa.table(rows | {"registered_on": ["20260403"]})
        pq.write_table(table, tmp_path / f"landing/dms/customers/p{number}_20260401.parquet")
    # Every second file takes longer than the one after it and finishes later.
    waits = iter(range(10**6))
    load_file = dataset.load_file

    def wait_and_load(*arguments: object, **named: object) -> object:
        time.sleep(next(waits) % 2 * 0.03)
        return load_file(*arguments, **named)

    monkeypatch.setattr(dataset, "load_file", wait_and_load)
    monkeypatch.setattr(dataset, "_SECONDS_BETWEEN_PROGRESS", 1000)
    for module in (load, workers):
        monkeypatch.setattr(module, "FILES_AT_ONCE", 4)
    side_by_side = lake_of(tmp_path / "landing", tmp_path / "four")
    for module in (load, workers):
        monkeypatch.setattr(module, "FILES_AT_ONCE", 1)
    assert lake_of(tmp_path / "landing", tmp_path / "one") == side_by_side
    assert len(side_by_side[0]) > 15
    assert len(side_by_side[2]) == 2 * sum(entry.rows_read > 0 for entry in side_by_side[0])


def test_a_load_that_breaks_off_starts_no_more_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "landing/dms/customers"
    folder.mkdir(parents=True)
    for number in range(100):
        (folder / f"{number}.csv").write_text("store_code,customer_no,customer_type,registered_on\n")
    started = []

    def full(*_: object, **__: object) -> None:
        started.append(threading.current_thread())
        raise LakeError(28, "No space left on device")

    monkeypatch.setattr(dataset, "load_file", full)
    before = threading.active_count()
    monkeypatch.setattr(dataset, "_content_digest", lambda path: time.sleep(0.02) or path.name)
    with pytest.raises(LakeError):
        load_landing(tmp_path / "landing", tmp_path / "lake")
    assert 1 <= len(started) < 50
    assert threading.active_count() == before
