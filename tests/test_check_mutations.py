"""Every check finds the defect planted for it, in exactly the rows that have it, and nothing in clean data."""

import math
from datetime import date, datetime

import pytest

from benchmarks.checks import count_plainly, differences
from dagster_project.checks.results import RunInfo
from dagster_project.checks.session import open_session
from dagster_project.checks.suites import NOT_NULL, read_suites
from tests.support.defects import HARMLESS
from tests.support.mutations import LAST_DATED, copy_relations, defect_of, plant, tables_of

AS_OF = date(2025, 11, 30)
RUN = RunInfo("run", datetime(2025, 12, 1, 6), AS_OF)
SUITES = read_suites()
CHECKS = [(suite, check) for suite in SUITES.values() for check in suite.checks]
BLANKS = [pair for pair in CHECKS if pair[1].type == NOT_NULL]
OTHERS = [pair for pair in CHECKS if pair[1].type != NOT_NULL]
TIMED = [name for name, column in LAST_DATED.items() if SUITES[name].contract.column(column).type == "timestamp"]

MONTHS_JUDGED = [
    (suite.name, check.name)
    for suite in SUITES.values()
    for check in suite.checks
    if check.name in ("months_without_extract", "months_without_callbacks")
]

# The sample's late rows: they arrived with a later extract than the one that was due.
PLANTED_LATE = {
    ("complaint/cases", "carried_in_time"),
    ("dms/customers", "carried_in_time"),
    ("dms/repair_orders", "carried_in_time"),
    ("survey/callbacks", "carried_in_time"),
}


def name(pair) -> str:
    return f"{pair[0].name}.{pair[1].name}"


