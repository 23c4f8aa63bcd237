"""Chapter 5: first-time fix, appointments, waits and promised times."""

from collections import defaultdict

from dagster_project.reports.monthly.blocks import (
    Bars,
    Block,
    Chapter,
    Column,
    Comparison,
    Figures,
    Form,
    Intervals,
    Lines,
    Measure,
    Note,
    Pareto,
    Series,
    Table,
    Text,
    Tone,
)
from dagster_project.reports.monthly.figures import OWN, TARGET, Scorecard, count_figure, kpi_figure
from dagster_project.reports.monthly.labels import capital, seed_label
from dagster_project.reports.monthly.noise import Estimate, change, leaves_out
from dagster_project.reports.monthly.read import Row
from dagster_project.reports.monthly.scope import Scope
from dagster_project.reports.monthly.sentences import interval, joined, kpi_clause, listed, no_data

_TITLE = Text("First-time fix and appointments", "一次修复与预约")
_QUESTION = Text(
    "Are cars repaired right the first time, and do appointments shorten the wait?",
    "车辆是否一次修好？预约是否减少了等待？",
)
_RATES = ("appointment_rate", "proactive_appointment_rate", "no_show_rate", "on_time_delivery_rate")


def technician_name(number: str) -> Text:
    """The label of a technician, by number."""
    return Text(f"Technician {number}", f"技师 {number}")


def not_fixed(row: Row | None) -> Estimate:
    """The not-fixed rate of a row with its interval."""
    if row is None:
        return Estimate()
    return Estimate(row["not_fixed_rate"], row["not_fixed_rate_low"], row["not_fixed_rate_high"], row["repairs"])


def _technicians(scope: Scope, technicians: list[Row], store: Row) -> tuple[Block, ...]:
    last = {row["technician_no"]: row for row in scope.rows("first_fix_technician_monthly", scope.previous)}
    reasons = _reason_counts(scope)
    rate = store["not_fixed_rate"]
    tones, rows = [], []
    for place, row in enumerate(technicians):
        number, estimate = row["technician_no"], not_fixed(row)
        if leaves_out(estimate, rate):
            tones.append((place, 3, Tone.BAD if (estimate.value or 0) > rate else Tone.GOOD))
        rows.append(
            (
                number,
                row["repairs"],
                row["not_fixed"],
                row["not_fixed_rate"],
                interval(estimate, Form.RATE, 2),
                change(estimate, not_fixed(last.get(number)), Form.RATE, False, 2),
                row["recorded_not_fixed"],
                row["inferred_not_fixed"],
                _listed_reasons(reasons[number]),
            )
        )
    worst_first = sorted(technicians, key=lambda row: (-(row["not_fixed_rate"] or 0), row["technician_no"]))
    return (
        Table(
            Text("Technicians", "技师一次修复"),
            (
                Column(Text("Technician", "技师"), Form.TEXT),
                Column(Text("Repairs", "维修数"), Form.COUNT),
                Column(Text("Not fixed", "未一次修复"), Form.COUNT),
                Column(Text("Rate", "未修复率"), Form.RATE, 2),
                Column(Text("95% interval", "95% 区间"), Form.RATE),
                Column(Text("Change", "较上月"), Form.RATE, 2),
                Column(Text("Recorded", "登记"), Form.COUNT),
                Column(Text("Comebacks found", "推断返修"), Form.COUNT),
                Column(Text("Reasons", "原因"), Form.TEXT),
            ),
            tuple(rows),
            tones=tuple(tones),
        ),
        Intervals(
            Text("Not fixed first time, by technician", "各技师未一次修复率"),
            tuple(technician_name(row["technician_no"]) for row in worst_first),
            tuple(row["not_fixed_rate"] for row in worst_first),
            tuple(row["not_fixed_rate_low"] for row in worst_first),
            tuple(row["not_fixed_rate_high"] for row in worst_first),
            tuple(row["repairs"] for row in worst_first),
            Form.RATE,
            Comparison(OWN, rate),
            note=Text(
                "An interval that crosses the store's line: no difference beyond noise.",
                "区间跨过本店基准线表示无显著差异。",
            ),
            decimals=2,
        ),
    )


def _reason_counts(scope: Scope) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in scope.rows("first_fix_reason_monthly", order="technician_no, not_fixed desc, reason"):
        found[row["technician_no"]][row["reason"]] = row["not_fixed"]
    return found


def _listed_reasons(counts: dict[str, int]) -> Text | str:
    if not counts:
        return ""
    labels = [(seed_label("not_fixed_reasons", reason), count) for reason, count in counts.items()]
    return Text(
        ", ".join(f"{label.en} {count}" for label, count in labels),
        "、".join(f"{label.zh} {count}" for label, count in labels),
    )


