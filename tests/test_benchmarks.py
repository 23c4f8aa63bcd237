"""The generator of the benchmarks writes extracts that the loader takes, as sound as they are meant to be."""

import csv

import duckdb
import pytest

from benchmarks.generate import Size, write_day, write_history
from dagster_project.contracts import read_contracts
from tests.conftest import Landing

SIZE = Size(repair_orders=3_000, months=2, faults=0.01)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A history and the day after it, loaded."""
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


def test_the_asked_number_of_repair_orders_and_the_day_after_them(loaded):
    orders = loaded.query(
        "select count(distinct repair_order_no) from lake.dms__repair_orders where source_file not like '%20250303.csv'"
    )[0][0]
    rejected = loaded.query("select count(*) from lake.rejected_rows")[0][0]
    assert SIZE.repair_orders - rejected <= orders <= SIZE.repair_orders
    days = loaded.query(
        "select max(cast(checked_in_at as date)) from lake.dms__repair_orders where source_file like '%20250303.csv'"
    )
    assert days == [(SIZE.ends_on,)]


def test_size_and_seed_tell_every_row(tmp_path):
    def written(name: str, seed: int) -> dict[str, list[str]]:
        size = Size(repair_orders=500, months=1, seed=seed)
        paths = write_history(tmp_path / name, size)
        return {path.name: sorted(path.read_text(encoding="utf-8").splitlines()) for path in paths}

    first = written("first", 1)
    assert written("again", 1) == first
    assert written("other", 2) != first


def test_check_digits_are_those_of_the_standard(loaded):
    from dagster_project.checks.run import MACROS

    with duckdb.connect(str(loaded.settings.warehouse)) as connection:
        connection.execute(MACROS.read_text(encoding="utf-8"))
        wrong, vehicles = connection.execute(
            "select count(*) filter (vin[9] <> vin_check_digit(vin)), count(*) from lake.dms__vehicles"
        ).fetchone()
        assert 0 < wrong < 0.03 * vehicles
        # An example that is printed in many places, and one whose check digit is X.
        assert connection.execute("select vin_check_digit('11111111111111111')").fetchone() == ("1",)
        assert connection.execute("select vin_check_digit('1M8GDM9AXKP042788')").fetchone() == ("X",)
