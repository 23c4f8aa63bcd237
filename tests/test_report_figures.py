"""The monthly report shows what the marts hold, and marks a difference as news only where it is beyond noise."""

from collections.abc import Callable
from contextlib import closing
from datetime import date

import pytest

from dagster_project.reports.monthly.blocks import (
    Change,
    Flow,
    Form,
    Note,
    Report,
    Table,
    Text,
    Tone,
)
from dagster_project.reports.monthly.callbacks import question_estimates
from dagster_project.reports.monthly.html import html_page
from dagster_project.reports.monthly.kpis import KPIS, Estimates
from dagster_project.reports.monthly.labels import capital, kpi_labels, seed_labels
from dagster_project.reports.monthly.noise import Estimate, change, counts_differ, differ, leaves_out
from dagster_project.reports.monthly.read import Marts, open_marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.reports.monthly.satisfaction import item_estimates
from dagster_project.reports.monthly.scope import store_scope
from dagster_project.reports.monthly.written import changed, written
from dagster_project.sample import CALLBACK_MONTH, CSS_MONTH, MAIN_STORE
from dagster_project.settings import Settings
from tests.support.report_pages import OCTOBER, blocks, chapter_text, shown


def of_store(marts: Marts, kpi_code: str, store_code: str, month: date) -> Estimate:
    return Estimates(marts).of(kpi_code, store_code, month)


def test_the_glance_equals_the_scorecard(page: str, sample_mart: Callable[..., list[tuple]]) -> None:
    sql = "select kpi_code, value, target_value, region_value from scorecard_monthly where store_code = ? and month = ?"
    card = {row[0]: row[1:] for row in sample_mart(sql, [MAIN_STORE, OCTOBER])}
    rows = shown(page, "The month at a glance")
    assert len(rows) == len(KPIS) == len(card)
    for kpi, row in zip(KPIS, rows, strict=True):
        if kpi.code == "churn_rate":
            continue
        expected = [written(value, kpi.form, kpi.decimals) for value in card[kpi.code]]
        assert [row[1], row[5], row[7]] == expected, kpi.code


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


def test_identical_answers_show_no_spread(emptied: Callable[..., Marts]) -> None:
    marts = emptied("update fct_callback set is_promoter = true, is_detractor = false, q1_score = 5",
                    "update fct_css_answer set score = 90")  # fmt: skip
    with closing(marts.connection):
        scope = store_scope(marts, MAIN_STORE, OCTOBER)
        alike = [of_store(marts, code, MAIN_STORE, OCTOBER) for code in ("nps", "mot_score", "css_score")]
        alike += [question_estimates(scope, OCTOBER)["Q1"], *item_estimates(scope, OCTOBER).values()]
        spread = question_estimates(scope, OCTOBER)["Q2"]
    assert {(estimate.low, estimate.high) for estimate in alike} == {(None, None)}
    assert all(estimate.value is not None and estimate.sample_size for estimate in alike)
    assert spread.low < spread.value < spread.high


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


def test_a_change_within_noise_is_not_news() -> None:
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
    assert "risen by more than noise: quality, other, time" in chapter_text(october, 4)
    assert "no technician is above the store's rate by more than noise" in chapter_text(october, 5)


@pytest.mark.parametrize(
    ("value", "form", "decimals", "expected"),
    [
        (0.285, Form.RATE, 0, "29%"),
        (0.4325, Form.RATE, 1, "43.3%"),
        (-0.25, Form.SCORE, 1, "\N{MINUS SIGN}0.3"),
        (1.005, Form.SCORE, 2, "1.01"),
        (1008, Form.COUNT, None, "1,008"),
        (1e29, Form.SCORE, 1, "100" + ",000" * 9 + ".0"),
        (None, Form.COUNT, None, "–"),
    ],
)
def test_values_are_rounded_half_away_from_zero(value: float | None, form: Form, decimals: int, expected: str) -> None:
    assert written(value, form, decimals) == expected


def test_a_change_that_rounds_to_nothing_has_no_sign() -> None:
    assert changed(Change(-0.0001, Form.RATE)) == "±0.0 pp"
    assert changed(Change(-0.012, Form.RATE)) == "\N{MINUS SIGN}1.2 pp"
    assert changed(Change(None, Form.RATE)) == "–"


def test_small_samples_are_marked_wherever_they_appear(emptied: Callable[..., Marts]) -> None:
    of_store = f"where store_code = '{MAIN_STORE}'"
    marts = emptied(
        f"update css_store_monthly set sample_size = 2 {of_store}",
        f"delete from fct_css_answer {of_store} and response_no not in "
        f"(select distinct response_no from fct_css_answer {of_store} and month = '2025-10-01' order by 1 limit 2)",
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
    for title, heading in {
        "The month at a glance": "Status",
        "Items, weights and comparisons": "Read with care",
        "What drives overall satisfaction": "Read with care",
        "Scores and low answers by question": "Read with care",
    }.items():
        place = [one.label.en for one in tables[title].columns].index(heading)
        marked[title] = {
            str(getattr(row[0], "en", row[0]))
            for row in tables[title].rows
            if row[place] and mark.en in row[place].en and mark.zh in row[place].zh
        }
    glance, items, drivers, questions = marked.values()
    rate, one_item = kpi_labels()["first_fix_rate"], seed_labels("mot_items")["mot01"]
    assert {"MOT score", "CSS score", rate.en} <= glance
    assert kpi_labels()["complaint_rate"].en not in glance
    assert {item.split(" (")[0] for item in items} == {capital(one_item).en, "CSS score", "MOT score"}
    assert drivers == {capital(one_item).en}
    assert questions == {"Q1"}
    sentence = report.summary[0]
    assert isinstance(sentence, Note)
    assert f"{rate.en} (small sample of 2)" in sentence.text.en
    assert f"{rate.zh}（小样本 2）" in sentence.text.zh
