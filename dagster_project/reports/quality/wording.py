"""Reasons for rejection, labels, and advice on files and failures, in both languages."""

from dataclasses import dataclass
from typing import Protocol

from dagster_project.contracts import Contract
from dagster_project.reports.text import Text


class Named(Protocol):
    """Anything that names one check."""

    @property
    def system(self) -> str:
        """System of the dataset, `marts` for tests of the published tables."""

    @property
    def dataset(self) -> str:
        """Dataset, or published table."""

    @property
    def check_name(self) -> str:
        """Name of the check, unique in its dataset."""


DIMENSIONS = {
    "completeness": Text("Completeness", "完整性"),
    "accuracy": Text("Accuracy", "准确性"),
    "timeliness": Text("Timeliness", "及时性"),
    "consistency": Text("Consistency", "一致性"),
}
SEVERITIES = {
    "critical": Text("critical", "严重"),
    "warning": Text("warning", "警告"),
    "info": Text("info", "提示"),
}

_REASONS = {
    "missing": Text("{column} is blank", "{label}为空"),
    "unreadable_integer": Text("{column} is not a whole number", "{label}不是整数"),
    "unreadable_number": Text("{column} is not a number", "{label}不是数字"),
    "unreadable_date": Text("{column} is not a date", "{label}不是日期"),
    "unreadable_month": Text("{column} is not a month YYYY-MM", "{label}不是 YYYY-MM 月份"),
    "unreadable_timestamp": Text("{column} is not a time", "{label}不是有效时间"),
    "unreadable_boolean": Text("{column} is neither yes nor no", "{label}不是“是/否”"),
    "unreadable_string": Text("{column} holds a spreadsheet error", "{label}是电子表格的错误值"),
    "unknown_value": Text("{column} is not one of: {values}", "{label}不在允许值之内：{labels}"),
    "unknown_store": Text("the store is not in dms/stores", "门店代码不在门店表中"),
    "too_many_fields": Text("more filled cells than header columns", "单元格多于表头"),
    "unclosed_quote": Text("a quote is never closed", "引号未闭合"),
    "cell_too_long": Text("a cell is over 1,000,000 characters", "单元格超过一百万字符"),
    "repeated_header": Text("the header line is repeated", "数据中重复出现表头"),
}


@dataclass(frozen=True)
class Reason:
    """One reason for rejection; `column` is None where it concerns the whole line."""

    code: str
    column: str | None
    text: Text


def read_reasons(reasons: str, contract: Contract | None) -> list[Reason]:
    """The reasons of a rejected row, `code:column` joined by `; `, explained."""
    found = []
    for part in filter(None, (reasons or "").split("; ")):
        code, _, name = part.partition(":")
        column = next((c for c in contract.columns if c.name == name), None) if contract else None
        template = _REASONS.get(code, Text(part))
        values = {
            "column": name,
            "label": column.label if column else name,
            "values": ", ".join(column.enum) if column else "",
            "labels": "、".join(column.enum.values()) if column else "",
        }
        text = Text(template.en.format(**values), template.zh.format(**values)) if code in _REASONS else template
        found.append(Reason(code=code, column=name or None, text=text))
    return found


_AGAIN = Text(
    "Correct the file and deliver it again under the same or a new name; the next run reads it.",
    "请更正文件后重新投递（同名或新名均可），下次运行会重新读取。",
)
_FILE_ADVICE = {
    "required column missing": Text(
        "Export the file with this column. If it has the column under another name, have that name added to the "
        "dataset's contract as a synonym.",
        "请导出包含该列的文件；若该列使用了其他表头，请把该表头作为别名加入数据契约。",
    ),
    "no header": Text(
        "Export the file with its header row; docs/datasets.md lists the names.", "请导出带表头的文件，表头见字段说明。"
    ),
    "wrong encoding": Text("Export the file as UTF-8 or GB18030.", "请以 UTF-8 或 GB18030 编码重新导出。"),
    "no dataset is called": Text(
        "Move the file to the folder of its dataset; check the spelling of the folder.",
        "请把文件放到对应数据集的文件夹，并检查文件夹名称。",
    ),
    "the workbook is protected": Text("Save the workbook without a password.", "请取消工作簿密码后重新保存。"),
}


def file_advice(error: str) -> Text:
    """What the owner of a quarantined file should do."""
    return next((advice for start, advice in _FILE_ADVICE.items() if error.startswith(start)), _AGAIN)


_BLOCKING_ADVICE = {
    "rows_conserved": Text(
        "Rows were lost inside the warehouse. Contact the warehouse team; the extracts need no change.",
        "数据行在仓库内部丢失，请联系数据仓库团队，无需改动提取文件。",
    ),
    "not_emptied": Text(
        "Deliver an extract of this dataset that has rows, or correct the one whose rows are all rejected.",
        "请投递包含数据的提取文件，或更正全部被拒收的文件。",
    ),
    "rejected_share": Text(
        "Correct the rejected rows listed on the owner's page; usually one column of one file is at fault.",
        "请更正负责人页面列出的拒收行，通常是某个文件的某一列有误。",
    ),
}


_DID_NOT_RUN = Text(
    "Its result is unknown, so nothing is published. The warehouse team should find out why it did not run.",
    "结果未知，因此不发布；请数据仓库团队查明未运行的原因。",
)


def blocking_advice(result: Named, not_run: bool) -> Text:
    """What to do about a blocking check that failed or did not run."""
    if not_run:
        return _DID_NOT_RUN
    if result.check_name in _BLOCKING_ADVICE:
        return _BLOCKING_ADVICE[result.check_name]
    if result.system == "marts":
        return Text(
            f"A model or test of the warehouse failed: the warehouse team should run `dbt build --select "
            f"{result.dataset}` to find the cause.",
            "仓库模型或测试失败，请数据仓库团队单独运行该模型排查。",
        )
    return Text("Correct the rows listed on the owner's page.", "请更正负责人页面列出的数据行。")
