"""Run the check suites on the private warehouse, or on the cluster that the models are built on."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dagster_project.checks.kept import carry_over
from dagster_project.checks.results import CheckResult, RunInfo
from dagster_project.checks.session import CheckSession, open_session, result_of
from dagster_project.checks.suites import Suite, read_suites
from dagster_project.spark_server import SparkServer


def not_run(run: RunInfo, error: str) -> list[CheckResult]:
    """A result for every planned check, which says that it did not run and why."""
    return [result_of(run, check, error=error) for suite in read_suites().values() for check in suite.checks]


def run_checks(
    staged: Path | SparkServer,
    run: RunInfo,
    suites: Mapping[str, Suite] | None = None,
    progress: Callable[[str], None] | None = None,
    base: Sequence[CheckResult] = (),
) -> list[CheckResult]:
    """Run all suites (or those given): exactly one result for each of their checks.

    `staged` is a warehouse file, or the cluster that holds the rows. After an incremental build, `base` holds the
    results for the state that it started from: then only the rows that the changes touch are judged again, and the
    results are the same as when all rows are.
    """
    suites = read_suites() if suites is None else suites
    with open_session(staged, run.as_of) as session:
        session.keep_visited_months()
        kept = carry_over(session, suites, run, base) if base else {}
        return _judge(session, run, suites, progress, kept)


def _judge(
    session: CheckSession,
    run: RunInfo,
    suites: Mapping[str, Suite],
    progress: Callable[[str], None] | None,
    kept: Mapping[tuple[str, str], CheckResult],
) -> list[CheckResult]:
    results: list[CheckResult] = []
    for position, (name, suite) in enumerate(suites.items(), start=1):
        if progress:
            progress(f"checks: {name}, {position} of {len(suites)} datasets")
        not_kept = [check.name for check in suite.checks if (name, check.name) not in kept]
        judged = {result.check_name: result for result in session.run(suite, run, not_kept)}
        results += [judged.get(check.name) or kept[name, check.name] for check in suite.checks]
    return results
