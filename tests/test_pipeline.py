"""A failed run leaves the published marts unchanged and says why; machine and disk faults are in `tests/faults/`."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest

from dagster_project import cli
from dagster_project.load.lake import register_lake
from dagster_project.models.dbt_build import target_path
from dagster_project.publish.publish import publish
from dagster_project.publish.state import new_state
from dagster_project.run import refresh
from dagster_project.sample_mark import mark_sample
from dagster_project.sample_store import SampleMixed, guard_sample, loaded_from
from dagster_project.settings import Settings
from dagster_project.upkeep.retention import STATES_KEPT
from tests.support.published import differences, tables


def file(settings: Settings) -> Path:
    return settings.published / "aftersales.duckdb"


@pytest.mark.usefixtures("no_suites")
def test_a_private_warehouse_that_is_open_elsewhere_is_reported_in_a_sentence(copied_run: Settings, capsys) -> None:
    hold = "import duckdb, sys, time; held = duckdb.connect(sys.argv[1]); print(1, flush=True); time.sleep(60)"
    command = [sys.executable, "-c", hold, str(copied_run.warehouse)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        arguments = ["run", "--quiet", "--landing", str(copied_run.landing), "--data", str(copied_run.data)]
        assert cli.main(arguments) == 1
        holder.kill()
    assert "open in another program" in capsys.readouterr().err


def test_a_full_refresh_keeps_no_disk_space_of_the_previous_tables(tmp_path: Path, monkeypatch) -> None:
    settings = Settings(tmp_path / "landing", tmp_path / "data", date(2026, 6, 30))
    settings.data.mkdir()
    settings.landing.mkdir()
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            "create table rows_of_before as select hash(number) as row from range(1000000) as numbers(number)"
        )
    taken = settings.warehouse.stat().st_size

    def stop(*_: object, **__: object) -> NoReturn:
        raise InterruptedError

    monkeypatch.setattr(refresh, "build_models", stop)
    with pytest.raises(InterruptedError):
        refresh.refresh(settings)
    assert settings.warehouse.stat().st_size < taken / 2


@pytest.mark.usefixtures("no_suites", "no_data_tests")
def test_a_failed_model_leaves_the_marts_and_says_what_failed(
    copied_run: Settings, sample_run: Settings, monkeypatch, capsys
) -> None:
    before = tables(file(copied_run))

    def register_without_cases(lake: Path, warehouse: Path, *more: Any, **named: Any) -> None:
        register_lake(lake, warehouse, *more, **named)
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("create or replace view lake.complaint__cases as select 1 as nothing")

    monkeypatch.setattr(refresh, "register_lake", register_without_cases)
    arguments = ["run", "--anew", "--quiet", "--landing", str(copied_run.landing), "--data", str(copied_run.data)]
    assert cli.main([*arguments, "--as-of", copied_run.as_of.isoformat()]) == 1
    assert "stg_complaint__cases" in capsys.readouterr().err
    assert tables(file(copied_run)).keys() == before.keys()
    assert not [line for line in differences(file(copied_run), file(sample_run)) if not line.startswith("quality_")]


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
    assert "must not be mixed" in capsys.readouterr().err


def test_a_sample_written_anywhere_is_distinguished_from_real_extracts(tmp_path: Path) -> None:
    real, sample = tmp_path / "real", tmp_path / "sample"
    real.mkdir()
    sample.mkdir()
    mark_sample(sample)
    loaded = Settings(landing=sample, data=tmp_path / "data", as_of=date(2026, 1, 1))
    guard_sample(loaded)
    guard_sample(loaded)
    assert loaded_from(loaded) == sample
    with pytest.raises(SampleMixed, match="must not be mixed"):
        guard_sample(replace(loaded, landing=real))
    shutil.rmtree(sample)
    with pytest.raises(SampleMixed, match="must not be mixed"):
        guard_sample(replace(loaded, landing=real))
    mark_sample(real)
    guard_sample(replace(loaded, landing=real))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--landing", "/nowhere/at/all", "--data", "{data}"], "no landing folder at /nowhere/at/all"),
        (["run", "--as-of", "30.06.2026"], "write it as YYYY-MM-DD"),
        (["run", "--engine", "spark"], "needs the libraries of the extra `spark`"),
    ],
)
def test_an_impossible_request_is_explained_in_a_sentence(
    tmp_path: Path, capsys, arguments: list[str], said: str
) -> None:
    assert cli.main([argument.format(data=tmp_path) for argument in arguments]) == 1
    assert said in capsys.readouterr().err
