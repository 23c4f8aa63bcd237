"""Assemble the group view: stores that fall behind, every figure by store, and rankings with intervals."""

from datetime import date

from dagster_project.reports.group.stores import Group, read_group, store_name
from dagster_project.reports.monthly.blocks import (
    Block,
    Cell,
    Chapter,
    Column,
    Comparison,
    Form,
    Intervals,
    Measure,
    Note,
    Report,
    Table,
    Text,
    Tone,
)
from dagster_project.reports.monthly.data_notes import data_notes
from dagster_project.reports.monthly.kpis import BY_CODE, KPIS, Kpi
from dagster_project.reports.monthly.noise import distance, leaves_out
from dagster_project.reports.monthly.read import Marts
from dagster_project.reports.monthly.sentences import READ_WITH_CARE, care, interval, joined, listed

_SUBJECTS = (
    (Text("Satisfaction", "满意度"), ("mot_score", "css_score", "mystery_score")),
    (Text("Callbacks", "电话回访"), ("callback_delighted_rate", "callback_disappointed_rate", "nps")),
    (
        Text("Complaints", "抱怨与投诉"),
        ("complaint_rate", "complaint_resolution_rate", "first_response_minutes"),
    ),
    (
        Text("First-time fix and appointments", "一次修复与预约"),
        (
            "first_fix_rate",
            "on_time_delivery_rate",
            "appointment_rate",
            "proactive_appointment_rate",
            "no_show_rate",
        ),
    ),
    (Text("Churn and customer base", "客户流失与基盘"), ("churn_rate", "active_customers")),
)


def _tone(group: Group, kpi: Kpi, code: str) -> Tone:
    """Good or bad when a store's figure differs from its region's by more than noise, else neutral."""
    moved = distance(group.estimate(kpi, code), group.region_value(kpi, code), kpi.form, kpi.higher_is_better)
    return moved.tone


def _behind(group: Group) -> dict[str, list[Kpi]]:
    return {code: [kpi for kpi in KPIS if group.is_behind(kpi, code)] for code in group.codes}


def _falling_behind(group: Group) -> Chapter:
    behind = _behind(group)
    rows: list[tuple[Cell, ...]] = []
    tones = []
    for store in group.stores:
        for kpi in behind[store["store_code"]]:
            estimate = group.estimate(kpi, store["store_code"])
            region = group.region_value(kpi, store["store_code"])
            tones.append((len(rows), 2, Tone.BAD))
            rows.append(
                (
                    store_name(store),
                    group.label(kpi),
                    Measure(estimate.value, kpi.form, kpi.decimals),
                    interval(estimate, kpi.form, kpi.decimals),
                    estimate.sample_size,
                    Measure(region, kpi.form, kpi.decimals),
                    distance(estimate, region, kpi.form, kpi.higher_is_better, kpi.decimals),
                    care(estimate.sample_size),
                )
            )
    named = [store_name(store) for store in group.stores if behind[store["store_code"]]]
    if not named:
        finding = Text("no store is behind its region by more than noise", "没有门店显著落后于分中心")
    else:
        names = listed(named)
        finding = Text(f"behind their region by more than noise: {names.en}", f"显著落后于分中心的门店：{names.zh}")
    table = Table(
        Text("Figures behind the region by more than noise", "显著落后于分中心的指标"),
        (
            Column(Text("Store", "门店"), Form.TEXT),
            Column(Text("Figure", "指标"), Form.TEXT),
            Column(Text("Value", "数值"), Form.TEXT),
            Column(Text("95% interval", "95% 区间"), Form.RATE),
            Column(Text("n", "样本"), Form.COUNT),
            Column(Text("Region", "分中心"), Form.TEXT),
            Column(Text("Gap", "差距"), Form.TEXT),
            READ_WITH_CARE,
        ),
        tuple(rows),
        note=Text(
            "About one comparison in forty appears here by chance alone: check whether it persists.",
            "约四十分之一的比较会因偶然落入此表，应观察是否持续。",
        ),
        tones=tuple(tones),
    )
    return Chapter(
        1,
        Text("Stores that fall behind", "落后门店"),
        Text(
            "Which stores are worse than their region, and is the difference noise?",
            "哪些门店低于分中心？是否属正常波动？",
        ),
        joined(finding),
        (table,) if rows else (Note(Text("Nothing to list.", "无。")),),
    )


