"""Chapter 3: the store's own calls after delivery, and its advisors side by side."""

from datetime import date

from dagster_project.reports.monthly.advisors import advisor_blocks
from dagster_project.reports.monthly.blocks import (
    Bars,
    Block,
    Chapter,
    Column,
    Comparison,
    Figure,
    Figures,
    Form,
    Lines,
    Series,
    Table,
    Text,
)
from dagster_project.reports.monthly.figures import LAST_MONTH, Scorecard, count_figure, kpi_figure
from dagster_project.reports.monthly.labels import capital, seed_label
from dagster_project.reports.monthly.noise import Estimate, change, differ, mean_estimate, standard_error
from dagster_project.reports.monthly.read import Row
from dagster_project.reports.monthly.scope import Scope
from dagster_project.reports.monthly.sentences import (
    READ_WITH_CARE,
    care,
    interval,
    joined,
    kpi_clause,
    listed,
    no_data,
)

_TITLE = Text("Internal callbacks", "内部电话回访")
_QUESTION = Text(
    "How many customers were reached, how satisfied are they, and how do the advisors compare?",
    "回访了多少客户？满意程度如何？各服务顾问表现如何？",
)
RATED = ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7")


def question_estimates(scope: Scope, month: date) -> dict[str, Estimate]:
    """The questions' scores, with intervals from the spread of the answers."""
    answers = " union all ".join(
        f"select '{code}' as question_code, {code.lower()}_score * 20 as answer from fct_callback "
        "where store_code = $store and month = $month and is_completed"
        for code in RATED
    )
    sql = (
        f"with answers as ({answers}), "
        f"spread as (select question_code, {standard_error('answer')} as error from answers group by question_code) "
        "select question_code, score, answers, error "
        "from callback_question_monthly join spread using (question_code) where store_code = $store and month = $month"
    )
    cursor = scope.marts.connection.execute(sql, {"store": scope.store_code, "month": month})
    return {code: mean_estimate(score, error, count) for code, score, count, error in cursor.fetchall()}


def low_rate(row: Row | None) -> Estimate:
    """The share of low answers of a question with its interval."""
    if row is None:
        return Estimate()
    return Estimate(row["low_rate"], row["low_rate_low"], row["low_rate_high"], row["answers"])


def _question_table(scope: Scope, questions: list[Row]) -> Table:
    now, before = question_estimates(scope, scope.month), question_estimates(scope, scope.previous)
    last = {row["question_code"]: row for row in scope.rows("callback_question_monthly", scope.previous)}
    rows = []
    for row in questions:
        code, lows = row["question_code"], low_rate(row)
        rows.append(
            (
                f"{code}",
                capital(seed_label("callback_questions", code)),
                row["previous_score"],
                row["score"],
                change(now.get(code, Estimate()), before.get(code, Estimate()), Form.SCORE, True),
                row["answers"],
                row["low_answers"],
                row["low_rate"],
                interval(lows, Form.RATE),
                change(lows, low_rate(last.get(code)), Form.RATE, False),
                care(row["answers"]),
            )
        )
    return Table(
        Text("Scores and low answers by question", "各题得分与低分占比"),
        (
            Column(Text("No.", "题号"), Form.TEXT),
            Column(Text("Question", "题目"), Form.TEXT),
            Column(Text("Last month", "上月"), Form.SCORE),
            Column(Text("This month", "本月"), Form.SCORE),
            Column(Text("Change", "较上月"), Form.SCORE),
            Column(Text("Answers", "回答数"), Form.COUNT),
            Column(Text("Low (≤ 3)", "低分（≤3）"), Form.COUNT),
            Column(Text("Low share", "低分占比"), Form.RATE),
            Column(Text("95% interval", "95% 区间"), Form.RATE),
            Column(Text("Change", "较上月"), Form.RATE),
            READ_WITH_CARE,
        ),
        tuple(rows),
        note=Text(
            "Score: mean of 1–5 as a share of 5, × 100. Changes in grey are within noise.",
            "得分 = 平均分 ÷ 5 × 100；灰色变化属正常波动。",
        ),
    )


def _low_items(questions: list[Row]) -> Bars:
    ranked = sorted(questions, key=lambda row: (-(row["low_rate"] or 0), row["question_code"]))
    return Bars(
        Text("Low answers, worst question first", "低分占比（由高到低）"),
        tuple(capital(seed_label("callback_questions", row["question_code"])) for row in ranked),
        (Series(Text("low share", "低分占比"), tuple(row["low_rate"] for row in ranked)),),
        Form.RATE,
        horizontal=True,
        note=Text("Share of answers of 3 or lower.", "3 分及以下的占比。"),
    )


