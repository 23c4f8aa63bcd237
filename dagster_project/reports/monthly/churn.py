"""Chapter 6: customer files, the last final cohort, and the reasons that lost customers gave."""

from collections import Counter
from datetime import date

from dagster_project.reports.monthly.blocks import (
    Block,
    Chapter,
    Column,
    Comparison,
    Figure,
    Figures,
    Flow,
    FlowLink,
    Form,
    Lines,
    Note,
    Pareto,
    Series,
    Table,
    Text,
)
from dagster_project.reports.monthly.figures import LAST_MONTH, OWN, Scorecard, kpi_figure
from dagster_project.reports.monthly.labels import UNKNOWN_TYPE, capital, enum_label, seed_label
from dagster_project.reports.monthly.noise import Estimate, change
from dagster_project.reports.monthly.read import Row
from dagster_project.reports.monthly.scope import Scope, add_months, final_cohort
from dagster_project.reports.monthly.sentences import COHORT_BEFORE, interval, joined, moved_clause
from dagster_project.reports.monthly.written import month_name

_TITLE = Text("Churn", "客户流失")
_QUESTION = Text(
    "How many customers does the store keep, why do the others leave, and where do they go?",
    "留住了多少客户？流失的客户为何离开、去了哪里？",
)
_TYPES = ("private", "corporate")


def _rate(row: Row | None) -> Estimate:
    if row is None:
        return Estimate()
    return Estimate(row["churn_rate"], row["churn_rate_low"], row["churn_rate_high"], row["visited_vehicles"])


def _type_label(code: str) -> Text:
    if code == "all":
        return Text("All vehicles", "全部车辆")
    return capital(enum_label("dms/customers", "customer_type", code))


def _base(scope: Scope) -> tuple[Block, ...]:
    row = scope.row("customer_base_monthly")
    if not row:
        return ()
    return (
        Lines(
            Text("Customer files", "客户档案与基盘"),
            scope.trend_labels,
            (
                Series(Text("active base", "基盘客户"), scope.trend("customer_base_monthly", "active_customers")),
                Series(
                    Text("on file", "档案客户"), scope.trend("customer_base_monthly", "on_file_customers"), quiet=True
                ),
            ),
            Form.COUNT,
        ),
    )


def _base_table(scope: Scope) -> tuple[Block, ...]:
    """Customers on file and active base by month."""
    sql = "from customer_base_monthly where store_code = ? and month between ? and ? order by month"
    rows = scope.marts.rows(sql, scope.store_code, scope.months[0], scope.month)
    if not rows:
        return ()
    return (
        Table(
            Text("Customer files by month", "客户档案（按月）"),
            (
                Column(Text("Month", "月份"), Form.MONTH),
                Column(Text("On file", "档案客户"), Form.COUNT),
                Column(Text("Active base", "基盘客户"), Form.COUNT),
                Column(Text("Active share", "基盘占比"), Form.RATE),
            ),
            tuple(
                (
                    row["month"],
                    row["on_file_customers"],
                    row["active_customers"],
                    row["active_customers"] / row["on_file_customers"] if row["on_file_customers"] else None,
                )
                for row in rows
            ),
            note=Text(
                "On file: all customers ever registered here. Active: served in the twelve months to the month's end.",
                "档案客户：历次登记的全部客户；基盘客户：截至月末十二个月内到店客户。",
            ),
        ),
    )


def _cohort_table(scope: Scope, cohort: date) -> Table:
    now = {row["customer_type"]: row for row in scope.rows("churn_cohort_monthly", cohort)}
    before = {row["customer_type"]: row for row in scope.rows("churn_cohort_monthly", add_months(cohort, -1))}
    rows = []
    for code in ("all", *_TYPES):
        if code not in now:
            continue
        rows.append(
            (
                _type_label(code),
                now[code]["visited_vehicles"],
                now[code]["lost_vehicles"],
                now[code]["churn_rate"],
                interval(_rate(now[code]), Form.RATE, 2),
                before[code]["churn_rate"] if code in before else None,
                change(_rate(now[code]), _rate(before.get(code)), Form.RATE, False, 2),
            )
        )
    return Table(
        Text(f"Cohort of {month_name(cohort).en}", f"{month_name(cohort).zh}到店车辆"),
        (
            Column(Text("Customers", "客户类型"), Form.TEXT),
            Column(Text("Visited", "到店车辆"), Form.COUNT),
            Column(Text("Lost", "流失车辆"), Form.COUNT),
            Column(Text("Churn rate", "流失率"), Form.RATE, 2),
            Column(Text("95% interval", "95% 区间"), Form.RATE),
            Column(Text("Previous cohort", "上一批"), Form.RATE, 2),
            Column(Text("Change", "变化"), Form.RATE, 2),
        ),
        tuple(rows),
        note=Text(
            "Lost: did not return to this store within six months of the last visit in the month.",
            "流失：当月最后一次到店后六个月内未再次到本店。",
        ),
    )


