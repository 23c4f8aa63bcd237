"""Trace: every published figure is recalculated from the rows listed for it, and these are in the stated lines."""

import csv
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.cli import main
from dagster_project.settings import Settings
from dagster_project.trace.command import _parser, _write_csv
from dagster_project.trace.declarations import Formula, RowMeasure, marts
from dagster_project.trace.explanation import Explained, explain
from dagster_project.trace.figures import agree, choose, measures_of, published, recompute
from dagster_project.trace.keys import asked, options_of
from dagster_project.trace.published import key_of, open_published, published_marts
from dagster_project.trace.source_rows import SourceRow
from dagster_project.trace.text import render, width

FIGURE_MARTS = sorted(name for name, mart in marts().items() if not mart.see)


@pytest.fixture
def connection(sample_run: Settings):
    with open_published(sample_run.published / "aftersales.duckdb") as opened:
        yield opened


def ask(sample: Settings, capsys: pytest.CaptureFixture[str], command: str) -> tuple[int, str]:
    """Exit code and text of `aftersales trace`."""
    code = main(["trace", *command.split(), "--data", str(sample.data)])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_every_published_mart_is_declared(connection) -> None:
    assert not set(published_marts(connection)) - set(marts())


@pytest.mark.parametrize("mart", FIGURE_MARTS)
def test_every_figure_of_every_row_is_recalculated_from_its_rows(connection, mart: str) -> None:
    assert choose(connection, mart, {}) > 0
    for name, how in measures_of(connection, mart).items():
        recalculated = recompute(connection, mart, name, how)
        wrong = {
            i: (value, recalculated[i])
            for i, value in published(connection, name).items()
            if not agree(value, recalculated[i])
        }
        assert not wrong, f"{name}: {len(wrong)} differ, such as {next(iter(wrong.values()))}"


@pytest.mark.parametrize("mart", FIGURE_MARTS)
def test_the_listed_rows_count_up_to_the_figure(connection, mart: str) -> None:
    choose(connection, mart, {})
    columns = key_of(mart)
    sample = connection.execute(f"select {', '.join(columns)} from figure order by hash(figure_id) limit 1").fetchall()
    for values in sample:
        for measure in explain(connection, mart, dict(zip(columns, values, strict=True))):
            how = measures_of(connection, mart).get(measure.name)
            if isinstance(how, RowMeasure) and how.kind == "count" and measure.value is not None:
                assert len({row.unit for row in measure.rows if row.is_counted}) == measure.value, measure.name


def test_the_listed_lines_hold_the_rows(sample_run: Settings, connection) -> None:
    key = {"store_code": "S001", "technician_no": "013", "month": "2025-10-01"}
    [repairs] = explain(connection, "first_fix_technician_monthly", key, "repairs")
    plain = [row for row in repairs.rows if row.dataset == "dms/repair_orders" and row.file.endswith(".csv")]
    assert len(plain) >= 100
    for row in plain:
        lines = (sample_run.landing / row.dataset / row.file).read_bytes().splitlines()
        assert row.key.encode() in lines[row.line - 1]


def test_a_comeback_leads_to_the_visit_that_came_back(connection) -> None:
    key = {"store_code": "S001", "technician_no": "013", "month": "2025-10-01"}
    [inferred] = explain(connection, "first_fix_technician_monthly", key, "inferred_not_fixed")
    parts = {row.part: row for row in inferred.rows}
    line, later = parts["job lines 维修项目"], parts["came back 返修"]
    assert line.key.split(" / ")[0] != later.key.split(" / ")[0]
    concerns = [next(t for t in row.detail.split(", ") if t.startswith("concern=")) for row in (line, later)]
    assert concerns[0] == concerns[1]


def test_a_published_report_is_traced(sample_run: Settings, capsys) -> None:
    code, text = ask(
        sample_run, capsys, "first_fix_technician_monthly --store S001 --month 2025-10 --technician 013 --limit 3"
    )
    assert code == 0
    assert "256 repair orders 工单 in 330 job lines 维修项目" in text
    assert "not_fixed ÷ repairs = 6 ÷ 256" in text
    assert "11 of 11 figures add up" in text


def test_a_figure_of_the_scorecard_is_followed_to_its_own_table(sample_run: Settings, capsys) -> None:
    command = "scorecard_monthly --store S001 --month 2025-10 --kpi first_fix_rate --measure value --limit 1"
    code, text = ask(sample_run, capsys, command)
    assert code == 0
    assert "first_fix_rate: aftersales trace first_fix_store_monthly --store S001 --month 2025-10" in text
    assert "job lines 维修项目" in text


