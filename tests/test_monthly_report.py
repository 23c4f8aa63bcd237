"""The monthly report: it tells what the marts tell, says what it does not know, and is safe to open and to print."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from dagster_project.cli import main
from dagster_project.reports.group.report import group_report
from dagster_project.reports.monthly.blocks import (
    Block,
    Change,
    Figures,
    Flow,
    Form,
    Measure,
    Note,
    Report,
    Table,
    Text,
    Tone,
)
from dagster_project.reports.monthly.html import html_page
from dagster_project.reports.monthly.kpis import KPIS, Estimates
from dagster_project.reports.monthly.labels import capital, kpi_labels, seed_labels
from dagster_project.reports.monthly.noise import Estimate, change, counts_differ, differ, leaves_out
from dagster_project.reports.monthly.problems import department_rules
from dagster_project.reports.monthly.read import Marts, NothingToReport, open_marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.reports.monthly.written import changed, written
from dagster_project.sample import CALLBACK_MONTH, CSS_MONTH, MAIN_STORE
from dagster_project.settings import Settings

OCTOBER = date(2025, 10, 1)
HOSTILE = "<script>alert('&\"')</script>"


@pytest.fixture(scope="module")
def october(sample_run: Settings) -> Report:
    with open_marts(sample_run) as marts:
        return store_report(marts, MAIN_STORE, OCTOBER)


@pytest.fixture(scope="module")
def page(october: Report) -> str:
    return html_page(october)


class _Tables(HTMLParser):
    """The tables of a page by their English title: rows of cell texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self._title, self._inside, self._rows = "", "", []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        if tag == "h3":
            self._title = ""
        if tag in ("h3", "td") or (tag == "span" and self._inside in ("h3", "td")):
            self._inside = "zh" if ("class", "zh") in attributes else tag if tag != "span" else self._inside
        if tag == "table":
            self._rows = self.tables.setdefault(self._title.strip(), [])
        if tag == "tr":
            self._rows.append([])
        if tag == "td":
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h3", "td"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "h3":
            self._title += data
        elif self._inside == "td":
            self._rows[-1][-1] += data.strip()


def shown(page: str, title: str) -> list[list[str]]:
    """The body of a table as printed."""
    return [row for row in _Tables(page).tables[title] if row]


def column(rows: list[list[str]], place: int) -> list[str]:
    return [row[place] for row in rows]


def chapter_text(report: Report, number: int) -> str:
    """Everything in words of a chapter, in English."""
    chapter = report.chapters[number - 1]
    notes = [block.text.en for block in chapter.blocks if isinstance(block, Note)]
    return " ".join([chapter.headline.en if chapter.headline else "", *notes])


def blocks(report: Report) -> Iterator[Block]:
    yield from report.summary
    for chapter in report.chapters:
        yield from chapter.blocks


# The printed report, to the digit -----------------------------------------------------------------------------------


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
    reasons = column(shown(page, "Reasons of those reached"), 1)
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
    told = [written(figure.value, figure.form, figure.decimals) for figure in (completed, delighted, disappointed)]
    assert told == ["82.4%", "17.6%", "35.3%"]
    assert calls.note is not None and "100 unreachable" in calls.note.en


# What the marts say -------------------------------------------------------------------------------------------------


def test_the_glance_equals_the_scorecard(page: str, sample_mart: Callable[..., list[tuple]]) -> None:
    sql = "select kpi_code, value, target_value, region_value from scorecard_monthly where store_code = ? and month = ?"
    card = {row[0]: row[1:] for row in sample_mart(sql, [MAIN_STORE, OCTOBER])}
    rows = shown(page, "The month at a glance")
    assert len(rows) == len(KPIS) == len(card)
    for kpi, row in zip(KPIS, rows, strict=True):
        if kpi.code == "churn_rate":
            continue
        told = [written(value, kpi.form, kpi.decimals) for value in card[kpi.code]]
        assert [row[1], row[5], row[7]] == told, kpi.code


