"""Hostile text in values, headers and file names is shown in our output as text and never takes effect."""

import csv
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from dagster_project.load.manifest import split_names
from dagster_project.publish.csv_files import export_csv
from dagster_project.publish.workbook import export_xlsx
from dagster_project.reports.quality import write_quality_report
from dagster_project.reports.text import FORMULA_STARTS, no_formula
from dagster_project.settings import Settings
from tests.hostile.originals import DATASET, HEADER, ROWS, csv_text
from tests.hostile.values import FORMULAS, MARKUP, SQL
from tests.support.quality_report import failed, not_run, small_published, write
from tests.support.small_warehouse import SmallWarehouse

HOSTILE = (*FORMULAS, *MARKUP, *SQL)
# Attributes by which a page may act by itself or on a click.
ACTIVE = ("on", "src", "href", "action", "style", "srcdoc", "formaction")


class Page(HTMLParser):
    """The elements of a page, the actions they could take, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, ...]] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, *sorted(name for name, _ in attrs if name.startswith(ACTIVE))))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", [*HOSTILE, "", "'", "'plain", "''=1", "plain", "客户", "1", "a=b"])
def test_a_guarded_text_begins_no_formula_and_is_restored_by_removing_one_apostrophe(text: str) -> None:
    written = no_formula(text)
    assert not written.startswith(FORMULA_STARTS)
    guarded = written.startswith("'") and written.lstrip("'").startswith(FORMULA_STARTS)
    assert (written[1:] if guarded else written) == text


def test_exports_hold_hostile_text_as_text_and_numbers_as_numbers(tmp_path: Path) -> None:
    small = SmallWarehouse(tmp_path, rows=1)
    quoted = [text.replace("'", "''") for text in HOSTILE]
    rows = ", ".join(f"('S', date '2026-02-01', {line}, -1, '{text}')" for line, text in enumerate(quoted))
    small.publish(1, second=f"values {rows}")
    export_csv(small.published, tmp_path / "csv", ["second_monthly"])
    with (tmp_path / "csv" / "second_monthly.csv").open(encoding="utf-8-sig", newline="") as file:
        _, *read = (row for row in csv.reader(file) if row[3] != "1")
    assert [row[4] for row in read] == [no_formula(text) for text in HOSTILE]
    assert {row[3] for row in read} == {"-1"}
    export_xlsx(small.published, tmp_path / "marts.xlsx")
    sheet = CalamineWorkbook.from_path(tmp_path / "marts.xlsx").get_sheet_by_name("second_monthly").to_python()
    assert [row[4] for row in sheet if row[3] == -1] == [*HOSTILE]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return small_published(tmp_path)


def report_of(settings: Settings, run: int, texts: Sequence[str]) -> list[Page]:
    """The pages of a report whose file names, errors, reasons and failing rows are the texts."""
    with duckdb.connect(str(settings.published / "aftersales.duckdb")) as connection:
        for line, text in enumerate(texts, start=100):
            found = ["dms", "repair_orders", text, line, f"unknown_value:{text}", '{"门店代码": "001"}']
            connection.execute("insert into marts.quality_rejected_row values (?, ?, ?, ?, ?, ?)", found)
            load = ["dms", "repair_orders", text, 1, 1, "quarantined", text]
            connection.execute("insert into marts.quality_load values (?, ?, ?, now()::timestamp, ?, ?, ?, ?)", load)
    rows = [{"store_code": text, "source_file": text, "source_line": 1} for text in texts]
    write(settings, failed(run, failing=rows), not_run(run, check_name="b", error="".join(texts[:30])))
    write_quality_report(settings, suites={})
    latest = settings.data / "reports" / "quality" / "latest"
    return [Page(path.read_text(encoding="utf-8")) for path in sorted(latest.glob("*.html"))]


def test_the_quality_report_shows_hostile_names_errors_and_rows(settings: Settings) -> None:
    harmless = {element for page in report_of(settings, 1, ["text"] * len(HOSTILE)) for element in page.elements}
    pages = report_of(settings, 2, HOSTILE)
    assert {element for page in pages for element in page.elements} <= harmless
    shown = "".join(page.text for page in pages)
    for text in (*MARKUP, *SQL):
        assert text in shown


def test_hostile_values_headers_and_names_load_as_text(landing) -> None:
    rows = [[*ROWS[0][:1], f"C{at}", *ROWS[0][2:8], text] for at, text in enumerate(HOSTILE)]
    headers = ",".join('"' + text.replace('"', '""') + '"' for text in (*MARKUP, *SQL))
    name = "'; drop table lake.loads; --_20260401.csv"
    content = csv_text(rows=rows).replace("description", f"description,{headers}", 1)
    assert content.startswith(",".join(HEADER))
    landing.write(f"{DATASET}/{name}", content)
    landing.load()
    found = landing.query("select description from lake.complaint__cases order by source_line")
    assert [text for (text,) in found] == [text.strip() for text in HOSTILE]
    record = landing.file(name)
    assert record["rows_parsed"] == len(HOSTILE)
    assert {" ".join(text.split()) for text in (*MARKUP, *SQL)} <= set(split_names(record["unknown_columns"]))
