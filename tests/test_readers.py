"""BI clients read the published files: every version, every library, and while a publish happens."""

import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.settings import PROJECT_DIR, Settings
from tests.support.small_warehouse import TABLES, SmallWarehouse

READERS = 4
PUBLISHES = 15
# The oldest supported client, and those between it and the version that writes.
OLD_CLIENTS = ("1.1.3", "1.4.1", "1.5.0")
NO_REGISTRY = ("error sending request", "dns error", "Network connectivity is disabled", "Failed to fetch")

READ_ALL = """
import json, sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    names = [name for (name,) in connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' order by 1").fetchall()]
    # hash(...) differs between versions, so what is compared are counts and every number's sum.
    counts = {name: connection.execute(f"select count(*) from marts.{name}").fetchone()[0] for name in names}
    comment = connection.execute(
        "select comment from duckdb_columns() where table_name = 'css_store_monthly' and column_name = 'mot_score'")
    scores = "select store_code, cast(month as varchar), mot_score from marts.css_store_monthly order by all"
    print(json.dumps([counts, comment.fetchone(), connection.execute(scores).fetchall()]))
"""


def read_all(python: list[str], published: Path) -> Any:
    command = [*python, "-c", READ_ALL, str(published / "aftersales.duckdb")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.parametrize("version", OLD_CLIENTS)
def test_clients_of_older_versions_read_what_the_newest_writes(sample_run: Settings, version: str) -> None:
    uv = shutil.which("uv") or str(PROJECT_DIR / ".uv" / "bin" / "uv")
    old = [uv, "run", "--quiet", "--no-project", "--python", sys.executable, "--with", f"duckdb=={version}", "python"]
    tried = subprocess.run([*old, "-c", "import duckdb"], capture_output=True, text=True, check=False)
    if tried.returncode and any(sign in tried.stderr for sign in NO_REGISTRY):
        pytest.skip(f"the package registry can't be reached for duckdb {version}: {tried.stderr.strip()[-300:]}")
    assert tried.returncode == 0, tried.stderr
    newest = read_all([sys.executable], sample_run.published)
    assert len(newest[0]) > 40
    assert len(newest[2]) > 50
    assert read_all(old, sample_run.published) == newest


def states_read(published: Path) -> list[int]:
    """The states that both tables show, in the DuckDB file and in the Parquet files."""
    with duckdb.connect(str(published / "aftersales.duckdb"), read_only=True) as connection:
        file = [connection.execute(f"select distinct state from marts.{table}").fetchall() for table in TABLES]
    folder = (published / "current").resolve()
    with duckdb.connect() as connection:
        paths = [folder / "parquet" / f"{table}.parquet" for table in TABLES]
        parquet = [connection.execute(f"select distinct state from '{path}'").fetchall() for path in paths]
    assert file[0] == file[1], f"two states in one file: {file}"
    assert parquet[0] == parquet[1], f"two states in one folder: {parquet}"
    [(of_file,)], [(of_parquet,)] = file[0], parquet[0]
    return [of_file, of_parquet]


def read_until_stopped(published: Path, reader: int, reads: Any, stop: Any, results: Any) -> None:
    seen: set[int] = set()
    wrong: list[str] = []
    while not stop.is_set():
        try:
            seen.update(states_read(published))
        except Exception as error:
            wrong.append(repr(error))
        reads[reader] += 1
    results.put((seen, wrong))


def wait_for_a_read_of_each(reads: Any) -> None:
    before = list(reads)
    deadline = time.monotonic() + 60
    while any(now == then for now, then in zip(reads, before, strict=True)):
        assert time.monotonic() < deadline, "a reader hangs"
        time.sleep(0.002)


def test_readers_see_consistent_states_through_many_publishes(tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path)
    small.publish(0)
    context = multiprocessing.get_context("spawn")
    reads, stop, results = context.Array("q", READERS), context.Event(), context.Queue()
    readers = [
        context.Process(target=read_until_stopped, args=(small.published, number, reads, stop, results), daemon=True)
        for number in range(READERS)
    ]
    for reader in readers:
        reader.start()
    wait_for_a_read_of_each(reads)
    for state in range(1, PUBLISHES + 1):
        small.publish(state)
        # A reader that resolved `current` keeps its state for the next few publishes, not forever.
        wait_for_a_read_of_each(reads)
    stop.set()
    found = [results.get(timeout=60) for _ in readers]
    assert [wrong for _, wrong in found if wrong] == []
    for seen, _ in found:
        assert max(seen) >= PUBLISHES - 1
        assert len(seen) > PUBLISHES // 2, "the reader hardly read while states changed: the test proves nothing"
