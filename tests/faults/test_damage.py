"""Damage on disk is found, repaired from the landed files, or reported until they are landed again."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project import cli
from dagster_project.checks.worker import CheckWorker
from dagster_project.load.lake import open_warehouse
from dagster_project.load.load import load_landing
from dagster_project.load.manifest import MANIFEST_SCHEMA, ManifestDamaged, read_manifest
from dagster_project.models.dbt_build import NodeResult
from dagster_project.publish import parquet
from dagster_project.publish.state import STATE_FILE, StateDamaged, last_state, state_of, write_state
from dagster_project.run import refresh
from dagster_project.run.lock import only_run
from dagster_project.sample_store import guard_sample
from dagster_project.upkeep.damage import Damaged, StorageError, find_damage
from tests.conftest import Landing
from tests.faults.damaging import DAMAGES, flip, rot
from tests.support.small_warehouse import SmallWarehouse

CUSTOMERS = "store_code,customer_no,customer_type,registered_on\n"
ROWS = "select customer_no from lake.dms__customers order by 1"
PARTS = ("accepted", "rejected")


@pytest.fixture
def loaded(landing: Landing) -> Landing:
    """Two customer files, one with a rejected row."""
    landing.write("dms/customers/a_20260101.csv", f"{CUSTOMERS}001,A1,private,2026-01-01\n001,A2,?,2026-01-01\n")
    landing.write("dms/customers/b_20260102.csv", f"{CUSTOMERS}001,B1,private,2026-01-01\n")
    landing.load()
    return landing


def contents(landing: Landing) -> dict[Path, bytes]:
    """All parts of the lake."""
    return {path: path.read_bytes() for kind in PARTS for path in landing.settings.lake.glob(f"*/*/{kind}/*")}


def part(landing: Landing, name: str, kind: str = "accepted") -> Path:
    """The part of a customer file."""
    folder = landing.settings.lake / "dms" / "customers"
    return folder / getattr(read_manifest(folder)[f"dms/customers/{name}"], f"{kind}_part")


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("damage", DAMAGES, ids=["flipped", "deleted", "truncated", "emptied"])
def test_a_damaged_part_is_read_again_from_its_file(loaded: Landing, damage: Callable, kind: str) -> None:
    before = contents(loaded)
    damage(part(loaded, "a_20260101.csv", kind))
    assert sum(load.files_loaded for load in loaded.load()) == 1
    assert loaded.query(ROWS) == [("A1",), ("B1",)]
    assert loaded.query("select count(*) from lake.rejected_rows") == [(1,)]
    assert contents(loaded) == before
    assert not find_damage(loaded.settings)


def test_a_damaged_part_whose_file_is_gone_is_reported_until_it_is_landed_again(loaded: Landing) -> None:
    landed = loaded.path("dms/customers/a_20260101.csv")
    content = landed.read_bytes()
    landed.unlink()
    flip(part(loaded, landed.name))
    for _ in range(2):
        loaded.load()
        assert loaded.query(ROWS) == [("B1",)]
        reported = loaded.file(landed.name)
        assert (reported["status"], reported["rows_read"]) == ("quarantined", 0)
        assert "land it again" in reported["error"]
    assert len(list((loaded.settings.lake / "dms/customers/damaged").iterdir())) == 2, "its remaining rows are kept"
    loaded.write("dms/customers/a_20260101.csv", content)
    loaded.load()
    assert loaded.query(ROWS) == [("A1",), ("B1",)]
    assert loaded.file(landed.name)["status"] == "loaded"


def test_a_copied_lake_is_not_read_again(loaded: Landing) -> None:
    for kind in PARTS:
        os.utime(part(loaded, "a_20260101.csv", kind), (1, 1))
    assert sum(load.files_loaded for load in loaded.load()) == 0


def test_a_manifest_from_before_seals_is_sealed(loaded: Landing) -> None:
    path = loaded.settings.lake / "dms/customers/manifest.parquet"
    older = [field.name for field in MANIFEST_SCHEMA if not field.name.startswith("parts_")]
    pq.write_table(pq.read_table(path, columns=older), path)
    assert sum(load.files_loaded for load in loaded.load()) == 0
    assert all(entry.seal for entry in read_manifest(path.parent).values())
    flip(part(loaded, "a_20260101.csv"))
    assert sum(load.files_loaded for load in loaded.load()) == 1


def test_bit_rot_is_found_by_digest_on_request(loaded: Landing, capsys) -> None:
    arguments = ["verify", "--data", str(loaded.settings.data)]
    guard_sample(loaded.settings)
    assert cli.main(arguments) == 0
    rot(part(loaded, "a_20260101.csv"))
    loads = load_landing(loaded.settings.landing, loaded.settings.lake)
    assert sum(load.files_loaded for load in loads) == 0, "no run reads all parts"
    assert cli.main(arguments) == 1
    assert "the next run reads the file again" in capsys.readouterr().err
    assert sum(load.files_loaded for load in loaded.load()) == 1
    assert loaded.query(ROWS) == [("A1",), ("B1",)]


def test_models_that_read_bit_rot_name_what_is_damaged(loaded: Landing) -> None:
    rot(part(loaded, "a_20260101.csv"))
    node = NodeResult("stg_dms__customers", "stg_dms__customers", False, "error", None, "Parquet error", "")
    with pytest.raises(Damaged, match="the next run reads the file again"):
        refresh.check_build(loaded.settings, "20260430060000-a", [node], CheckWorker(None))
    loaded.path("dms/customers/b_20260102.csv").unlink()
    rot(part(loaded, "b_20260102.csv"))
    with pytest.raises(Damaged, match=r"land dms/customers/b_20260102\.csv again"):
        refresh.check_build(loaded.settings, "20260430060000-a", [node], CheckWorker(None))


def test_bit_rot_that_stops_registering_is_reported_in_a_sentence(loaded: Landing) -> None:
    path = part(loaded, "a_20260101.csv", "rejected")
    before = path.stat()
    flip(path, before.st_size - 16)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(Damaged, match=r"a_20260101\.csv"), only_run(loaded.settings):
        loaded.load()


@pytest.mark.parametrize("reported", ["damaged", "missing"])
def test_a_damaged_manifest_stops_the_run_and_nothing_is_deleted(loaded: Landing, reported: str) -> None:
    path = loaded.settings.lake / "dms/customers/manifest.parquet"
    parts = set(path.parent.rglob("*/*"))
    if reported == "damaged":
        os.truncate(path, 100)
    else:
        path.unlink()
    with pytest.raises(ManifestDamaged, match="put it back from a backup"):
        loaded.load()
    assert set(path.parent.rglob("*/*")) == parts
    assert any(f"manifest.parquet is {reported}" in line for line in find_damage(loaded.settings))


def test_a_damaged_history_is_named(loaded: Landing) -> None:
    (loaded.settings.lake / "quality/check_results/20260101000000-abc.parquet").write_bytes(b"PAR1")
    assert "check_results/20260101000000-abc.parquet" in find_damage(loaded.settings)[0]


@pytest.fixture(scope="module")
def written_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private warehouse of some blocks."""
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table numbers as select hash(n) as number from range(300000) as numbers(n)")
    return path