def _rates(scope: Scope, card: Scorecard) -> tuple[Lines, Lines]:
    targets = {
        code: tuple(card.target(code, month) for month in scope.months)
        for code in ("callback_delighted_rate", "callback_disappointed_rate")
    }
    series = [
        Series(card.figured(code).kpi.label, card.trend(code))
        for code in ("callback_delighted_rate", "callback_disappointed_rate")
    ]
    quiet = [
        Series(Text(f"target {name.en}", f"{name.zh}目标"), targets[code], quiet=True)
        for code, name in (
            ("callback_delighted_rate", Text("delighted", "欣喜率")),
            ("callback_disappointed_rate", Text("disappointed", "失望率")),
        )
        if any(value is not None for value in targets[code])
    ]
    volumes = tuple(
        Series(label, scope.trend("callback_store_monthly", column), quiet=quiet_)
        for label, column, quiet_ in (
            (Text("calls", "回访量"), "callbacks", True),
            (Text("completed", "成功"), "completed", False),
        )
    )
    return (
        Lines(
            Text("Delighted and disappointed rate", "欣喜率与失望率趋势"),
            scope.trend_labels,
            (*series, *quiet),
            Form.RATE,
            decimals=0,
        ),
        Lines(Text("Calls and completed calls", "回访量与成功量"), scope.trend_labels, volumes, Form.COUNT),
    )


def _figures(row: Row, last: Row | None, card: Scorecard) -> Figures:
    completed = Estimate(row["completed_rate"], row["completed_rate_low"], row["completed_rate_high"], row["callbacks"])
    before = Estimate()
    if last:
        before = Estimate(
            last["completed_rate"], last["completed_rate_low"], last["completed_rate_high"], last["callbacks"]
        )
    unreachable = Text(
        f"{row['unreachable']:,} unreachable, {row['declined']:,} declined",
        f"无法接通 {row['unreachable']:,}，拒访 {row['declined']:,}",
    )
    return Figures(
        (
            count_figure(Text("Calls", "回访量"), row["callbacks"], last["callbacks"] if last else None, unreachable),
            Figure(
                Text("Completed rate", "回访成功率"),
                completed.value,
                Form.RATE,
                (Comparison(LAST_MONTH, before.value, differ(completed, before)),),
                completed.low,
                completed.high,
                completed.sample_size,
                completed.is_small,
                note=Text(f"{row['completed']:,} completed", f"成功 {row['completed']:,}"),
            ),
            *(
                kpi_figure(card.figured(code))
                for code in ("callback_delighted_rate", "callback_disappointed_rate", "nps")
            ),
        )
    )


def callbacks(scope: Scope, card: Scorecard) -> Chapter:
    """The chapter of the internal callbacks."""
    row = scope.row("callback_store_monthly")
    questions = scope.rows("callback_question_monthly", order="question_code")
    blocks: list[Block] = []
    clauses = []
    if row:
        blocks += [_figures(row, scope.row("callback_store_monthly", scope.previous), card), *_rates(scope, card)]
        clauses = [
            kpi_clause(figured.kpi, figured.now, figured.before)
            for figured in (card.figured(code) for code in ("callback_delighted_rate", "callback_disappointed_rate"))
        ]
    else:
        blocks.append(no_data(Text("internal callbacks", "内部回访"), scope.month_name))
    if questions:
        blocks += [_question_table(scope, questions), _low_items(questions)]
        clauses.append(_worst(questions))
    return Chapter(3, _TITLE, _QUESTION, joined(*clauses), (*blocks, *advisor_blocks(scope)))


def _worst(questions: list[Row]) -> Text | None:
    """The question with the largest share of low answers, and those that do not differ from it by more than noise."""
    known = [row for row in questions if row["low_rate"] is not None]
    if not known:
        return None
    worst = max(known, key=lambda row: row["low_rate"])
    if not worst["low_rate"]:
        return Text("no low answers", "无低分回答")
    tied = [row for row in known if not differ(low_rate(row), low_rate(worst))]
    names = listed([seed_label("callback_questions", row["question_code"]) for row in tied])
    return Text(f"most low answers: {names.en}", f"低分最多：{names.zh}")
