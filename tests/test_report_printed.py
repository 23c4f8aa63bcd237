"""The monthly report prints the published report of a real store, to the digit."""

from dagster_project.reports.monthly.blocks import (
    Figures,
    Report,
)
from dagster_project.reports.monthly.read import open_marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.reports.monthly.written import written
from dagster_project.sample import CALLBACK_MONTH, MAIN_STORE
from dagster_project.settings import Settings
from tests.support.report_pages import chapter_text, column, shown


def test_external_survey_is_printed_as_published(page: str) -> None:
    rows = shown(page, "Items, weights and comparisons")
    assert " ".join(column(rows[:10], 2)) == "99.4 100.6 100.2 103.2 103.2 98.1 100.6 100.2 99.8 89.9"
    assert " ".join(column(rows[:10], 3)) == "98.9 103.2 101.8 102.5 102.5 95.8 103.2 103.5 100.0 92.3"
    assert " ".join(column(rows[:10], 5)) == "97.4 97.9 97.5 97.2 98.3 94.6 99.1 98.3 96.9 92.3"
    assert " ".join(column(rows[:10], 7)) == "96.0 97.0 96.4 95.7 96.9 93.0 98.0 97.2 94.8 91.4"
    css, mot = rows[10:]
    assert [css[place] for place in (2, 3, 5, 7)] == ["103.5", "98.5", "97.3", "96.3"]
    assert [mot[place] for place in (2, 3, 5, 7, 9)] == ["99.2", "99.6", "96.6", "95.1", "114"]
    assert "last month 93, region 5,257, nation 21,689" in page


def test_mystery_shopping_is_printed_as_published(page: str) -> None:
    rows = shown(page, "Mystery shopping by section")
    assert column(rows, 3) == ["37.50", "66.67", "100.00", "37.50", "100.00", "54.17"]


def test_reasons_by_week_are_printed_as_published(page: str) -> None:
    rows = {row[0]: row[1:7] for row in shown(page, "Reasons for dissatisfaction, by week")}
    assert rows["Quality"] == ["67", "37", "56", "50", "210", "33.8%"]
    assert rows["Other"] == ["41", "22", "28", "45", "136", "21.9%"]
    assert rows["Time"] == ["29", "37", "30", "9", "105", "16.9%"]
    assert rows["Cost"] == ["30", "27", "30", "18", "105", "16.9%"]
    assert rows["Parts"] == ["17", "6", "5", "9", "37", "6.0%"]
    assert rows["Attitude"] == ["1", "4", "8", "6", "19", "3.1%"]
    assert rows["Vehicle"] == ["5", "0", "1", "0", "6", "1.0%"]
    assert rows["Claim"] == ["3", "0", "0", "0", "3", "0.5%"]


def test_first_time_fix_is_printed_as_published(page: str) -> None:
    rows = shown(page, "Technicians")
    assert [row[1:4] for row in rows] == [
        ["214", "1", "0.47%"],
        ["220", "5", "2.27%"],
        ["256", "6", "2.34%"],
        ["248", "4", "1.61%"],
        ["222", "1", "0.45%"],
        ["153", "4", "2.61%"],
        ["237", "3", "1.27%"],
        ["226", "7", "3.10%"],
    ]


def test_churn_is_printed_as_published_and_says_which_cohort(page: str, october: Report) -> None:
    everyone, private, corporate = shown(page, "Cohort of May 2025")
    assert everyone[1:4] == ["1,008", "276", "27.38%"]
    assert (private[2], corporate[2]) == ("206", "70")
    calls = dict(row[:2] for row in shown(page, "Calls to lost customers"))
    assert calls["Completed"] == "147"
    assert sum(int(count) for name, count in calls.items() if name not in ("Completed", "All calls")) == 59
    reasons = column(shown(page, "Reasons given by those reached"), 1)
    assert reasons == ["36", "34", "28", "27", "11", "11"]
    assert "The last final cohort is that of May 2025" in chapter_text(october, 6)
    files = {row[0]: row[1:3] for row in shown(page, "Customer files by month")}
    assert files["2025-09"] == ["8,254", "5,321"]


def test_callbacks_are_printed_as_published(sample_run: Settings) -> None:
    with open_marts(sample_run) as marts:
        report = store_report(marts, MAIN_STORE, CALLBACK_MONTH)
    calls, completed, delighted, disappointed, _ = next(
        block.figures for block in report.chapters[2].blocks if isinstance(block, Figures)
    )
    assert (calls.value, calls.comparisons[0].value) == (850, 800)
    printed = [written(figure.value, figure.form, figure.decimals) for figure in (completed, delighted, disappointed)]
    assert printed == ["82.4%", "17.6%", "35.3%"]
    assert calls.note is not None and "100 unreachable" in calls.note.en