@pytest.mark.parametrize("at", [8, 4096, 8192, 12_288, 300_000, 800_000, 1_500_000])
def test_a_damaged_warehouse_is_set_aside(written_warehouse: Path, landing: Landing, at: int) -> None:
    warehouse = landing.settings.warehouse
    warehouse.parent.mkdir()
    shutil.copy(written_warehouse, warehouse)
    flip(warehouse, at)
    # Damage that prevents opening is found at once; damage deeper inside is found by reading.
    open_warehouse(warehouse).close()
    find_damage(landing.settings)
    assert warehouse.with_suffix(".damaged").exists()
    with open_warehouse(warehouse) as connection:
        assert connection.execute("from duckdb_tables()").fetchall() == []


@pytest.mark.parametrize("main", [None, b"not a database" * 1000, b"", "other"], ids=str)
def test_a_warehouse_beside_a_stale_log_opens(
    written_warehouse: Path, tmp_path: Path, main: bytes | str | None
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("pragma disable_checkpoint_on_shutdown")
        connection.execute("create table stale as select 1 as nothing")
    assert warehouse.with_name("warehouse.duckdb.wal").exists()
    warehouse.unlink()
    if main == "other":
        shutil.copy(written_warehouse, warehouse)
    elif main is not None:
        warehouse.write_bytes(main)
    with open_warehouse(warehouse) as connection:
        connection.execute("create or replace table fresh as select 1 as nothing")
    with open_warehouse(warehouse) as connection:
        assert connection.execute("from fresh").fetchall() == [(1,)]


@pytest.mark.parametrize(("file", "at"), [("aftersales.duckdb", 8), ("parquet/first_monthly.parquet", None)])
def test_a_damaged_published_state_is_reported(landing: Landing, tmp_path: Path, file: str, at: int | None) -> None:
    small = SmallWarehouse(tmp_path / "small")
    small.publish(1)
    settings = replace(landing.settings, data=tmp_path / "small")
    assert not find_damage(settings)
    flip(small.published / "current" / file, at)
    state = (small.published / "current").resolve()
    assert f"delete {state}" in find_damage(settings)[0]
    (state / file).unlink()
    assert f"delete {state}" in find_damage(settings)[0], "a missing file"
    shutil.rmtree(state)
    assert f"delete {state}" in find_damage(settings)[0], "the whole state is missing"
    small.publish(2)
    assert not find_damage(settings)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"name": "a", "published_at": null}', "\udcff"])
