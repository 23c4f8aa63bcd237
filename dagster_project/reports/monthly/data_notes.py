"""The notes on the cover of every report: how complete and how final the data of its stores is."""

from datetime import date, timedelta

from dagster_project.reports.monthly.blocks import Note, Text, Tone
from dagster_project.reports.monthly.read import Marts
from dagster_project.reports.monthly.scope import last_final_cohort
from dagster_project.reports.monthly.written import month_name
from dagster_project.reports.quality.rows import count_naming_stores

# Most cases are resolved within so many days: for younger ones the resolution rate is not settled yet.
_DAYS_TO_RESOLVE = 3
_QUALITY_REPORT = Text("see the data quality report", "详见数据质量报告")


def _rejected(marts: Marts, store_codes: list[str]) -> list[Note]:
    """Notes on rejected rows of the stores, and on files that could not be read."""
    rejected = count_naming_stores(marts.connection, store_codes)
    quarantined = marts.rows(
        "select system || '/' || dataset || '/' || file as path from quality_load where status = 'quarantined' "
        "order by path"
    )
    named = Text("this store", "本店") if len(store_codes) == 1 else Text("one of these stores", "所列门店")
    notes = []
    if rejected:
        count, datasets = sum(rejected.values()), len(rejected)
        rows = "row that names" if count == 1 else "rows that name"
        were = "was rejected and is" if count == 1 else "were rejected and are"
        notes.append(
            Note(
                Text(
                    f"{count} {rows} {named.en} ({datasets} dataset"
                    f"{'s' if datasets > 1 else ''}, any month) {were} in no figure: "
                    f"{_QUALITY_REPORT.en}.",
                    f"{count} 行注明{named.zh}的数据（{datasets} 个数据集，不限月份）被拒收，未进入任何指标，"
                    f"{_QUALITY_REPORT.zh}。",
                )
            )
        )
    if quarantined:
        paths = [row["path"] for row in quarantined]
        named_paths = ", ".join(paths[:3]) + (f" (+{len(paths) - 3})" if len(paths) > 3 else "")
        plural = "s" if len(paths) > 1 else ""
        notes.append(
            Note(
                Text(
                    f"{len(paths)} file{plural} quarantined, whose rows may be missing here: {named_paths}.",
                    f"{len(paths)} 个文件被隔离，其数据可能缺失：{named_paths}。",
                )
            )
        )
    return notes


def data_notes(marts: Marts, store_codes: list[str], month: date) -> tuple[Note, ...]:
    """Notes on the stores' data that a reader must know before reading a figure."""
    found: list[Note] = []
    shown = month_name(month)
    if month == marts.as_of.replace(day=1):
        last_day = marts.as_of
        found.append(
            Note(
                Text(
                    f"Figures for {shown.en} are as of {last_day:%Y-%m-%d}.",
                    f"{shown.zh}数据截至 {last_day:%Y-%m-%d}。",
                )
            )
        )
    awaited = marts.rows(
        "select count(*) as stores from first_fix_store_monthly where list_contains(?, store_code) and month = ? "
        "and not is_final",
        store_codes,
        month,
    )[0]["stores"]
    if awaited:
        found.append(
            Note(
                Text(
                    "First-time fix is not final: comebacks within 30 days after the month still count.",
                    "一次修复率尚未最终确定：需等待月末后 30 天内的返修。",
                ),
                Tone.BAD,
            )
        )
    found += _open_cases(marts, store_codes, month)
    cohort = last_final_cohort(marts, store_codes, month)
    if cohort and cohort != month:
        name = month_name(cohort)
        found.append(
            Note(
                Text(
                    f"Churn is shown for {name.en}, the last final cohort.",
                    f"流失率为{name.zh}到店客户（最近可确认批次）。",
                )
            )
        )
    blocked = marts.rows(
        "select count(*) as checks from quality_check_result where is_blocking and passed is not true "
        "and run_id = (select max(run_id) from quality_check_result)"
    )[0]["checks"]
    if blocked:
        checks = "check" if blocked == 1 else "checks"
        found.append(
            Note(
                Text(
                    f"The last run was not published ({blocked} blocking {checks}): figures are from the run before.",
                    f"最近一次运行因 {blocked} 项阻断性检查未发布，此处为上一次发布的数据。",
                ),
                Tone.BAD,
            )
        )
    return (*found, *_restated(marts, store_codes, month), *_rejected(marts, store_codes))


def _open_cases(marts: Marts, store_codes: list[str], month: date) -> list[Note]:
    """Cases of the month that were too young to be resolved when the figures were made."""
    cases = marts.rows(
        "select count(*) as count, count(*) filter (where not is_resolved) as open, "
        "count(*) filter (where not is_resolved and received_at >= ?) as young "
        "from fct_case where list_contains(?, store_code) and month = ?",
        marts.as_of - timedelta(days=_DAYS_TO_RESOLVE - 1),
        store_codes,
        month,
    )[0]
    if not cases["young"]:
        return []
    return [
        Note(
            Text(
                f"{cases['open']} of {cases['count']} cases are not resolved yet, {cases['young']} of them received in "
                f"the last {_DAYS_TO_RESOLVE} days: the resolution rate is as of {marts.as_of:%Y-%m-%d} and may rise.",
                f"{cases['count']} 件中 {cases['open']} 件尚未解决，其中 {cases['young']} 件为最近 {_DAYS_TO_RESOLVE} "
                f"天内受理：解决率截至 {marts.as_of:%Y-%m-%d}，仍可能上升。",
            ),
            Tone.BAD,
        )
    ]


def _restated(marts: Marts, store_codes: list[str], month: date) -> list[Note]:
    """Figures of the month that changed after it was closed or reported."""
    found = marts.rows(
        "select count(*) as figures, max(published_at) as last_at from restatement "
        "where list_contains(?, store_code) and month = ?",
        store_codes,
        month,
    )[0]
    if not found["figures"]:
        return []
    count, day, shown = found["figures"], f"{found['last_at']:%Y-%m-%d}", month_name(month)
    return [
        Note(
            Text(
                f"{count} figure{'s' if count > 1 else ''} of {shown.en} changed after the month was final or "
                f"reported, last on {day}: see the table restatement.",
                f"{shown.zh}有 {count} 个数值在确认或报告后发生变化，最近一次为 {day}，详见 restatement 表。",
            )
        )
    ]
