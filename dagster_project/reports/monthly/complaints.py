"""Chapter 4: dissatisfaction and complaints, their reasons, who is responsible, and how fast cases are handled."""

from collections import defaultdict

from dagster_project.reports.monthly.blocks import (
    Bars,
    Block,
    Cell,
    Chapter,
    Column,
    Figures,
    Form,
    Lines,
    Measure,
    Pareto,
    Series,
    Table,
    Text,
)
from dagster_project.reports.monthly.figures import TARGET, Scorecard, count_figure, kpi_figure
from dagster_project.reports.monthly.kpis import MONTHS_OF_CASES
from dagster_project.reports.monthly.labels import capital, enum_label, seed_label, seed_labels
from dagster_project.reports.monthly.noise import Estimate, change, count_change
from dagster_project.reports.monthly.read import Row
from dagster_project.reports.monthly.scope import Scope
from dagster_project.reports.monthly.sentences import interval, joined, kpi_clause, listed, no_data

_TITLE = Text("Dissatisfaction and complaints", "抱怨与投诉")
_QUESTION = Text(
    "Why are customers dissatisfied, who is responsible, and how fast are cases handled?",
    "客户为何不满？责任在谁？处理是否及时？",
)
_WEEKS = (1, 2, 3, 4)
_WEEK_NAMES = (
    Text("days 1–7", "1–7 日"),
    Text("days 8–14", "8–14 日"),
    Text("days 15–21", "15–21 日"),
    Text("from day 22", "22 日起"),
)
_CASES = "complaint/cases"


def _last_month(scope: Scope) -> Row | None:
    """The store's row of the month before; None if cases were not extracted yet."""
    sql = f"from complaint_store_monthly where store_code = ? and month = ? and {MONTHS_OF_CASES}"
    return next(iter(scope.marts.rows(sql, scope.store_code, scope.previous)), None)


def _figures(row: Row, last: Row | None, card: Scorecard) -> Figures:
    kinds = (
        ("complaints", Text("Complaints", "投诉")),
        ("dissatisfactions", Text("Dissatisfactions", "抱怨")),
        ("enquiries", Text("Enquiries", "咨询")),
    )
    rates = ("complaint_rate", "first_response_minutes", "complaint_resolution_rate")
    return Figures(
        (
            *(count_figure(label, row[column], (last or {}).get(column)) for column, label in kinds),
            *(kpi_figure(card.figured(code)) for code in rates),
        )
    )


def _ranked(reasons: list[Row]) -> list[Row]:
    """The reasons by falling number of cases, the order of the table and the headline."""
    return sorted(reasons, key=lambda row: (-row["cases"], row["category"]))


def _vanished(scope: Scope, reasons: list[Row]) -> list[Row]:
    """The reasons of the month before that had no case in this one."""
    known = {row["category"] for row in reasons}
    return [
        {"category": row["category"], "cases": 0, "share": 0.0, "previous_cases": row["cases"]}
        for row in scope.rows("complaint_reason_monthly", scope.previous)
        if row["category"] not in known
    ]


def _reasons(scope: Scope, reasons: list[Row], last: Row | None) -> tuple[Block, ...]:
    weekly = {(row["category"], row["week_of_month"]): row["cases"] for row in scope.rows("complaint_reason_weekly")}
    ranked = _ranked(reasons)
    gone = sorted(_vanished(scope, reasons), key=lambda row: (-row["previous_cases"], row["category"]))
    rows = [
        (
            capital(seed_label("complaint_categories", row["category"])),
            *(weekly.get((row["category"], week), 0) for week in _WEEKS),
            row["cases"],
            row["share"],
            row["previous_cases"],
            count_change(row["cases"], row["previous_cases"], False),
        )
        for row in (*ranked, *gone)
    ]
    total = sum(row["cases"] for row in ranked)
    # From the store's row, which exists even if the month before had no reasons to add up.
    before = last["dissatisfactions"] + last["complaints"] if last else None
    rows.append(
        (
            Text("All reasons", "合计"),
            *(sum(weekly.get((row["category"], week), 0) for row in ranked) for week in _WEEKS),
            total,
            1.0 if total else None,
            before,
            count_change(total, before, False),
        )
    )
    labels = tuple(capital(seed_label("complaint_categories", row["category"])) for row in ranked)
    return (
        Table(
            Text("Reasons for dissatisfaction, by week", "不满原因（按周）"),
            (
                Column(Text("Reason", "原因"), Form.TEXT),
                *(Column(name, Form.COUNT) for name in _WEEK_NAMES),
                Column(Text("Month", "本月"), Form.COUNT),
                Column(Text("Share", "占比"), Form.RATE),
                Column(Text("Last month", "上月"), Form.COUNT),
                Column(Text("Change", "较上月"), Form.COUNT),
            ),
            tuple(rows),
            note=Text(
                "Dissatisfactions and complaints, without enquiries. A change in grey is within the noise of counts of "
                "this size.",
                "含抱怨与投诉，不含咨询；灰色变化属该数量级的正常波动。",
            ),
            total=True,
        ),
        Pareto(Text("Reasons by number of cases", "不满原因帕累托"), labels, tuple(row["cases"] for row in ranked)),
        Bars(
            Text("Cases by week and reason", "各周不满原因"),
            _WEEK_NAMES,
            tuple(
                Series(label, tuple(weekly.get((row["category"], week), 0) for week in _WEEKS))
                for row, label in zip(ranked, labels, strict=True)
            ),
            Form.COUNT,
            stacked=True,
        ),
    )