def test_a_damaged_state_file_is_named_with_what_to_do(landing: Landing, tmp_path: Path, content: str) -> None:
    small = SmallWarehouse(tmp_path / "small", rows=1)
    small.publish(1)
    file = (small.published / "current").resolve() / STATE_FILE
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(StateDamaged, match=f"(?s){file} is damaged.*delete {file.parent};.*aftersales verify"):
        last_state(small.published)
    [reported] = find_damage(replace(landing.settings, data=tmp_path / "small"))
    assert f"delete {file.parent}" in reported
    shutil.rmtree(file.parent)
    small.publish(2)
    assert last_state(small.published).run_id == "run2"


def test_a_damaged_file_of_the_state_looked_back_from_is_named(landing: Landing, tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path / "small", rows=1)
    small.publish(1)
    before = (small.published / "current").resolve()
    small.publish(2)
    current = (small.published / "current").resolve()
    write_state(current, replace(state_of(current), looks_back_from=before.name))
    (before / STATE_FILE).write_text("")
    assert f"delete {before}" in find_damage(replace(landing.settings, data=tmp_path / "small"))[0]


def test_parquet_with_other_rows_than_the_published_file_is_damaged(
    landing: Landing, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(parquet, "ROWS_IN_ONE_FILE", 3)
    small = SmallWarehouse(tmp_path / "small", rows=3)
    small.publish(1, second="values ('S001', date '2026-02-01', 1, 1, ''), ('S001', date '2026-02-01', 2, 1, '')")
    settings = replace(landing.settings, data=tmp_path / "small")
    folder = (small.published / "current").resolve() / "parquet"
    assert not find_damage(settings)
    (folder / "second_monthly.parquet" / "2026-02.parquet").unlink()
    assert "second_monthly.parquet has 3 rows, its table in aftersales.duckdb has 5" in find_damage(settings)[0]
    small.publish(2)
    file = (small.published / "current").resolve() / "parquet" / "first_monthly.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    assert "first_monthly.parquet has 2 rows" in find_damage(settings)[0]


@pytest.mark.parametrize("command", ["trace first_monthly", "report --store S001 --month 2026-01", "publish --csv CSV"])
def test_readers_of_a_truncated_published_file_say_how_to_find_the_damage(tmp_path: Path, capsys, command: str) -> None:
    small = SmallWarehouse(tmp_path, rows=1)
    small.publish(1)
    os.truncate(small.published / "current" / "aftersales.duckdb", 5000)
    arguments = command.replace("CSV", str(tmp_path / "csv")).split()
    assert cli.main([*arguments, "--data", str(tmp_path)]) == 1
    assert "`aftersales verify`" in capsys.readouterr().err


def test_a_disk_fault_that_damaged_nothing_is_reported_as_it_is(landing: Landing) -> None:
    with pytest.raises(pa.ArrowInvalid, match="of something else"), only_run(landing.settings):
        raise pa.ArrowInvalid("of something else")
    with pytest.raises(StorageError, match="No space"), only_run(landing.settings):
        raise duckdb.IOException("No space left on device")
