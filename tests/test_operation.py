"""What an operator relies on: one run id everywhere, a log without personal data, rereading files, and retention."""

import json
import logging
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime

import dagster as dg
import duckdb
import pyarrow.parquet as pq
import pytest

from dagster_project.automation.assets import forget_old_runs
from dagster_project.checks.compaction import compact_results
from dagster_project.checks.results import last_results, results_of_last_runs, write_results
from dagster_project.definitions import defs
from dagster_project.errors import ExpectedError
from dagster_project.load.manifest import read_manifest
from dagster_project.load.reload import NothingToReload, files_to_reload
from dagster_project.publish.publish import PublishedState
from dagster_project.reports.quality.history import read_history
from dagster_project.resources import RUN_ID_TAG, Installation
from dagster_project.run.log import new_run_id, run_log, step
from dagster_project.run.refresh import Refreshed
from dagster_project.run.summary import summarise
from dagster_project.settings import TIME_ZONE, Settings
from dagster_project.upkeep.housekeeping import clean_up
from dagster_project.upkeep.retention import DAGSTER_RUN_DAYS_KEPT, LOG_MONTHS_KEPT, QUALITY_REPORTS_KEPT
from tests.conftest import Landing
from tests.support.quality_report import not_run, result

STORES_ASSET = dg.AssetKey(["lake", "dms__stores"])
PHONE = "13800000000"


def lines(settings: Settings) -> list[dict]:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(settings.logs.glob("run-*.jsonl")))
    return [json.loads(line) for line in text.splitlines()]


def load_stores(landing: Landing, instance: dg.DagsterInstance, **config: object) -> dg.ExecuteInProcessResult:
    """Materialize `dms/stores` as the launchpad of the job does."""
    folders = {"landing_dir": str(landing.settings.landing), "data_dir": str(landing.settings.data)}
    return defs.resolve_job_def("refresh").execute_in_process(
        asset_selection=[STORES_ASSET],
        instance=instance,
        run_config={"resources": {"installation": {"config": folders | config}}},
        raise_on_error=False,
    )


def test_every_step_of_a_run_is_logged_under_the_id_in_its_tag(landing: Landing) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ran = load_stores(landing, instance)
        tagged = instance.get_run_by_id(ran.run_id).tags[RUN_ID_TAG]
    assert tagged.endswith(ran.run_id[:8])
    logged = lines(landing.settings)
    assert {line["run_id"] for line in logged} == {tagged}
    started, done = (line for line in logged if line.get("step") == "load")
    assert (started["message"], done["message"]) == ("load started", "load done")
    assert {"time", "level", "logger"} <= done.keys()
    assert (done["dataset"], done["rows"], done["files_loaded"]) == ("dms/stores", 2, 1)
    assert done["seconds"] >= 0


def test_the_log_shows_where_an_error_occurred_and_never_what_it_quotes(tmp_path, capsys, monkeypatch) -> None:
    settings = Settings(landing=tmp_path, data=tmp_path, as_of=date(2026, 6, 30))
    # As on the command line, where no other handler receives the log.
    monkeypatch.setattr(logging.getLogger("dagster_project"), "propagate", False)

    def fail(error: Exception) -> None:
        with run_log(settings, "r1"), step("load", dataset="dms/customers"):
            raise error

    with pytest.raises(ValueError, match=PHONE):
        fail(ValueError(f"could not convert {PHONE}"))
    with pytest.raises(ExpectedError):
        fail(ExpectedError(f"publishing is blocked:\n  a check quotes {PHONE}"))
    logging.getLogger("another.library").error("a row: %s", PHONE)
    assert capsys.readouterr().err == "", "the command reports it in a sentence"
    foreign, own = (line for line in lines(settings) if line["level"] == "ERROR")
    assert foreign["error"].startswith("ValueError at ")
    assert own["error"] == "ExpectedError: publishing is blocked:"
    assert PHONE not in json.dumps(lines(settings))


def test_ids_of_runs_sort_by_time() -> None:
    assert new_run_id("zz")[:14] <= new_run_id("aa")[:14] < f"{datetime.now(TIME_ZONE).year + 1}"


def test_files_are_read_again_on_request_only_and_give_the_same(landing: Landing) -> None:
    landing.write("dms/stores/stores_20200201.csv", "store_code,store_name,region_code\n003,Store three,R1\n")
    folder = landing.settings.lake / "dms" / "stores"

    def loaded(instance: dg.DagsterInstance, *reload: str) -> tuple[dict, dict]:
        assert load_stores(landing, instance, reload=list(reload)).success
        entries = {entry.source_file: entry for entry in read_manifest(folder).values()}
        return {name: entry.loaded_at for name, entry in entries.items()}, {
            name: pq.read_table(folder / entry.accepted_part) for name, entry in entries.items()
        }

    with dg.DagsterInstance.ephemeral() as instance:
        first, rows = loaded(instance)
        assert loaded(instance)[0] == first
        again, rows_again = loaded(instance, "dms/stores:*_202002*")
        assert again["stores_20200101.csv"] == first["stores_20200101.csv"]
        assert again["stores_20200201.csv"] > first["stores_20200201.csv"]
        assert rows_again == rows
        assert min(loaded(instance, "dms/stores")[0].values()) > again["stores_20200201.csv"]
        refused = load_stores(landing, instance, reload=["dms/stores:1999*"])
    assert not refused.success
    assert "no such file" in str(refused.get_step_failure_events()[0].event_specific_data.error)