def test_every_vehicle_of_the_cohort_flows_once(october: Report) -> None:
    flow = next(block for block in blocks(october) if isinstance(block, Flow))
    coming, going = {}, {}
    for link in flow.links:
        coming[link.target] = coming.get(link.target, 0) + link.value
        going[link.source] = going.get(link.source, 0) + link.value
    assert going["visited"] == 1008
    assert all(going[name] == coming[name] for name in going if name in coming)
    assert (coming["lost"], coming["reached"], coming["missed"]) == (276, 147, 59)


def test_reasons_add_up_to_the_month_before_and_those_without_a_case_now_stay(sample_run: Settings) -> None:
    # S006 had six cases in October and in November; of October's reasons, three have no case in November.
    with open_marts(sample_run) as marts:
        report = html_page(store_report(marts, "S006", date(2025, 11, 1)))
    rows = {row[0]: row[5:] for row in shown(report, "Reasons for dissatisfaction, by week")}
    assert rows["All reasons"] == ["6", "100.0%", "6", "±0"]
    assert {name for name, row in rows.items() if row[0] == "0"} == {"Attitude", "Claim", "Time"}
    assert rows["Time"] == ["0", "0.0%", "1", "\N{MINUS SIGN}1"]
    *reasons, total = rows.values()
    assert sum(int(row[2]) for row in reasons) == int(total[2])


def test_intervals_of_scores_are_those_of_a_mean(sample_run: Settings) -> None:
    with open_marts(sample_run) as marts:
        [(mean, deviation, count)] = marts.connection.execute(
            "select avg(score), stddev_samp(score), count(*) from fct_css_answer "
            "where store_code = ? and month = ? and item_code = 'overall'",
            [MAIN_STORE, CSS_MONTH],
        ).fetchall()
        css = next(kpi for kpi in KPIS if kpi.code == "css_score")
        row = next(
            row for row in marts.rows(css.intervals) if (row["store_code"], row["month"]) == (MAIN_STORE, CSS_MONTH)
        )
    reach = 1.959964 * deviation / count**0.5
    assert (row["low"], row["value"], row["high"]) == pytest.approx((mean - reach, mean, mean + reach))


def of_store(marts: Marts, kpi_code: str, store_code: str, month: date) -> Estimate:
    return Estimates(marts).of(kpi_code, store_code, month)


def test_one_answer_has_no_interval(emptied: Callable[..., Marts]) -> None:
    calls = f"store_code = '{MAIN_STORE}' and q8_score is not null and month"
    marts = emptied(
        f"delete from fct_callback where {calls} = '2025-10-01' and callback_no <> "
        f"(select min(callback_no) from fct_callback where {calls} = '2025-10-01')",
        f"delete from fct_callback where {calls} = '2025-09-01' and callback_no not in "
        f"(select callback_no from fct_callback where {calls} = '2025-09-01' order by callback_no limit 2)",
        f"update fct_callback set is_promoter = callback_no = (select min(callback_no) from fct_callback where {calls} "
        f"= '2025-09-01'), is_detractor = false where {calls} = '2025-09-01'",
        f"update callback_store_monthly set nps = 50 where store_code = '{MAIN_STORE}' and month = '2025-09-01'",
        f"delete from fct_css_answer where store_code = '{MAIN_STORE}' and response_no <> (select min(response_no) "
        f"from fct_css_answer where store_code = '{MAIN_STORE}' and month = '2025-10-01')",
    )
    with closing(marts.connection):
        for code in ("nps", "mot_score", "css_score"):
            estimate = of_store(marts, code, MAIN_STORE, OCTOBER)
            assert estimate.value is not None
            assert (estimate.low, estimate.high) == (None, None), code
            assert differ(estimate, of_store(marts, code, "S002", OCTOBER)) is None
        two = of_store(marts, "nps", MAIN_STORE, date(2025, 9, 1))
        # Answers of 100 and 0: their sample deviation is 70.7, their mean's error 50.
        assert (two.low, two.high) == pytest.approx((50 - 1.959964 * 50, 50 + 1.959964 * 50))


