"""The cover, before the chapters: the month at a glance."""

from dataclasses import dataclass

from dagster_project.reports.monthly.blocks import (
    Block,
    Cell,
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
    """Whether the target is met, and by more than noise, with the tone of the cell."""
    now, target, kpi = figured.now, figured.target, figured.kpi
    if target is None or now.value is None:
        return (None, Tone.NEUTRAL)
    is_met = now.value >= target if kpi.higher_is_better else now.value <= target
    status = Text("met", "达成") if is_met else Text("missed", "未达成")
    beyond = leaves_out(now, target)
    if beyond is False:
        return (Text(f"{status.en}, within noise", f"{status.zh}（波动内）"), Tone.NEUTRAL)
    # A full count has no noise; another figure without an interval, such as a single visit, is not judged.
    if beyond is None and kpi.form is not Form.COUNT:
        return (status, Tone.NEUTRAL)
    return (status, Tone.GOOD if is_met else Tone.BAD)


def _with_care(status: Text | None, now: Estimate) -> Text | None:
    """The status, with a mark where the figure is based on a small sample."""
    if not now.is_small:
        return status
    if status is None:
        return SMALL_SAMPLE_MARK
    zh = f"{status.zh[:-1]}，" if status.zh.endswith("）") else f"{status.zh}（"
    return Text(f"{status.en}, {SMALL_SAMPLE_MARK.en}", f"{zh}{SMALL_SAMPLE_MARK.zh}）")


@dataclass(frozen=True)
class _Line:
    """A figure at a glance: its comparisons, their judgements, and the number of stores that are ranked with it."""

    label: Text
    figured: Figured
    moved: Change
    status: Text | None
    tone: Tone
    stores: int


def _lines(scope: Scope, card: Scorecard) -> list[_Line]:
    """The sixteen figures, in the scorecard's order."""
    ranked = {
        (row["kpi_code"], row["month"]): row["stores"]
        for row in scope.marts.rows(
            "select kpi_code, month, count(rank_in_region) as stores from scorecard_monthly join dim_store "
            "using (store_code) where region_code = ? group by all",
            scope.store["region_code"],
        )
    }
    lines = []
    for kpi in KPIS:
        month = card.shown_month(kpi.code)
        figured = card.figured(kpi.code, month)
        moved = change(figured.now, figured.before, kpi.form, kpi.higher_is_better, kpi.decimals)
        lines.append(_Line(card.label(kpi.code), figured, moved, *_status(figured), ranked.get((kpi.code, month), 0)))
    return lines


def _headline(lines: list[_Line]) -> Text | None:
    """The figures that changed, and the targets that were missed, by more than noise."""
    moved = [_marked(line.label, line.figured.now) for line in lines if line.moved.is_news]
    missed = [
        _marked(line.label, line.figured.now)
        for line in lines
        if line.tone is Tone.BAD and line.figured.kpi.form is not Form.COUNT
    ]
    is_compared = any(line.moved.is_news is not None for line in lines)
    has_target = any(line.status is not None for line in lines)
    return joined(
        _enumerated(
            moved,
            Text("changed by more than noise", "较上月显著变化"),
            Text("no figure changed by more than noise", "各指标较上月均无显著变化")
            if is_compared
            else Text("there is no data for last month to compare with", "无上月数据可供比较"),
        ),
        _enumerated(
            missed,
            Text("target missed by more than noise", "显著未达目标"),
            Text("no target is missed by more than noise", "没有指标显著未达目标")
            if has_target
            else Text("there are no targets to compare with", "无目标可供比较"),
        ),
    )


def _row(line: _Line, trend: Trend) -> tuple[Cell, ...]:
    figured, kpi = line.figured, line.figured.kpi
    return (
        line.label,
        Measure(figured.now.value, kpi.form, kpi.decimals),
        interval(figured.now, kpi.form, kpi.decimals),
        figured.now.sample_size,
        line.moved,
        Measure(figured.target, kpi.form, kpi.decimals),
        _with_care(line.status, figured.now),
        Measure(figured.region, kpi.form, kpi.decimals),
        f"{figured.rank} / {line.stores}" if figured.rank else None,
        trend,
    )


def summary(scope: Scope, card: Scorecard) -> tuple[Block, ...]:
    """The sixteen figures at a glance."""
    lines = _lines(scope, card)
    sentence = _headline(lines)
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
        tuple(_row(line, Trend(card.trend(line.figured.kpi.code))) for line in lines),
        note=Text(
            "A change in grey is within noise: the interval of the difference contains 0. Region: the stores of the "
            "region in this warehouse; rank 1 is the best. The survey's own benchmarks are in chapter 2.",
            "灰色变化属正常波动（差值的 95% 区间包含 0）；分中心指本仓库内该分中心门店，排名 1 为最好；"
            "调研基准见第 2 章。",
        ),
        tones=tuple((place, 6, line.tone) for place, line in enumerate(lines) if line.tone is not Tone.NEUTRAL),
    )
    return (Note(sentence), table) if sentence else (table,)


def _marked(label: Text, now: Estimate) -> Text:
    """A figure's label in a sentence, with a remark where it is based on a small sample."""
    if not now.is_small:
        return label
    return Text(f"{label.en} (small sample of {now.sample_size})", f"{label.zh}（小样本 {now.sample_size}）")


def _enumerated(labels: list[Text], some: Text, none: Text) -> Text:
    """The labels after what is said of them, or what is said when there are none."""
    if not labels:
        return none
    names = listed(labels)
    return Text(f"{some.en}: {names.en}", f"{some.zh}：{names.zh}")
