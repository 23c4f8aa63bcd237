"""The stores of a group side by side."""

from collections.abc import Callable
from contextlib import closing
from datetime import date
from statistics import median

import pytest

from dagster_project.reports.group.report import group_report
from dagster_project.reports.group.stores import read_group
from dagster_project.reports.monthly.blocks import (
    Table,
    Text,
    Tone,
)
from dagster_project.reports.monthly.html import html_page
from dagster_project.reports.monthly.kpis import BY_CODE, KPIS
from dagster_project.reports.monthly.read import Marts, NothingToReport, open_marts
from dagster_project.reports.monthly.report import store_report
from dagster_project.sample import MAIN_STORE
from dagster_project.settings import Settings
from tests.support.report_pages import OCTOBER, blocks


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


def test_the_figures_of_all_stores_shown_are_calculated_like_those_of_a_region(sample_run: Settings) -> None:
    with open_marts(sample_run) as marts:
        region, everyone = read_group(marts, "01", OCTOBER), read_group(marts, None, OCTOBER)
    for kpi in KPIS:
        assert region.group_value(kpi) == pytest.approx(region.region_value(kpi, MAIN_STORE), rel=1e-9)
    for code in ("nps", "first_response_minutes", "active_customers"):
        values = [everyone.estimate(BY_CODE[code], store).value for store in everyone.codes]
        assert everyone.group_value(BY_CODE[code]) == pytest.approx(median(values))
    rates = [everyone.estimate(BY_CODE["complaint_rate"], store) for store in everyone.codes]
    pooled = sum(rate.value * rate.sample_size for rate in rates) / sum(rate.sample_size for rate in rates)
    assert everyone.group_value(BY_CODE["complaint_rate"]) == pytest.approx(pooled)


def test_complaints_of_a_store_without_repair_orders_count_in_the_rate_of_all_stores_shown(
    emptied: Callable[..., Marts],
) -> None:
    marts = emptied(
        "update kpi_monthly set sample_size = 0, numerator = 7, value = null "
        f"where store_code = 'S004' and month = '{OCTOBER}' and kpi_code = 'complaint_rate'"
    )
    with closing(marts.connection):
        [pooled] = marts.rows(
            "select sum(complaints) filter (store_code <> 'S004') + 7 as complaints, "
            "sum(repair_orders) filter (store_code <> 'S004') as repair_orders "
            "from complaint_store_monthly where month = ?",
            OCTOBER,
        )
        assert read_group(marts, None, OCTOBER).group_value(BY_CODE["complaint_rate"]) == pytest.approx(
            pooled["complaints"] / pooled["repair_orders"]
        )


def test_the_cover_of_a_group_states_what_those_of_its_stores_state(emptied: Callable[..., Marts]) -> None:
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
    expected = ("First-time fix is not final", "1 figure of October 2025 changed", "last on 2025-11-20")
    for text in (notes["R1"], notes[None], of_its_store):
        assert all(one in text for one in expected)
        assert "quarantined" in text
    assert "1 row that names one of these stores (1 dataset" in notes["R1"]
    assert "1 row that names this store (1 dataset" in of_its_store
    assert "quarantined" in notes["R2"]
    assert not any(one in notes["R2"] for one in (*expected, "rejected"))


def test_a_region_without_rows_is_named_by_its_code_as_it_is_written(emptied: Callable[..., Marts]) -> None:
    marts = emptied("update dim_store set region_code = 'R1' where region_code = '01'")
    with closing(marts.connection):
        with pytest.raises(NothingToReport, match=r"^region R1 has no row in 2019-01"):
            group_report(marts, "R1", date(2019, 1, 1))
        with pytest.raises(NothingToReport, match=r"^all stores has no row in 2019-01"):
            group_report(marts, None, date(2019, 1, 1))


def test_a_region_is_named_by_its_code_first_and_by_a_name_that_is_its_own(emptied: Callable[..., Marts]) -> None:
    marts = emptied("update dim_store set region_name = '02' where region_code = '01'")
    with closing(marts.connection):
        assert {store["region_code"] for store in read_group(marts, "02", OCTOBER).stores} == {"02"}
    marts = emptied("update dim_store set region_name = 'North'")
    with (
        closing(marts.connection),
        pytest.raises(NothingToReport, match="several regions are called 'North': give the code, 01 or 02"),
    ):
        read_group(marts, "North", OCTOBER)