@pytest.mark.parametrize(("answers", "ranks"), [(1, None), (5, None), (6, (1, 6)), (8, (1, 8)), (20, (5, 16))])
def test_a_median_has_an_interval_where_its_ranks_exist(
    emptied: Callable[..., Marts], answers: int, ranks: tuple[int, int] | None
) -> None:
    cases = f"store_code = '{MAIN_STORE}' and month = '2025-10-01' and first_response_minutes is not null"
    marts = emptied(
        f"create table kept as select case_no, row_number() over (order by case_no) rank from fct_case where {cases}",
        f"delete from fct_case where {cases} and case_no not in (select case_no from kept where rank <= {answers})",
        "update fct_case set first_response_minutes = 30 + rank from kept where kept.case_no = fct_case.case_no",
    )
    with closing(marts.connection):
        estimate = of_store(marts, "first_response_minutes", MAIN_STORE, OCTOBER)
    assert (estimate.low, estimate.high) == ((30 + ranks[0], 30 + ranks[1]) if ranks else (None, None))


# Noise --------------------------------------------------------------------------------------------------------------


def test_a_move_within_noise_is_no_news() -> None:
    # 56/70 against 48/80: Newcombe (1998) gives 0.0524 to 0.3339 for the difference.
    now = Estimate(0.8, 0.6918, 0.8769, 70)
    assert differ(now, Estimate(0.6, 0.4904, 0.7004, 80))
    assert not differ(now, Estimate(0.72, 0.61, 0.81, 80))
    assert differ(now, Estimate(0.6)) is None
    assert not leaves_out(now, 0.7)
    assert leaves_out(now, 0.95)
    assert counts_differ(210, 150)
    assert not counts_differ(105, 90)


def test_only_news_has_a_tone() -> None:
    low, high = Estimate(0.6, 0.5, 0.7), Estimate(0.9, 0.85, 0.95)
    assert change(high, low, Form.RATE, True).tone is Tone.GOOD
    assert change(high, low, Form.RATE, False).tone is Tone.BAD
    assert change(high, Estimate(0.9, 0.8, 1.0), Form.RATE, False).tone is Tone.NEUTRAL


def test_changes_are_judged_in_words(october: Report) -> None:
    assert "MOT score 99.6, +0.4 on last month (within noise)" in chapter_text(october, 2)
    assert "CSS score 98.5, \N{MINUS SIGN}5.0 on last month (more than noise)" in chapter_text(october, 2)
    assert "risen by more than chance: quality, other, time" in chapter_text(october, 4)
    assert "no technician is above the store's rate by more than noise" in chapter_text(october, 5)


@pytest.mark.parametrize(
    ("value", "form", "decimals", "told"),
    [
        (0.285, Form.RATE, 0, "29%"),
        (0.4325, Form.RATE, 1, "43.3%"),
        (-0.25, Form.SCORE, 1, "\N{MINUS SIGN}0.3"),
        (1.005, Form.SCORE, 2, "1.01"),
        (1008, Form.COUNT, None, "1,008"),
        (None, Form.COUNT, None, "–"),
    ],
)
def test_values_are_rounded_half_away_from_zero(value: float | None, form: Form, decimals: int, told: str) -> None:
    assert written(value, form, decimals) == told


def test_a_change_that_rounds_to_nothing_has_no_sign() -> None:
    assert changed(Change(-0.0001, Form.RATE)) == "±0.0 pp"
    assert changed(Change(-0.012, Form.RATE)) == "\N{MINUS SIGN}1.2 pp"
    assert changed(Change(None, Form.RATE)) == "–"