@pytest.mark.parametrize(("wish", "said"), [("dms/storez", "no dataset 'dms/storez'"), ("*:*209901*", "no such file")])
def test_a_reread_request_that_names_nothing_is_refused(landing: Landing, wish: str, said: str) -> None:
    with pytest.raises(NothingToReload, match="reload") as refused:
        files_to_reload(landing.settings.landing, [wish])
    assert said in str(refused.value)


def written_runs(settings: Settings, *run_ids: str) -> None:
    for run_id in run_ids:
        found = result(run_id=run_id, run_at=datetime.strptime(run_id[:14], "%Y%m%d%H%M%S"), passed=False)
        write_results(settings.lake / "quality", [replace(found, failing=[{"store_code": run_id}])])


def test_results_of_a_past_month_are_kept_in_one_file_and_still_found(landing: Landing) -> None:
    folder = landing.settings.lake / "quality"
    runs = [f"2026{month:02}{day:02}060000-a" for month in (4, 5) for day in (1, 2)]
    written_runs(landing.settings, *runs, "20260601060000-a", "20260602060000-a")
    before = read_history(folder, runs[1])
    april = folder / "check_results" / "20260401060000-a.parquet"
    killed = april.read_bytes()

    assert compact_results(folder, date(2026, 6, 3)) == 4
    names = {path.name for path in (folder / "check_results").iterdir()}
    assert names == {"202604.parquet", "202605.parquet", "20260601060000-a.parquet", "20260602060000-a.parquet"}
    assert read_history(folder, runs[1]) == before
    assert before.results[0].failing[0]["store_code"] == runs[1]

    # Killed after the month's file was written, before that of the run was removed.
    april.write_bytes(killed)
    compact_results(folder, date(2026, 6, 3))
    assert read_history(folder, runs[1]) == before
    rows = duckdb.read_parquet(str(folder / "check_results" / "*.parquet")).fetchall()
    assert len(rows) == 6


def test_the_two_newest_runs_keep_their_files_whatever_their_age(landing: Landing) -> None:
    folder = landing.settings.lake / "quality"
    written_runs(landing.settings, "20260401060000-a", "20260402060000-a", "20260403060000-a")
    assert compact_results(folder, date(2026, 9, 1)) == 1
    assert last_results(folder)[0].failing
    assert [r[0].run_id for r in results_of_last_runs(folder)] == ["20260403060000-a", "20260402060000-a"]


def test_old_quality_reports_and_logs_are_deleted_and_the_latest_is_kept(landing: Landing) -> None:
    settings = landing.settings
    reports = settings.data / "reports" / "quality"
    names = [f"2026063012{second:04}-a" for second in range(QUALITY_REPORTS_KEPT + 2)]
    for name in names:
        (reports / name).mkdir(parents=True)
    (reports / "latest").symlink_to(names[0])
    settings.logs.mkdir()
    kept, gone = settings.logs / "run-2025-06.jsonl", settings.logs / "run-2025-05.jsonl"
    assert LOG_MONTHS_KEPT == 13
    kept.touch(), gone.touch()
    done = clean_up(settings, date(2026, 6, 30))
    assert (done["quality_reports_removed"], done["logs_removed"]) == (1, 1)
    assert (reports / names[0]).exists() and not (reports / names[1]).exists()
    assert kept.exists() and not gone.exists()


def test_dagster_forgets_old_runs_of_the_job_and_keeps_the_reports(landing: Landing) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        ran = load_stores(landing, instance)
        now = datetime.now(TIME_ZONE)
        assert forget_old_runs(instance, "refresh", now) == 0
        later = datetime.fromtimestamp(now.timestamp() + (DAGSTER_RUN_DAYS_KEPT + 1) * 86400, TIME_ZONE)
        assert forget_old_runs(instance, "monthly_reports", later) == 0
        assert forget_old_runs(instance, "refresh", later) == 1
        assert instance.get_run_by_id(ran.run_id) is None


def test_the_launchpad_shows_the_available_options() -> None:
    config = defs.resolve_job_def("refresh").run_config
    assert config == {"resources": {"installation": {"config": {"as_of": "", "reload": []}}}}
    assert set(config["resources"]["installation"]["config"]) <= set(Installation.model_fields)


PRINT_MUCH = """
import sys
from dagster_project import cli
from dagster_project.commands import sample
sample.do = lambda _: [print(line) for line in range(int(sys.argv[1]))] and 0
sys.exit(cli.main(["sample", "nowhere"]))
"""


@pytest.mark.parametrize("printed", [1, 100_000])
def test_output_closed_early_by_its_reader_is_no_error(printed: int) -> None:
    command = [sys.executable, "-c", PRINT_MUCH, str(printed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


def test_a_run_names_checks_that_did_not_run(sample_run: Settings) -> None:
    lost = [not_run(check_name=f"check_{number}") for number in range(7)]
    printed_summary = summarise(sample_run, Refreshed("1", [], lost, PublishedState(sample_run.published, {})), 1.0)
    assert "7 checks, 0 with findings, 7 did not run" in printed_summary
    assert printed_summary.count(" did not run: Binder Error: no such column") == 5
    assert "and 2 more: the quality report names them" in printed_summary