_NOT_CALLED = "not_called"
_OUTCOMES = "survey/churn_callbacks"


def _flow(scope: Scope, cohort: date, visited: int) -> Flow:
    """From visits to reasons: every vehicle of the cohort once."""
    sql = (
        "select coalesce(customer_type, '') as customer_type, "
        f"coalesce(callback_outcome, '{_NOT_CALLED}') as outcome, coalesce(reason, '') as reason, count(*) as vehicles "
        "from lost_vehicle where store_code = ? and month = ? group by all order by all"
    )
    lost = scope.marts.rows(sql, scope.store_code, cohort)
    total = sum(row["vehicles"] for row in lost)
    nodes = {
        "visited": Text("Visited", "到店"),
        "back": Text("Back within six months", "六个月内回店"),
        "lost": Text("Lost", "流失"),
        "reached": Text("Reached by phone", "回访成功"),
        "missed": Text("Called, not reached", "未接通"),
        _NOT_CALLED: Text("Not called", "未回访"),
    }
    links: Counter[tuple[str, str]] = Counter()
    links["visited", "lost"] = total
    links["visited", "back"] = visited - total
    for row in lost:
        kind, vehicles = f"type_{row['customer_type']}", row["vehicles"]
        label = (
            enum_label("dms/customers", "customer_type", row["customer_type"]) if row["customer_type"] else UNKNOWN_TYPE
        )
        nodes[kind] = capital(label)
        links["lost", kind] += vehicles
        if row["outcome"] == _NOT_CALLED:
            links[kind, _NOT_CALLED] += vehicles
            continue
        group = "reached" if row["outcome"] == "completed" else "missed"
        links[kind, group] += vehicles
        end = f"reason_{row['reason']}" if group == "reached" else f"outcome_{row['outcome']}"
        nodes[end] = capital(
            seed_label("churn_reasons", row["reason"])
            if group == "reached"
            else enum_label(_OUTCOMES, "outcome", row["outcome"])
        )
        links[group, end] += vehicles
    ends = [name for name in nodes if name.startswith(("reason_", "outcome_"))]
    sizes = {name: sum(value for (_, target), value in links.items() if target == name) for name in ends}
    kinds = sorted((name for name in nodes if name.startswith("type_")), key=lambda name: (-links["lost", name], name))
    stages = (
        ("visited",),
        ("lost", "back"),
        tuple(kinds),
        tuple(name for name in ("reached", "missed", _NOT_CALLED) if any(target == name for _, target in links)),
        (
            *sorted((n for n in ends if n.startswith("reason_")), key=lambda n: (-sizes[n], n)),
            *sorted((n for n in ends if n.startswith("outcome_")), key=lambda n: (-sizes[n], n)),
        ),
    )
    shown = {name for stage in stages for name in stage}
    return Flow(
        Text("Where the visitors went", "到店客户流向"),
        {name: label for name, label in nodes.items() if name in shown},
        tuple(stage for stage in stages if stage),
        tuple(FlowLink(source, target, value) for (source, target), value in links.items() if value),
        note=Text("Vehicles of the cohort, each counted once.", "同批到店车辆，每车计一次。"),
    )


def _calls(scope: Scope, cohort: date) -> tuple[Block, ...]:
    outcomes = scope.rows("churn_callback_monthly", cohort)
    reasons = scope.rows("churn_reason_monthly", cohort)
    name = month_name(cohort)
    if not outcomes:
        text = Text(f"No calls to the lost customers of {name.en} yet.", f"{name.zh}流失客户尚未回访。")
        return (Note(text),)
    ranked = sorted(outcomes, key=lambda row: (row["outcome"] != "completed", -row["callbacks"], row["outcome"]))
    total = sum(row["callbacks"] for row in ranked)
    blocks: list[Block] = []
    if reasons:
        worst = sorted(reasons, key=lambda row: (-row["vehicles"], row["reason"]))
        blocks.append(
            Pareto(
                Text("Why they left", "流失原因"),
                tuple(capital(seed_label("churn_reasons", row["reason"])) for row in worst),
                tuple(row["vehicles"] for row in worst),
            )
        )
        blocks.append(
            Table(
                Text("Reasons given by those reached", "流失原因明细"),
                (
                    Column(Text("Reason", "原因"), Form.TEXT),
                    Column(Text("Vehicles", "车辆"), Form.COUNT),
                    Column(Text("Share of completed calls", "占成功回访"), Form.RATE),
                ),
                tuple(
                    (capital(seed_label("churn_reasons", row["reason"])), row["vehicles"], row["share"])
                    for row in worst
                ),
            )
        )
    blocks.append(
        Table(
            Text("Calls to lost customers", "流失客户回访结果"),
            (
                Column(Text("Outcome", "结果"), Form.TEXT),
                Column(Text("Calls", "回访"), Form.COUNT),
                Column(Text("Share", "占比"), Form.RATE),
            ),
            (
                *(
                    (
                        capital(enum_label(_OUTCOMES, "outcome", row["outcome"])),
                        row["callbacks"],
                        row["callbacks"] / total,
                    )
                    for row in ranked
                ),
                (Text("All calls", "合计"), total, 1.0),
            ),
            total=True,
        )
    )
    return tuple(blocks)


