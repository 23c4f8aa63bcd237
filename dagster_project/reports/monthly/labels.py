"""What codes are called: from the reference data and the contracts, nothing is named twice."""

import csv
from functools import cache

from dagster_project.contracts import read_contracts
from dagster_project.reports.monthly.blocks import Text
from dagster_project.reports.quality.lineage import KPIS
from dagster_project.settings import PROJECT_DIR

NOT_STATED = Text("not stated", "未填写")
_SPELLED = {"oem": "OEM", "wechat": "WeChat"}
UNKNOWN_TYPE = Text("customer type unknown", "客户类型不详")


@cache
def _seed(seed: str) -> list[dict[str, str]]:
    with (PROJECT_DIR / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seed_column(seed: str, column: str) -> dict[str, str]:
    """A column of a seed by its code, the seed's first column, in the seed's order."""
    code = next(iter(_seed(seed)[0]))
    return {row[code]: row[column] for row in _seed(seed)}


@cache
def seed_labels(seed: str) -> dict[str, Text]:
    """Code to label of a seed: its columns that end in `_name` and `_name_zh`."""
    english = next(name for name in _seed(seed)[0] if name.endswith("_name"))
    chinese = seed_column(seed, f"{english}_zh")
    return {code: Text(name, chinese[code]) for code, name in seed_column(seed, english).items()}


@cache
def _enum(dataset: str, column: str) -> dict[str, str]:
    return dict(read_contracts()[dataset].column(column).enum)


def enum_label(dataset: str, column: str, code: str | None) -> Text:
    """The label of an enumerated code, by its contract."""
    if not code:
        return NOT_STATED
    english = " ".join(_SPELLED.get(word, word) for word in code.split("_"))
    return Text(english, _enum(dataset, column).get(code, code))


def enum_codes(dataset: str, column: str) -> list[str]:
    """The codes of an enumerated column, in the contract's order."""
    return list(_enum(dataset, column))


def seed_label(seed: str, code: str | None) -> Text:
    """The label of a code of a seed; the code itself where the seed does not know it."""
    return seed_labels(seed).get(code or "", Text(code, code) if code else NOT_STATED)


@cache
def kpi_labels() -> dict[str, Text]:
    """The sixteen figures of the scorecard."""
    return {kpi.code: Text(kpi.label.en, kpi.label.zh) for kpi in KPIS}


def capital(text: Text) -> Text:
    """The text as it begins a sentence or stands alone."""
    return Text(text.en[:1].upper() + text.en[1:], text.zh)
