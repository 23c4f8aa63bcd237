"""Chapter 1: the month's improvement actions, and their effect on the MOT items that they address."""

from collections import Counter
from collections.abc import Sequence

from dagster_project.reports.monthly.blocks import (
    Bars,
    Block,
    Cell,
    Chapter,
    Column,
    Figure,
    Figures,
    Form,
    Note,
    Series,
    Table,
    Text,
    Tone,
)
from dagster_project.reports.monthly.labels import capital, enum_label, seed_label, seed_labels
from dagster_project.reports.monthly.noise import Estimate, change
from dagster_project.reports.monthly.read import Row
from dagster_project.reports.monthly.satisfaction import item_estimates
from dagster_project.reports.monthly.scope import Scope
from dagster_project.reports.monthly.sentences import joined, no_data

_TITLE = Text("Last month's improvement actions", "上月改善措施落实")
_QUESTION = Text("Were the agreed actions completed, and did they help?", "约定的措施完成了吗？有效果吗？")
_ACTIONS = "planning/improvement_actions"
_OVERDUE = Text("overdue", "逾期")
_STATUSES = ("done", "in_progress", "not_started", "overdue")


def _status(code: str) -> Text:
    return _OVERDUE if code == "overdue" else enum_label(_ACTIONS, "status", code)


def _figures(actions: list[Row]) -> Figures:
    counts = Counter(row["status_now"] for row in actions)
    done = [row for row in actions if row["status_now"] == "done"]
    late = sum(row["completed_on"] is not None and row["completed_on"] > row["due_on"] for row in done)
    total = len(actions)
    open_ = counts["in_progress"] + counts["not_started"]
    return Figures(
        (
            Figure(Text("Actions agreed", "约定措施"), total, Form.COUNT),
            Figure(
                Text("Done", "已完成"),
                counts["done"] / total,
                Form.RATE,
                note=Text(
                    f"{counts['done']} of {total}, {late} of them late",
                    f"{counts['done']}/{total} 项，其中迟完成 {late} 项",
                ),
                decimals=0,
            ),
            Figure(
                capital(_OVERDUE),
                counts["overdue"],
                Form.COUNT,
                tone=Tone.BAD if counts["overdue"] else Tone.NEUTRAL,
                note=Text("due but not done by the as-of date", "至业务日期应完成未完成"),
            ),
            Figure(Text("Open, not yet due", "未到期"), open_, Form.COUNT),
        )
    )


def _by_department(actions: list[Row]) -> Bars:
    departments = seed_labels("departments")
    counts = Counter((row["department"], row["status_now"]) for row in actions)
    return Bars(
        Text("Status by department", "各部门完成情况"),
        tuple(capital(label) for label in departments.values()),
        tuple(
            Series(capital(_status(status)), tuple(counts[department, status] for department in departments))
            for status in _STATUSES
        ),
        Form.COUNT,
        stacked=True,
        horizontal=True,
    )


def _columns(first: Text) -> tuple[Column, ...]:
    return (
        Column(first, Form.TEXT),
        Column(Text("Problem", "存在问题"), Form.TEXT),
        Column(Text("Measure", "改善措施"), Form.TEXT),
        Column(Text("Owner", "责任人"), Form.TEXT),
        Column(Text("Supervisor", "监督人"), Form.TEXT),
        Column(Text("Due", "完成时间"), Form.DAY),
        Column(Text("Completed", "实际完成"), Form.DAY),
        Column(Text("Status", "完成情况"), Form.TEXT),
        Column(Text("Evidence", "验证方式"), Form.TEXT),
    )


def _state(row: Row) -> Text:
    label = capital(_status(row["status_now"]))
    if row["status_now"] != "overdue":
        return label
    return Text(f"{label.en} by {row['days_overdue']} d", f"{label.zh} {row['days_overdue']} 天")


def _action_table(title: Text, first: Text, rows: Sequence[tuple[Cell, Row]], note: Text | None = None) -> Table:
    tones = {"overdue": Tone.BAD, "done": Tone.GOOD}
    return Table(
        title,
        _columns(first),
        tuple(
            (
                lead if isinstance(lead, Text) else str(lead),
                row["problem"],
                row["measure"],
                row["owner_no"],
                row["supervisor_no"],
                row["due_on"],
                row["completed_on"],
                _state(row),
                row["evidence"],
            )
            for lead, row in rows
        ),
        note=note,
        tones=tuple(
            (place, 7, tones[row["status_now"]]) for place, (_, row) in enumerate(rows) if row["status_now"] in tones
        ),
    )


