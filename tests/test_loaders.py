"""Several loaders on one lake: each loads its own datasets, none while a run writes, and nothing is lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project import cli
from dagster_project.contracts import read_contracts
from dagster_project.load.manifest import read_manifest
from dagster_project.run.lock import AlreadyRunning, only_loader, only_run
from dagster_project.settings import Settings
from tests.conftest import Landing
from tests.reference.landing_tree import write_landing_tree

# Fields of a manifest entry about rows, not about when they were read.
COUNTS = ("source_file", "status", "rows_read", "rows_parsed", "rows_rejected", "error")


def load(landing: Path, data: Path, *datasets: str) -> list[str]:
    """Start a command that loads datasets."""
    chosen = [argument for name in datasets for argument in ("--dataset", name)]
    places = ["--landing", str(landing), "--data", str(data)]
    return [sys.executable, "-m", "dagster_project.cli", "load", "--quiet", *places, *chosen]


def entries(data: Path) -> dict[str, list[tuple]]:
    """The lake's entries of every dataset, and whether their parts exist."""
    found = {}
    for name in read_contracts():
        folder = data / "lake" / name
        manifest = read_manifest(folder)
        assert all((folder / part).exists() for entry in manifest.values() for part in entry.parts)
        found[name] = sorted(tuple(getattr(entry, count) for count in COUNTS) for entry in manifest.values())
    return found


def test_loaders_of_different_datasets_load_all_that_one_would(tmp_path: Path) -> None:
    landing, data = tmp_path / "landing", tmp_path / "data"
    write_landing_tree(landing, 7, "small")
    stores, *others = read_contracts()
    subprocess.run(load(landing, data, stores), check=True, capture_output=True)
    commands = [load(landing, data, *others[first::2]) for first in (0, 1)]
    loaders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    said = [loader.communicate()[0] for loader in loaders]
    assert [loader.returncode for loader in loaders] == [0, 0]
    assert len("".join(said).splitlines()) == len(others)
    alone = tmp_path / "alone"
    assert cli.main(["load", "--quiet", "--landing", str(landing), "--data", str(alone)]) == 0
    assert entries(data) == entries(alone)
    assert sum(map(len, entries(data).values())) > len(read_contracts())


def test_a_dataset_has_one_loader_and_none_while_a_run_writes(landing: Landing) -> None:
    settings: Settings = landing.settings
    with only_loader(settings, ["dms/stores"]):
        with only_loader(settings, ["dms/vehicles"]):
            pass
        with (
            pytest.raises(AlreadyRunning, match="another loader is loading dms/stores"),
            only_loader(settings, ["dms/customers", "dms/stores"]),
        ):
            pass
        with pytest.raises(AlreadyRunning, match="another run or loader"), only_run(settings):
            pass
    with (
        only_run(settings),
        pytest.raises(AlreadyRunning, match="a run is writing"),
        only_loader(settings, ["dms/stores"]),
    ):
        pass
    with only_loader(settings, ["dms/customers", "dms/stores"]):
        pass


def test_only_requested_datasets_are_loaded_and_missing_ones_are_reported(landing: Landing, capsys) -> None:
    shutil.rmtree(landing.settings.lake, ignore_errors=True)
    places = ["--landing", str(landing.settings.landing), "--data", str(landing.settings.data)]
    assert cli.main(["load", *places, "--dataset", "dms/stores"]) == 0
    assert capsys.readouterr().out == "dms/stores: 1 file(s) loaded now; in all 2 rows, 0 rejected\n"
    assert cli.main(["load", *places, "--dataset", "dms/shops"]) == 1
    assert "no such dataset: dms/shops; choose from dms/stores, " in capsys.readouterr().err