def test_small_samples_are_marked_wherever_they_stand(emptied: Callable[..., Marts]) -> None:
    of_store = f"where store_code = '{MAIN_STORE}'"
    marts = emptied(
        f"update css_store_monthly set sample_size = 2 {of_store}",
        f"update css_item_monthly set sample_size = 2 {of_store} and item_code = 'mot01'",
        f"update css_driver set sample_size = 29 {of_store} and item_code = 'mot01'",
        f"update callback_question_monthly set answers = 1 {of_store} and question_code = 'Q1'",
        "update first_fix_store_monthly set repairs = 2, first_fix_rate = 0.1, first_fix_rate_low = 0.05, "
        f"first_fix_rate_high = 0.2 {of_store} and month = '2025-10-01'",
    )
    with closing(marts.connection):
        report = store_report(marts, MAIN_STORE, OCTOBER)
        called = store_report(marts, MAIN_STORE, CALLBACK_MONTH)
    tables = {block.title.en: block for one in (called, report) for block in blocks(one) if isinstance(block, Table)}
    mark, marked = Text("small sample", "小样本"), {}
    for title in (
        "The month at a glance",
        "Items, weights and comparisons",
        "What drives overall satisfaction",
        "Questions against last month",
    ):
        place = [one.label.en for one in tables[title].columns].index("Read with care")
        marked[title] = {str(getattr(row[0], "en", row[0])) for row in tables[title].rows if row[place] == mark}
    glance, items, drivers, questions = marked.values()
    rate, one_item = kpi_labels()["first_fix_rate"], seed_labels("mot_items")["mot01"]
    assert {"MOT score", "CSS score", rate.en} <= glance
    assert kpi_labels()["complaint_rate"].en not in glance
    assert {told.split(" (")[0] for told in items} == {capital(one_item).en, "CSS score", "MOT score"}
    assert drivers == {capital(one_item).en}
    assert questions == {"Q1"}
    sentence = report.summary[0]
    assert isinstance(sentence, Note)
    assert f"{rate.en} (small sample of 2)" in sentence.text.en
    assert f"{rate.zh}（小样本 2）" in sentence.text.zh


# Chapter 7 ----------------------------------------------------------------------------------------------------------


def test_every_code_belongs_to_one_department() -> None:
    expected = {
        "kpis": set(kpi_labels()),
        "mot_items": set(seed_labels("mot_items")),
        "callback_questions": {f"Q{number}" for number in range(1, 8)},
        "complaint_categories": set(seed_labels("complaint_categories")),
        "not_fixed_reasons": set(seed_labels("not_fixed_reasons")),
    }
    assert set(department_rules()) == set(seed_labels("departments"))
    for kind, codes in expected.items():
        named = [code for rules in department_rules().values() for code in rules.get(kind, [])]
        assert sorted(named) == sorted(codes), kind


def test_each_department_gets_five_rows_worst_first_to_be_completed(october: Report) -> None:
    tables = [b for b in october.chapters[6].blocks if isinstance(b, Table) and "top five" in b.title.en]
    assert len(tables) == 4
    for table in tables:
        fill = [place for place, one in enumerate(table.columns) if one.form is Form.TO_FILL_IN]
        assert len(table.rows) == 5
        assert len(fill) == 4
        assert all(row[place] is None for row in table.rows for place in fill)
        proposed = [row for row in table.rows if isinstance(row[2], Measure)]
        assert proposed
        ranks = [(getattr(row[6], "en", "") != "More than noise", -row[5]) for row in proposed]
        assert ranks == sorted(ranks)


def _problems(report: Report, department: str) -> list[tuple]:
    """The problems proposed to a department, as rows of its table."""
    title = f"{department}: top five problems"
    table = next(b for b in report.chapters[6].blocks if isinstance(b, Table) and b.title.en == title)
    return [row for row in table.rows if isinstance(row[2], Measure)]


def test_a_reference_of_nothing_counts(emptied: Callable[..., Marts]) -> None:
    marts = emptied(
        f"update scorecard_monthly set target_value = 0 where store_code = '{MAIN_STORE}' "
        f"and month = '{OCTOBER}' and kpi_code = 'complaint_rate'",
        # Repairs failed for one reason only, ten of them in October and none before.
        f"delete from first_fix_reason_monthly where store_code = '{MAIN_STORE}'",
        "insert into first_fix_reason_monthly (store_code, technician_no, month, reason, not_fixed) "
        f"values ('{MAIN_STORE}', '011', '{OCTOBER}', 'noise', 10)",
    )
    with closing(marts.connection):
        report = store_report(marts, MAIN_STORE, OCTOBER)
    rate = next(row for row in _problems(report, "Customer service") if row[1].en == "Complaint rate")
    assert (rate[0], rate[3].value, rate[4].en, rate[5]) == (1, 0.0, "target", None)
    noise = next(row for row in _problems(report, "Workshop") if row[1].en.startswith("Not fixed, "))
    assert (noise[0], noise[3].value, noise[5], noise[6].en) == (1, 0.0, None, "More than noise")
    assert html_page(report)


