"""The warehouse runs when files arrive, and alerts people when it could not."""

import errno
import json
import os
import shutil
import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from http.client import BadStatusLine
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import pytest

from dagster_project.automation.alerts import Alert, AlertSettingsError, read_sinks, send_alert
from dagster_project.automation.arrivals import Look, Watched, look
from dagster_project.automation.incidents import failed_run
from dagster_project.automation.overdue import STALE_CHECK, alert_once, backup
from dagster_project.automation.sensors import failure_sensor, overdue_sensor
from dagster_project.checks.results import write_results
from dagster_project.checks.suites import read_suites
from dagster_project.definitions import defs
from dagster_project.load import part
from dagster_project.load.part import LakeError
from dagster_project.resources import RUN_ID_TAG, Installation, handle_errors
from dagster_project.run.refresh import PublishingBlocked
from dagster_project.settings import TIME_ZONE
from dagster_project.upkeep.backup import back_up
from tests.conftest import STORES, Landing
from tests.support.quality_report import result

NAME = "dms/stores/stores_20200101.csv"


def look_twice(landing: Landing, watched: Watched | None = None) -> Look:
    """Evaluate the sensor twice in a row, as for a folder that has stopped changing."""
    first = look(landing.settings.landing, landing.settings.lake, watched or Watched())
    return look(landing.settings.landing, landing.settings.lake, first.watched) if first.run_key is None else first


def test_files_are_left_alone_until_they_stop_growing(landing: Landing) -> None:
    seen = look(landing.settings.landing, landing.settings.lake, Watched())
    assert seen.run_key is None
    with landing.path(NAME).open("a") as file:
        file.write("003,Store three,R1\n")
    grown = look(landing.settings.landing, landing.settings.lake, seen.watched)
    assert grown.run_key is None
    quiet = look(landing.settings.landing, landing.settings.lake, grown.watched)
    assert quiet.run_key
    assert [(a.dataset, a.files) for a in quiet.arrivals] == [("stores", ("stores_20200101.csv",))]


def test_the_same_content_requests_one_run_only(landing: Landing) -> None:
    asked = look_twice(landing)
    assert look_twice(landing, asked.watched).reason == "nothing new"
    landing.load()
    os.utime(landing.path(NAME), (1, 1))
    touched = look_twice(landing, asked.watched)
    assert touched.run_key is None, "a touched file is not a new file"


def test_content_that_comes_back_is_new_again(landing: Landing) -> None:
    keys = []
    watched = Watched()
    for content in (STORES, STORES + "003,Store three,R1\n", STORES, STORES + "003,Store three,R1\n"):
        landing.write(NAME, content)
        os.utime(landing.path(NAME), (len(keys), len(keys)))
        asked = look_twice(landing, watched)
        watched = asked.watched
        keys.append(asked.run_key)
        landing.load()
    assert None not in keys
    assert len(set(keys)) == 4


def test_a_misplaced_file_requests_a_run_that_reports_it(landing: Landing) -> None:
    landing.load()
    watched = look_twice(landing).watched
    landing.write("dms/storez/stores_20200102.csv", STORES)
    assert look_twice(landing, watched).run_key


def test_a_file_that_is_landed_again_after_a_run_that_died_is_run_again(landing: Landing) -> None:
    asked = look_twice(landing)
    os.utime(landing.path(NAME), (1, 1))
    again = look_twice(landing, asked.watched)
    assert again.run_key
    assert again.run_key != asked.run_key


def test_a_missing_landing_folder_is_reported(landing: Landing) -> None:
    shutil.rmtree(landing.settings.landing)
    assert "no landing folder" in (look_twice(landing).reason or "")


def test_every_suite_has_the_check_that_detects_staleness() -> None:
    assert all(STALE_CHECK in {check.name for check in suite.checks} for suite in read_suites().values())


@cache
def _ended() -> tuple[dg.DagsterInstance, dg.ExecuteInProcessResult]:
    """A Dagster run that has succeeded."""

    @dg.job
    def reports() -> None:
        pass

    instance = dg.DagsterInstance.ephemeral()
    return instance, reports.execute_in_process(instance=instance)


def alert_overdue(landing: Landing, run_id: str | None) -> None:
    """Do what the sensor does after the Dagster run with this id."""
    instance, done = _ended()
    context = dg.build_run_status_sensor_context(
        sensor_name=overdue_sensor.name,
        dagster_instance=instance,
        dagster_run=done.dagster_run.with_tags({RUN_ID_TAG: run_id} if run_id else {}),
        dagster_event=done.get_run_success_event(),
        resources={
            "installation": Installation(landing_dir=str(landing.settings.landing), data_dir=str(landing.settings.data))
        },
    )
    overdue_sensor(context)


def checked(landing: Landing, day: int, *, is_fresh: bool | None) -> str:
    """Run the checks on that day and return the id of the run."""
    run_id, at = f"2026010{day}060000-a", datetime(2026, 1, day, 6)
    found = result(check_name=STALE_CHECK, passed=is_fresh, failed=int(is_fresh is False), run_id=run_id, run_at=at)
    write_results(landing.settings.lake / "quality", [found])
    return run_id


