"""The labels of codes, from the reference data and the contracts."""

from functools import cache

from dagster_project.contracts import read_contracts
from dagster_project.reports.monthly.blocks import Text
from dagster_project.reports.seeds import seed_labels

NOT_STATED = Text("not stated", "未填写")
_SPELLED = {"oem": "OEM", "wechat": "WeChat"}
UNKNOWN_TYPE = Text("customer type unknown", "客户类型不详")


@cache
def _enum(dataset: str, column: str) -> dict[str, str]:
    return dict(read_contracts()[dataset].column(column).enum)


def enum_label(dataset: str, column: str, code: str | None) -> Text:
    """The label of an enumerated code, from its contract."""
    if not code:
        return NOT_STATED
    english = " ".join(_SPELLED.get(word, word) for word in code.split("_"))
    return Text(english, _enum(dataset, column).get(code, code))


def seed_label(seed: str, code: str | None) -> Text:
    """The label of a seed's code; the code itself where the seed does not have it."""
    return seed_labels(seed).get(code or "", Text(code, code) if code else NOT_STATED)


def kpi_labels() -> dict[str, Text]:
    """The labels of the scorecard's sixteen figures."""
    return seed_labels("kpis")


def capital(text: Text) -> Text:
    """The text with a capital letter, for the start of a sentence or a label by itself."""
    return Text(text.en[:1].upper() + text.en[1:], text.zh)
