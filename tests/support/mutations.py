"""One planted defect for every check of `expectations/`: its own, or that of the same check in all datasets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.checks.suites import NOT_NULL, Check, Suite
from dagster_project.contracts import Contract, read_contracts
from tests.support.defects import Defect, column_defects, row_defects

# The relations that checks read.
RELATIONS = (
    *(f"lake.{c.system}__{c.dataset}" for c in read_contracts().values()),
    *(f"staging.stg_{c.system}__{c.dataset}" for c in read_contracts().values()),
    "lake.loads",
    "seeds.mot_items",
)

LONG_AGO = "extract_at = (select min(extract_at) from {relation})"

LAST_DATED = {
    "dms/stores": "opened_on",
    "dms/employees": "hired_on",
    "dms/customers": "registered_on",
    "dms/vehicles": "sold_on",
    "dms/appointments": "arrived_at",
    "dms/repair_orders": "settled_at",
    "survey/css_responses": "period",
    "survey/css_benchmarks": "period",
    "survey/callbacks": "called_at",
    "survey/churn_callbacks": "called_at",
    "survey/mystery_visits": "visited_on",
    "complaint/cases": "received_at",
    "complaint/case_events": "event_at",
    "planning/improvement_actions": "completed_on",
}


def _relation(contract: Contract) -> str:
    return f"{contract.system}__{contract.dataset}"


def _late(contract: Contract) -> Defect:
    """Rows of the first extract, dated long before the second, that only the last one carries."""
    relation = f"lake.{_relation(contract)}"
    keys = ", ".join(contract.key)
    return Defect(
        victims=f"{LONG_AGO.format(relation=relation)} and ({keys}) in (select ({keys}) from {relation}"
        f" group by {keys} having count(*) = 1)",
        statements=(
            f"update {relation} set extract_at = (select max(extract_at) from lake.loads where system ="
            f" '{contract.system}' and dataset = '{contract.dataset}' and status = 'loaded')"
            f" where ({keys}) in (select ({keys}) from {{victims}})",
        ),
    )


def _generated_of_dataset(suite: Suite, check: Check) -> Defect | None:
    """Defects of checks that every dataset has."""
    contract, relation, keys = suite.contract, _relation(suite.contract), ", ".join(suite.contract.key)
    if check.name == "key_unique":
        return Defect(
            statements=(
                f"insert into lake.{relation} by name select * replace (source_line + 1000000 as source_line) from"
                f" lake.{relation} where ({keys}, source_file, source_line) in (select ({keys}, source_file,"
                " source_line) from {victims})",
            ),
            named="select source_file, source_line + 1000000 from victims",
        )
    if check.name == "newest_extract_in_time":
        moved = f"timestamp '2025-11-30' - interval {contract.latency_days + 1} days"
        return Defect(
            statements=(
                f"update lake.loads set extract_at = least(extract_at, {moved}) where system = '{contract.system}'"
                f" and dataset = '{contract.dataset}'",
            ),
            failed=1,
            named=None,
        )
    if check.name == "nothing_after_extract":
        column = LAST_DATED[suite.name]
        return Defect(f"{column} = cast(extract_at as date) + 1", f"{column} is not null")
    return _late(contract) if check.name == "carried_in_time" else None


def _generated_of_column(check: Check) -> Defect | None:
    """Defects of checks that many columns have."""
    if check.name.endswith("_known") and check.column:
        return Defect(f"{check.column} = 'unknown'", f"{check.column} is not null")
    if check.name.endswith("_not_negative"):
        return Defect(f"{check.column} = -0.01", f"{check.column} is not null")
    return None


def defect_of(suite: Suite, check: Check) -> Defect | None:
    """The planted defect of a check; None if the tables above hold none. Shares of blanks have their own test."""
    assert check.type != NOT_NULL
    return (
        row_defects().get(f"{suite.name}.{check.name}")
        or column_defects().get(check.name)
        or _generated_of_dataset(suite, check)
        or _generated_of_column(check)
    )


def tables_of(suite: Suite, check: Check) -> list[str]:
    """The tables that hold a row that a check reads: a raw row is in both, as staging is made from the lake."""
    relation = _relation(suite.contract)
    tables = {"accepted": [f"staging.stg_{relation}"], "parsed": [f"lake.{relation}"]}
    return tables.get(check.rows) or [table for both in tables.values() for table in both]


def plant(change: Callable[[str], Any], suite: Suite, check: Check, defect: Defect) -> int:
    """Plant a defect by SQL in DuckDB, where every relation is a table; return the number of victims."""
    keys = ", ".join(suite.contract.key)
    relation = f"{check.rows}__{_relation(suite.contract)}"
    victims = f"select * from {relation} where {defect.victims} order by {keys}, source_file, source_line"
    change(f"create or replace temp table victims as {victims} limit {defect.count}")
    planted = change("select count(*) from victims").scalar_one()
    assert planted == defect.count
    if defect.set:
        row = f"({keys}, source_file, source_line)"
        for table in tables_of(suite, check):
            change(f"update {table} set {defect.set} where {row} in (select {row} from victims)")
    for statement in defect.statements:
        change(statement.replace("{victims}", "victims"))
    return planted


def copy_relations(warehouse: Path, copy: Path) -> None:
    """Copy a warehouse so that every relation that checks read is a table."""
    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"attach '{warehouse}' as built (read_only)")
        for schema in ("staging", "lake", "seeds"):
            connection.execute(f"create schema {schema}")
        for table in RELATIONS:
            connection.execute(f"create table {table} as from built.{table}")
