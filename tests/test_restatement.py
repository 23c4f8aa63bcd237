"""A change in a closed month is reported once, with the figure it explains; a change in an open month is not."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.checks.results import last_results
from dagster_project.models.dbt_build import target_path
from dagster_project.publish.publish import PublishedState
from dagster_project.publish.restatement import find_restatements, followed_marts, record_restatements
from dagster_project.publish.state import StateInfo, last_state, new_state, write_state
from dagster_project.reports.reported_months import record_reported, reported_months
from dagster_project.run import refresh
from dagster_project.settings import Settings
from dagster_project.upkeep.retention import STATES_KEPT

APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
AS_OF = date(2026, 6, 30)


def model(name: str, key: list[str], columns: dict[str, str], **meta: dict) -> dict[str, dict]:
    """A mart and the test of its key, as dbt's manifest has them."""
    described = {column: {"data_type": data_type} for column, data_type in columns.items()}
    kwargs = {"columns": key}
    return {
        name: {"name": name, "schema": "marts", "columns": described, "config": {"meta": meta}},
        f"test_{name}": {"attached_node": name, "test_metadata": {"name": "unique_combination", "kwargs": kwargs}},
    }


KEY = {"store_code": "varchar", "month": "date"}
NODES = (
    model("service", [*KEY], KEY | {"amount": "double", "previous_amount": "double", "note": "varchar"})
    | model("fix", [*KEY], KEY | {"repairs": "bigint", "is_final": "boolean"})
    | model(
        "cohort",
        [*KEY, "customer_type"],
        KEY | {"customer_type": "varchar", "vehicles": "bigint"},
        store_total={"customer_type": "all"},
    )
    | model("advisor", [*KEY, "advisor_no"], KEY | {"advisor_no": "varchar", "check_ins": "bigint"})
)