def _matrix(group: Group) -> Chapter:
    rows: list[tuple[Cell, ...]] = []
    tones = []
    for place, kpi in enumerate(KPIS):
        for column, code in enumerate(group.codes, start=2):
            tone = _tone(group, kpi, code)
            if tone is not Tone.NEUTRAL:
                tones.append((place, column, tone))
        rows.append(
            (
                group.label(kpi),
                Measure(group.group_value(kpi), kpi.form, kpi.decimals),
                *(Measure(group.estimate(kpi, code).value, kpi.form, kpi.decimals) for code in group.codes),
            )
        )
    table = Table(
        Text("Every figure by store", "指标 × 门店"),
        (
            Column(Text("Figure", "指标"), Form.TEXT),
            Column(Text("All shown", "所列门店"), Form.TEXT),
            *(Column(Text(store["store_code"], store["city"] or ""), Form.TEXT) for store in group.stores),
        ),
        tuple(rows),
        note=Text(
            "Green and red: better and worse than the store's own region by more than noise. Uncoloured: no difference "
            "beyond noise, or no interval. All shown: rates are pooled; MOT, CSS and mystery shopping are weighted by "
            "sample size; NPS, first response and active base are the median of the stores.",
            "绿色、红色：显著优于、劣于所属分中心；无色：无显著差异或无法判断。所列门店：比率合并计算，MOT、CSS、"
            "神秘访客按样本加权，NPS、首次响应、基盘客户数取门店中位数。",
        ),
        tones=tuple(tones),
    )
    return Chapter(
        2,
        Text("Stores side by side", "门店对比"),
        Text("How does each store perform on each figure?", "各门店各项指标表现如何？"),
        None,
        (table,),
    )


def _ranking(group: Group, kpi: Kpi) -> Block:
    """Stores from best to worst with their intervals, compared with all stores shown."""
    known = [(store, group.estimate(kpi, store["store_code"])) for store in group.stores]
    known = [(store, estimate) for store, estimate in known if estimate.value is not None]
    if not known:
        label = group.label(kpi)
        return Note(Text(f"{label.en}: no store has a figure.", f"{label.zh}：各门店均无数据。"))
    sign = -1 if kpi.higher_is_better else 1
    known.sort(key=lambda pair: (sign * float(pair[1].value or 0), pair[0]["store_code"]))
    reference = group.group_value(kpi)
    apart = [store["store_code"] for store, estimate in known if leaves_out(estimate, reference)]
    note = (
        Text(
            f"Different from all shown by more than noise: {', '.join(apart)}.",
            f"与所列门店整体有显著差异：{'、'.join(apart)}。",
        )
        if apart
        else Text("No store differs from all shown by more than noise.", "各门店与整体均无显著差异。")
    )
    if all(estimate.low is None for _, estimate in known):
        note = Text("No interval: not judged.", "无区间，不作判断。")
    return Intervals(
        group.label(kpi),
        tuple(store_name(store) for store, _ in known),
        tuple(estimate.value for _, estimate in known),
        tuple(estimate.low for _, estimate in known),
        tuple(estimate.high for _, estimate in known),
        tuple(estimate.sample_size for _, estimate in known),
        kpi.form,
        Comparison(Text("all shown", "所列门店"), reference),
        note=note,
        decimals=kpi.decimals,
    )


def _rankings(group: Group) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(
            number,
            title,
            Text("Best first; bars are 95% intervals.", "由优到劣；横线为 95% 区间。"),
            None,
            tuple(_ranking(group, BY_CODE[code]) for code in codes),
        )
        for number, (title, codes) in enumerate(_SUBJECTS, start=3)
    )


def group_report(marts: Marts, region: str | None, month: date) -> Report:
    """The view of a region's stores, or of all; raises NothingToReport for an unknown region or an empty month."""
    group = read_group(marts, region, month)
    return Report(
        title=Text("After-sales, stores side by side", "售后服务门店对比"),
        subject=group.name,
        month=month,
        as_of=marts.as_of,
        published_at=marts.published_at,
        notes=data_notes(marts, group.codes, month),
        summary=(),
        chapters=(_falling_behind(group), _matrix(group), *_rankings(group)),
    )
