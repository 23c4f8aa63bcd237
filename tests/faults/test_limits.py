"""A full disk, a missing permission, too few open files: reported in a sentence, and repaired by the next run."""

from pathlib import Path

import pytest

from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.run.lock import only_run
from dagster_project.sample_store import guard_sample
from dagster_project.settings import Settings
from tests.conftest import Landing
from tests.faults.limits import error_under_limits
from tests.faults.standing import manifests
from tests.reference import edge_cases
from tests.support.small_warehouse import SmallWarehouse


@pytest.fixture
def landed(landing: Landing) -> Landing:
    """Some files of several datasets, not loaded yet."""
    for name in ("loading", "css"):
        edge_cases.land(name, landing.settings.landing)
    return landing


def load(settings: Settings) -> None:
    """Load and register, as a run does."""
    with only_run(settings):
        load_landing(settings.landing, settings.lake)
        register_lake(settings.lake, settings.warehouse, "key", settings.as_of)


def test_loading_on_a_full_disk_ends_like_a_clean_load(landed: Landing, tmp_path: Path) -> None:
    load_landing(landed.settings.landing, tmp_path / "clean")
    said = []
    for file_bytes in (0, 1000, 4000, 8000, 16_000):
        said.append(error_under_limits(load, landed.settings, file_bytes=file_bytes))
        assert manifests(landed.settings.lake).items() <= manifests(tmp_path / "clean").items()
    assert all("too large" in sentence for sentence in said)
    load(landed.settings)
    assert manifests(landed.settings.lake) == manifests(tmp_path / "clean")


def publish(small: SmallWarehouse) -> None:
    """Publish a second state, larger than the first."""
    small.rows = 100_000
    settings = Settings(landing=small.published, data=small.published.parent, as_of=edge_cases.AS_OF)
    with only_run(settings):
        small.publish(2)


def test_publishing_on_a_full_disk_leaves_the_last_state(tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path)
    small.publish(1)
    before = (small.published / "current").resolve()
    for file_bytes in (0, 10_000, 300_000, 600_000):
        assert "too large" in (error_under_limits(publish, small, file_bytes=file_bytes) or "")
        assert (small.published / "current").resolve() == before
    assert [path.name for path in (small.published / "states").iterdir()] == [before.name], "a partial state is left"
    publish(small)
    assert (small.published / "current").resolve() != before


def test_a_limit_of_too_few_open_files_is_reported(landed: Landing, tmp_path: Path) -> None:
    load_landing(landed.settings.landing, tmp_path / "clean")
    assert "Too many open files" in (error_under_limits(load, landed.settings, open_files=8) or "")
    load(landed.settings)
    assert manifests(landed.settings.lake) == manifests(tmp_path / "clean")


def test_a_landed_file_without_permission_is_quarantined_until_it_has(landed: Landing) -> None:
    path = landed.write("dms/customers/a_20260101.csv", "store_code,customer_no,customer_type,registered_on\n")
    path.chmod(0)
    assert error_under_limits(load, landed.settings) is None
    assert "Permission denied; the next run tries again" in landed.file(path.name)["error"]
    path.chmod(0o600)
    assert error_under_limits(load, landed.settings) is None
    assert landed.file(path.name)["error"] is None


@pytest.mark.parametrize(
    ("folder", "mode"),
    [
        ("landing/dms", 0),
        ("data", 0o500),
        ("data/lake", 0o500),
        ("data/lake/dms/customers", 0o500),
        ("data/lake/dms/customers/accepted", 0),
    ],
)
def test_a_folder_without_permission_is_named(landed: Landing, tmp_path: Path, folder: str, mode: int) -> None:
    landed.write("dms/customers/a_20260101.csv", "store_code,customer_no,customer_type,registered_on\n001,1,private,\n")
    path = tmp_path / folder
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    said = error_under_limits(load, landed.settings) or ""
    path.chmod(0o700)
    assert "Permission denied" in said
    assert str(path) in said
    assert error_under_limits(load, landed.settings) is None
    assert landed.file("a_20260101.csv")["rows_read"] == 1


def test_a_dataset_whose_folder_cannot_be_listed_keeps_its_rows_and_is_reported(landed: Landing) -> None:
    path = landed.write(
        "dms/customers/a_20260101.csv", "store_code,customer_no,customer_type,registered_on\n001,1,M,\n"
    )
    load(landed.settings)
    before = landed.file(path.name)
    path.parent.chmod(0)
    said = error_under_limits(load, landed.settings)
    path.parent.chmod(0o700)
    assert said is None
    assert landed.file(path.name) == before
    assert "Permission denied" in landed.file("customers")["error"]


def test_a_warehouse_without_permission_is_left_where_it_is(landed: Landing) -> None:
    load(landed.settings)
    landed.settings.warehouse.chmod(0o400)
    assert str(landed.settings.warehouse) in (error_under_limits(load, landed.settings) or "")
    assert not landed.settings.warehouse.with_suffix(".damaged").exists()


def test_a_published_folder_without_permission_keeps_its_state(tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path)
    small.publish(1)
    before = (small.published / "current").resolve()
    folder = small.published / "states"
    folder.chmod(0o500)
    assert "Permission denied" in (error_under_limits(publish, small) or "")
    folder.chmod(0o700)
    assert (small.published / "current").resolve() == before


def test_a_partial_record_of_what_was_loaded_is_never_left(tmp_path: Path) -> None:
    settings = Settings(landing=tmp_path / "data/sample/landing", data=tmp_path / "data", as_of=edge_cases.AS_OF)
    settings.landing.mkdir(parents=True)
    assert error_under_limits(guard_sample, settings, file_bytes=0)
    guard_sample(settings)
    guard_sample(settings)