def _trends(scope: Scope, card: Scorecard) -> tuple[Block, ...]:
    targets = tuple(card.target("complaint_rate", month) for month in scope.months)
    quiet = (Series(TARGET, targets, quiet=True),) if any(value is not None for value in targets) else ()
    rate = card.figured("complaint_rate").kpi
    return (
        Lines(
            Text("Complaints per repair order", "投诉率趋势"),
            scope.trend_labels,
            (Series(rate.label, card.trend("complaint_rate")), *quiet),
            Form.RATE,
        ),
        Lines(
            Text("Cases by type", "各类型案件趋势"),
            scope.trend_labels,
            (
                Series(Text("dissatisfactions", "抱怨"), scope.trend("complaint_store_monthly", "dissatisfactions")),
                Series(Text("complaints", "投诉"), scope.trend("complaint_store_monthly", "complaints")),
                Series(Text("enquiries", "咨询"), scope.trend("complaint_store_monthly", "enquiries"), quiet=True),
            ),
            Form.COUNT,
        ),
    )


def _person(number: str, department: str) -> Text:
    label = seed_label("departments", department)
    return Text(f"{number} {label.en}", label.zh)


def _responsibility(scope: Scope) -> tuple[Block, ...]:
    rows = scope.rows("complaint_responsibility_monthly")
    if not rows:
        return ()
    departments = [*seed_labels("departments"), ""]
    ordered = sorted(rows, key=lambda row: (departments.index(row["responsible_department"]), -row["cases"]))
    people = [row for row in ordered if row["responsible_employee_no"]]
    return (_by_department(rows, departments), *([_by_person(people)] if people else []))


def _by_department(rows: list[Row], departments: list[str]) -> Table:
    """The cases of each department that has any, and of all; a blank department is one that is not stated."""
    total = sum(row["cases"] for row in rows)
    cells: list[tuple[Cell, ...]] = []
    for code in departments:
        own = [row for row in rows if row["responsible_department"] == code]
        if cases := sum(row["cases"] for row in own):
            cells.append(
                (capital(seed_label("departments", code)), cases, cases / total, *_complaints_and_unnamed(own))
            )
    return Table(
        Text("Responsibility by department", "责任部门"),
        (
            Column(Text("Department", "部门"), Form.TEXT),
            Column(Text("Cases", "案件"), Form.COUNT),
            Column(Text("Share", "占比"), Form.RATE),
            Column(Text("Of these, complaints", "其中投诉"), Form.COUNT),
            Column(Text("No person named", "未明确责任人"), Form.COUNT),
        ),
        (*cells, (Text("All", "合计"), total, 1.0, *_complaints_and_unnamed(rows))),
        note=Text("All three case types.", "含投诉、抱怨与咨询。"),
        total=True,
    )


def _complaints_and_unnamed(rows: list[Row]) -> tuple[int, int]:
    """How many of the cases are complaints, and how many name no responsible person."""
    unnamed = sum(row["cases"] for row in rows if not row["responsible_employee_no"])
    return sum(row["complaints"] for row in rows), unnamed


