"""The monthly report names the next month's problems, each under its department."""

from collections.abc import Callable
from contextlib import closing

from dagster_project.reports.monthly.blocks import (
    Form,
    Measure,
    Report,
    Table,
)
from dagster_project.reports.monthly.html import html_page
from dagster_project.reports.monthly.labels import kpi_labels, seed_labels
from dagster_project.reports.monthly.problems import department_rules
from dagster_project.reports.monthly.read import Marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.sample import MAIN_STORE
from tests.support.report_pages import OCTOBER


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


def test_a_change_from_zero_counts(emptied: Callable[..., Marts]) -> None:
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
    noise = next(row for row in _problems(report, "Workshop") if row[1].en.startswith("Not fixed: "))
    assert (noise[0], noise[3].value, noise[5], noise[6].en) == (1, 0.0, None, "More than noise")
    assert html_page(report)


def test_zero_after_zero_is_not_a_problem(emptied: Callable[..., Marts]) -> None:
    marts = emptied(
        f"update complaint_reason_monthly set cases = 0 where store_code = '{MAIN_STORE}' and category = 'cost'",
        f"update scorecard_monthly set target_value = 0 where store_code = '{MAIN_STORE}' and kpi_code = 'mot_score'",
    )
    with closing(marts.connection):
        report = store_report(marts, MAIN_STORE, OCTOBER)
    names = [row[1].en for row in _problems(report, "Front desk")]
    assert [name for name in names if name.startswith(("Cases about cost", "MOT score"))] == []