def test_nothing_after_nothing_is_no_problem(emptied: Callable[..., Marts]) -> None:
    marts = emptied(
        f"update complaint_reason_monthly set cases = 0 where store_code = '{MAIN_STORE}' and category = 'cost'",
        f"update scorecard_monthly set target_value = 0 where store_code = '{MAIN_STORE}' and kpi_code = 'mot_score'",
    )
    with closing(marts.connection):
        report = store_report(marts, MAIN_STORE, OCTOBER)
    names = [row[1].en for row in _problems(report, "Front desk")]
    assert [name for name in names if name.startswith(("Cases about cost", "MOT score"))] == []


# What is not there --------------------------------------------------------------------------------------------------


def test_a_month_without_surveys_and_the_first_month_say_so(sample_run: Settings, sample_mart) -> None:
    with open_marts(sample_run) as marts:
        november = store_report(marts, MAIN_STORE, date(2025, 11, 1))
        [(first,)] = sample_mart("select min(month) from first_fix_store_monthly where store_code = ?", [MAIN_STORE])
        earliest = store_report(marts, MAIN_STORE, first)
        html_page(earliest)
    assert "No external survey responses in November 2025." in chapter_text(november, 2)
    assert "the last one was in October 2025" in chapter_text(november, 2)
    assert "November 2025 is not final" in chapter_text(november, 5)
    assert any("First-time fix is not final" in note.text.en for note in november.notes)
    assert "No improvement actions in" in chapter_text(earliest, 1)
    assert "No internal callbacks in" in chapter_text(earliest, 3) or "no figure last month" in chapter_text(
        earliest, 3
    )
    assert "no figure last month" in chapter_text(earliest, 5)
    assert "No targets are set" in chapter_text(earliest, 7)


@pytest.fixture
def emptied(sample_run: Settings, tmp_path: Path) -> Callable[..., Marts]:
    """The sample's published marts, changed by SQL."""

    def change_marts(*statements: str) -> Marts:
        path = tmp_path / "changed.duckdb"
        path.write_bytes((sample_run.published / "aftersales.duckdb").read_bytes())
        connection = duckdb.connect(str(path))
        connection.execute("use marts")
        for statement in statements:
            connection.execute(statement)
        return Marts(connection, sample_run.as_of, datetime(2025, 12, 1, 8))

    return change_marts


def test_a_store_without_data_of_a_subject_says_so_in_each_chapter(emptied: Callable[..., Marts]) -> None:
    tables = [
        "css_store_monthly",
        "css_item_monthly",
        "css_advisor_monthly",
        "css_advisor_item_monthly",
        "css_segment_monthly",
        "css_driver",
        "callback_store_monthly",
        "callback_question_monthly",
        "callback_advisor_monthly",
        "mystery_store_monthly",
        "complaint_store_monthly",
        "complaint_reason_monthly",
        "complaint_reason_weekly",
        "complaint_responsibility_monthly",
        "complaint_channel_monthly",
        "agent_monthly",
        "first_fix_store_monthly",
        "first_fix_technician_monthly",
        "first_fix_reason_monthly",
        "improvement_action",
        "scorecard_monthly",
        "churn_cohort_monthly",
        "customer_base_monthly",
        "service_efficiency_monthly",
        "lost_vehicle",
    ]
    marts = emptied(*(f"delete from {table} where store_code = 'S002'" for table in tables))
    with closing(marts.connection):
        report = store_report(marts, "S002", OCTOBER)
    told = [chapter_text(report, number) for number in range(1, 8)]
    assert "No improvement actions in October 2025." in told[0]
    assert "No external survey responses in October 2025." in told[1]
    assert "No mystery-shopping visit in October 2025." in told[1]
    assert "No internal callbacks in October 2025." in told[2]
    assert "No complaint, dissatisfaction or enquiry in October 2025." in told[3]
    assert "No repairs in October 2025." in told[4]
    assert "No cohort up to October 2025 is final yet" in told[5]
    assert "No targets are set for November 2025 yet." in told[6]
    assert "<svg" in html_page(report)


