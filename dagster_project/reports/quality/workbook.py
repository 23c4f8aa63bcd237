"""The workbook of one owner: every rejected row and every listed failing row, to be corrected."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from dagster_project.load.masking import mask_text
from dagster_project.reports.book import Book, Formatted, Heading
from dagster_project.reports.quality.content import Report
from dagster_project.reports.quality.findings import Finding, Owner, Rejects
from dagster_project.reports.quality.lineage import Kpi
from dagster_project.reports.quality.rows import BROKEN_LINE


def _kpi_names(kpis: Iterable[Kpi]) -> str:
    return ", ".join(f"{kpi.label.en} {kpi.label.zh}" for kpi in kpis)


def _findings(owner: Owner) -> Iterable[Sequence[Formatted]]:
    for finding in owner.findings:
        result = finding.result
        yield (
            (f"{result.system}/{result.dataset}", "text"),
            (result.check_name, "text"),
            (result.column_name, "text"),
            ("failed 未通过", "text"),
            (result.dimension, "text"),
            (result.severity, "text"),
            ("yes 是" if result.is_blocking else "no 否", "text"),
            (result.failed, "number"),
            (result.evaluated, "number"),
            (len(result.failing), "number"),
            (finding.streak.run_at if finding.streak else None, "day"),
            (finding.text.en, "wrapped"),
            (finding.text.zh, "wrapped"),
            (_kpi_names(finding.kpis), "wrapped"),
            (", ".join(finding.marts), "wrapped"),
        )
    for rejects in owner.rejects:
        yield [
            (rejects.contract.name, "text"),
            *((value, "text") for value in ("rejected rows 拒收行", None, "rejected 拒收", None, None, "no 否")),
            *((value, "number") for value in (len(rejects.rows), None, len(rejects.rows))),
            (None, "day"),
            ("Rows that could not be accepted, listed on a separate sheet", "wrapped"),
            ("未被接受的行，见单独工作表", "wrapped"),
            (_kpi_names(rejects.kpis), "wrapped"),
            (", ".join(rejects.marts), "wrapped"),
        ]
    for check in owner.not_run:
        name = [f"{check.system}/{check.dataset}", check.check_name, None, "did not run 未运行", check.dimension, None]
        blocking = "yes 是" if check.is_blocking else "no 否"
        why = f"{check.text.en} ({mask_text(check.error)})"
        yield [
            *((value, "text") for value in (*name, blocking, None, None, None, None)),
            (why, "wrapped"),
            (check.text.zh, "wrapped"),
        ]


_FINDINGS: tuple[Heading, ...] = (
    ("Dataset", "数据集", 26),
    ("Check", "检查", 34),
    ("Column", "字段", 18),
    ("Result", "结果", 18),
    ("Dimension", "维度", 14),
    ("Severity", "严重程度", 11),
    ("Blocks publishing", "阻止发布", 12),
    ("Failed rows", "不合格行", 11),
    ("Evaluated rows", "检查行", 12),
    ("Rows listed", "列出行数", 11),
    ("Since", "始于", 12),
    ("What it checks", "检查内容（英文）", 60),
    ("What it checks", "检查内容（中文）", 44),
    ("Headline figures", "影响指标", 40),
    ("Tables made from it", "下游表", 60),
)


def _effects(owner: Owner) -> Iterable[Sequence[Formatted]]:
    for effect in owner.effects:
        for r in effect.ranges:
            yield (
                (f"{r.rate.label.en} {r.rate.label.zh}", "text"),
                (r.store_code, "text"),
                (r.month, "day"),
                (r.numerator, "number"),
                (r.denominator, "number"),
                (r.value, "rate"),
                (r.low, "rate"),
                (r.high, "rate"),
                (r.added, "number"),
                (r.changed, "number"),
                (r.from_row, "number"),
            )


_EFFECTS: tuple[Heading, ...] = (
    ("Rate", "指标", 36),
    ("Store", "门店代码", 11),
    ("Month", "月份", 12),
    ("Numerator", "分子", 11),
    ("Denominator", "分母", 12),
    ("Published", "发布值", 11),
    ("Lowest possible", "可能最低", 13),
    ("Highest possible", "可能最高", 13),
    ("May be added", "可能新增", 13),
    ("May change", "可能改变", 13),
    ("Placed by the row itself", "按行内信息归属", 15),
)


def _drift(owner: Owner) -> Iterable[Sequence[Formatted]]:
    for drift in owner.drift:
        if drift.has_other_columns:
            yield (
                (drift.contract.name, "text"),
                (drift.file, "text"),
                (drift.extract_at, "moment"),
                (" · ".join(map(mask_text, drift.unknown)), "wrapped"),
                (" · ".join(drift.missing_labelled), "wrapped"),
            )


_DRIFT: tuple[Heading, ...] = (
    ("Dataset", "数据集", 26),
    ("File", "文件", 34),
    ("Time of extract", "提取时间", 20),
    ("Unknown columns", "未知列", 60),
    ("Missing optional columns", "缺失的可选列", 60),
)


def _rejected(rejects: Rejects) -> Iterable[Sequence[Formatted]]:
    names = [column.name for column in rejects.contract.columns]
    for row in rejects.rows:
        bad = row.bad_columns
        yield [
            (row.file, "text"),
            (row.line, "number"),
            ("; ".join(reason.text.en for reason in row.reasons), "wrapped"),
            ("；".join(reason.text.zh for reason in row.reasons), "wrapped"),
            *((row.cells.get(name, ""), "wrong" if name in bad else "text") for name in names),
            (row.other.get(BROKEN_LINE), "text"),
        ]


def _rejected_headings(rejects: Rejects) -> list[Heading]:
    columns = [(c.name, c.label, max(11, min(24, len(c.name) + 3))) for c in rejects.contract.columns]
    where = [("File", "文件", 28), ("Line", "行号", 8), ("Why", "原因（英文）", 44), ("Why", "原因（中文）", 32)]
    return [*where, *columns, ("Raw line", "原始行", 30)]


def _failing(findings: Sequence[Finding], keys: Sequence[str]) -> Iterable[Sequence[Formatted]]:
    for finding in findings:
        for row in finding.result.failing:
            yield [
                (finding.result.check_name, "text"),
                (finding.text.en, "wrapped"),
                (finding.text.zh, "wrapped"),
                (row.get("source_file"), "text"),
                (row.get("source_line"), "number"),
                *((None if row.get(key) is None else mask_text(str(row[key])), "text") for key in keys),
            ]


def _failing_headings(keys: Sequence[str], labels: dict[str, str]) -> list[Heading]:
    where = [
        ("Check", "检查", 34),
        ("What it checks", "检查内容（英文）", 50),
        ("What it checks", "检查内容（中文）", 40),
    ]
    return [*where, ("File", "文件", 28), ("Line", "行号", 8), *((key, labels.get(key, key), 18) for key in keys)]


def write_workbook(path: Path, report: Report, owner: Owner) -> None:
    """Write the owner's workbook: findings, effects, headers, and two sheets a dataset where rows are to correct."""
    book = Book(path)
    book.book.set_properties({"title": f"Data quality {report.history.run_id}", "subject": owner.label.en})
    book.sheet("Findings 检查结果", _FINDINGS, _findings(owner), frozen=2)
    if any(effect.ranges for effect in owner.effects):
        book.sheet("Effect 指标影响", _EFFECTS, _effects(owner))
    if owner.headers:
        book.sheet("Headers 表头", _DRIFT, _drift(owner))
    for rejects in owner.rejects:
        book.sheet(f"{rejects.contract.dataset} 拒收行", _rejected_headings(rejects), _rejected(rejects), frozen=2)
    by_dataset: dict[tuple[str, str], list[Finding]] = {}
    for finding in owner.findings:
        if finding.result.failing:
            by_dataset.setdefault((finding.result.system, finding.result.dataset), []).append(finding)
    contracts = report.contracts
    for (system, dataset), findings in by_dataset.items():
        shown = dict.fromkeys(key for f in findings for row in f.result.failing for key in row)
        keys = [key for key in shown if key not in ("source_file", "source_line")]
        contract = contracts.get(f"{system}/{dataset}")
        labels = {column.name: column.label for column in contract.columns} if contract else {}
        book.sheet(f"{dataset} 检查未通过", _failing_headings(keys, labels), _failing(findings, keys))
    book.book.close()