def _by_person(people: list[Row]) -> Bars:
    return Bars(
        Text("Cases by responsible person", "责任人案件数"),
        tuple(_person(row["responsible_employee_no"], row["responsible_department"]) for row in people),
        (
            Series(Text("complaints", "投诉"), tuple(row["complaints"] for row in people)),
            Series(
                Text("dissatisfactions, enquiries", "抱怨与咨询"),
                tuple(row["cases"] - row["complaints"] for row in people),
                quiet=True,
            ),
        ),
        Form.COUNT,
        stacked=True,
        horizontal=True,
    )


_STAGES = (
    (
        Text("Received → first response, median", "受理 → 首次响应（中位数）"),
        "first_response_minutes_median",
        Form.MINUTES,
    ),
    (
        Text("Received → first response, 90th percentile", "受理 → 首次响应（90 分位）"),
        "first_response_minutes_p90",
        Form.MINUTES,
    ),
    (Text("Received → assigned, median", "受理 → 分派（中位数）"), "assign_minutes_median", Form.MINUTES),
    (Text("Assigned → solution proposed, median", "分派 → 提出方案（中位数）"), "solution_hours_median", Form.HOURS),
    (Text("Received → resolved, median", "受理 → 解决（中位数）"), "resolution_hours_median", Form.HOURS),
    (Text("Received → resolved, 90th percentile", "受理 → 解决（90 分位）"), "resolution_hours_p90", Form.HOURS),
)
_OUTCOMES = (
    (Text("Resolved", "解决率"), "resolution_rate", "cases", True),
    (Text("Reopened after resolution", "重新打开率"), "reopen_rate", "ever_resolved", False),
    (Text("Urgent cases answered within 24 h", "紧急案件 24 小时响应率"), "urgent_in_24h_rate", "urgent_cases", True),
)


def _handling(row: Row, last: Row) -> tuple[Block, ...]:
    stages = Table(
        Text("Handling times by stage", "各环节处理时长"),
        (
            Column(Text("Stage", "环节"), Form.TEXT),
            Column(Text("Last month", "上月"), Form.TEXT),
            Column(Text("This month", "本月"), Form.TEXT),
        ),
        tuple((label, Measure(last.get(name), form), Measure(row[name], form)) for label, name, form in _STAGES),
        note=Text(
            f"{row['responded']:,} of {row['cases']:,} cases answered; times include nights and weekends.",
            f"{row['cases']:,} 件中 {row['responded']:,} 件已响应；时长含夜间与周末。",
        ),
    )
    outcomes = []
    for label, name, count, better in _OUTCOMES:
        now, before = _rate(row, name, count), _rate(last, name, count)
        outcomes.append(
            (
                label,
                before.value,
                now.value,
                interval(now, Form.RATE),
                change(now, before, Form.RATE, better),
                now.sample_size,
            )
        )
    rates = Table(
        Text("Outcome of cases", "处理结果"),
        (
            Column(Text("Share of cases", "指标"), Form.TEXT),
            Column(Text("Last month", "上月"), Form.RATE),
            Column(Text("This month", "本月"), Form.RATE),
            Column(Text("95% interval", "95% 区间"), Form.RATE),
            Column(Text("Change", "较上月"), Form.RATE),
            Column(Text("Base", "基数"), Form.COUNT),
        ),
        tuple(outcomes),
    )
    return stages, rates


def _rate(row: Row, name: str, count: str) -> Estimate:
    return Estimate(row.get(name), row.get(f"{name}_low"), row.get(f"{name}_high"), row.get(count))


def _channels(scope: Scope) -> tuple[Block, ...]:
    rows = scope.rows("complaint_channel_monthly")
    if not rows:
        return ()
    by_channel: dict[str, int] = defaultdict(int)
    by_topic: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        by_channel[row["channel"]] += row["cases"]
        by_topic[row["topic"], row["channel"]] += row["cases"]
    channels = sorted(by_channel, key=lambda code: (-by_channel[code], code))
    topics = sorted({topic for topic, _ in by_topic}, key=lambda t: (-sum(by_topic[t, c] for c in channels), t))
    return (
        Bars(
            Text("Cases by channel and topic", "案件来源与主题"),
            tuple(capital(enum_label(_CASES, "channel", code)) for code in channels),
            tuple(
                Series(enum_label(_CASES, "topic", topic), tuple(by_topic.get((topic, code), 0) for code in channels))
                for topic in topics
            ),
            Form.COUNT,
            stacked=True,
            horizontal=True,
        ),
    )


