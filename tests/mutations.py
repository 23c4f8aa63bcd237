"""One planted defect for every check of `expectations/`: its own, or that of the checks like it in all datasets."""

from dagster_project.checks.suites import NOT_NULL, Check, Suite
from dagster_project.contracts import Contract
from tests.defects import Defect, column_defects, row_defects

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
    """The planted defect of a check; None where the tables above hold none. Shares of blanks have their own test."""
    assert check.type != NOT_NULL
    return (
        row_defects().get(f"{suite.name}.{check.name}")
        or column_defects().get(check.name)
        or _generated_of_dataset(suite, check)
        or _generated_of_column(check)
    )