def test_the_first_reason_on_a_tie_is_that_of_the_table(emptied: Callable[..., Marts]) -> None:
    marts = emptied(
        f"update complaint_reason_monthly set cases = 500 where store_code = '{MAIN_STORE}' "
        f"and month = '{OCTOBER}' and category in ('cost', 'time')"
    )
    with closing(marts.connection):
        report = store_report(marts, MAIN_STORE, OCTOBER)
    assert shown(html_page(report), "Reasons for dissatisfaction, by week")[0][0] == "Cost"
    assert "first reason: cost, 500 cases" in chapter_text(report, 4)


def test_the_first_cohort_is_compared_with_no_cohort(emptied: Callable[..., Marts], october: Report) -> None:
    marts = emptied(f"delete from churn_cohort_monthly where store_code = '{MAIN_STORE}' and month < '2025-05-01'")
    with closing(marts.connection):
        headline = store_report(marts, MAIN_STORE, OCTOBER).chapters[5].headline
    assert headline is not None
    assert "rate of the May 2025 cohort 27.38% (no cohort before);" in headline.en
    assert "2025年5月到店客户流失率 27.38%（无上一批数据）；" in headline.zh
    usual = october.chapters[5].headline
    assert usual is not None
    assert re.search(r"cohort 27\.38%, \S+ pp on the cohort before \(", usual.en)
    assert re.search(r"流失率 27\.38%，较上一批 \S+ pp（", usual.zh)


def test_rejected_rows_are_the_stores_whose_store_column_names_it(emptied: Callable[..., Marts]) -> None:
    rows = [
        ("dms", "repair_order_lines", '{"store_code": "3", "repair_order_no": "R1", "line_no": "1"}'),
        ("dms", "repair_order_lines", '{"store_code": "1", "repair_order_no": "R1", "line_no": "3"}'),
        ("dms", "repair_orders", '{" 门店代码\\n": " １", "工单号": "3", "行驶里程": "1"}'),
        ("dms", "repair_orders", '{"STORE_CODE": null, "工单号": "1"}'),
        ("survey", "css_benchmarks", '{"period": "1"}'),
        ("dms", "vehicles", '{"line": "1"}'),
        ("dms", "vehicles", "1"),
        ("dms", "vehicles", "{1"),
    ]
    values = ", ".join(
        f"('{system}', '{dataset}', 'a.csv', {line}, 'unreadable_integer:line_no', '{row}')"
        for line, (system, dataset, row) in enumerate(rows, start=2)
    )
    marts = emptied(
        "delete from quality_rejected_row",
        f"insert into quality_rejected_row (system, dataset, file, line, reasons, row) values {values}",
        f"update dim_store set store_code = '1' where store_code = '{MAIN_STORE}'",
        f"update first_fix_store_monthly set store_code = '1' where store_code = '{MAIN_STORE}'",
        "update dim_store set store_code = '3' where store_code = 'S003'",
        "update first_fix_store_monthly set store_code = '3' where store_code = 'S003'",
    )
    with closing(marts.connection):
        told = {code: " ".join(note.text.en for note in store_report(marts, code, OCTOBER).notes) for code in "13"}
    assert "2 rows that name this store (2 datasets, any month) were rejected" in told["1"]
    assert "1 row that names this store (1 dataset, any month) was rejected and reaches no figure" in told["3"]


def _glance(marts: Marts, store_code: str, month: date) -> Text:
    """The sentence above the month at a glance."""
    note = store_report(marts, store_code, month).summary[0]
    assert isinstance(note, Note)
    return note.text


