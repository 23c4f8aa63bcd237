"""The monthly report says what is missing, not final or not comparable."""

import re
from collections.abc import Callable
from contextlib import closing
from datetime import date

from dagster_project.reports.monthly.blocks import (
    Heat,
    Note,
    Report,
    Text,
)
from dagster_project.reports.monthly.html import html_page
from dagster_project.reports.monthly.read import Marts, open_marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.sample import CALLBACK_MONTH, MAIN_STORE
from dagster_project.settings import Settings
from tests.support.report_pages import OCTOBER, blocks, chapter_text, shown


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
    assert any("received in the last 3 days" in note.text.en for note in november.notes)
    assert "No improvement actions in" in chapter_text(earliest, 1)
    assert "No internal callbacks in" in chapter_text(earliest, 3) or "no figure last month" in chapter_text(
        earliest, 3
    )
    assert "no figure last month" in chapter_text(earliest, 5)
    assert "No targets are set" in chapter_text(earliest, 7)


def test_months_before_the_first_case_do_not_count_as_months_without_complaints(
    sample_run: Settings, sample_mart
) -> None:
    """The sample's visits begin in 2024, its cases in 2025: nothing can have risen since."""
    cases = "select min(month) filter (where cases > 0), min(month) from complaint_store_monthly where store_code = ?"
    assert sample_mart(cases, [MAIN_STORE]) == [(date(2025, 1, 1), date(2024, 2, 1))]
    with open_marts(sample_run) as marts:
        first = store_report(marts, MAIN_STORE, date(2025, 1, 1))
        third = html_page(store_report(marts, MAIN_STORE, date(2025, 3, 1)))
    assert "no figure last month" in chapter_text(first, 4)
    assert not re.search("Complaint rate[^.]*more than noise", chapter_text(first, 4))
    assert "against 2.24" not in third
    assert "risen" not in chapter_text(first, 4)


def test_a_mistyped_year_of_a_case_creates_no_month_of_cases(emptied: Callable[..., Marts]) -> None:
    marts = emptied(
        "insert into complaint_store_monthly (store_code, month, repair_orders, cases, complaint_rate) "
        f"values ('{MAIN_STORE}', '2015-01-01', 0, 1, null)"
    )
    with closing(marts.connection):
        first = store_report(marts, MAIN_STORE, date(2025, 1, 1))
    assert "no figure last month" in chapter_text(first, 4)


def test_reasons_have_risen_after_a_month_without_any(emptied: Callable[..., Marts]) -> None:
    of_september = f"where store_code = '{MAIN_STORE}' and month = '2025-09-01'"
    of_october = f"where store_code = '{MAIN_STORE}' and month = '{OCTOBER}'"
    marts = emptied(
        f"update complaint_store_monthly set dissatisfactions = 0, complaints = 0 {of_september}",
        f"delete from complaint_reason_monthly {of_september}",
        f"update complaint_reason_monthly set previous_cases = null {of_october}",
    )
    with closing(marts.connection):
        text = chapter_text(store_report(marts, MAIN_STORE, OCTOBER), 4)
    assert "risen by more than noise" in text
    assert "no reason rose" not in text


def test_a_month_without_low_answers_says_so(emptied: Callable[..., Marts]) -> None:
    marts = emptied("update callback_question_monthly set low_answers = 0, low_rate = 0, low_rate_high = 0.01")
    with closing(marts.connection):
        report = store_report(marts, MAIN_STORE, CALLBACK_MONTH)
    assert "no low answers" in (report.chapters[2].headline or Text("")).en.lower()


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
    texts = [chapter_text(report, number) for number in range(1, 8)]
    assert "No improvement actions in October 2025." in texts[0]
    assert "No external survey responses in October 2025." in texts[1]
    assert "No mystery-shopping visit in October 2025." in texts[1]
    assert "No internal callbacks in October 2025." in texts[2]
    assert "No complaint, dissatisfaction or enquiry in October 2025." in texts[3]
    assert "No repairs in October 2025." in texts[4]
    assert "No cohort up to October 2025 is final yet" in texts[5]
    assert "No targets are set for November 2025 yet." in texts[6]
    assert "<svg" in html_page(report)


