"""A run with nothing new is skipped, and only such a run."""

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dagster_project.checks.results import results_of_last_runs
from dagster_project.load.manifest import read_manifest, write_manifest
from dagster_project.run import last_run, refresh
from dagster_project.run.last_run import digest_of_inputs, is_nothing_new
from dagster_project.settings import PROJECT_DIR, Settings


def test_a_run_with_nothing_new_keeps_the_figures_and_shows_the_checks_of_the_run_before(
    sample_run: Settings, monkeypatch
) -> None:
    monkeypatch.setattr(refresh, "build_models", lambda *_: pytest.fail("the models are built again"))
    before = os.readlink(sample_run.published / "current")
    refreshed = refresh.refresh(sample_run)
    assert refreshed.nothing_new
    assert refreshed.results == results_of_last_runs(sample_run.lake / "quality")[0]
    assert refreshed.state.rows["fct_repair_order"] > 0
    assert os.readlink(sample_run.published / "current") == before


def test_file_times_noted_for_unchanged_files_are_nothing_new(sample_run: Settings, tmp_path: Path) -> None:
    settings = replace(sample_run, data=Path(shutil.copytree(sample_run.data, tmp_path / "data", symlinks=True)))
    folder = settings.lake / "dms" / "repair_orders"
    write_manifest(folder, {path: entry.seen_as(1, 2, 3) for path, entry in read_manifest(folder).items()})
    assert is_nothing_new(settings, digest_of_inputs(settings))


@pytest.mark.parametrize(
    ("what", "why_whole"),
    [
        ("date", None),
        ("rows", None),
        ("key", "the hash key has changed"),
        ("code", "a rule (contract, model, check, seed or code)"),
        ("text", "a rule (contract, model, check, seed or code)"),
        ("warehouse", "the private warehouse has changed"),
        ("log", "the private warehouse has changed"),
        ("state", "is missing"),
        # Tables built on it would inherit the fault.
        ("file", "the published files have changed"),
    ],
)
def test_any_change_in_what_the_figures_depend_on_rebuilds_them(
    sample_run: Settings, tmp_path: Path, monkeypatch, what: str, why_whole: str | None
) -> None:
    settings = replace(sample_run, data=Path(shutil.copytree(sample_run.data, tmp_path / "data", symlinks=True)))
    assert is_nothing_new(settings, digest_of_inputs(settings))
    match what:
        case "date":
            settings = replace(settings, as_of=settings.as_of + timedelta(days=1))
        case "rows":
            folder = settings.lake / "dms" / "repair_orders"
            entries = read_manifest(folder)
            write_manifest(folder, dict(list(entries.items())[1:]))
        case "key":
            monkeypatch.setenv("AFTERSALES_HASH_KEY", "another key of some length")
        case "code" | "text":
            for folder in last_run.CODE:
                ignored = shutil.ignore_patterns("target", "logs", "__pycache__")
                shutil.copytree(PROJECT_DIR / folder, tmp_path / "project" / folder, ignore=ignored)
            monkeypatch.setattr(last_run, "PROJECT_DIR", tmp_path / "project")
            assert is_nothing_new(settings, digest_of_inputs(settings))
            changed = {"code": "seeds/kpis.csv", "text": "dbt/models/columns/common.md"}[what]
            with (tmp_path / "project" / changed).open("a") as file:
                file.write("\n")
        case "warehouse":
            os.utime(settings.warehouse)
        case "log":
            settings.warehouse.with_name(f"{settings.warehouse.name}.wal").write_text("left by a killed program")
        case "state":
            os.unlink(settings.published / "current")
        case "file":
            next(settings.published.glob("states/*/parquet/fct_case.parquet*")).touch()
    assert not is_nothing_new(settings, digest_of_inputs(settings))
    reason = last_run.why_built_whole(settings)
    assert (reason is None) == (why_whole is None)
    assert (why_whole or "") in (reason or "")


def test_rules_edited_during_a_run_are_not_those_it_was_built_with(sample_run: Settings, tmp_path: Path) -> None:
    settings = replace(sample_run, data=Path(shutil.copytree(sample_run.data, tmp_path / "data", symlinks=True)))
    last_run.note_last_run(settings, digest_of_inputs(settings), "the digest of before the edit")
    assert last_run.why_built_whole(settings) == last_run.WHY_WHOLE["code"]