class States:
    """A published file and a private warehouse, both written row by row."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "manifest.json").write_text(json.dumps({"nodes": NODES}))

    def changes(
        self,
        mart: str,
        before: list[tuple],
        after: list[tuple],
        as_of: date | None = AS_OF,
        corrected: date | None = None,
    ) -> list[tuple]:
        """The restatements found when the rows of a mart change from `before` to `after`."""
        for name, rows in (("published", before), ("warehouse", after)):
            path = self.root / f"{name}.duckdb"
            path.unlink(missing_ok=True)
            with duckdb.connect(str(path)) as connection:
                connection.execute("create schema marts")
                for node in NODES.values():
                    if "name" in node:
                        columns = ", ".join(f"{c} {column['data_type']}" for c, column in node["columns"].items())
                        connection.execute(f"create table marts.{node['name']} ({columns})")
                for row in rows:
                    connection.execute(f"insert into marts.{mart} values ({', '.join('?' * len(row))})", row)
        found = find_restatements(
            self.root / "warehouse.duckdb",
            self.root / "manifest.json",
            self.root / "published.duckdb",
            reported_months(self.root / "lake"),
            as_of,
            corrected_as_of=corrected,
        )
        assert all(row["mart"] == mart for row in found)
        return [tuple(row.values())[1:] for row in found]


@pytest.fixture
def states(tmp_path: Path) -> States:
    return States(tmp_path)


def test_a_value_that_changes_in_a_closed_month_is_found_with_both_values(states: States) -> None:
    before = [("S1", MAY, 10.0, 1.0, "a"), ("S2", MAY, 5.0, 1.0, "a")]
    after = [("S1", MAY, 12.5, 2.0, "b"), ("S2", MAY, 5.0, 2.0, "b")]
    assert states.changes("service", before, after) == [("S1", MAY, "amount", 10.0, 12.5)]


def test_rows_that_vanish_or_appear_in_a_closed_month_count(states: States) -> None:
    assert states.changes(
        "service", [("S1", APRIL, 10.0, None, None)], [("S1", MAY, 7.0, None, None), ("S1", JUNE, 1.0, None, None)]
    ) == [("S1", APRIL, "amount", 10.0, None), ("S1", MAY, "amount", None, 7.0)]


def test_a_value_that_becomes_unknown_counts_and_one_that_stays_unknown_does_not(states: States) -> None:
    before = [("S1", APRIL, 10.0, None, None), ("S1", MAY, None, None, None)]
    after = [("S1", APRIL, None, None, None), ("S1", MAY, None, None, None)]
    assert states.changes("service", before, after) == [("S1", APRIL, "amount", 10.0, None)]


def test_the_noise_of_summing_in_another_order_is_no_change(states: States) -> None:
    before = [("S1", APRIL, 0.1 + 0.2 + 0.3, None, None), ("S1", MAY, 1e6, None, None)]
    after = [("S1", APRIL, 0.3 + 0.2 + 0.1, None, None), ("S1", MAY, 1e6 + 0.01, None, None)]
    assert before[0][2] != after[0][2]
    assert states.changes("service", before, after) == [("S1", MAY, "amount", 1e6, 1e6 + 0.01)]


def test_the_month_of_the_business_date_is_open_on_its_last_day(states: States) -> None:
    changed = ([("S1", JUNE, 1.0, None, None)], [("S1", JUNE, 2.0, None, None)])
    assert not states.changes("service", *changed, as_of=date(2026, 6, 30))
    assert states.changes("service", *changed, as_of=date(2026, 7, 1))


def test_where_the_mart_says_what_is_final_the_calendar_does_not(states: States) -> None:
    before = [("S1", APRIL, 1, True), ("S1", MAY, 1, False)]
    assert states.changes("fix", before, [("S1", APRIL, 2, True), ("S1", MAY, 2, True)]) == [
        ("S1", APRIL, "repairs", 1.0, 2.0)
    ]
    # A row that did not exist could not say that it was final; the same month of another store does.
    after = [*before, ("S2", APRIL, 3, True), ("S2", MAY, 3, True)]
    assert states.changes("fix", before, after) == [("S2", APRIL, "repairs", None, 3.0)]


def test_correcting_a_future_business_date_reports_what_changes_with_it(states: States) -> None:
    """The wrong date, 2062-06-30, closes May and June; the right one, 2026-06-10, closes May only."""
    dates = {"as_of": date(2062, 6, 30), "corrected": date(2026, 6, 10)}
    before = [("S1", month, 1.0, 1.0, "") for month in (MAY, JUNE)]
    after = [("S1", month, 2.0, 2.0, "") for month in (MAY, JUNE)]
    assert states.changes("service", before, after, **dates) == [("S1", MAY, "amount", 1.0, 2.0)]
    final = [("S1", month, 5, True) for month in (APRIL, MAY)]
    assert states.changes("fix", final, [("S1", APRIL, 6, True), ("S1", MAY, 6, False)], **dates) == [
        ("S1", APRIL, "repairs", 5.0, 6.0)
    ]


def test_a_reported_month_is_closed_for_its_store(states: States) -> None:
    record_reported(states.root / "lake", "S/1", JUNE, datetime(2026, 6, 30, 9))
    record_reported(states.root / "lake", "S/1", JUNE, datetime(2026, 6, 30, 10))
    assert reported_months(states.root / "lake").num_rows == 2
    before = [("S/1", JUNE, 1, False), ("S2", JUNE, 1, False)]
    after = [("S/1", JUNE, 2, False), ("S2", JUNE, 2, False)]
    assert states.changes("fix", before, after) == [("S/1", JUNE, "repairs", 1.0, 2.0)]


def test_only_the_whole_store_rows_of_a_mart_with_segments_are_followed(states: States) -> None:
    before = [("S1", MAY, "all", 3), ("S1", MAY, "private", 3)]
    after = [("S1", MAY, "all", 4), ("S1", MAY, "private", 4)]
    assert states.changes("cohort", before, after) == [("S1", MAY, "vehicles", 3.0, 4.0)]
    assert not states.changes("advisor", [("S1", MAY, "E1", 3)], [("S1", MAY, "E1", 4)])


def test_without_a_known_business_date_only_what_was_final_is_closed(states: States) -> None:
    assert not states.changes("service", [("S1", APRIL, 1.0, None, None)], [("S1", APRIL, 2.0, None, None)], None)
    assert states.changes("fix", [("S1", APRIL, 1, True)], [("S1", APRIL, 2, True)], None)


# ---------- through the pipeline

ORDERS = "store_code,repair_order_no,customer_no,vin,service_type,checked_in_at,status,total_amount\n"
FIRST = (
    "001,R1,C1,LSVAA4182E2000001,repair,2026-05-04 09:00:00,completed,1000\n"
    "001,R2,C2,LSVAA4182E2000002,repair,2026-05-05 09:00:00,completed,500\n"
    "001,R3,C3,LSVAA4182E2000003,repair,2026-06-05 09:00:00,completed,300\n"
)
LATE = (
    "001,R2,C2,LSVAA4182E2000002,repair,2026-05-05 09:00:00,completed,700\n"
    "001,R3,C3,LSVAA4182E2000003,repair,2026-06-05 09:00:00,completed,900\n"
)
EXPECTED = [
    ("service_efficiency_monthly", "001", MAY, "revenue_per_repair_order", 750.0, 850.0),
    ("service_efficiency_monthly", "001", MAY, "total_amount", 1500.0, 1700.0),
]


def restated(settings: Settings) -> list[tuple]:
    with duckdb.connect(str(settings.published / "aftersales.duckdb"), read_only=True) as connection:
        return connection.execute("from marts.restatement order by all").fetchall()


def publish_again(settings: Settings) -> PublishedState:
    return refresh.publish_checked(settings, last_results(settings.lake / "quality"))


@pytest.mark.usefixtures("no_suites", "no_data_tests")
def test_a_late_correction_is_reported_once_whatever_happens_to_publishing(landing, monkeypatch) -> None:
    settings = landing.settings
    landing.write("dms/repair_orders/repair_orders_20260630.csv", ORDERS + FIRST)
    refresh.refresh(settings)
    first = last_state(settings.published)
    assert (first.as_of, restated(settings)) == (AS_OF, [])
    results = last_results(settings.lake / "quality")
    assert {(result.run_id, result.as_of) for result in results} == {(first.run_id, AS_OF)}
    followed = {mart.name: mart for mart in followed_marts(target_path(settings) / "manifest.json")}
    assert {"service_efficiency_monthly", "churn_cohort_monthly", "mystery_store_monthly"} <= followed.keys()
    assert not {"scorecard_monthly", "css_item_monthly", "agent_monthly"} & followed.keys()
    assert followed["css_store_monthly"].measures == ("sample_size", "mot_score", "css_score")

    # Publishing is killed after the correction was recorded, and repeated.
    landing.write("dms/repair_orders/repair_orders_20260702.csv", ORDERS + LATE)
    with monkeypatch.context() as killed:
        killed.setattr(refresh, "publish", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            refresh.refresh(settings)
    assert restated(settings) == []
    publish_again(settings)
    assert [row[1:] for row in restated(settings)] == EXPECTED
    second = last_state(settings.published)
    assert {row[0] for row in restated(settings)} == {second.published_at}
    assert second.published_at > first.published_at

    # Nothing is new: nothing is reported.
    publish_again(settings)
    assert len(restated(settings)) == len(EXPECTED)

    # A change that is not published is not reported; once it is, it is compared with the marts that readers had.
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("update marts.service_efficiency_monthly set labour_hours = 7")
    results = last_results(settings.lake / "quality")
    with pytest.raises(refresh.PublishingBlocked):
        refresh.publish_checked(settings, [*results, replace(results[0], is_blocking=True, passed=False)])
    assert len(restated(settings)) == len(EXPECTED)
    assert len(list((settings.lake / "quality" / "restatement").iterdir())) == 2
    third = last_state(settings.published)
    assert third.name != (settings.published / "current").resolve().name
    publish_again(settings)
    assert [row[1:] for row in restated(settings) if row[0] > third.published_at] == [
        ("service_efficiency_monthly", "001", MAY, "labour_hours", 0.0, 7.0)
    ]

    # A look back restates nothing; what is corrected meanwhile is reported after it ends, however long it lasts.
    published = (settings.published / "current").resolve().name
    before = restated(settings)
    results = last_results(settings.lake / "quality")
    past = [replace(result, as_of=date(2026, 5, 31)) for result in results]
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("update marts.service_efficiency_monthly set labour_hours = 8")
    for _ in range(STATES_KEPT + 1):
        refresh.publish_checked(settings, past)
    assert last_state(settings.published).looks_back_from == published
    assert restated(settings) == before
    publish_again(settings)
    back = last_state(settings.published)
    assert back.looks_back_from is None
    last = [("service_efficiency_monthly", "001", MAY, "labour_hours", 7.0, 8.0)]
    assert [
        row[1:]
        for row in duckdb.read_parquet(str(settings.lake / "quality/restatement/*.parquet")).fetchall()
        if row[0] == back.published_at
    ] == last


def test_looking_back_discards_what_a_killed_publish_left(tmp_path: Path) -> None:
    standing, left = tmp_path / "standing", tmp_path / "quality" / "restatement" / "standing.parquet"
    for folder in (standing, left.parent):
        folder.mkdir(parents=True)
    left.write_bytes(b"of a state that was never published")
    looking_back = StateInfo("later", looks_back_from=standing.name)
    assert record_restatements(Path(), Path(), standing, tmp_path, looking_back) == []
    assert not left.exists()


@pytest.mark.parametrize(
    ("current_as_of", "as_of", "looks_back"),
    [
        ("2026-06-30", "2026-05-31", True),
        ("2062-06-30", "2026-05-31", False),
        ("2062-06-30", "2062-05-31", True),
        ("2026-05-31", "2062-06-30", False),
    ],
)
def test_correcting_a_future_business_date_is_not_a_look_back(
    tmp_path: Path, current_as_of: str, as_of: str, looks_back: bool
) -> None:
    write_state(tmp_path, StateInfo("standing", datetime(2026, 7, 1), date.fromisoformat(current_as_of), "run"))
    state = new_state(date.fromisoformat(as_of), "next", tmp_path)
    assert (state.looks_back_from is not None) == looks_back
    if looks_back:
        assert record_restatements(Path(), Path(), tmp_path, tmp_path, state) == [], "nothing was reported too early"