def test_a_stale_dataset_is_reported_once_until_it_has_arrived(
    landing: Landing, webhook: tuple[str, list], monkeypatch
) -> None:
    address, received = webhook
    monkeypatch.setenv("AFTERSALES_ALERTS", address)
    counts = []
    for day, is_fresh in enumerate((True, False, False, True, False), start=1):
        alert_overdue(landing, checked(landing, day, is_fresh=is_fresh))
        counts.append(len(received))
    assert counts == [0, 1, 1, 1, 2]


def test_a_dataset_found_stale_by_a_manual_run_is_reported_after_the_next_dagster_run(
    landing: Landing, webhook: tuple[str, list], monkeypatch
) -> None:
    address, received = webhook
    monkeypatch.setenv("AFTERSALES_ALERTS", address)
    checked(landing, 1, is_fresh=False)
    # Reports were issued: this run has checked no dataset.
    alert_overdue(landing, None)
    assert not received
    alert_overdue(landing, checked(landing, 2, is_fresh=False))
    assert len(received) == 1


def test_a_check_that_did_not_run_says_nothing_about_its_dataset(
    landing: Landing, webhook: tuple[str, list], monkeypatch
) -> None:
    address, received = webhook
    monkeypatch.setenv("AFTERSALES_ALERTS", address)
    for day, passed in enumerate((False, None, False), start=1):
        alert_overdue(landing, checked(landing, day, is_fresh=passed))
    assert len(received) == 1


def test_an_alert_that_could_not_be_sent_is_sent_after_the_next_run(
    landing: Landing, webhook: tuple[str, list], monkeypatch
) -> None:
    address, received = webhook
    monkeypatch.setenv("AFTERSALES_ALERTS", "http://127.0.0.1:1")
    alert_overdue(landing, checked(landing, 1, is_fresh=False))
    monkeypatch.setenv("AFTERSALES_ALERTS", address)
    alert_overdue(landing, checked(landing, 2, is_fresh=False))
    assert len(received) == 1


def test_an_overdue_backup_is_reported_once(landing: Landing, tmp_path: Path) -> None:
    now = datetime.now(TIME_ZONE)
    landing.load()
    assert backup(landing.settings.data, now).overdue == {}, "no backups are configured here"
    back_up(landing.settings, tmp_path / "backup")
    assert backup(landing.settings.data, now + timedelta(days=2)).overdue == {}
    found = {"backup_overdue": backup(landing.settings.data, now + timedelta(days=2, minutes=5))}
    received: list[Alert] = []
    for _ in range(2):
        alert_once(landing.settings.data, found, "run", lambda alert: not received.append(alert))
    (alert,) = received
    assert alert.kind == "backup_overdue"
    assert f"the last backup is of {now:%Y-%m-%d}" in alert.text


def test_a_blocked_run_is_distinguished_from_a_failed_one() -> None:
    assert failed_run("1", "refresh", "PublishingBlocked", "dms/stores is empty").kind == "publishing_blocked"
    failed = failed_run("1", "refresh", "LandingError", "no landing folder")
    assert failed.kind == "run_failed"
    assert "no landing folder" in failed.text


def test_a_blocked_dagster_run_is_reported_with_what_blocks_it(
    landing: Landing, webhook: tuple[str, list], monkeypatch
) -> None:
    @dg.op
    def publish() -> None:
        raise PublishingBlocked("dms/stores is empty")

    @dg.job
    def refresh() -> None:
        publish()

    address, received = webhook
    monkeypatch.setenv("AFTERSALES_ALERTS", address)
    with dg.DagsterInstance.ephemeral() as instance:
        failed = refresh.execute_in_process(instance=instance, raise_on_error=False)
        settings = landing.settings
        installation = Installation(landing_dir=str(settings.landing), data_dir=str(settings.data))
        context = dg.build_run_status_sensor_context(
            sensor_name=failure_sensor.name,
            dagster_instance=instance,
            dagster_run=failed.dagster_run,
            dagster_event=failed.get_run_failure_event(),
            resources={"installation": installation},
        )
        failure_sensor(context.for_run_failure())
    [(_, alert)] = received
    assert alert["kind"] == "publishing_blocked"
    assert "dms/stores is empty" in alert["text"]
    assert alert["run_id"] == failed.run_id


@pytest.mark.parametrize(("number", "raised"), [(errno.ENOSPC, LakeError), (errno.ESTALE, dg.RetryRequested)])
def test_a_disk_that_cannot_be_written_to_is_reported_or_retried(
    landing: Landing, tmp_path: Path, number: int, raised: type[Exception]
) -> None:
    context = Mock(op_execution_context=Mock(retry_number=0))
    with pytest.raises(raised) as failed, handle_errors(context, landing.settings), part._writing(tmp_path / "part"):
        raise OSError(number, os.strerror(number))
    if raised is LakeError:
        assert str(failed.value) == f"can't write {tmp_path / 'part'}: {os.strerror(number)}"