def _department_tables(actions: list[Row]) -> list[Block]:
    tables: list[Block] = []
    for code, label in seed_labels("departments").items():
        rows = [row for row in actions if row["department"] == code]
        if rows:
            numbered = [(row["action_no"], row) for row in rows]
            tables.append(_action_table(capital(label), Text("No.", "编号"), numbered))
    return tables


def _mot_plan(scope: Scope, actions: list[Row]) -> Table | None:
    """Items with actions: how many are done, and whether the score changed."""
    planned = sorted({row["mot_item"] for row in actions if row["mot_item"]})
    if not planned:
        return None
    now, before = item_estimates(scope, scope.month), item_estimates(scope, scope.previous)
    rows = []
    for code in planned:
        own = [row for row in actions if row["mot_item"] == code]
        done = sum(row["status_now"] == "done" for row in own)
        estimate, last = now.get(code, Estimate()), before.get(code, Estimate())
        moved = change(estimate, last, Form.SCORE, True)
        rows.append(
            (
                capital(seed_label("mot_items", code)),
                len(own),
                done / len(own),
                own[0]["previous_item_score"],
                own[0]["item_score"],
                moved,
                _effect(moved.is_news, moved.value),
            )
        )
    return Table(
        Text("MOT action plan: completion and effect", "MOT 改善计划：完成率与效果"),
        (
            Column(Text("Item", "题目"), Form.TEXT),
            Column(Text("Actions", "措施数"), Form.COUNT),
            Column(Text("Completed", "完成率"), Form.RATE, 0),
            Column(Text("Previous score", "上次得分"), Form.SCORE),
            Column(Text("Current score", "本次得分"), Form.SCORE),
            Column(Text("Change", "变化"), Form.SCORE),
            Column(Text("Effect", "效果"), Form.TEXT),
        ),
        tuple(rows),
        note=Text(
            "A change of score need not be caused by the action; a change within noise shows no effect.",
            "得分变化不必然由措施引起；属正常波动的变化不能说明效果。",
        ),
    )


def _effect(is_news: bool | None, moved: float | None) -> Text:
    if moved is None:
        return Text("no comparable score", "无可比得分")
    if is_news is None:
        return Text("can't be judged", "无法判断")
    if not is_news:
        return Text("none seen", "未见效果")
    return Text("up by more than noise", "显著提升") if moved > 0 else Text("down by more than noise", "显著下降")


def _carried_over(scope: Scope) -> list[Block]:
    """Actions of earlier months that are still open."""
    sql = (
        "from improvement_action where store_code = ? and period < ? and status_now <> 'done' "
        "order by due_on, action_no"
    )
    rows = scope.marts.rows(sql, scope.store_code, scope.month)
    if not rows:
        return []
    title = Text("Still open from earlier months", "以往月份未完成的措施")
    led = [
        (Text(f"{row['action_no']} · {row['period']:%Y-%m}", seed_label("departments", row["department"]).zh), row)
        for row in rows
    ]
    return [_action_table(title, Text("No.", "编号"), led)]


def actions(scope: Scope) -> Chapter:
    """The chapter of the improvement actions."""
    departments = {code: place for place, code in enumerate(seed_labels("departments"))}
    found = scope.marts.rows(
        "from improvement_action where store_code = ? and period = ? order by action_no", scope.store_code, scope.month
    )
    found.sort(key=lambda row: (departments.get(row["department"], 9), _number(row["priority"]), row["action_no"]))
    blocks: list[Block] = []
    headline = None
    if found:
        counts = Counter(row["status_now"] for row in found)
        blocks += [_figures(found), _by_department(found)]
        if plan := _mot_plan(scope, found):
            blocks.append(plan)
        else:
            blocks.append(Note(Text("No action of this month names an MOT item.", "本月措施未关联 MOT 题目。")))
        blocks += _department_tables(found)
        overdue = Text(f"{counts['overdue']} overdue", f"{counts['overdue']} 项逾期")
        headline = joined(
            Text(f"{counts['done']} of {len(found)} actions done", f"{len(found)} 项措施完成 {counts['done']} 项"),
            overdue,
        )
    else:
        blocks.append(no_data(Text("improvement actions", "改善措施"), scope.month_name))
    return Chapter(1, _TITLE, _QUESTION, headline, tuple(blocks + _carried_over(scope)))


def _number(priority: str | None) -> tuple[int, str]:
    """The sort key of a priority: numbers by value, others after them."""
    text = priority or ""
    return (int(text), "") if text.isdecimal() else (10**9, text)
