"""Sentences made from figures: what changed, and whether by more than noise."""

from dataclasses import dataclass

from dagster_project.reports.monthly.blocks import Change, Column, Form, Note, Text
from dagster_project.reports.monthly.kpis import Kpi
from dagster_project.reports.monthly.noise import Estimate, change, is_small
from dagster_project.reports.monthly.written import changed, written

WITHIN_NOISE = Text("within noise", "属正常波动")
BEYOND_NOISE = Text("more than noise", "超出正常波动")
# The table column for `care`.
READ_WITH_CARE = Column(Text("Read with care", "提示"), Form.TEXT, is_optional=True)
SMALL_SAMPLE_MARK = Text("small sample", "小样本")


@dataclass(frozen=True)
class Earlier:
    """The earlier period that a figure is compared with: how a change is worded, and what is said if it is missing."""

    change_on: Text
    missing: Text


MONTH_BEFORE = Earlier(Text("on last month", "较上月"), Text("no figure last month", "无上月数据"))
COHORT_BEFORE = Earlier(Text("on the previous cohort", "较上一批"), Text("no previous cohort", "无上一批数据"))


def joined(*clauses: Text | None) -> Text | None:
    """Clauses as one sentence; None when there are none."""
    known = [clause for clause in clauses if clause]
    if not known:
        return None
    english = "; ".join(clause.en for clause in known)
    return Text(english[:1].upper() + english[1:] + ".", "；".join(clause.zh for clause in known) + "。")


def judgement(moved: Change, earlier: Earlier = MONTH_BEFORE) -> Text:
    """The judgement of a change, as the end of a clause: empty when it can't be judged."""
    if moved.value is None:
        return Text(f" ({earlier.missing.en})", f"（{earlier.missing.zh}）")
    if moved.is_news is None:
        return Text("", "")
    verdict = BEYOND_NOISE if moved.is_news else WITHIN_NOISE
    return Text(f" ({verdict.en})", f"（{verdict.zh}）")


def moved_clause(
    label: Text,
    value: float,
    form: Form,
    moved: Change,
    decimals: int | None = None,
    *,
    earlier: Earlier = MONTH_BEFORE,
) -> Text:
    """One figure: its value, its change, and whether that is news."""
    now, ending, delta = written(value, form, decimals), judgement(moved, earlier), changed(moved)
    if moved.value is None:
        return Text(f"{label.en} {now}{ending.en}", f"{label.zh} {now}{ending.zh}")
    on = earlier.change_on
    return Text(f"{label.en} {now}, {delta} {on.en}{ending.en}", f"{label.zh} {now}，{on.zh} {delta}{ending.zh}")


def care(sample_size: int | None) -> Text | str:
    """The mark of a small sample in a table; blank for a larger one."""
    return SMALL_SAMPLE_MARK if is_small(sample_size) else ""


def kpi_clause(kpi: Kpi, now: Estimate, before: Estimate) -> Text | None:
    """One figure of the scorecard as a clause; None where it has no value."""
    if now.value is None:
        return None
    moved = change(now, before, kpi.form, kpi.higher_is_better, kpi.decimals)
    small = (
        Text(f", small sample of {now.sample_size}", f"，小样本 {now.sample_size}") if now.is_small else Text("", "")
    )
    clause = moved_clause(kpi.label, now.value, kpi.form, moved, kpi.decimals)
    return Text(clause.en + small.en, clause.zh + small.zh)


def interval(estimate: Estimate, form: Form, decimals: int | None = None) -> str | None:
    """The 95% interval as text; None where there is none."""
    if estimate.low is None or estimate.high is None:
        return None
    ends = (written(end, form, decimals, unit=False) for end in (estimate.low, estimate.high))
    return " – ".join(ends) + ("%" if form is Form.RATE else "")


def no_data(what: Text, month: Text) -> Note:
    """A note in place of blocks that have no data."""
    return Note(Text(f"No {what.en} in {month.en}.", f"{month.zh}没有{what.zh}。"))


def listed(labels: list[Text]) -> Text:
    """Labels as an enumeration."""
    return Text(", ".join(label.en for label in labels), "、".join(label.zh for label in labels))