def test_an_advisor_whose_calls_left_the_first_question_unanswered_has_a_sample(emptied: Callable[..., Marts]) -> None:
    marts = emptied(
        "update callback_advisor_monthly set answers = 0, score = null "
        "where question_code = 'Q1' and advisor_no = '005'"
    )
    with closing(marts.connection):
        [found] = marts.rows(
            "select max(answers) as answers from callback_advisor_monthly "
            "where store_code = ? and month = ? and advisor_no = '005'",
            MAIN_STORE,
            CALLBACK_MONTH,
        )
        report = store_report(marts, MAIN_STORE, CALLBACK_MONTH)
    heats = [block for block in blocks(report) if isinstance(block, Heat)]
    [heat] = [heat for heat in heats if heat.title.en.startswith("Callback questions")]
    assert Text("005", f"n = {found['answers']}") in heat.columns


def test_on_a_tie_the_top_reason_is_the_first_of_the_table(emptied: Callable[..., Marts]) -> None:
    marts = emptied(
        f"update complaint_reason_monthly set cases = 500 where store_code = '{MAIN_STORE}' "
        f"and month = '{OCTOBER}' and category in ('cost', 'time')"
    )
    with closing(marts.connection):
        report = store_report(marts, MAIN_STORE, OCTOBER)
    assert shown(html_page(report), "Reasons for dissatisfaction, by week")[0][0] == "Cost"
    assert "main reason: cost, 500 cases" in chapter_text(report, 4)


def test_the_first_cohort_is_compared_with_no_cohort(emptied: Callable[..., Marts], october: Report) -> None:
    marts = emptied(f"delete from churn_cohort_monthly where store_code = '{MAIN_STORE}' and month < '2025-05-01'")
    with closing(marts.connection):
        headline = store_report(marts, MAIN_STORE, OCTOBER).chapters[5].headline
    assert headline is not None
    assert "rate of the May 2025 cohort 27.38% (no previous cohort);" in headline.en
    assert "2025年5月到店客户流失率 27.38%（无上一批数据）；" in headline.zh
    usual = october.chapters[5].headline
    assert usual is not None
    assert re.search(r"cohort 27\.38%, \S+ pp on the previous cohort \(", usual.en)
    assert re.search(r"流失率 27\.38%，较上一批 \S+ pp（", usual.zh)


def test_rejected_rows_count_for_the_store_that_their_store_column_names(emptied: Callable[..., Marts]) -> None:
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
        notes = {code: " ".join(note.text.en for note in store_report(marts, code, OCTOBER).notes) for code in "13"}
    assert "2 rows that name this store (2 datasets, any month) were rejected" in notes["1"]
    assert "1 row that names this store (1 dataset, any month) was rejected and is in no figure" in notes["3"]


def _glance(marts: Marts, store_code: str, month: date) -> Text:
    """The sentence above the month's key figures."""
    note = store_report(marts, store_code, month).summary[0]
    assert isinstance(note, Note)
    return note.text


def test_the_glance_says_when_there_is_nothing_to_compare_with(emptied: Callable[..., Marts]) -> None:
    nothing = Text(
        "There is no data for last month to compare with; there are no targets to compare with.",
        "无上月数据可供比较；无目标可供比较。",
    )
    marts = emptied()
    with closing(marts.connection):
        first = marts.rows("select min(month) as month from first_fix_store_monthly where store_code = 'S006'")
        assert _glance(marts, "S006", first[0]["month"]) == nothing
    # The previous month is missing, except for the active base, which continues and is not judged.
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
        glance = _glance(marts, "S006", OCTOBER)
    assert glance.en.endswith("; there are no targets to compare with.")
    assert "无上月数据" not in glance.zh
