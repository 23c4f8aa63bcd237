"""Chapter 7: next month's targets, and the top five problems of each department, to be completed by hand."""

from dagster_project.reports.monthly.blocks import (
    Block,
    Cell,
    Chapter,
    Column,
    Form,
    Measure,
    Note,
    Table,
    Text,
    Tone,
)
from dagster_project.reports.monthly.figures import Scorecard
from dagster_project.reports.monthly.kpis import KPIS
from dagster_project.reports.monthly.labels import capital, seed_labels
from dagster_project.reports.monthly.noise import distance
from dagster_project.reports.monthly.problems import TOP, Problem, department_rules, top_problems
from dagster_project.reports.monthly.scope import Scope, add_months
from dagster_project.reports.monthly.sentences import BEYOND_NOISE, WITHIN_NOISE, joined
from dagster_project.reports.monthly.written import month_name

_TITLE = Text("Next month's targets and top problems", "下月目标与重点问题")
_QUESTION = Text(
    "What are next month's targets, and what should each department work on?", "下月要达到什么？各部门重点改善什么？"
)
_UNKNOWN = Text("no interval", "无区间")


def _targets(scope: Scope, card: Scorecard) -> tuple[Block, ...]:
    following = add_months(scope.month, 1)
    rows = []
    for kpi in KPIS:
        target = card.target(kpi.code, following)
        if target is None:
            continue
        figured = card.figured(kpi.code, card.shown_month(kpi.code))
        rows.append(
            (
                card.label(kpi.code),
                Measure(figured.now.value, kpi.form, kpi.decimals),
                Measure(figured.target, kpi.form, kpi.decimals),
                Measure(target, kpi.form, kpi.decimals),
                distance(figured.now, target, kpi.form, kpi.higher_is_better, kpi.decimals),
                Text("higher is better", "越高越好") if kpi.higher_is_better else Text("lower is better", "越低越好"),
                None,
            )
        )
    name = month_name(following)
    if not rows:
        return (Note(Text(f"No targets are set for {name.en} yet.", f"尚未设定{name.zh}目标。")),)
    return (
        Table(
            Text(f"Targets for {name.en}", f"{name.zh}目标"),
            (
                Column(Text("Figure", "指标"), Form.TEXT),
                Column(Text("This month", "本月"), Form.TEXT),
                Column(Text("This month's target", "本月目标"), Form.TEXT),
                Column(Text("Next month's target", "下月目标"), Form.TEXT),
                Column(Text("Gap", "差距"), Form.TEXT),
                Column(Text("Direction", "方向"), Form.TEXT),
                Column(Text("Agreed", "确认"), Form.TO_FILL_IN),
            ),
            tuple(rows),
            note=Text(
                "Gap between this month's figure and next month's target; grey when the target lies in its interval.",
                "本月值与下月目标的差距；目标落在置信区间内时为灰色。",
            ),
        ),
    )


def _judged(problem: Problem) -> Text:
    if problem.is_news is None:
        return _UNKNOWN
    return capital(BEYOND_NOISE if problem.is_news else WITHIN_NOISE)


_PROBLEM_COLUMNS = (
    Column(Text("No.", "序号"), Form.COUNT),
    Column(Text("Problem, proposed from the data", "问题（由数据提出）"), Form.TEXT),
    Column(Text("This month", "本月"), Form.TEXT),
    Column(Text("Reference", "参照"), Form.TEXT),
    Column(Text("Compared with", "参照对象"), Form.TEXT),
    Column(Text("Shortfall", "差距"), Form.RATE),
    Column(Text("Assessment", "判断"), Form.TEXT),
    Column(Text("Measure", "改善措施"), Form.TO_FILL_IN),
    Column(Text("Owner", "责任人"), Form.TO_FILL_IN),
    Column(Text("Due", "完成时间"), Form.TO_FILL_IN),
    Column(Text("Supervisor", "监督人"), Form.TO_FILL_IN),
)


def _problem_table(scope: Scope, card: Scorecard, department: str, label: Text) -> Table:
    problems = top_problems(scope, card, department)
    blank = (None,) * 4
    rows: list[tuple[Cell, ...]] = [
        (
            place,
            problem.label,
            problem.now,
            problem.reference,
            problem.against,
            problem.shortfall,
            _judged(problem),
            *blank,
        )
        for place, problem in enumerate(problems, start=1)
    ]
    rest = Text("no further shortfall in the data: to be named by the department", "数据中无其他差距，由部门提出")
    rows += [(place, rest, None, None, None, None, None, *blank) for place in range(len(rows) + 1, TOP + 1)]
    return Table(
        Text(f"{capital(label).en}: top five problems", f"{label.zh}：五大问题"),
        _PROBLEM_COLUMNS,
        tuple(rows),
        tones=tuple((place, 6, Tone.BAD) for place, problem in enumerate(problems) if problem.is_news),
    )


def next_month(scope: Scope, card: Scorecard) -> Chapter:
    """The chapter of targets and of the departments' top problems."""
    labels = seed_labels("departments")
    following = month_name(add_months(scope.month, 1))
    tables = tuple(_problem_table(scope, card, code, labels[code]) for code in labels if code in department_rules())
    beyond = {
        code: sum(bool(problem.is_news) for problem in top_problems(scope, card, code)) for code in department_rules()
    }
    count_beyond = sum(beyond.values())
    are = "is" if count_beyond == 1 else "are"
    headline = joined(
        Text(
            f"for {following.en}, {count_beyond} of the proposed problems {are} beyond noise: "
            + ", ".join(f"{labels[code].en} {count}" for code, count in beyond.items()),
            f"{following.zh}建议的重点问题中有 {count_beyond} 项超出正常波动："
            + "、".join(f"{labels[code].zh} {count}" for code, count in beyond.items()),
        )
    )
    how = Note(
        Text(
            "Problems are proposed by rule: figures that fall short of the target, the region or the store's own "
            "previous months; those beyond noise come first, then the largest shortfalls. Measure, owner, due date and "
            "supervisor are filled in by the departments.",
            "问题按规则提出：低于目标、分中心或本店以往水平的指标，先列超出正常波动者，再按差距排序；"
            "改善措施、责任人、时间与监督人由各部门填写。",
        )
    )
    return Chapter(7, _TITLE, _QUESTION, headline, (*_targets(scope, card), how, *tables))
