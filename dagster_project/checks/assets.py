"""Dagster: the run of the checks as an asset, and each check as an asset check of its dataset."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.checks.blocking import DATASET_RULES
from dagster_project.checks.results import CheckResult, last_results
from dagster_project.checks.suites import read_suites
from dagster_project.checks.worker import check_worker
from dagster_project.contracts import read_contracts
from dagster_project.load.assets import dataset_key
from dagster_project.load.masking import mask_text
from dagster_project.models.assets import OWNER, dbt_models
from dagster_project.models.dbt_build import read_node_results, target_path
from dagster_project.resources import Installation, run_id_of, writing
from dagster_project.run.refresh import check_build

CHECKS_KEY = dg.AssetKey(["quality", "checks"])
SHOWN_ROWS = 20
_ABOUT_CUSTOMERS = {
    column.name
    for contract in read_contracts().values()
    for column in contract.columns
    if column.personal and column.personal.name in ("customer_number", "vin")
}


@dg.asset(
    key=CHECKS_KEY,
    deps=dbt_models.keys,
    group_name="quality",
    owners=[OWNER],
    kinds={"greatexpectations"},
    description=(
        "All checks of one run, on the lake and on the rows that staging accepts, with those that block publishing. "
        "/ 本次运行的全部数据质量检查。"
    ),
)
def quality_checks(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult:
    """Run the suites, apply the blocking rules to the build, and store the results."""
    settings = installation.settings(context.log.info)
    with writing(context, settings) as run_id, check_worker() as worker:
        results = check_build(settings, run_id, read_node_results(target_path(settings)), worker)
    failed = [result for result in results if result.passed is False]
    return dg.MaterializeResult(
        metadata={
            "run_id": dg.MetadataValue.text(run_id),
            "checks": dg.MetadataValue.int(len(results)),
            "failed": dg.MetadataValue.int(len(failed)),
            "not_run": dg.MetadataValue.int(sum(result.passed is None for result in results)),
            "findings": dg.MetadataValue.md(_findings(failed)),
        }
    )


def _findings(failed: list[CheckResult]) -> str:
    lines = [f"| {r.system}/{r.dataset} | {r.check_name} | {r.failed} | {r.evaluated} |" for r in failed]
    return "| dataset | check | failed | of |\n|---|---|---|---|\n" + "\n".join(lines)


def _specs() -> list[dg.AssetCheckSpec]:
    """One spec for each check of the suites and each blocking rule of a dataset."""
    specs = []
    for name, suite in read_suites().items():
        key = dataset_key(read_contracts()[name])
        described = {check.name: check.description for check in suite.checks} | DATASET_RULES
        specs += [
            dg.AssetCheckSpec(check_name, asset=key, description=description, additional_deps=[CHECKS_KEY])
            for check_name, description in described.items()
        ]
    return specs


def _failing_rows(result: CheckResult) -> str:
    shown = dict.fromkeys(name for row in result.failing[:SHOWN_ROWS] for name in row)
    # Dagster keeps metadata: customer numbers and VINs are shown only in the quality report, which is replaced.
    names = [name for name in shown if name not in _ABOUT_CUSTOMERS]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += [
        "| " + " | ".join(mask_text(str(row.get(name, ""))) for name in names) + " |"
        for row in result.failing[:SHOWN_ROWS]
    ]
    return "\n".join(lines) if names else "none"


def check_result(result: CheckResult) -> dg.AssetCheckResult:
    """A result as an asset check result; a check that did not run has not passed."""
    severity = dg.AssetCheckSeverity.ERROR if result.is_blocking else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        check_name=result.check_name,
        asset_key=dg.AssetKey(["lake", f"{result.system}__{result.dataset}"]),
        passed=result.passed is True,
        severity=severity,
        description=result.error or result.description,
        metadata={
            "run_id": dg.MetadataValue.text(result.run_id),
            "evaluated": dg.MetadataValue.int(result.evaluated or 0),
            "failed": dg.MetadataValue.int(result.failed or 0),
            "pass_rate": dg.MetadataValue.float(1.0 if result.pass_rate is None else result.pass_rate),
            "dimension": dg.MetadataValue.text(result.dimension),
            "severity": dg.MetadataValue.text(result.severity),
            "owner": dg.MetadataValue.text(result.owner),
            "did_run": dg.MetadataValue.bool(result.passed is not None),
            "failing_rows": dg.MetadataValue.md(_failing_rows(result)),
        },
    )


@dg.multi_asset_check(specs=_specs(), name="data_checks", can_subset=True)
def data_checks(context: dg.AssetCheckExecutionContext, installation: Installation) -> Iterator[dg.AssetCheckResult]:
    """Report the results of this run, or else of the last run of the checks, each on its dataset's asset."""
    settings = installation.settings(context.log.info)
    selected = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
    # By run id, as another run may have checked since this one began.
    for result in last_results(settings.lake / "quality", run_id_of(context, settings)):
        shown = check_result(result)
        if (shown.asset_key, shown.check_name) in selected:
            yield shown
