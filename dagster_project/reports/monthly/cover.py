"""Before the chapters: how good and how final the data is, and the month at a glance."""

from dagster_project.reports.monthly.blocks import (
    Block,
    Change,
    Column,
    Form,
    Measure,
    Note,
    Table,
    Text,
    Tone,
    Trend,
)
from dagster_project.reports.monthly.figures import Figured, Scorecard
from dagster_project.reports.monthly.kpis import KPIS
from dagster_project.reports.monthly.noise import change, leaves_out
from dagster_project.reports.monthly.scope import Scope, final_cohort
from dagster_project.reports.monthly.sentences import interval, joined, listed
from dagster_project.reports.monthly.written import month_name
from dagster_project.reports.quality.rows import count_naming_store

_QUALITY_REPORT = Text("see the data quality report", "详见数据质量报告")


def _rejected(scope: Scope) -> list[Note]:
    """Rows of this store that reach no figure, and files that could not be read."""
    rejected = count_naming_store(scope.marts.connection, scope.store_code)
    quarantined = scope.marts.rows(
        "select system || '/' || dataset || '/' || file as path from quality_load where status = 'quarantined' "
        "order by path"
    )
    notes = []
    if rejected:
        count, datasets = sum(rejected.values()), len(rejected)
        notes.append(
            Note(
                Text(
                    f"{count} row{'s' if count > 1 else ''} that name this store ({datasets} dataset"
                    f"{'s' if datasets > 1 else ''}, any month) were rejected and reach no figure: "
                    f"{_QUALITY_REPORT.en}.",
                    f"{count} 行注明本店的数据（{datasets} 个数据集，不限月份）被拒收，未进入任何指标，"
                    f"{_QUALITY_REPORT.zh}。",
                )
            )
        )
    if quarantined:
        paths = [row["path"] for row in quarantined]
        told = ", ".join(paths[:3]) + (f" (+{len(paths) - 3})" if len(paths) > 3 else "")
        plural = "s" if len(paths) > 1 else ""
        notes.append(
            Note(
                Text(
                    f"{len(paths)} file{plural} quarantined, whose rows may be missing here: {told}.",
                    f"{len(paths)} 个文件被隔离，其数据可能缺失：{told}。",
                )
            )
        )
    return notes


def notes(scope: Scope) -> tuple[Note, ...]:
    """What a reader must know of the data before reading a figure."""
    found: list[Note] = []
    if scope.month == scope.marts.as_of.replace(day=1):
        last_day = scope.marts.as_of
        found.append(
            Note(
                Text(
                    f"Figures of {scope.month_name.en} are those known on {last_day:%Y-%m-%d}.",
                    f"{scope.month_name.zh}数据截至 {last_day:%Y-%m-%d}。",
                )
            )
        )
    fix = scope.row("first_fix_store_monthly")
    if fix and not fix["is_final"]:
        found.append(
            Note(
                Text(
                    "First-time fix is not final: comebacks are awaited for 30 days after the month.",
                    "一次修复率尚未最终确定：需等待月末后 30 天内的返修。",
                ),
                Tone.BAD,
            )
        )
    cohort = final_cohort(scope)
    if cohort and cohort != scope.month:
        name = month_name(cohort)
        found.append(
            Note(
                Text(
                    f"Churn is shown for {name.en}, the last cohort that is final.",
                    f"流失率为{name.zh}到店客户（最近可确认批次）。",
                )
            )
        )
    blocked = scope.marts.rows(
        "select count(*) as checks from quality_check_result where is_blocking and passed is not true "
        "and run_id = (select max(run_id) from quality_check_result)"
    )[0]["checks"]
    if blocked:
        found.append(
            Note(
                Text(
                    f"The last run was not published ({blocked} blocking checks): figures are of the run before.",
                    f"最近一次运行因 {blocked} 项阻断性检查未发布，此处为上一次发布的数据。",
                ),
                Tone.BAD,
            )
        )
    return (*found, *_restated(scope), *_rejected(scope))


def _restated(scope: Scope) -> list[Note]:
    """Figures of this month that changed after it was closed or reported."""
    found = scope.marts.rows(
        "select count(*) as figures, max(published_at) as last_at from restatement where store_code = ? and month = ?",
        scope.store_code,
        scope.month,
    )[0]
    if not found["figures"]:
        return []
    count, day = found["figures"], f"{found['last_at']:%Y-%m-%d}"
    return [
        Note(
            Text(
                f"{count} figures of {scope.month_name.en} changed after the month was final or reported, "
                f"last on {day}: see the table restatement.",
                f"{scope.month_name.zh}有 {count} 个数值在确认或报告后发生变化，最近一次为 {day}，"
                "详见 restatement 表。",
            )
        )
    ]