def _reasons(scope: Scope) -> tuple[Block, ...]:
    counts = _reason_counts(scope)
    totals: dict[str, int] = defaultdict(int)
    for reasons in counts.values():
        for reason, count in reasons.items():
            totals[reason] += count
    if not totals:
        return (
            Note(
                Text(
                    f"Every repair of {scope.month_name.en} attributed to a technician was right the first time.",
                    f"{scope.month_name.zh}可归属技师的维修均一次修复。",
                )
            ),
        )
    ordered = sorted(totals, key=lambda reason: (-totals[reason], reason))
    technicians = sorted(counts)
    labels = {reason: capital(seed_label("not_fixed_reasons", reason)) for reason in ordered}
    return (
        Pareto(Text("Why not fixed", "未一次修复原因"), tuple(labels.values()), tuple(totals[r] for r in ordered)),
        Bars(
            Text("Technician by reason", "技师 × 原因"),
            tuple(technician_name(number) for number in technicians),
            tuple(
                Series(labels[reason], tuple(counts[number].get(reason, 0) for number in technicians))
                for reason in ordered
            ),
            Form.COUNT,
            stacked=True,
            horizontal=True,
        ),
    )


def _first_fix(scope: Scope, card: Scorecard) -> tuple[Block, ...]:
    store = scope.row("first_fix_store_monthly")
    technicians = scope.rows("first_fix_technician_monthly", order="technician_no")
    if not store:
        return (no_data(Text("repairs", "维修"), scope.month_name),)
    last = scope.row("first_fix_store_monthly", scope.previous)
    targets = tuple(card.target("first_fix_rate", month) for month in scope.months)
    quiet = (Series(TARGET, targets, quiet=True),) if any(value is not None for value in targets) else ()
    blocks: list[Block] = [
        Figures(
            (
                kpi_figure(card.figured("first_fix_rate")),
                count_figure(Text("Repair orders", "维修工单"), store["repairs"], last["repairs"] if last else None),
                count_figure(
                    Text("Not fixed first time", "未一次修复"),
                    store["not_fixed"],
                    last["not_fixed"] if last else None,
                    Text(
                        f"{store['recorded_not_fixed']} recorded, {store['inferred_not_fixed']} found as comebacks",
                        f"登记 {store['recorded_not_fixed']}，推断返修 {store['inferred_not_fixed']}",
                    ),
                ),
            )
        )
    ]
    if not store["is_final"]:
        blocks.append(
            Note(
                Text(
                    f"{scope.month_name.en} is not final: cars may still come back within 30 days. The rate may fall.",
                    f"{scope.month_name.zh}数据尚未最终确定：30 天内仍可能返修，一次修复率可能下降。",
                ),
                Tone.BAD,
            )
        )
    trend = Lines(
        Text("First-time fix rate by month", "一次修复率趋势"),
        scope.trend_labels,
        (Series(card.figured("first_fix_rate").kpi.label, card.trend("first_fix_rate")), *quiet),
        Form.RATE,
    )
    if technicians:
        blocks += [*_technicians(scope, technicians, store), *_reasons(scope)]
    else:
        blocks.append(no_data(Text("repairs attributed to a technician", "可归属技师的维修"), scope.month_name))
    return (*blocks, trend)


def _appointments(scope: Scope, card: Scorecard) -> tuple[Block, ...]:
    row = scope.row("appointment_store_monthly")
    service = scope.row("service_efficiency_monthly")
    if not row:
        return (no_data(Text("appointments or repair orders", "预约或工单"), scope.month_name),)
    figured = [card.figured(code) for code in _RATES]
    shown = tuple(kpi_figure(figure) for figure in figured if figure.now.value is not None)
    blocks: list[Block] = [Figures(shown)] if shown else []
    blocks.append(
        Lines(
            Text("Appointments and no-shows", "预约率、主动预约率与爽约率"),
            scope.trend_labels,
            tuple(
                Series(card.figured(code).kpi.label, card.trend(code))
                for code in ("appointment_rate", "proactive_appointment_rate", "no_show_rate")
            ),
            Form.RATE,
            decimals=0,
        )
    )
    blocks.append(
        Lines(
            Text("Wait from check-in to signed order, median", "接车至签单等待（中位数）"),
            scope.trend_labels,
            (
                Series(
                    Text("with appointment", "预约"),
                    scope.trend("appointment_store_monthly", "wait_minutes_median_appointment"),
                ),
                Series(
                    Text("walk-in", "未预约"),
                    scope.trend("appointment_store_monthly", "wait_minutes_median_walk_in"),
                    quiet=True,
                ),
            ),
            Form.MINUTES,
        )
    )
    blocks.append(_appointment_table(row, scope.row("appointment_store_monthly", scope.previous) or {}))
    if service:
        blocks.append(_service_table(service, scope.row("service_efficiency_monthly", scope.previous) or {}))
    return tuple(blocks)


