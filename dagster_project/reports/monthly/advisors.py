"""Service advisors side by side: check-ins, samples, survey items, low callback answers."""

from dagster_project.reports.monthly.blocks import (
    Block,
    Column,
    Comparison,
    Form,
    Heat,
    Intervals,
    Table,
    Text,
)
from dagster_project.reports.monthly.labels import capital, seed_labels
from dagster_project.reports.monthly.noise import SMALL_SAMPLE
from dagster_project.reports.monthly.read import Row
from dagster_project.reports.monthly.scope import Scope
from dagster_project.reports.monthly.sentences import READ_WITH_CARE, care, no_data

_STORE = Text("store", "本店")


def advisor_name(number: str) -> Text:
    """The label of an advisor, by number."""
    return Text(f"Advisor {number}", f"顾问 {number}")


def advisor_blocks(scope: Scope) -> tuple[Block, ...]:
    """The blocks that compare the store's advisors."""
    advisors = scope.rows("css_advisor_monthly", order="advisor_no")
    if not advisors:
        return (no_data(Text("data attributed to a service advisor", "可归属服务顾问的数据"), scope.month_name),)
    return (_table(advisors), *_item_heat(scope), *_question_heat(scope), *_low_intervals(scope))


def _table(advisors: list[Row]) -> Table:
    small = any((row["css_samples"] or 0) < SMALL_SAMPLE for row in advisors)
    return Table(
        Text("Service advisors side by side", "服务顾问对比"),
        (
            Column(Text("Advisor", "服务顾问"), Form.TEXT),
            Column(Text("Check-ins", "接车量"), Form.COUNT),
            Column(Text("Callbacks completed", "内部样本"), Form.COUNT),
            Column(Text("CSS responses", "外部样本"), Form.COUNT),
            Column(Text("MOT", "MOT 得分"), Form.SCORE),
            Column(Text("CSS", "CSS 得分"), Form.SCORE),
            READ_WITH_CARE,
        ),
        tuple(
            (
                row["advisor_no"],
                row["check_ins"],
                row["callbacks_completed"],
                row["css_samples"],
                row["mot_score"],
                row["css_score"],
                _care(row["css_samples"]),
            )
            for row in advisors
        ),
        note=Text(
            f"Fewer than {SMALL_SAMPLE} responses are too few to rank people by.",
            f"样本少于 {SMALL_SAMPLE} 不宜用于人员排名。",
        )
        if small
        else None,
    )


def _care(samples: int | None) -> Text | str:
    if not samples:
        return Text("no response", "无样本")
    return care(samples)


def _item_heat(scope: Scope) -> tuple[Block, ...]:
    rows = scope.rows("css_advisor_item_monthly", order="advisor_no, item_code")
    labels = {
        code: label for code, label in seed_labels("mot_items").items() if any(r["item_code"] == code for r in rows)
    }
    store = scope.row("css_store_monthly")
    if not labels:
        return ()
    advisors = sorted({row["advisor_no"] for row in rows})
    scores = {(row["advisor_no"], row["item_code"]): row["score"] for row in rows}
    samples = {row["advisor_no"]: row["css_samples"] for row in scope.rows("css_advisor_monthly")}
    return (
        Heat(
            Text("External items by advisor", "外部题目 × 服务顾问"),
            tuple(capital(label) for label in labels.values()),
            tuple(Text(number, f"n = {samples.get(number) or 0}") for number in advisors),
            tuple(tuple(scores.get((number, code)) for number in advisors) for code in labels),
            Form.SCORE,
            middle=store["mot_score"] if store else None,
            note=Text(
                "Colours are centred on the store's MOT score, red below it. Small samples are only an indication.",
                "以本店 MOT 得分为中点着色，低于者偏红；小样本仅供参考。",
            ),
        ),
    )


def _question_heat(scope: Scope) -> tuple[Block, ...]:
    rows = scope.rows("callback_advisor_monthly", order="advisor_no, question_code")
    labels = {
        code: label
        for code, label in seed_labels("callback_questions").items()
        if any(r["question_code"] == code for r in rows)
    }
    if not labels:
        return ()
    advisors = sorted({row["advisor_no"] for row in rows})
    scores = {(row["advisor_no"], row["question_code"]): row["score"] for row in rows}
    answers = {number: max(row["answers"] for row in rows if row["advisor_no"] == number) for number in advisors}
    store = [row["score"] for row in scope.rows("callback_question_monthly") if row["score"] is not None]
    return (
        Heat(
            Text("Callback questions by advisor", "回访题目 × 服务顾问"),
            tuple(capital(label) for label in labels.values()),
            tuple(Text(number, f"n = {answers[number]}") for number in advisors),
            tuple(tuple(scores.get((number, code)) for number in advisors) for code in labels),
            Form.SCORE,
            middle=sum(store) / len(store) if store else None,
            note=Text(
                "Colours are centred on the mean score of the store's questions.", "以本店各题平均得分为中点着色。"
            ),
        ),
    )


def _low_intervals(scope: Scope) -> tuple[Block, ...]:
    rows = [row for row in scope.rows("callback_advisor_monthly", order="advisor_no") if row["question_code"] == "Q1"]
    store = next((row for row in scope.rows("callback_question_monthly") if row["question_code"] == "Q1"), None)
    if not rows:
        return ()
    rows.sort(key=lambda row: (-(row["low_rate"] or 0), row["advisor_no"]))
    return (
        Intervals(
            Text("Dissatisfied customers by advisor (Q1 ≤ 3)", "各顾问总体不满意占比（Q1 ≤ 3）"),
            tuple(advisor_name(row["advisor_no"]) for row in rows),
            tuple(row["low_rate"] for row in rows),
            tuple(row["low_rate_low"] for row in rows),
            tuple(row["low_rate_high"] for row in rows),
            tuple(row["answers"] for row in rows),
            Form.RATE,
            Comparison(_STORE, store["low_rate"] if store else None),
            note=Text(
                "Share of completed calls. An interval that crosses the store's line: no difference beyond noise.",
                "以成功回访为分母；区间跨过本店基准线表示无显著差异。",
            ),
        ),
    )