def _status(figured: Figured) -> tuple[Text | None, Tone]:
    """Whether the target is met, and whether by more than noise."""
    now, target, kpi = figured.now, figured.target, figured.kpi
    if target is None or now.value is None:
        return (None, Tone.NEUTRAL)
    is_met = now.value >= target if kpi.higher_is_better else now.value <= target
    told = Text("met", "达成") if is_met else Text("missed", "未达成")
    beyond = leaves_out(now, target)
    if beyond is False:
        return (Text(f"{told.en}, within noise", f"{told.zh}（波动内）"), Tone.NEUTRAL)
    # A full count is what it is; a figure without an interval, such as one visit, is not judged.
    if beyond is None and kpi.form is not Form.COUNT:
        return (told, Tone.NEUTRAL)
    return (told, Tone.GOOD if is_met else Tone.BAD)


def summary(scope: Scope, card: Scorecard) -> tuple[Block, ...]:
    """The sixteen figures at a glance."""
    ranks = {
        (row["kpi_code"], row["month"]): row["stores"]
        for row in scope.marts.rows(
            "select kpi_code, month, count(rank_in_region) as stores from scorecard_monthly join dim_store "
            "using (store_code) where region_code = ? group by all",
            scope.store["region_code"],
        )
    }
    rows, tones, moved, missed = [], [], [], []
    is_compared = has_target = False
    for place, kpi in enumerate(KPIS):
        month, label = card.shown_month(kpi.code), card.label(kpi.code)
        figured = card.figured(kpi.code, month)
        status, tone = _status(figured)
        if tone is not Tone.NEUTRAL:
            tones.append((place, 6, tone))
        shift: Change = change(figured.now, figured.before, kpi.form, kpi.higher_is_better, kpi.decimals)
        is_compared = is_compared or shift.is_news is not None
        has_target = has_target or status is not None
        if shift.is_news:
            moved.append(label)
        if tone is Tone.BAD and kpi.form is not Form.COUNT:
            missed.append(label)
        stores = ranks.get((kpi.code, month), 0)
        rows.append(
            (
                label,
                Measure(figured.now.value, kpi.form, kpi.decimals),
                interval(figured.now, kpi.form, kpi.decimals),
                figured.now.sample_size,
                shift,
                Measure(figured.target, kpi.form, kpi.decimals),
                status,
                Measure(figured.region, kpi.form, kpi.decimals),
                f"{figured.rank} / {stores}" if figured.rank else None,
                Trend(card.trend(kpi.code)),
            )
        )
    sentence = joined(
        _told(
            moved,
            Text("moved by more than noise", "较上月显著变化"),
            Text("nothing moved by more than noise", "各指标较上月均无显著变化")
            if is_compared
            else Text("there is nothing of last month to judge a change by", "无上月数据可供比较"),
        ),
        _told(
            missed,
            Text("target missed by more than noise", "显著未达目标"),
            Text("no target is missed by more than noise", "没有指标显著未达目标")
            if has_target
            else Text("there is no target to compare a figure with", "无目标可供比较"),
        ),
    )
    table = Table(
        Text("The month at a glance", "本月概览"),
        (
            Column(Text("Figure", "指标"), Form.TEXT),
            Column(Text("This month", "本月"), Form.TEXT),
            Column(Text("95% interval", "95% 区间"), Form.RATE),
            Column(Text("n", "样本"), Form.COUNT),
            Column(Text("Change", "较上月"), Form.TEXT),
            Column(Text("Target", "目标"), Form.TEXT),
            Column(Text("Status", "达成"), Form.TEXT),
            Column(Text("Region", "分中心"), Form.TEXT),
            Column(Text("Rank", "排名"), Form.TEXT),
            Column(Text("13 months", "13 个月"), Form.TREND),
        ),
        tuple(rows),
        note=Text(
            "A change in grey is within noise: the interval of the difference holds 0. Region: its stores that "
            "report here, 1 is the best rank; the survey's own benchmarks are in chapter 2.",
            "灰色变化属正常波动（差值的 95% 区间包含 0）；分中心指本仓库内该分中心门店，排名 1 为最好；"
            "调研基准见第 2 章。",
        ),
        tones=tuple(tones),
    )
    return (Note(sentence), table) if sentence else (table,)


def _told(labels: list[Text], some: Text, none: Text) -> Text:
    if not labels:
        return none
    names = listed(labels)
    return Text(f"{some.en}: {names.en}", f"{some.zh}：{names.zh}")