def test_a_foreign_error_may_quote_a_row_and_is_not_quoted() -> None:
    alert = failed_run("1", "refresh", "ConversionException", "could not convert '13800000000'")
    assert "ConversionException" in alert.text
    assert "13800000000" not in alert.text


@pytest.fixture
def webhook() -> Iterator[tuple[str, list]]:
    """The address of a server that keeps the messages it receives, and these messages."""
    received: list[tuple[str, dict]] = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, json.loads(body)))
            answer = {"errcode": 310000 if "refused" in self.path else 0}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Keeper)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()


ALERT = Alert(kind="run_failed", title="失败 failed", text="dms/stores: 表头缺列", run_id="r1")


def test_each_channel_gets_the_alert_in_its_own_format(webhook: tuple[str, list]) -> None:
    address, received = webhook
    ways = f"{address}/hook dingtalk+{address}/robot?access_token=t&secret=s wecom+{address}/wecom?key=k"
    assert send_alert(ALERT, read_sinks({"AFTERSALES_ALERTS": ways})) == []
    (_, plain), (path, dingtalk), (_, wecom) = received
    assert plain["kind"] == "run_failed"
    assert plain["title"] == ALERT.title
    query = parse_qs(urlsplit(path).query)
    assert query["access_token"] == ["t"]
    assert set(query) == {"access_token", "timestamp", "sign"}, "the secret itself must not be sent"
    assert ALERT.title in dingtalk["markdown"]["text"]
    assert ALERT.text in wecom["text"]["content"]


def test_a_channel_that_fails_does_not_stop_the_others_and_never_shows_its_token(
    webhook: tuple[str, list], caplog
) -> None:
    address, received = webhook
    ways = f"http://127.0.0.1:1/?token=hidden dingtalk+{address}/refused?access_token=hidden {address}/hook"
    silent = send_alert(ALERT, read_sinks({"AFTERSALES_ALERTS": ways}))
    assert len(silent) == 2
    assert len(received) == 2
    assert "hidden" not in caplog.text + "".join(silent)


def test_every_channel_is_notified_whatever_another_one_answers(caplog) -> None:
    received = []

    def broken(_: Alert) -> None:
        raise BadStatusLine("https://host/?token=hidden")

    assert send_alert(ALERT, {"broken": broken, "good": received.append}) == ["broken"]
    assert received == [ALERT]
    assert "hidden" not in caplog.text


def test_mail_is_sent_through_the_given_server(monkeypatch) -> None:
    sent = []

    class Server:
        def __init__(self, host: str, port: int, timeout: float) -> None:
            self.address = (host, port)

        def __enter__(self) -> "Server":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def has_extn(self, _: str) -> bool:
            return False

        def login(self, user: str, password: str) -> None:
            self.user = (user, password)

        def send_message(self, message) -> None:
            sent.append((self.address, self.user, message["To"], message["Subject"]))

    monkeypatch.setattr(smtplib, "SMTP", Server)
    environment = {"AFTERSALES_ALERTS": "mailto:a@x.cn,b@x.cn", "AFTERSALES_SMTP": "smtp://me%40x.cn:pw@mail.x.cn:25"}
    assert send_alert(ALERT, read_sinks(environment)) == []
    assert sent == [(("mail.x.cn", 25), ("me@x.cn", "pw"), "a@x.cn, b@x.cn", ALERT.title)]


@pytest.mark.parametrize(
    "ways", ["ftp://x/y", "dingtalk+nonsense", "mailto:a@x.cn", "https:hidden", "https://host:44x/"]
)
def test_an_invalid_channel_is_refused_without_quoting_it(ways: str) -> None:
    with pytest.raises(AlertSettingsError) as refused:
        read_sinks({"AFTERSALES_ALERTS": ways})
    assert ways not in str(refused.value)


def test_dagster_runs_one_job_at_a_time_by_itself() -> None:
    repository = defs.get_repository_def()
    assert {sensor.name: sensor.default_status for sensor in repository.sensor_defs} == dict.fromkeys(
        ("landing", "alert_failed_run", "alert_overdue"), dg.DefaultSensorStatus.RUNNING
    )
    assert {(s.name, s.cron_schedule, s.execution_timezone) for s in repository.schedule_defs} == {
        ("daily_refresh", "0 6 * * *", "Asia/Shanghai"),
        ("issue_monthly_reports", "0 7 3 * *", "Asia/Shanghai"),
    }


def test_a_run_can_be_started_for_another_business_date() -> None:
    config = {"resources": {"installation": {"config": {"as_of": "2026-03-31"}}}}
    valid = dg.validate_run_config(defs.resolve_job_def("refresh"), config)
    assert valid["resources"]["installation"]["config"]["as_of"] == "2026-03-31"