def _figures(scope: Scope, cohort: date | None, card: Scorecard) -> tuple[Block, ...]:
    figures = []
    if cohort:
        name = month_name(cohort)
        churn = kpi_figure(card.figured("churn_rate", cohort))
        before = scope.row("churn_cohort_monthly", add_months(cohort, -1))
        comparisons = tuple(
            Comparison(Text("previous cohort", "上一批"), c.value, c.is_news) if c.label == LAST_MONTH else c
            for c in churn.comparisons
            if c.label != LAST_MONTH or before
        )
        figures.append(
            Figure(
                Text(f"Churn rate, {name.en} cohort", f"流失率（{name.zh}到店）"),
                churn.value,
                churn.form,
                comparisons,
                churn.low,
                churn.high,
                churn.sample_size,
                churn.is_small_sample,
                churn.tone,
                decimals=churn.decimals,
            )
        )
    base = scope.row("customer_base_monthly")
    if base:
        last = scope.row("customer_base_monthly", scope.previous)
        active = kpi_figure(card.figured("active_customers"))
        figures.append(active)
        figures.append(
            Figure(
                Text("On file", "档案客户"),
                base["on_file_customers"],
                Form.COUNT,
                (Comparison(LAST_MONTH, last["on_file_customers"] if last else None),),
            )
        )
    return (Figures(tuple(figures)),) if figures else ()


def churn(scope: Scope, card: Scorecard) -> Chapter:
    """The chapter of customer files and lost customers."""
    cohort = final_cohort(scope)
    blocks: list[Block] = [*_figures(scope, cohort, card)]
    clauses: list[Text | None] = []
    if cohort:
        name = month_name(cohort)
        figured = card.figured("churn_rate", cohort)
        if cohort != scope.month:
            blocks.append(
                Note(
                    Text(
                        f"Churn is known only after six months. The last final cohort is that of {name.en}; later "
                        "months are not final, and no rates are shown for them.",
                        f"流失需六个月才能确认：最近可确认的批次为{name.zh}，此后月份尚未最终确定，不显示流失率。",
                    )
                )
            )
        moved = change(figured.now, figured.before, Form.RATE, False, 2)
        if figured.now.value is not None:
            label = Text(f"churn rate of the {name.en} cohort", f"{name.zh}到店客户流失率")
            clauses.append(moved_clause(label, figured.now.value, Form.RATE, moved, 2, earlier=COHORT_BEFORE))
        blocks += [*_cohort_block(scope, cohort)]
        blocks.append(
            Lines(
                Text("Churn rate of final cohorts", "流失率趋势（已确认批次）"),
                scope.trend_labels,
                (Series(OWN, card.trend("churn_rate")),),
                Form.RATE,
            )
        )
    else:
        blocks.append(
            Note(
                Text(
                    f"No cohort up to {scope.month_name.en} is final yet: churn is known six months after a visit.",
                    f"截至{scope.month_name.zh}尚无可确认的流失批次：到店六个月后方可确认。",
                )
            )
        )
    blocks += [*_base(scope), *_base_table(scope)]
    base = card.figured("active_customers")
    if base.now.value is not None:
        moved = change(base.now, base.before, Form.COUNT, True)
        clauses.append(moved_clause(base.kpi.label, base.now.value, Form.COUNT, moved))
    return Chapter(6, _TITLE, _QUESTION, joined(*clauses), tuple(blocks))


def _cohort_block(scope: Scope, cohort: date) -> tuple[Block, ...]:
    row = next(row for row in scope.rows("churn_cohort_monthly", cohort) if row["customer_type"] == "all")
    return (_cohort_table(scope, cohort), _flow(scope, cohort, row["visited_vehicles"]), *_calls(scope, cohort))
