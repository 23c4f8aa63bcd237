"""Before the chapters: the month at a glance."""

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
from dagster_project.reports.monthly.noise import Estimate, change, leaves_out
from dagster_project.reports.monthly.scope import Scope
from dagster_project.reports.monthly.sentences import SMALL_SAMPLE_MARK, interval, joined, listed


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


def _with_care(status: Text | None, now: Estimate) -> Text | None:
    """The status, which says when the figure rests on a small sample."""
    if not now.is_small:
        return status
    if status is None:
        return SMALL_SAMPLE_MARK
    zh = f"{status.zh[:-1]}，" if status.zh.endswith("）") else f"{status.zh}（"
    return Text(f"{status.en}, {SMALL_SAMPLE_MARK.en}", f"{zh}{SMALL_SAMPLE_MARK.zh}）")


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
            moved.append(_marked(label, figured.now))
        if tone is Tone.BAD and kpi.form is not Form.COUNT:
            missed.append(_marked(label, figured.now))
        stores = ranks.get((kpi.code, month), 0)
        rows.append(
            (
                label,
                Measure(figured.now.value, kpi.form, kpi.decimals),
                interval(figured.now, kpi.form, kpi.decimals),
                figured.now.sample_size,
                shift,
                Measure(figured.target, kpi.form, kpi.decimals),
                _with_care(status, figured.now),
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


def _marked(label: Text, now: Estimate) -> Text:
    """A figure's label in a sentence, which says when it rests on a small sample."""
    if not now.is_small:
        return label
    return Text(f"{label.en} (small sample of {now.sample_size})", f"{label.zh}（小样本 {now.sample_size}）")


def _told(labels: list[Text], some: Text, none: Text) -> Text:
    if not labels:
        return none
    names = listed(labels)
    return Text(f"{some.en}: {names.en}", f"{some.zh}：{names.zh}")