def test_a_status_shows_the_values_that_it_compares(sample_run: Settings, capsys) -> None:
    command = "scorecard_monthly --store S001 --month 2025-10 --kpi first_fix_rate --measure status --limit 1"
    code, text = ask(sample_run, capsys, command)
    assert code == 0
    [status] = [line for line in text.splitlines() if line.startswith("  status")]
    assert re.search(r": value 0\.\d{4}, target_value 0\.\d{4}, direction up$", status)
    assert {"value", "target_value", "direction"} <= {line.split()[0] for line in text.splitlines() if line}
    assert "recomputed from these rows, or by the rule stated" in text


def test_the_operands_of_a_formula_in_words_are_measures_that_it_names() -> None:
    for mart in marts().values():
        for name, how in mart.measures.items():
            if isinstance(how, Formula):
                assert set(how.of) <= mart.measures.keys() & set(re.findall(r"\w+", how.sql)), f"{mart.name}.{name}"


def test_a_value_that_is_not_known_yet_is_marked_so(sample_run: Settings, capsys) -> None:
    open_cohort = "churn_cohort_monthly --store S001 --month 2025-08-20 --customer-type all --measure lost_vehicles"
    code, text = ask(sample_run, capsys, open_cohort)
    assert code == 0
    assert "not final yet" in text
    assert "0 vehicles" not in text
    code, text = ask(sample_run, capsys, "scorecard_monthly --store S001 --month 2025-12 --kpi nps --measure value")
    assert code == 0
    assert "callback_store_monthly has no nps for it" in text


def test_one_measure_shows_only_the_measures_it_is_made_of(sample_run: Settings, capsys) -> None:
    code, text = ask(
        sample_run,
        capsys,
        "callback_store_monthly --store-code S001 --month 2025-04-01 --measure delighted_rate --limit 1",
    )
    assert code == 0
    assert "delighted ÷ callbacks = 150 ÷ 850" in text
    assert "disappointed" not in text


def test_all_rows_go_to_a_csv_file(sample_run: Settings, capsys, tmp_path: Path) -> None:
    target = tmp_path / "rows.csv"
    command = f"callback_store_monthly --store S001 --month 2025-04 --measure callbacks --csv {target}"
    assert ask(sample_run, capsys, command)[0] == 0
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({(row["dataset"], row["file"], row["line"]) for row in rows}) == 850


def test_text_that_a_spreadsheet_takes_for_a_formula_goes_to_a_csv_file_as_text(tmp_path: Path) -> None:
    row = SourceRow("action", True, "", "planning/improvement_actions", "a.csv", 2, "S1 / =1+1", "=1+1")
    explained = Explained("status", "status", "=2", "=2", "", [row])
    _write_csv(tmp_path / "rows.csv", "improvement_action", {"action_no": "=1+1"}, [explained])
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        (written,) = csv.DictReader(file)
    assert [written[name] for name in ("mart_action_no", "value", "detail")] == ["'=1+1", "'=2", "'=1+1"]


@pytest.fixture
def changed(sample_run: Settings, tmp_path: Path) -> Settings:
    """A published figure that differs from its rows."""
    changed = Settings(landing=tmp_path, data=tmp_path, as_of=sample_run.as_of)
    changed.published.mkdir()
    path = changed.published / "aftersales.duckdb"
    shutil.copy(sample_run.published / "aftersales.duckdb", path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update marts.first_fix_store_monthly set not_fixed = not_fixed + 1000 "
            "where store_code = 'S001' and month = '2025-10-01'"
        )
    return changed


def test_a_figure_that_its_rows_do_not_give_is_an_error(changed: Settings, capsys) -> None:
    command = "first_fix_store_monthly --store S001 --month 2025-10"
    code, text = ask(changed, capsys, f"{command} --measure not_fixed")
    assert code == 3
    assert "≠ not_fixed: published 10" in text
    assert ask(changed, capsys, f"{command} --measure repairs")[0] == 0


