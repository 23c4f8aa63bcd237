"""Which alerts a run gives: it failed, its publishing was blocked, datasets became stale."""

from collections.abc import Iterable

from dagster_project.automation.alerts import Alert
from dagster_project.checks.results import CheckResult
from dagster_project.errors import ExpectedError

BLOCKED = "PublishingBlocked"
# The check of every suite that says that the newest extract is too old.
STALE_CHECK = "newest_extract_in_time"
_LONGEST_REASON = 1500


def _own_errors(base: type[Exception] = ExpectedError) -> set[str]:
    return {base.__name__}.union(*(_own_errors(error) for error in base.__subclasses__()))


def failed_run(run_id: str, job: str, error: str, message: str) -> Alert:
    """The alert of a run that ended in an error of the class `error`.

    Only messages of the product's own errors are told: they name files and rules, while a foreign one may quote a row.
    """
    if error == BLOCKED:
        return Alert(
            kind="publishing_blocked",
            title="After-sales warehouse: publishing is blocked / 售后数据仓库：发布被阻止",
            text=message[:_LONGEST_REASON],
            run_id=run_id,
        )
    told = message[:_LONGEST_REASON] if error in _own_errors() else f"{error or 'the process ended'}; its log says more"
    return Alert(
        kind="run_failed",
        title="After-sales warehouse: a run failed / 售后数据仓库：运行失败",
        text=f"job {job}, run {run_id}: {told}\nThe last published figures stay. / 已发布的数据保持不变。",
        run_id=run_id,
    )


def newly_stale(results: Iterable[CheckResult], before: Iterable[CheckResult]) -> list[Alert]:
    """An alert for the datasets whose newest extract is too old now and was not in the run before."""
    stale_before = {(r.system, r.dataset) for r in before if r.check_name == STALE_CHECK and r.passed is False}
    stale = [
        result
        for result in results
        if result.check_name == STALE_CHECK
        and result.passed is False
        and (result.system, result.dataset) not in stale_before
    ]
    if not stale:
        return []
    lines = [f"{result.system}/{result.dataset} ({result.owner})" for result in stale]
    return [
        Alert(
            kind="dataset_stale",
            title=f"After-sales warehouse: {len(stale)} dataset(s) stopped coming / 售后数据仓库：数据未按时到达",
            text="\n".join(lines),
            run_id=stale[0].run_id,
        )
    ]
