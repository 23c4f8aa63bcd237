"""Gather the content of a run's quality report."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import duckdb

from dagster_project.checks.suites import Suite, read_suites
from dagster_project.contracts import Contract, read_contracts
from dagster_project.load.drift import Drift, read_drift
from dagster_project.models.dbt_build import target_path
from dagster_project.reports.quality.findings import (
    Finding,
    NotRun,
    Owner,
    Rejects,
    file_owner,
    owner_names,
    page_name,
    read_findings,
    read_not_run,
)
from dagster_project.reports.quality.history import History, check_id, read_history
from dagster_project.reports.quality.lineage import kpis_of, marts_by_dataset
from dagster_project.reports.quality.placing import PublishedFacts
from dagster_project.reports.quality.ranges import rate_effects
from dagster_project.reports.quality.rows import LoadedFile, RejectedRow, read_files, read_rejected
from dagster_project.settings import Settings


@dataclass(frozen=True)
class Report:
    """The report of one run: files and rejected rows of the last published state, headers of the lake."""

    history: History
    findings: list[Finding]
    not_run: list[NotRun]
    files: list[LoadedFile]
    owners: list[Owner]
    contracts: Mapping[str, Contract]

    @property
    def quarantined(self) -> list[LoadedFile]:
        """The files that could not be read."""
        return [file for file in self.files if file.status == "quarantined"]

    @property
    def headers(self) -> list[list[Drift]]:
        """The loaded files whose headers differ from their contract, those with the same difference together."""
        return [header for owner in self.owners for header in owner.headers]

    @property
    def blocking(self) -> list[Finding]:
        """The failures that block publishing."""
        return [finding for finding in self.findings if finding.result.is_blocking]

    @property
    def blocking_not_run(self) -> list[NotRun]:
        """Blocking checks that did not run, which block publishing as well."""
        return [check for check in self.not_run if check.is_blocking]

    @property
    def is_published(self) -> bool:
        """Whether nothing blocked the publishing of the run's figures."""
        return not self.blocking and not self.blocking_not_run


def _published(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The last published tables; an empty database before anything was published."""
    path = settings.published / "aftersales.duckdb"
    return duckdb.connect(str(path), read_only=True) if path.exists() else duckdb.connect()


def read_report(settings: Settings, run_id: str | None = None, suites: Mapping[str, Suite] | None = None) -> Report:
    """Gather the report's content. Raises NoResults when there are no check results of the run.

    `suites` are the planned checks; by default those of the project.
    """
    history = read_history(settings.lake / "quality", run_id)
    contracts = read_contracts()
    marts = marts_by_dataset(target_path(settings) / "manifest.json")
    findings = read_findings(history, marts, contracts)
    # The plan of an earlier run is not known any more.
    planned = (read_suites() if suites is None else suites) if history.is_last else {}
    not_run = read_not_run(history, planned)
    drift = read_drift(settings.lake)
    owners = []
    with closing(_published(settings)) as connection:
        files = read_files(connection)
        extracts = {(file.name, file.file): file.extract_at for file in files if file.extract_at}
        facts = PublishedFacts(connection, settings.lake, extracts)
        rejected = {name: rows for name, c in contracts.items() if (rows := read_rejected(connection, c))}
        for name, label in owner_names(history.results, contracts).items():
            own: dict[str, list[RejectedRow]] = {d: r for d, r in rejected.items() if contracts[d].owner == name}
            owners.append(
                Owner(
                    name=name,
                    label=label,
                    page=page_name(name),
                    checks=len(
                        {check_id(result) for result in history.results if result.owner == name}
                        | {check_id(check) for check in not_run if check.owner == name}
                    ),
                    findings=[finding for finding in findings if finding.result.owner == name],
                    not_run=[check for check in not_run if check.owner == name],
                    quarantined=[f for f in files if f.status == "quarantined" and file_owner(f, contracts) == name],
                    rejects=[Rejects(contracts[d], r, marts.get(d, []), kpis_of(d, None)) for d, r in own.items()],
                    effects=rate_effects(facts, contracts, own),
                    drift=[file for file in drift if file.contract.owner == name],
                )
            )
    return Report(history, findings, not_run, files, owners, contracts)