@pytest.fixture(scope="module")
def session(sample_run, tmp_path_factory):
    """Checks on a copy of the sample's warehouse in which every relation that they read is a table."""
    copy = tmp_path_factory.mktemp("mutations") / "warehouse.duckdb"
    copy_relations(sample_run.warehouse, copy)
    with open_session(copy, AS_OF, read_only=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def clean(session):
    """What the checks find in the sample as it is."""
    return {(suite.name, result.check_name): result for suite in SUITES.values() for result in session.run(suite, RUN)}


@pytest.fixture
def change(session):
    """Run SQL whose effect is rolled back after the test."""
    yield session.execute
    session.engine.connection.rollback()


def pairs(rows) -> list[tuple]:
    return sorted((row["source_file"], row["source_line"]) for row in rows)


def test_clean_data_has_no_finding_but_the_late_rows(clean):
    assert len(clean) == len(CHECKS)
    assert {key: result.error for key, result in clean.items() if result.passed is None} == {}
    assert {key for key, result in clean.items() if not result.passed} == PLANTED_LATE
    assert [key for key, result in clean.items() if result.evaluated == 0] == []
    assert all(result.failed < 0.01 * result.evaluated for key, result in clean.items() if key in PLANTED_LATE)


def test_plain_sql_counts_the_same_failures(clean, sample_run):
    """The plain SQL that the benchmark compares with counts the same failures as every check."""
    found = {key: result.failed for key, result in clean.items()}
    assert differences(found, count_plainly(sample_run.warehouse, AS_OF)) == []


@pytest.mark.parametrize(("suite", "check"), BLANKS, ids=map(name, BLANKS))
def test_a_share_of_blanks_beyond_the_bound_is_found(suite, check, session, clean, change):
    before = clean[suite.name, check.name]
    mostly = check.kwargs["mostly"]
    allowed = math.floor(before.evaluated * (1 - mostly) + 1e-9)
    blanks = min(allowed + 1, before.evaluated)
    assert before.failed <= allowed
    keys = ", ".join(suite.contract.key)
    row = f"({keys}, source_file, source_line)"
    relation = f"{check.rows}__{suite.contract.system}__{suite.contract.dataset}"
    change(f"create temp table blanks as select {keys}, source_file, source_line from {relation}"
           f" order by {check.column} is not null, {keys} limit {blanks}")  # fmt: skip
    for table in tables_of(suite, check):
        change(f"update {table} set {check.column} = null where {row} in (select {row} from blanks)")
    (result,) = session.run(suite, RUN, [check.name])
    assert (result.failed, result.evaluated) == (blanks, before.evaluated)
    assert result.passed is (mostly == 0)
    assert len(result.failing) == (0 if result.passed else min(blanks, 200))
    expected = session.execute("select source_file, source_line from blanks").fetchall()
    assert pairs(session.failing_rows(suite, check)) == sorted(map(tuple, expected))


@pytest.mark.parametrize(("suite", "check"), OTHERS, ids=map(name, OTHERS))
def test_a_planted_defect_is_found(suite, check, session, clean, change):
    defect = defect_of(suite, check)
    assert defect, "plant a defect for this check in tests/support/defects.py"
    before = clean[suite.name, check.name]
    planted = plant(change, suite, check, defect)
    failed = planted if defect.failed is None else defect.failed
    (result,) = session.run(suite, RUN, [check.name])
    assert result.error is None
    assert (result.failed, result.passed) == (before.failed + failed, False)
    assert 0 <= result.pass_rate < 1
    assert result.evaluated >= result.failed
    found = session.failing_rows(suite, check)
    assert len(found) == result.failed
    if defect.named:
        named = {tuple(row) for row in session.execute(defect.named).fetchall()}
        assert set(pairs(found)) - set(pairs(before.failing)) == named
    if defect.months:
        (store,) = session.execute("select store_code from victims").scalars()
        assert sorted((row["store_code"], f"{row['month']:%Y-%m}") for row in found) == [
            (store, month) for month in defect.months
        ]


@pytest.mark.parametrize(("where", "change_to", "condition"), HARMLESS, ids=[f"{h[0]}: {h[1]}" for h in HARMLESS])
def test_values_at_the_bound_are_not_findings(where, change_to, condition, session, change):
    dataset, check_name = where.split(".")
    suite = SUITES[dataset]
    for table in tables_of(suite, suite.check(check_name)):
        change(f"update {table} set {change_to} where {condition}")
    (result,) = session.run(suite, RUN, [check_name])
    assert (result.passed, result.failed, result.error) == (True, 0, None)


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_an_extract_as_old_as_the_cadence_allows_is_on_time_and_a_missing_one_is_not(suite, session, change):
    contract = suite.contract
    dataset = f"system = '{contract.system}' and dataset = '{contract.dataset}'"
    allowed = f"timestamp '2025-11-30' - interval {contract.latency_days} days"
    change(f"update lake.loads set extract_at = least(extract_at, {allowed}) where {dataset}")
    assert [r.passed for r in session.run(suite, RUN, ["newest_extract_in_time"])] == [True]
    change(f"update lake.loads set status = 'quarantined' where {dataset}")
    (result,) = session.run(suite, RUN, ["newest_extract_in_time"])
    assert (result.evaluated, result.failed, result.passed) == (1, 1, False)


def test_simultaneous_visits_are_each_compared_with_earlier_ones(session, change):
    suite, name = SUITES["dms/repair_orders"], "odometer_not_below_earlier"
    change(
        "create temp table visits as select vin, min(checked_in_at) as first, max(checked_in_at) as last "
        "from accepted__dms__repair_orders where status <> 'void' and odometer_km is not null "
        "group by vin having count(*) = 3 and count(distinct checked_in_at) = 3 order by vin limit 1"
    )
    (before,) = session.run(suite, RUN, [name])
    for table in tables_of(suite, suite.check(name)):
        change(f"update {table} as visit set checked_in_at = last, odometer_km = 8 from visits "
               f"where visit.vin = visits.vin and checked_in_at > first")  # fmt: skip
        change(f"update {table} as visit set odometer_km = 9 from visits "
               f"where visit.vin = visits.vin and checked_in_at = first")  # fmt: skip
    (result,) = session.run(suite, RUN, [name])
    assert (result.failed, result.evaluated) == (before.failed + 2, before.evaluated)


@pytest.mark.parametrize("dataset", TIMED)
@pytest.mark.parametrize(
    ("file", "is_dated_by_day"),
    [
        ("t_20260603.csv", True),
        ("20260603.CSV.GZ", True),
        ("t_202606030000.csv", False),
        ("t_20260603000000.xlsx", False),
        ("changed at midnight.parquet", False),
        ("t_20269999.csv", False),
    ],
)
def test_only_a_file_name_that_ends_in_a_day_is_compared_by_day(dataset, file, is_dated_by_day, session, change):
    suite, name = SUITES[dataset], "nothing_after_extract"
    (table,) = tables_of(suite, suite.check(name))
    victim = f"select source_file, source_line from {table} order by all limit 1"
    (before,) = session.run(suite, RUN, [name])
    change(f"create temp table victim as {victim}")
    change(f"update {table} set source_file = '{file}', extract_at = timestamp '2026-06-03', {LAST_DATED[dataset]} ="
           " timestamp '2026-06-03 09:00' where (source_file, source_line) in (from victim)")  # fmt: skip
    (result,) = session.run(suite, RUN, [name])
    assert (result.failed, result.evaluated) == (0 if is_dated_by_day else 1, before.evaluated)


def test_a_store_that_stopped_sending_is_found(session, change, monkeypatch):
    suite, name = SUITES["dms/repair_orders"], "months_without_extract"
    (table,) = tables_of(suite, suite.check(name))
    change(f"delete from {table} where store_code = 'S001' and checked_in_at >= timestamp '2025-09-10'")
    (result,) = session.run(suite, RUN, [name])
    assert [(row["store_code"], row["month"]) for row in result.failing] == [("S001", date(2025, 10, 1))]
    # November's last extract is due two days after the month.
    monkeypatch.setattr(session, "as_of", date(2025, 12, 2))
    (later,) = session.run(suite, RUN, [name])
    assert (later.failed, later.evaluated) == (2, result.evaluated + 6)
    # If no store sends any more, another check reports the age of the newest extract.
    change(f"delete from {table} where checked_in_at >= timestamp '2025-09-10'")
    assert [found.failed for found in session.run(suite, RUN, [name])] == [0]


@pytest.mark.parametrize(("dataset", "name"), MONTHS_JUDGED)
@pytest.mark.parametrize("mistyped", ["0001-01-01", "1899-12-30", "2026-01-15", "9999-12-31"])
def test_a_mistyped_check_in_date_creates_no_month(dataset, name, mistyped, *, session, clean, change):
    orders = "staging.stg_dms__repair_orders"
    change(f"update {orders} set checked_in_at = timestamp '{mistyped} 08:00' where (source_file, source_line) in ("
           f"select (source_file, source_line) from {orders} where status <> 'void' limit 1)")  # fmt: skip
    (result,) = session.run(SUITES[dataset], RUN, [name])
    before = clean[dataset, name]
    assert (result.failed, result.evaluated) == (before.failed, before.evaluated)