def _agents(scope: Scope) -> tuple[Block, ...]:
    agents = scope.rows("agent_monthly", order="agent_no")
    if not agents:
        return ()
    return (
        Table(
            Text("Customer-service agents", "客服专员"),
            (
                Column(Text("Agent", "专员"), Form.TEXT),
                Column(Text("Cases", "案件"), Form.COUNT),
                Column(Text("Resolved in 72 h", "72 小时解决率"), Form.RATE),
                Column(Text("95% interval", "95% 区间"), Form.RATE),
                Column(Text("First response", "首次响应"), Form.MINUTES),
                Column(Text("Satisfaction", "处理满意度"), Form.SCORE, 2),
                Column(Text("Calls", "回访量"), Form.COUNT),
                Column(Text("Completed", "成功率"), Form.RATE),
                Column(Text("95% interval", "95% 区间"), Form.RATE),
            ),
            tuple(
                (
                    row["agent_no"],
                    row["cases"],
                    row["resolved_in_72h_rate"],
                    interval(_rate(row, "resolved_in_72h_rate", "cases"), Form.RATE),
                    row["first_response_minutes_median"],
                    row["satisfaction_mean"],
                    row["callbacks"],
                    row["callbacks_completed_rate"],
                    interval(_rate(row, "callbacks_completed_rate", "callbacks"), Form.RATE),
                )
                for row in agents
            ),
            note=Text(
                "Agents whose intervals overlap can't be ranked against each other.", "区间重叠的专员之间无法区分优劣。"
            ),
        ),
    )


def _movers(reasons: list[Row], has_previous: bool) -> Text | None:
    """The reasons that rose by more than noise."""
    if not has_previous:
        return None
    risen = [
        row
        for row in reasons
        if (moved := count_change(row["cases"], row["previous_cases"], False)).is_news and (moved.value or 0) > 0
    ]
    if not risen:
        return Text("no reason rose by more than noise", "没有原因显著上升")
    risen.sort(key=lambda row: (row["previous_cases"] - row["cases"], row["category"]))
    names = listed([seed_label("complaint_categories", row["category"]) for row in risen])
    return Text(f"risen by more than noise: {names.en}", f"显著上升的原因：{names.zh}")


def complaints(scope: Scope, card: Scorecard) -> Chapter:
    """The chapter of dissatisfaction and complaints."""
    row = scope.row("complaint_store_monthly")
    last = _last_month(scope)
    # In the mart it is null where the month before had no reason at all: that is 0, if cases were extracted then.
    reasons = [
        reason | {"previous_cases": (reason["previous_cases"] or 0) if last else None}
        for reason in scope.rows("complaint_reason_monthly")
        if reason["cases"]
    ]
    if not row or not (row["cases"] or reasons):
        blocks: tuple[Block, ...] = (
            no_data(Text("complaint, dissatisfaction or enquiry", "投诉、抱怨或咨询"), scope.month_name),
        )
        return Chapter(4, _TITLE, _QUESTION, None, (*blocks, *_trends(scope, card)) if row else blocks)
    rate = card.figured("complaint_rate")
    clauses = [kpi_clause(rate.kpi, rate.now, rate.before)]
    reason_blocks: tuple[Block, ...] = (no_data(Text("dissatisfaction or complaint", "抱怨或投诉"), scope.month_name),)
    if reasons:
        top = _ranked(reasons)[0]
        name = seed_label("complaint_categories", top["category"])
        clauses.append(
            Text(
                f"main reason: {name.en}, {top['cases']:,} case{'' if top['cases'] == 1 else 's'}",
                f"首要原因：{name.zh} {top['cases']:,} 件",
            )
        )
        clauses.append(_movers(reasons, last is not None))
        reason_blocks = _reasons(scope, reasons, last)
    return Chapter(
        4,
        _TITLE,
        _QUESTION,
        joined(*clauses),
        (
            _figures(row, last, card),
            *reason_blocks,
            *_trends(scope, card),
            *_responsibility(scope),
            *_handling(row, last or {}),
            *_channels(scope),
            *_agents(scope),
        ),
    )