def test_output_closed_early_changes_neither_the_csv_file_nor_the_exit_code(changed: Settings, tmp_path: Path) -> None:
    key = "first_fix_store_monthly --store S001 --month 2025-10"
    options = f"--limit 0 --csv {tmp_path / 'rows.csv'} --data {changed.data}"
    command = f"set -o pipefail; {sys.executable} -m dagster_project.cli trace {key} {options} | head -1"
    finished = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (3, "first_fix_store_monthly\n", "")
    assert len((tmp_path / "rows.csv").read_text(encoding="utf-8-sig").splitlines()) > 1000


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("first_fix_technician --store S001", "did you mean first_fix_technician_monthly"),
        ("first_fix_technician_monthly --month 2025-10", "needs --store STORE_CODE --technician TECHNICIAN_NO"),
        ("first_fix_technician_monthly --month 2025-10", "store_code can be: S001"),
        ("first_fix_technician_monthly --store S001 --month 2025-10 --technician T07", "technician_no can be: 011"),
        ("first_fix_store_monthly --store S999 --month 1999-01", "store_code can be: S001"),
        ("first_fix_store_monthly --store S001 --month 2025-13", "write it as YYYY-MM"),
        ("first_fix_store_monthly --store S001 --month 2025-W40-1", "write it as YYYY-MM"),
        ("first_fix_store_monthly --store S001 --month 2025-10 --measure fixed", "did you mean not_fixed"),
        ("quality_check_result --check-name x", "aftersales failing"),
        ("fct_case --store S001", "each fact names its file and line"),
    ],
)
def test_an_unanswerable_question_lists_what_can_be_asked(
    sample_run: Settings, capsys, command: str, message: str
) -> None:
    code, text = ask(sample_run, capsys, command)
    assert code == 1
    assert message in text


def test_without_published_tables_it_says_what_to_do(tmp_path: Path, capsys) -> None:
    nowhere = Settings(landing=tmp_path, data=tmp_path / "none", as_of=None)
    code, text = ask(nowhere, capsys, "first_fix_store_monthly --store S001 --month 2025-10")
    assert code == 1
    assert "aftersales run" in text


def test_before_figures_are_published_it_says_what_report_says(tmp_path: Path, capsys) -> None:
    current = tmp_path / "published" / "current"
    current.mkdir(parents=True)
    # As a blocked first run leaves it.
    with duckdb.connect(str(current / "aftersales.duckdb")) as connection:
        connection.execute("create schema marts; create table marts.quality_load as select 1 as rows_accepted")
    (tmp_path / "published" / "aftersales.duckdb").symlink_to("current/aftersales.duckdb")
    said = []
    for command in ("trace css_store_monthly --store S001", "report --store S001 --month 2025-10"):
        assert main([*command.split(), "--data", str(tmp_path)]) == 1
        said.append(capsys.readouterr().err)
    assert said[0] == said[1]
    assert "no figures are published" in said[0]


def test_the_details_of_an_unexpected_error_are_kept_in_the_data_folder_that_was_given(
    tmp_path: Path, capsys, monkeypatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("of somebody")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dagster_project.trace.command.open_published", fail)
    assert main(["trace", "css_store_monthly", "--store", "S001", "--data", str(tmp_path / "given")]) == 1
    [kept] = tmp_path.rglob("errors/*.txt")
    assert kept.parent == tmp_path / "given" / "lake" / "errors"
    assert str(kept) in capsys.readouterr().err


def test_a_negative_limit_is_a_usage_error(capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        _parser("css_store_monthly", ["store_code", "month"]).parse_args(["--limit", "-1"])
    assert "0 is all" in capsys.readouterr().err


def test_a_command_to_copy_is_quoted_for_a_shell() -> None:
    key = {"store_code": "S 1;x", "action_no": "-5", "technician_no": "", "month": date(2025, 10, 1)}
    command = asked("improvement_action", key)
    assert shlex.split(command) == [
        *("aftersales", "trace", "improvement_action"),
        *("--store", "S 1;x", "--action=-5", "--technician", "", "--month", "2025-10"),
    ]


def test_nothing_that_a_terminal_acts_on_is_printed() -> None:
    evil = "\x1b[31m\n客户\u202e"
    row = SourceRow("action", True, "", "planning/improvement_actions", f"{evil}.csv", 2, evil, evil)
    text = render(
        "improvement_action", {"action_no": evil}, [Explained("status", "状态", evil, evil, evil, [row])], None
    )
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert "\\u001b[31m\\u000a客户\\u202e" in text


def test_keys_have_short_names() -> None:
    assert options_of("technician_no") == ["--technician-no", "--technician"]
    assert options_of("responsible_employee_no")[-1] == "--employee"
    assert options_of("month") == ["--month"]
    for mart in FIGURE_MARTS:
        names = [option for column in key_of(mart) for option in options_of(column)]
        assert len(names) == len(set(names)), mart


def test_it_works_without_the_loader_and_the_checks() -> None:
    command = (
        "import sys, dagster_project.cli, dagster_project.trace.command; "
        "print([m for m in ('pandas', 'great_expectations', 'dbt', 'dagster', 'sqlalchemy') if m in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


def test_chinese_characters_take_two_columns() -> None:
    assert width("一次修复 T07") == 12
