"""A run may fail or be killed anywhere: what is published stays whole, and the next run ends like a clean one."""

import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from dagster_project import cli, refresh
from dagster_project.load.load import load_landing
from dagster_project.load.manifest import read_manifest
from dagster_project.models.dbt_build import target_path
from dagster_project.publish.publish import publish
from dagster_project.publish.state import new_state
from dagster_project.retention import STATES_KEPT
from dagster_project.settings import Settings
from tests.published import differences, tables

LOAD = "import sys; from pathlib import Path; from dagster_project.load.load import load_landing as load; "
LOAD += "load(Path(sys.argv[1]), Path(sys.argv[2]))"
PUBLISH = "import sys; from datetime import date; from pathlib import Path; "
PUBLISH += "from dagster_project.publish.publish import publish; from dagster_project.publish.state import new_state; "
PUBLISH += "publish(*map(Path, sys.argv[1:4]), new_state(date(2026, 6, 30), 'run'))"


def killed(command: list[str], after: float) -> bool:
    """Start a command and kill it after some seconds; True when it was still running."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(after)
            return False
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True


def file(settings: Settings) -> Path:
    return settings.published / "aftersales.duckdb"


@pytest.fixture
def copied_run(sample_run: Settings, tmp_path: Path) -> Settings:
    """The sample store's run, to be damaged."""
    shutil.copytree(sample_run.data, tmp_path / "data", symlinks=True)
    return replace(sample_run, data=tmp_path / "data")


def rows_of(lake: Path, dataset: str) -> list[tuple]:
    entries = read_manifest(lake / dataset).values()
    parts = sorted(str(lake / dataset / entry.accepted_part) for entry in entries if entry.accepted_part)
    return duckdb.read_parquet(parts, union_by_name=True).order("source_file, source_line").fetchall()


def test_loading_killed_anywhere_ends_like_a_clean_load(sample_run: Settings, tmp_path: Path) -> None:
    chance = random.Random(7)
    command = [sys.executable, "-c", LOAD, str(sample_run.landing), str(tmp_path)]
    kills = sum(killed(command, chance.uniform(0.5, 4)) for _ in range(6))
    assert kills >= 3
    load_landing(sample_run.landing, tmp_path)
    for dataset in ("dms/repair_orders", "complaint/cases", "planning/targets", "survey/css_responses"):
        assert rows_of(tmp_path, dataset) == rows_of(sample_run.lake, dataset)
    parts = {path.name for path in tmp_path.rglob("accepted/*")}
    assert parts == {path.name for path in sample_run.lake.rglob("accepted/*")}, "parts of killed loads are left over"


def test_publishing_killed_anywhere_leaves_a_whole_state(copied_run: Settings, sample_run: Settings) -> None:
    chance = random.Random(8)
    arguments = [copied_run.warehouse, target_path(copied_run) / "manifest.json", copied_run.published]
    for _ in range(6):
        killed([sys.executable, "-c", PUBLISH, *map(str, arguments)], chance.uniform(0.3, 2.5))
        assert not differences(file(copied_run), file(sample_run))
    publish(*arguments, new_state(copied_run.as_of, "run"))
    assert not differences(file(copied_run), file(sample_run))
    assert len(list((copied_run.published / "states").iterdir())) <= STATES_KEPT


def test_a_run_killed_while_modelling_is_made_good_by_the_next(copied_run: Settings, sample_run: Settings) -> None:
    before = os.readlink(copied_run.published / "current")
    command = [sys.executable, "-m", "dagster_project.cli", "run", "--landing", str(copied_run.landing)]
    command += ["--data", str(copied_run.data), "--as-of", copied_run.as_of.isoformat()]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "models and tests: " in line:
                break
        process.send_signal(signal.SIGKILL)
    assert os.readlink(copied_run.published / "current") == before
    assert not differences(file(copied_run), file(sample_run))
    refreshed = refresh.refresh(copied_run)
    assert sum(load.files_loaded for load in refreshed.loads) == 0
    assert not differences(file(copied_run), file(sample_run)), "running twice must change nothing"


def test_a_damaged_private_warehouse_is_built_anew(copied_run: Settings, sample_run: Settings) -> None:
    copied_run.warehouse.write_bytes(b"not a database" * 1000)
    refresh.refresh(copied_run)
    assert not differences(file(copied_run), file(sample_run))


def test_a_private_warehouse_that_is_open_elsewhere_is_said_in_a_sentence(copied_run: Settings, capsys) -> None:
    hold = "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print(1, flush=True); time.sleep(60)"
    command = [sys.executable, "-c", hold, str(copied_run.warehouse)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        arguments = ["run", "--quiet", "--landing", str(copied_run.landing), "--data", str(copied_run.data)]
        assert cli.main(arguments) == 1
        holder.kill()
    assert "open in another program" in capsys.readouterr().err


def test_a_failed_model_leaves_the_marts_and_says_what_failed(
    copied_run: Settings, sample_run: Settings, monkeypatch, capsys
) -> None:
    before = tables(file(copied_run))

    def register_without_cases(lake: Path, warehouse: Path, hash_key: str) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("create or replace view lake.complaint__cases as select 1 as nothing")

    monkeypatch.setattr(refresh, "register_lake", register_without_cases)
    arguments = ["run", "--quiet", "--landing", str(copied_run.landing), "--data", str(copied_run.data)]
    assert cli.main([*arguments, "--as-of", copied_run.as_of.isoformat()]) == 1
    assert "stg_complaint__cases" in capsys.readouterr().err
    assert tables(file(copied_run)).keys() == before.keys()
    assert not [line for line in differences(file(copied_run), file(sample_run)) if not line.startswith("quality_")]


def test_two_runs_never_write_together(copied_run: Settings, capsys) -> None:
    with refresh.only_run(copied_run):
        arguments = ["run", "--landing", str(copied_run.landing), "--data", str(copied_run.data)]
        assert cli.main(arguments) == 1
    assert "another run is writing" in capsys.readouterr().err


def test_a_reader_finishes_on_the_state_it_began_with(copied_run: Settings) -> None:
    with duckdb.connect(str(file(copied_run)), read_only=True) as reader:
        count = reader.execute("select count(*) from marts.fct_repair_order").fetchone()
        for _ in range(STATES_KEPT + 1):
            state = new_state(copied_run.as_of, "run")
            publish(copied_run.warehouse, target_path(copied_run) / "manifest.json", copied_run.published, state)
        assert reader.execute("select count(*) from marts.fct_repair_order").fetchone() == count
    assert tables(file(copied_run))


def test_sample_and_real_extracts_are_never_mixed(tmp_path: Path, capsys) -> None:
    data = tmp_path / "data"
    (data / "lake").mkdir(parents=True)
    (data / "lake" / "landing.txt").write_text(str(data.resolve() / "sample" / "landing"))
    (tmp_path / "landing").mkdir()
    assert cli.main(["run", "--landing", str(tmp_path / "landing"), "--data", str(data)]) == 1
    assert "would be mixed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--landing", "/nowhere/at/all", "--data", "{data}"], "no landing folder at /nowhere/at/all"),
        (["run", "--as-of", "30.06.2026"], "write it as YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path: Path, capsys, arguments: list[str], said: str) -> None:
    assert cli.main([argument.format(data=tmp_path) for argument in arguments]) == 1
    assert said in capsys.readouterr().err
