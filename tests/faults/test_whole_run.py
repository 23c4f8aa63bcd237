"""A complete run after faults ends like a clean one, and two runs never write at the same time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project import cli
from dagster_project.checks.results import last_results
from dagster_project.load.manifest import read_manifest
from dagster_project.models.dbt_build import forget_build
from dagster_project.run import refresh
from dagster_project.run.lock import only_run
from dagster_project.settings import Settings
from tests.faults.damaging import flip
from tests.faults.killing import kill_group
from tests.faults.standing import leftovers, manifests, published_run
from tests.reference import edge_cases
from tests.support.published import differences


def command(settings: Settings) -> list[str]:
    """The command line of a run."""
    run = [sys.executable, "-m", "dagster_project.cli", "run", "--anew", "--landing", str(settings.landing)]
    return [*run, "--data", str(settings.data), "--as-of", settings.as_of.isoformat()]


def damage_some(settings: Settings) -> int:
    """Damage parts of the lake, one in each way, and the private warehouse; return how many landed files it affects."""
    names = ["dms/repair_orders", "complaint/cases", "survey/css_responses"]
    parts = []
    for name in names:
        entry = next(iter(read_manifest(settings.lake / name).values()))
        parts.append(settings.lake / name / str(entry.accepted_part))
    flip(parts[0])
    parts[1].unlink()
    os.truncate(parts[2], 100)
    flip(settings.warehouse, 4096)
    return len(names)


@pytest.mark.usefixtures("no_suites", "no_data_tests")
def test_a_run_repairs_what_a_killed_run_and_a_bad_disk_left(copied_run: Settings, sample_run: Settings) -> None:
    clean = sample_run.published / "aftersales.duckdb"
    before = published_run(copied_run)
    with subprocess.Popen(
        command(copied_run), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if "models and tests: " in line)
        kill_group(process)
    assert process.returncode == -signal.SIGKILL
    assert published_run(copied_run) == before
    assert not differences(copied_run.published / "aftersales.duckdb", clean)
    damaged = damage_some(copied_run)
    refreshed = refresh.refresh(copied_run)
    assert sum(load.files_loaded for load in refreshed.loads) == damaged
    assert manifests(copied_run.lake) == manifests(sample_run.lake)
    assert published_run(copied_run) != before
    assert not differences(copied_run.published / "aftersales.duckdb", clean)
    assert not leftovers(copied_run.data)


def test_marts_that_were_built_after_they_were_checked_are_not_published(copied_run: Settings) -> None:
    before = published_run(copied_run)
    forget_build(copied_run)
    with pytest.raises(refresh.NotChecked, match="run again"):
        refresh.publish_checked(copied_run, last_results(copied_run.lake / "quality"))
    assert published_run(copied_run) == before


def test_two_runs_never_write_together(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    settings = Settings(landing=tmp_path / "landing", data=tmp_path / "data", as_of=edge_cases.AS_OF)
    settings.landing.mkdir()
    hold = "import sys; from pathlib import Path; from dagster_project.run.lock import only_run; "
    hold += "from dagster_project.settings import read_settings; held = only_run(read_settings(data=sys.argv[1])); "
    hold += "held.__enter__(); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(settings.data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert cli.main(command(settings)[3:]) == 1
        assert "another run or loader is writing" in capsys.readouterr().err
        holder.kill()
        holder.wait()
        with only_run(settings):
            "The lock of a killed run is free."