def _measured(label: Text, now: float | None, before: float | None, form: Form, decimals: int | None = None) -> tuple:
    return (label, Measure(before, form, decimals), Measure(now, form, decimals), None, None)


def _rated(label: Text, row: Row, last: Row, name: str, better: bool | None) -> tuple:
    now = Estimate(row.get(name), row.get(f"{name}_low"), row.get(f"{name}_high"))
    before = Estimate(last.get(name), last.get(f"{name}_low"), last.get(f"{name}_high"))
    return (
        label,
        Measure(before.value, Form.RATE),
        Measure(now.value, Form.RATE),
        interval(now, Form.RATE),
        change(now, before, Form.RATE, better),
    )


_COLUMNS = (
    Column(Text("Last month", "上月"), Form.TEXT),
    Column(Text("This month", "本月"), Form.TEXT),
    Column(Text("95% interval", "95% 区间"), Form.RATE),
    Column(Text("Change", "较上月"), Form.RATE),
)


def _appointment_table(row: Row, last: Row) -> Table:
    def count(english: str, chinese: str, name: str) -> tuple:
        return _measured(Text(english, chinese), row[name], last.get(name), Form.COUNT)

    return Table(
        Text("Appointments and waits", "预约与等待"),
        (Column(Text("Appointments", "预约"), Form.TEXT), *_COLUMNS),
        (
            count("Appointments", "预约总数", "appointments"),
            _rated(Text("Of these, proactive", "其中主动预约占比"), row, last, "proactive_rate", True),
            count("Kept", "履约", "kept"),
            count("No-shows", "爽约", "no_shows"),
            _rated(Text("No-show rate", "爽约率"), row, last, "no_show_rate", False),
            count("Cancelled", "取消", "cancelled"),
            _rated(
                Text("Arrived within 15 minutes of the agreed time", "准时到店率（±15 分钟）"),
                row,
                last,
                "on_time_arrival_rate",
                True,
            ),
            _measured(
                Text("Wait with appointment, median", "预约客户等待（中位数）"),
                row["wait_minutes_median_appointment"],
                last.get("wait_minutes_median_appointment"),
                Form.MINUTES,
                1,
            ),
            _measured(
                Text("Wait without appointment, median", "未预约客户等待（中位数）"),
                row["wait_minutes_median_walk_in"],
                last.get("wait_minutes_median_walk_in"),
                Form.MINUTES,
                1,
            ),
        ),
    )


def _service_table(row: Row, last: Row) -> Table:
    return Table(
        Text("Service efficiency", "服务效率"),
        (Column(Text("Repair orders", "工单"), Form.TEXT), *_COLUMNS),
        (
            _measured(Text("Repair orders", "工单数"), row["repair_orders"], last.get("repair_orders"), Form.COUNT),
            _measured(
                Text("Time at the station, median", "在站时间（中位数）"),
                row["stay_hours_median"],
                last.get("stay_hours_median"),
                Form.HOURS,
            ),
            _measured(
                Text("Time at the station, 90th percentile", "在站时间（90 分位）"),
                row["stay_hours_p90"],
                last.get("stay_hours_p90"),
                Form.HOURS,
            ),
            _rated(Text("Delivered on time", "准时交车率"), row, last, "on_time_delivery_rate", True),
            _rated(Text("Billed within 110% of the quote", "结算不超报价 110%"), row, last, "within_quote_rate", True),
            _measured(
                Text("Revenue per repair order, CNY", "单车产值（元）"),
                row["revenue_per_repair_order"],
                last.get("revenue_per_repair_order"),
                Form.MONEY,
            ),
        ),
    )


def _outliers(scope: Scope) -> Text | None:
    """Technicians above the store's rate by more than noise."""
    store = scope.row("first_fix_store_monthly")
    technicians = scope.rows("first_fix_technician_monthly", order="technician_no")
    if not store or not technicians:
        return None
    rate = store["not_fixed_rate"]
    worse = [
        technician_name(row["technician_no"])
        for row in technicians
        if leaves_out(not_fixed(row), rate) and (row["not_fixed_rate"] or 0) > rate
    ]
    if not worse:
        return Text("no technician is above the store's rate by more than noise", "没有技师显著高于本店未修复率")
    names = listed(worse)
    return Text(f"above the store's not-fixed rate by more than noise: {names.en}", f"显著高于本店未修复率：{names.zh}")


def first_fix_and_appointments(scope: Scope, card: Scorecard) -> Chapter:
    """The chapter of first-time fix, appointments and service efficiency."""
    fix, appointment = card.figured("first_fix_rate"), card.figured("appointment_rate")
    headline = joined(
        kpi_clause(fix.kpi, fix.now, fix.before),
        _outliers(scope),
        kpi_clause(appointment.kpi, appointment.now, appointment.before),
    )
    return Chapter(5, _TITLE, _QUESTION, headline, (*_first_fix(scope, card), *_appointments(scope, card)))
