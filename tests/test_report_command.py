"""The command that writes monthly reports."""

from pathlib import Path

import pytest

from dagster_project.cli import main
from dagster_project.settings import Settings


def test_the_command_writes_and_prints_paths(
    sample_run: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(sample_run.data)]
    assert main(["report", "--store", "S006", "--month", "2025-10", *data]) == 0
    path = Path(capsys.readouterr().out.splitlines()[0])
    assert path == sample_run.data / "reports" / "monthly" / "S006" / "2025-10" / "report.html"
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main(["report", "--group", "02", "--month", "2025-10", "--out", str(tmp_path / "out"), *data]) == 0
    assert (tmp_path / "out" / "report.html").exists()
    assert not list(path.parent.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--store", "S9", "--month", "2025-10"], "published stores: S001 临江远途汽车销售服务有限公司, S002"),
        (["--store", "S001", "--month", "2019-01"], "there are rows from 2024-02 to 2025-11"),
        (["--group", "99", "--month", "2025-10"], "published regions: 01 东部分中心, 02 西部分中心"),
    ],
)
def test_the_command_lists_what_is_available_instead(
    sample_run: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["report", *arguments, "--data", str(sample_run.data)]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "report --store S001 --month 2025-10"])
def test_a_missing_data_folder_is_not_taken_for_an_empty_one(command: str, tmp_path: Path, capsys) -> None:
    assert main([*command.split(), "--data", str(tmp_path / "mistyped")]) == 1
    assert "no data folder at" in capsys.readouterr().err
    assert not (tmp_path / "mistyped").exists()


def test_options_that_do_not_apply_to_all_reports_are_refused(sample_run: Settings, tmp_path: Path, capsys) -> None:
    data = ["--data", str(sample_run.data)]
    assert main(["report", "--all", "--month", "2025-10", "--out", str(tmp_path), *data]) == 1
    assert "leave out --out" in capsys.readouterr().err


def test_the_command_says_to_run_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--store", "S001", "--month", "2025-10", "--data", str(tmp_path)]) == 1
    assert "run `aftersales run` first" in capsys.readouterr().err
