"""The alert of a run that failed or whose publishing was blocked."""

from dagster_project.automation.alerts import Alert
from dagster_project.errors import ExpectedError

BLOCKED = "PublishingBlocked"
_LONGEST_REASON = 1500


def _own_errors(base: type[Exception] = ExpectedError) -> set[str]:
    return {base.__name__}.union(*(_own_errors(error) for error in base.__subclasses__()))


def failed_run(run_id: str, job: str, error: str, message: str) -> Alert:
    """The alert of a run that ended in an error of the class `error`.

    Only messages of the product's own errors are sent: they name files and rules, while a foreign one may quote a row.
    """
    if error == BLOCKED:
        return Alert(
            kind="publishing_blocked",
            title="After-sales warehouse: publishing is blocked / 售后数据仓库：发布被阻止",
            text=message[:_LONGEST_REASON],
            run_id=run_id,
        )
    reason = message[:_LONGEST_REASON] if error in _own_errors() else f"{error or 'the process ended'}; see its log"
    return Alert(
        kind="run_failed",
        title="After-sales warehouse: a run failed / 售后数据仓库：运行失败",
        text=f"job {job}, run {run_id}: {reason}\nThe last published figures are unchanged. / 已发布的数据保持不变。",
        run_id=run_id,
    )
