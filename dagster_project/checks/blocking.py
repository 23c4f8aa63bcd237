"""The rules that block publishing, so that the last published state stays in place.

Of each dataset: rows are not conserved; it is empty although it had rows in the last published state, or there are no
stores; more than MOST_REJECTED_SHARE of at least JUDGED_FROM_ROWS rows are rejected. Of the build: a model or a test of
the marts fails (key, contract, two marts that disagree on one metric).
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.checks.results import CheckResult, RunInfo
from dagster_project.contracts import Contract, read_contracts
from dagster_project.models.dbt_build import NodeResult
from dagster_project.publish.state import last_state

WAREHOUSE_OWNER = "warehouse"
# The error of a model or test that dbt skipped.
NOT_REACHED = "not reached: what it is built on failed"
# From how many rows on the share of rejected ones can block.
JUDGED_FROM_ROWS = 100
MOST_REJECTED_SHARE = 0.2
_MOST_REJECTED = f"{MOST_REJECTED_SHARE:.0%}"

# The blocking rules of every dataset.
DATASET_RULES = {
    "rows_conserved": "Every row read is accepted, rejected or superseded. / 读取的每一行都有去向。",
    "not_emptied": "A dataset with rows when last published still has some; stores are never empty. / 数据集不得变空。",
    "rejected_share": (
        f"At most {_MOST_REJECTED} of a dataset of {JUDGED_FROM_ROWS} rows or more are rejected. "
        f"/ 拒收比例不超过 {_MOST_REJECTED}。"
    ),
}


@dataclass(frozen=True)
class _Rows:
    """Row counts of a dataset over all its files."""

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    superseded: int = 0


_COUNTS = (
    "select system || '/' || dataset, sum(rows_read), sum(rows_accepted), sum(rows_rejected), sum(rows_superseded) "
    "from marts.quality_load group by 1"
)


def _rows(database: Path) -> dict[str, _Rows]:
    """Row counts by dataset; empty if the models did not count them."""
    with duckdb.connect(str(database), read_only=True) as connection:
        try:
            counted = connection.execute(_COUNTS).fetchall()
        except duckdb.CatalogException:
            return {}
        return {name: _Rows(*map(int, counts)) for name, *counts in counted}


def _accepted_before(published: Path) -> dict[str, int]:
    """How many rows of each dataset the published marts are built from; empty before the first publishing.

    Taken from `state.json`: a blocked run replaces the published quality tables alone, and not the marts.
    """
    if not published.exists():
        return {}
    state = last_state(published.parent)
    if state is not None and state.accepted is not None:
        return state.accepted
    # As after a blocked first run, which published those quality tables that were built, and no marts.
    return {name: rows.accepted for name, rows in _rows(published).items()}


def _dataset_results(run: RunInfo, contract: Contract, now: _Rows, accepted_before: int) -> list[CheckResult]:
    """The results of the blocking rules of one dataset."""
    had_rows = accepted_before > 0 or contract.name == "dms/stores"
    is_emptied = had_rows and now.accepted == 0
    lost = abs(now.read - now.accepted - now.rejected - now.superseded)
    is_judged = now.read >= JUDGED_FROM_ROWS
    too_many = is_judged and now.rejected > MOST_REJECTED_SHARE * now.read
    found = {
        "rows_conserved": ("consistency", now.read, min(lost, now.read) if now.read else lost),
        "not_emptied": ("completeness", int(had_rows), int(is_emptied)),
        "rejected_share": ("accuracy", now.read if is_judged else 0, now.rejected if too_many else 0),
    }
    failures = _failures(contract, now, lost, accepted_before)
    return [
        CheckResult(
            run_id=run.run_id,
            system=contract.system,
            dataset=contract.dataset,
            check_name=name,
            dimension=dimension,
            severity="critical",
            column_name=None,
            evaluated=evaluated,
            failed=failed,
            pass_rate=1 - failed / evaluated if evaluated else None,
            is_blocking=True,
            passed=failed == 0,
            run_at=run.run_at,
            as_of=run.as_of,
            owner=contract.owner,
            description=failures[name] if failed else DATASET_RULES[name],
        )
        for name, (dimension, evaluated, failed) in found.items()
    ]


def _failures(contract: Contract, now: _Rows, lost: int, accepted_before: int) -> dict[str, str]:
    """What each rule says of the dataset where it fails."""
    emptied = (
        f"No row is left; the last published state had {accepted_before}. "
        f"/ 数据集已空，上次发布时有 {accepted_before} 行。"
    )
    if contract.name == "dms/stores":
        emptied = "No store is known: rows of unknown stores are rejected. / 没有任何门店，所有数据都会被拒收。"
    return {
        "rows_conserved": (
            f"{lost} of {now.read} rows read are neither accepted, rejected nor superseded. "
            f"/ 读取的 {now.read} 行中有 {lost} 行去向不明。"
        ),
        "not_emptied": emptied,
        "rejected_share": (
            f"{now.rejected} of {now.read} rows are rejected; at most {_MOST_REJECTED} may be. "
            f"/ {now.read} 行中拒收 {now.rejected} 行，上限为 {_MOST_REJECTED}。"
        ),
    }


def _node_result(run: RunInfo, node: NodeResult) -> CheckResult:
    did_run = not node.has_failed or node.status == "fail"
    error = NOT_REACHED if node.status == "skipped" else node.message
    return CheckResult(
        run_id=run.run_id,
        system="marts",
        dataset=node.model,
        check_name=node.name,
        dimension="consistency",
        severity="critical",
        column_name=None,
        evaluated=None,
        failed=node.failures,
        pass_rate=None,
        is_blocking=True,
        passed=not node.has_failed if did_run else None,
        run_at=run.run_at,
        as_of=run.as_of,
        owner=WAREHOUSE_OWNER,
        description=node.description or node.name,
        error=error if node.has_failed else None,
    )


def judge(run: RunInfo, warehouse: Path, published: Path, nodes: list[NodeResult]) -> list[CheckResult]:
    """The blocking checks of a build: the results of dbt's nodes, and the rules on the row counts of each dataset.

    `published` is the last published DuckDB file, which need not exist. Datasets are judged only if the models counted
    their rows; if they did not, a failed node says so.
    """
    results = [_node_result(run, node) for node in nodes if node.is_test or node.has_failed]
    counted = {node.name for node in nodes if not node.is_test and not node.has_failed}
    if "quality_load" not in counted:
        return results
    now = _rows(warehouse)
    before = _accepted_before(published)
    for contract in read_contracts().values():
        results += _dataset_results(run, contract, now.get(contract.name, _Rows()), before.get(contract.name, 0))
    return results


def _sentence(result: CheckResult) -> str:
    if result.passed is None:
        return result.error or result.description
    return f"{result.description} ({result.error})" if result.error else result.description


def blocks(results: list[CheckResult]) -> list[str]:
    """A sentence for each blocking check that failed or could not run; empty if publishing may go on.

    Nodes that were skipped because of these faults are summarised in one sentence.
    """
    blocking = [result for result in results if result.is_blocking and result.passed is not True]
    reached = [result for result in blocking if result.error != NOT_REACHED]
    sentences = [f"{result.system}/{result.dataset} {result.check_name}: {_sentence(result)}" for result in reached]
    if skipped := len(blocking) - len(reached):
        sentences.append(f"{skipped} more could not be reached: what they are built on failed")
    return sentences