def test_the_glance_says_when_there_is_nothing_to_compare_with(emptied: Callable[..., Marts]) -> None:
    nothing = Text(
        "There is nothing of last month to judge a change by; there is no target to compare a figure with.",
        "无上月数据可供比较；无目标可供比较。",
    )
    marts = emptied()
    with closing(marts.connection):
        first = marts.rows("select min(month) as month from first_fix_store_monthly where store_code = 'S006'")
        assert _glance(marts, "S006", first[0]["month"]) == nothing
    # The month before is missing, but for the active base, which goes on and is not judged.
    tables = ["css", "callback", "complaint", "first_fix", "appointment"]
    marts = emptied(
        *(f"delete from {table}_store_monthly where month = '2025-09-01'" for table in tables),
        "delete from service_efficiency_monthly where month = '2025-09-01'",
        "delete from churn_cohort_monthly where month < '2025-05-01'",
        "update scorecard_monthly set target_value = null",
    )
    with closing(marts.connection):
        assert marts.rows("from customer_base_monthly where month = '2025-09-01' and store_code = 'S006'")
        assert _glance(marts, "S006", OCTOBER) == nothing
    marts = emptied("update scorecard_monthly set target_value = null")
    with closing(marts.connection):
        told = _glance(marts, "S006", OCTOBER)
    assert told.en.endswith("; there is no target to compare a figure with.")
    assert "无上月数据" not in told.zh


# Safe to open -------------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert not re.search(r"<(script|link|iframe|img|object|embed)\b", page)
    assert not re.search(r"""(src|href)\s*=\s*["']?\s*(https?:|//|file:|data:)""", page)
    assert not re.search(r"url\(\s*[\"']?(?!#)", page)
    assert "@import" not in page
    assert not re.search(r"\son[a-z]+\s*=", page)


