"""The findings by owner, gathered from check results, published tables and dbt's manifest."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dagster_project.checks.results import CheckResult
from dagster_project.checks.suites import SEVERITIES, Suite
from dagster_project.contracts import Contract
from dagster_project.load.drift import Drift
from dagster_project.reports.quality.history import History, Streak, check_id
from dagster_project.reports.quality.lineage import Kpi, kpis_of
from dagster_project.reports.quality.ranges import RateEffect
from dagster_project.reports.quality.rows import LoadedFile, RejectedRow
from dagster_project.reports.text import Text, split

WAREHOUSE = "warehouse"
_WAREHOUSE_LABEL = Text("Data warehouse team", "数据仓库团队")


@dataclass(frozen=True)
class Finding:
    """A failed check: since when, its failed rows over the runs, and the marts and figures that it concerns."""

    result: CheckResult
    text: Text
    streak: Streak | None
    failed_rows: list[int | None]
    marts: list[str]
    kpis: list[Kpi]


@dataclass(frozen=True)
class NotRun:
    """A planned check without an answer: it could not be evaluated, or has no result."""

    system: str
    dataset: str
    check_name: str
    dimension: str
    owner: str
    text: Text
    error: str
    is_blocking: bool


@dataclass(frozen=True)
class Rejects:
    """The rejected rows of one dataset."""

    contract: Contract
    rows: list[RejectedRow]
    marts: list[str]
    kpis: list[Kpi]

    @property
    def labels(self) -> dict[str, str]:
        """The Chinese label of each column."""
        return {column.name: column.label for column in self.contract.columns}


def headers_that_differ(drift: Iterable[Drift]) -> list[list[Drift]]:
    """Files with unknown or missing columns, those of one dataset with the same columns together, the newest first."""
    found: dict[tuple, list[Drift]] = {}
    for file in drift:
        if file.has_other_columns:
            found.setdefault((file.contract.name, file.unknown, file.missing), []).append(file)
    return list(found.values())


@dataclass(frozen=True)
class Owner:
    """Everything that concerns one owner."""

    name: str
    label: Text
    page: str
    checks: int
    findings: list[Finding] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)
    quarantined: list[LoadedFile] = field(default_factory=list)
    rejects: list[Rejects] = field(default_factory=list)
    effects: list[RateEffect] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)

    @property
    def rejected_rows(self) -> int:
        """How many of the owner's rows are rejected."""
        return sum(len(rejects.rows) for rejects in self.rejects)

    @property
    def headers(self) -> list[list[Drift]]:
        """The files whose headers differ from the contract, those with the same difference together."""
        return headers_that_differ(self.drift)

    @property
    def blocking(self) -> list[Finding]:
        """The failures that block publishing."""
        return [finding for finding in self.findings if finding.result.is_blocking]


def _figures_first(marts: list[str], kpis: list[Kpi]) -> list[str]:
    holding = {kpi.mart for kpi in kpis}
    return sorted(marts, key=lambda mart: (mart not in holding, mart))


def _gravity(severity: str) -> int:
    """The rank of a severity, the most severe first."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def read_findings(history: History, marts: Mapping[str, list[str]], contracts: Mapping[str, Contract]) -> list[Finding]:
    """The failed checks, the most severe first: blocking ones, then by severity, then by failed rows."""
    found = []
    for result in history.results:
        if result.passed is not False:
            continue
        name = f"{result.system}/{result.dataset}"
        key = contracts[name].key if name in contracts else ()
        found.append(
            Finding(
                result=result,
                text=split(result.description),
                streak=history.streaks.get(check_id(result)),
                failed_rows=history.failed_rows.get(check_id(result), []),
                marts=_figures_first(marts.get(name, []), kpis := kpis_of(name, result.column_name, key)),
                kpis=kpis,
            )
        )
    return sorted(
        found,
        key=lambda f: (not f.result.is_blocking, _gravity(f.result.severity), -(f.result.failed or 0)),
    )


def read_not_run(history: History, suites: Mapping[str, Suite]) -> list[NotRun]:
    """Checks without an answer: results that say so, and planned checks without a result in the run."""
    found = [
        NotRun(
            system=result.system,
            dataset=result.dataset,
            check_name=result.check_name,
            dimension=result.dimension,
            owner=result.owner,
            text=split(result.description),
            error=result.error or "",
            is_blocking=result.is_blocking,
        )
        for result in history.results
        if result.passed is None
    ]
    known = {check_id(result) for result in history.results}
    planned = [check for suite in suites.values() for check in suite.checks]
    found += [
        NotRun(
            system=check.system,
            dataset=check.dataset,
            check_name=check.name,
            dimension=check.dimension,
            owner=check.owner,
            text=split(check.description),
            error="the run has no result of this check",
            is_blocking=check.is_blocking,
        )
        for check in planned
        if (check.system, check.dataset, check.name) not in known
    ]
    return sorted(found, key=lambda n: (not n.is_blocking, n.system, n.dataset, n.check_name))


def owner_names(results: Iterable[CheckResult], contracts: Mapping[str, Contract]) -> dict[str, Text]:
    """The labels of all owners by name, those of the contracts first."""
    labels = {contract.owner: split(contract.owner_label) for contract in contracts.values()}
    for result in results:
        labels.setdefault(result.owner, Text(result.owner))
    return labels | {WAREHOUSE: _WAREHOUSE_LABEL}


def file_owner(file: LoadedFile, contracts: Mapping[str, Contract]) -> str:
    """The owner of a landed file; the warehouse team when it is in no dataset's folder."""
    contract = contracts.get(file.name)
    return contract.owner if contract else WAREHOUSE


def page_name(owner: str) -> str:
    """The name of an owner's files, without characters that a file name can't have."""
    name = re.sub(r"[^\w.-]+", "_", owner).strip(".") or "owner"
    return f"{name}_" if name == "index" else name


@dataclass(frozen=True)
class Cell:
    """A dataset in a dimension; `score` is None when no row was evaluated, `gravest` when no check failed."""

    score: float | None
    checks: int
    failed: int
    not_run: int
    gravest: str | None


def heat_cells(results: Iterable[CheckResult], not_run: Iterable[NotRun]) -> dict[tuple[str, str], Cell]:
    """Scores by dataset and dimension: 1 − failed ÷ evaluated rows over the checks that ran."""
    found: dict[tuple[str, str], list[CheckResult]] = {}
    for result in results:
        found.setdefault((f"{result.system}/{result.dataset}", result.dimension), []).append(result)
    unanswered: dict[tuple[str, str], int] = {}
    for check in not_run:
        place = (f"{check.system}/{check.dataset}", check.dimension)
        unanswered[place] = unanswered.get(place, 0) + 1
    cells = {}
    for place in found.keys() | unanswered.keys():
        counted = [r for r in found.get(place, []) if r.evaluated is not None and r.passed is not None]
        evaluated = sum(r.evaluated or 0 for r in counted)
        ran = [r for r in found.get(place, []) if r.passed is not None]
        cells[place] = Cell(
            score=1 - sum(r.failed or 0 for r in counted) / evaluated if evaluated else None,
            checks=len(ran) + unanswered.get(place, 0),
            failed=sum(r.passed is False for r in ran),
            not_run=unanswered.get(place, 0),
            gravest=min((r.severity for r in ran if r.passed is False), key=_gravity, default=None),
        )
    return cells
