"""The generator writes extracts that load with the intended defects only; the reference gives the right figures."""

import csv

import duckdb
import pytest

from benchmarks.generate import Size, write_day, write_history
from benchmarks.reference.compare import compare
from benchmarks.reference.run import Reference, run
from benchmarks.stages import measured_stages
from benchmarks.tables import DAY, FIXED_COST_AT, FULL, NOTHING_NEW, REPORT, tables
from dagster_project.contracts import Contract, read_contracts
from dagster_project.load.hash_key import read_hash_key
from dagster_project.models.dbt_build import target_path
from dagster_project.publish.keys import read_keys
from tests.conftest import Landing
from tests.support.busy import idle_then_busy

SIZE = Size(repair_orders=3_000, months=2, faults=0.01)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A generated history and the day after it, both loaded."""
    landing = Landing(tmp_path_factory.mktemp("benchmarks"))
    landing.path("dms/stores/stores_20200101.csv").unlink()
    write_history(landing.settings.landing, SIZE)
    write_day(landing.settings.landing, SIZE)
    landing.load()
    return landing


def test_headers_are_the_columns_of_the_contracts(loaded):
    written = sorted(loaded.settings.landing.glob("*/*/*.csv"))
    assert len(written) == 13 * (SIZE.months + 1)
    for path in written:
        with path.open(encoding="utf-8") as file:
            header = next(csv.reader(file))
        contract = read_contracts()[f"{path.parent.parent.name}/{path.parent.name}"]
        assert header == [column.name for column in contract.columns], path.name


def test_only_planted_rows_are_rejected_and_nothing_is_quarantined(loaded):
    assert loaded.query("select count(*) from lake.loads where status <> 'loaded'") == [(0,)]
    reasons = loaded.query("select dataset, reasons, count(*) from lake.rejected_rows group by all")
    assert [reason[:2] for reason in reasons] == [("repair_orders", "unknown_value:status")]
    assert 0 < reasons[0][2] < 0.005 * SIZE.repair_orders


def test_the_requested_number_of_repair_orders_and_the_day_after_are_generated(loaded):
    orders = loaded.query(
        "select count(distinct repair_order_no) from lake.dms__repair_orders where source_file not like '%20250303.csv'"
    )[0][0]
    rejected = loaded.query("select count(*) from lake.rejected_rows")[0][0]
    assert SIZE.repair_orders - rejected <= orders <= SIZE.repair_orders
    days = loaded.query(
        "select max(cast(checked_in_at as date)) from lake.dms__repair_orders where source_file like '%20250303.csv'"
    )
    assert days == [(SIZE.ends_on,)]


def test_size_and_seed_determine_every_row(tmp_path):
    def written(name: str, seed: int) -> dict[str, list[str]]:
        size = Size(repair_orders=500, months=1, seed=seed)
        paths = write_history(tmp_path / name, size)
        return {path.name: sorted(path.read_text(encoding="utf-8").splitlines()) for path in paths}

    first = written("first", 1)
    assert written("again", 1) == first
    assert written("other", 2) != first


def test_check_digits_are_those_of_the_standard(loaded):
    from dagster_project.checks.dialect import MACROS

    with duckdb.connect(str(loaded.settings.warehouse)) as connection:
        connection.execute(MACROS.read_text(encoding="utf-8"))
        wrong, vehicles = connection.execute(
            "select count(*) filter (vin[9] <> vin_check_digit(vin)), count(*) from lake.dms__vehicles"
        ).fetchone()
        assert 0 < wrong < 0.03 * vehicles
        # A widely published example, and one whose check digit is X.
        assert connection.execute("select vin_check_digit('11111111111111111')").fetchone() == ("1",)
        assert connection.execute("select vin_check_digit('1M8GDM9AXKP042788')").fetchone() == ("X",)


@pytest.fixture(scope="module")
def taken(loaded, tmp_path_factory):
    """The reference on the same files."""
    reference = Reference(loaded.settings.landing, tmp_path_factory.mktemp("taken"), SIZE.as_of, "key")
    run(reference)
    return reference


def test_the_reference_takes_what_the_generator_writes(loaded, taken):
    with duckdb.connect(str(taken.published), read_only=True) as connection:
        marts = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        rows = {name: connection.execute(f"select count(*) from marts.{name}").fetchone()[0] for name in marts}
        # In two months no customer can be lost yet, or called about it.
        late = {"lost_vehicle", "churn_callback_monthly", "churn_reason_monthly"}
        assert {name for name, count in rows.items() if not count} == late
        counted = connection.execute("select sum(repair_orders) from marts.complaint_store_monthly").fetchone()[0]
    current = loaded.query(
        "select count(*) from (from lake.dms__repair_orders select max_by(status, extract_at) as status "
        "group by store_code, repair_order_no) where status <> 'void'"
    )
    assert current == [(counted,)]
    assert {path.stem for path in (taken.folder / "parquet").iterdir()} == rows.keys()


@pytest.mark.parametrize(
    ("table", "extract", "key"),
    [
        ("dim_customer", "dms__customers", ["registered_on"]),
        ("fct_repair_order", "dms__repair_orders", ["store_code", "repair_order_no"]),
        ("fct_job_line", "dms__repair_order_lines", ["store_code", "repair_order_no", "line_no"]),
        ("fct_appointment", "dms__appointments", ["store_code", "appointment_no"]),
        ("fct_css_answer", "survey__css_responses", ["response_no", "item_code"]),
        ("fct_callback", "survey__callbacks", ["store_code", "callback_no"]),
        ("fct_case", "complaint__cases", ["store_code", "case_no"]),
    ],
)
def test_the_reference_knows_the_line_numbers_of_rows(loaded, taken, table, extract, key):
    rows = ", ".join([*key, "source_file", "source_line"])
    of_extract = "store_code, customer_no" if table == "dim_customer" else ", ".join(key)
    latest = (
        f"select {rows} from lake.{extract} qualify row_number() over "
        f"(partition by {of_extract} order by extract_at desc, source_file desc, source_line desc) = 1"
    )
    with duckdb.connect(str(loaded.settings.warehouse), read_only=True) as connection:
        connection.execute(f"attach '{taken.published}' as published (read_only)")
        source = f"from published.marts.{table}"
        assert connection.execute(f"select count(*) {source}").fetchone() > (500,)
        assert connection.execute(f"select {rows} {source} except {latest}").fetchall() == []


# Columns made of printed benchmarks, mystery visits and targets, which the generator does not write; None: whole rows.
# Facts name the files that they were read from, which differ here: lines are tested above.
SOURCE = {"source_file", "source_line"}
NOT_GENERATED = {
    "dim_customer": SOURCE,
    "fct_repair_order": SOURCE,
    "fct_job_line": SOURCE,
    "fct_appointment": SOURCE,
    "fct_css_answer": SOURCE,
    "fct_callback": SOURCE,
    "fct_case": SOURCE,
    "css_store_monthly": {
        *(
            f"{scope}_{figure}"
            for scope in ("region", "national")
            for figure in ("mot_score", "css_score", "sample_size")
        ),
        "gap_to_region",
        "gap_to_national",
    },
    "css_item_monthly": {"region_score", "national_score", "low_rank"},
    "kpi_monthly": {None},
    "scorecard_monthly": {None, "target_value", "status"},
}


def _cells(contract: Contract) -> str:
    """Columns of a staged table, formatted as the generator formats them."""
    spelt = {"month": "strftime({0}, '%Y-%m') as {0}", "boolean": "if({0}, 'Y', 'N') as {0}"}
    return ", ".join(spelt.get(column.type, "{0}").format(column.name) for column in contract.columns)


@pytest.fixture(scope="module")
def by_hand(sample_run, tmp_path_factory):
    """The reference on the sample store's rows, which hold what the generator never writes: redone orders, reopened
    cases, customers of two stores."""
    root = tmp_path_factory.mktemp("reference")
    with duckdb.connect(str(sample_run.warehouse), read_only=True) as connection:
        for name, contract in read_contracts().items():
            (root / name).mkdir(parents=True)
            table = f"staging.stg_{contract.system}__{contract.dataset}"
            path = root / name / f"{contract.dataset}_20251130.csv"
            # In the order of arrival: of a vehicle that several stores hold, the latest row counts.
            rows = f"select {_cells(contract)} from {table} order by extract_at, source_file, source_line"
            connection.execute(f"copy ({rows}) to '{path}' (format csv, header)")
    reference = Reference(root, root / "made", sample_run.as_of, read_hash_key(sample_run.data))
    run(reference)
    return reference


def _compared(sample_run, by_hand):
    keys = read_keys(target_path(sample_run) / "manifest.json")
    return compare(sample_run.published / "aftersales.duckdb", by_hand.published, keys)


def test_tables_equal_those_made_by_hand(sample_run, by_hand):
    cells, differences = _compared(sample_run, by_hand)
    assert cells > 3_000_000
    assert [str(d) for d in differences if d.column not in NOT_GENERATED.get(d.mart, set())] == []


def test_a_differing_cell_and_a_missing_row_are_reported(sample_run, by_hand):
    def found() -> set[tuple[str, str | None]]:
        return {(d.mart, d.column) for d in _compared(sample_run, by_hand)[1]}

    before = found()
    with duckdb.connect(str(by_hand.published)) as connection:
        connection.execute("use marts")
        connection.execute("update callback_store_monthly set nps = nps + 1e-6 where nps > 0")
        connection.execute("update churn_cohort_monthly set lost_vehicles = 0 where lost_vehicles is null")
        connection.execute("delete from agent_monthly where cases = 0")
        connection.execute("update fct_job_line set concern = 'x' where line_no = 2")
        connection.execute("delete from dim_vehicle where brand is not null")
    assert found() - before == {
        ("callback_store_monthly", "nps"),
        ("churn_cohort_monthly", "lost_vehicles"),
        ("agent_monthly", None),
        ("fct_job_line", "concern"),
        ("dim_vehicle", None),
    }


def test_costs_are_those_of_the_stage_and_its_child_processes(tmp_path):
    start_up, idle, busy = measured_stages(tmp_path, idle_then_busy, tmp_path)
    assert (start_up.stage, idle.stage, busy.stage) == ("start-up", "idle", "busy")
    assert idle.cpu < 0.5
    # CPU time is counted in ticks of a hundredth of a second, rounded down.
    assert 0.9 < busy.cpu < 1.5
    assert (idle.disk, busy.disk) == (0, 2)
    assert busy.memory > 10


def test_ratios_with_and_without_the_fixed_cost_and_the_cost_of_one_more_day():
    def record(repair_orders: int, of: str, run: str, seconds: float) -> dict:
        stages = [
            {"stage": stage, "wall": seconds / 2, "cpu": seconds, "memory": 2_000.0, "disk": 1.0}
            for stage in ("start-up", "load", "model", "publish")
        ]
        nodes = [{"layer": "marts", "node": "css_driver", "seconds": 1.0}]
        return {"repair_orders": repair_orders, "of": of, "run": run, "stages": stages, "nodes": nodes}

    records = [
        record(size, of, run, seconds * (0.5 if run == DAY else 1))
        for size, of, seconds in [
            (FIXED_COST_AT, "product", 10.0),
            (FIXED_COST_AT, "reference", 1.0),
            (1_000_000, "product", 40.0),
            (1_000_000, "reference", 21.0),
            (10_000_000, "product", 50.0),
            (10_000_000, "reference", 41.0),
        ]
        for run in (FULL, DAY, NOTHING_NEW, REPORT)
    ]
    printed = tables(records)
    assert "| 1,000,000 | CPU | 120.0 | 63.0 | 1.90 | 30.0 | 1.50 |" in printed
    assert "| 1,000,000 | wall | 60.0 | 31.5 | 1.90 | 15.0 | 1.50 |" in printed
    assert "| one more day | 10,000,000 | 100.0 | 50.0 | 50.0% | 50.0% | 1.25 | 2,000 |" in printed
    unfinished = tables([one for one in records if (one["repair_orders"], one["run"]) != (FIXED_COST_AT, REPORT)])
    assert "no size is measured to its end" in unfinished