def test_ids_are_unique_and_references_are_kept(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_charts_are_well_formed(page: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(charts) > 20
    for chart in charts:
        ElementTree.fromstring(chart)


def test_hostile_texts_are_only_shown(emptied: Callable[..., Marts]) -> None:
    quoted = HOSTILE.replace("'", "''")
    marts = emptied(
        f"update improvement_action set problem = '{quoted}', measure = chr(7) || '{quoted}', evidence = '{quoted}', "
        f"owner_no = '{quoted}'",
        f"update dim_store set store_name = '{quoted}', city = '{quoted}', region_name = '{quoted}'",
        f"update first_fix_technician_monthly set technician_no = '{quoted}' where technician_no = '011'",
        f"update css_advisor_item_monthly set advisor_no = '{quoted}' where advisor_no = '005'",
    )
    with closing(marts.connection):
        pages = [
            html_page(store_report(marts, MAIN_STORE, OCTOBER)),
            html_page(group_report(marts, None, OCTOBER)),
        ]
    for page in pages:
        assert "<script" not in page
        assert "alert(" in page
        assert "\x07" not in page
        for chart in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
            ElementTree.fromstring(chart)


def test_the_same_state_gives_the_same_bytes(sample_run: Settings, page: str) -> None:
    with open_marts(sample_run) as marts:
        assert html_page(store_report(marts, MAIN_STORE, OCTOBER)) == page


def test_labels_are_in_both_languages(october: Report) -> None:
    def texts() -> Iterator[Text]:
        for block in blocks(october):
            if isinstance(block, Note):
                yield block.text
            elif not isinstance(block, Figures):
                yield block.title
            if isinstance(block, Table):
                yield from (one.label for one in block.columns)
        for chapter in october.chapters:
            yield from (chapter.title, chapter.question)
            if chapter.headline:
                yield chapter.headline

    chinese = re.compile("[\u4e00-\u9fff]")
    short = {"MOT", "CSS"}
    assert [text for text in texts() if not text.en or not (chinese.search(text.zh) or text.zh in short)] == []


# The group ----------------------------------------------------------------------------------------------------------


def test_the_group_ranks_stores_and_marks_only_what_is_beyond_noise(sample_run: Settings) -> None:
    with open_marts(sample_run) as marts:
        everyone, region = group_report(marts, None, OCTOBER), group_report(marts, "01", OCTOBER)
        assert group_report(marts, "东部分中心", OCTOBER).chapters == region.chapters
        rows = marts.rows("from scorecard_monthly where month = ? and kpi_code = 'complaint_rate'", OCTOBER)
    matrix = everyone.chapters[1].blocks[0]
    assert isinstance(matrix, Table)
    assert [one.label.en for one in matrix.columns[2:]] == ["S001", "S002", "S003", "S004", "S005", "S006"]
    rate = next(row for row in matrix.rows if row[0] == Text("Complaint rate", "投诉率"))
    assert [cell.value for cell in rate[2:]] == [row["value"] for row in sorted(rows, key=lambda r: r["store_code"])]
    for block in blocks(everyone):
        if isinstance(block, Table) and block.title.en.startswith("Figures behind"):
            assert all(row[6].is_news and row[6].tone is Tone.BAD for row in block.rows)
    assert html_page(region).count("<svg") >= 10


def test_the_cover_of_a_group_tells_what_those_of_its_stores_tell(emptied: Callable[..., Marts]) -> None:
    rejected = '{"store_code": "S002", "from_store_code": "S001"}'
    marts = emptied(
        "update dim_store set region_code = case when store_code in ('S001', 'S002') then 'R1' else 'R2' end",
        "delete from quality_rejected_row",
        "insert into quality_rejected_row by name "
        f"select 'complaint' as system, 'cases' as dataset, '{rejected}' as row",
        "update quality_load set status = 'quarantined' where file = (select min(file) from quality_load)",
        "update first_fix_store_monthly set is_final = store_code <> 'S002' where month = '2025-10-01'",
        "insert into restatement by name select 'S002' as store_code, date '2025-10-01' as month, "
        "timestamp '2025-11-20 08:00:00' as published_at",
    )
    with closing(marts.connection):
        notes = {
            region: " ".join(note.text.en for note in group_report(marts, region, OCTOBER).notes)
            for region in ("R1", "R2", None)
        }
        of_its_store = " ".join(note.text.en for note in store_report(marts, "S002", OCTOBER).notes)
    told = ("First-time fix is not final", "1 figure of October 2025 changed", "last on 2025-11-20")
    for text in (notes["R1"], notes[None], of_its_store):
        assert all(one in text for one in told)
        assert "quarantined" in text
    assert "1 row that names one of these stores (1 dataset" in notes["R1"]
    assert "1 row that names this store (1 dataset" in of_its_store
    assert "quarantined" in notes["R2"]
    assert not any(one in notes["R2"] for one in (*told, "rejected"))


def test_a_region_without_rows_is_named_by_its_code_as_it_is_written(emptied: Callable[..., Marts]) -> None:
    marts = emptied("update dim_store set region_code = 'R1' where region_code = '01'")
    with closing(marts.connection):
        with pytest.raises(NothingToReport, match=r"^region R1 has no row in 2019-01"):
            group_report(marts, "R1", date(2019, 1, 1))
        with pytest.raises(NothingToReport, match=r"^all stores has no row in 2019-01"):
            group_report(marts, None, date(2019, 1, 1))


# The command --------------------------------------------------------------------------------------------------------


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
    ("arguments", "told"),
    [
        (["--store", "S9", "--month", "2025-10"], "published stores: S001 临江远途汽车销售服务有限公司, S002"),
        (["--store", "S001", "--month", "2019-01"], "there are rows from 2024-02 to 2025-11"),
        (["--group", "99", "--month", "2025-10"], "published regions: 01 东部分中心, 02 西部分中心"),
    ],
)
def test_the_command_says_what_there_is_instead(
    sample_run: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["report", *arguments, "--data", str(sample_run.data)]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "report --store S001 --month 2025-10"])
def test_a_data_folder_that_is_not_there_is_no_empty_one(command: str, tmp_path: Path, capsys) -> None:
    assert main([*command.split(), "--data", str(tmp_path / "mistyped")]) == 1
    assert "no data folder at" in capsys.readouterr().err
    assert not (tmp_path / "mistyped").exists()


def test_what_all_reports_can_not_be_given_is_refused(sample_run: Settings, tmp_path: Path, capsys) -> None:
    data = ["--data", str(sample_run.data)]
    assert main(["report", "--all", "--month", "2025-10", "--out", str(tmp_path), *data]) == 1
    assert "leave out --out" in capsys.readouterr().err


def test_the_command_says_to_run_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--store", "S001", "--month", "2025-10", "--data", str(tmp_path)]) == 1
    assert "run `aftersales run` first" in capsys.readouterr().err
