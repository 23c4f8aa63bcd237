"""The files of each dataset: name, day, format."""

from dataclasses import dataclass
from datetime import date, datetime

from dagster_project.sample.write import Style

GB = Style("csv", encoding="gb18030", dates="/", seconds=False, money="thousands", booleans=("是", "否"))
GB_GZ = Style("csv.gz", encoding="gb18030", dates="/", seconds=False, money="yuan", booleans=("是", "否"))
GB_LONG = Style("csv", encoding="gb18030", dates="年", full_width=True, blank="-")
BOM = Style("csv", encoding="utf-8-sig", delimiter=";")
TABS = Style("csv", encoding="utf-16", delimiter="\t", dates="/", seconds=False, blank="NULL")
PLAIN = Style("csv", labels=False)
PLAIN_GZ = Style("csv.gz", labels=False, dates="", blank="N/A")
PARQUET = Style("parquet", labels=False)
BOOK = Style("xlsx", real_dates=True)
BOOK_TITLED = Style("xlsx", titles=("售后服务部 数据导出", ""), real_dates=True)
BOOK_TEXT = Style("xlsx", titles=("客户服务月度表", "制表：客服部", ""), dates="/", seconds=False)

DAYS = ("20241231", "20250331", "20250630", "20250930", "20251031", "20251115", "20251129", "202511302200")
QUARTERS = ("20250410", "20250710", "20251010", "20251110")


@dataclass(frozen=True)
class Format:
    """One extract of a dataset."""

    name: str
    stamp: str
    style: Style
    full: bool = False
    without: tuple[str, ...] = ()
    added: tuple[str, str] | None = None
    own_store: str | None = None
    own_style: Style | None = None

    @property
    def day(self) -> date:
        """The last day that the extract covers."""
        return datetime.strptime(self.stamp[:8], "%Y%m%d").date()

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}_{self.stamp}.{self.style.suffix}"

    @property
    def own_file(self) -> str:
        """Name of the file that a store with a system of its own sends."""
        suffix = self.own_style.suffix if self.own_style else ""
        return f"{self.own_store}_{self.name}_{self.stamp}.{suffix}"


def _series(name: str, styles: tuple[Style, ...], stamps: tuple[str, ...] = DAYS) -> tuple[Format, ...]:
    """One extract a stamp; the last style is used for all remaining stamps."""
    return tuple(Format(name, stamp, styles[min(i, len(styles) - 1)]) for i, stamp in enumerate(stamps))


def _orders() -> tuple[Format, ...]:
    """Repair orders; from November on, one store sends its own workbooks."""
    series = _series("ro", (GB_GZ, GB_GZ, GB_GZ, GB_GZ, GB, BOM, GB_LONG, GB))
    return series[:5] + tuple(
        Format(f.name, f.stamp, f.style, own_store="S005", own_style=BOOK_TITLED) for f in series[5:]
    )


def _appointments() -> tuple[Format, ...]:
    """Appointments; from the last days of November on with an unannounced column."""
    series = _series("预约", (BOM, BOM, BOM, GB, GB, BOOK, BOM, BOM))
    return series[:6] + tuple(Format(f.name, f.stamp, f.style, added=("会员等级", "金卡")) for f in series[6:])


FORMATS: dict[str, tuple[Format, ...]] = {
    "dms/stores": (
        Format("stores", "20241231", BOOK_TITLED, full=True),
        Format("stores", "20251130", PLAIN, full=True),
    ),
    "dms/employees": (
        Format("员工", "20241231", BOOK_TEXT, full=True, without=("left_on",)),
        Format("员工", "20251130", BOOK_TEXT, full=True),
    ),
    "dms/customers": _series("customers", (TABS, TABS, GB, GB, GB_LONG, TABS), (*DAYS[:5], DAYS[7])),
    "dms/vehicles": _series("车辆", (GB, GB, GB_LONG, GB, BOM, GB), (*DAYS[:5], DAYS[7])),
    "dms/appointments": _appointments(),
    "dms/repair_orders": _orders(),
    "dms/repair_order_lines": _series("lines", (PARQUET, PARQUET, PARQUET, PARQUET, PARQUET, GB, PLAIN)),
    "survey/css_responses": _series("css", (BOM, BOM, BOM, BOOK), QUARTERS),
    "survey/css_benchmarks": _series("对标", (PLAIN, PLAIN, BOOK_TITLED, BOOK_TITLED), QUARTERS),
    "survey/callbacks": _series("callbacks", (GB_GZ, GB, GB, GB, GB, GB_LONG, TABS, GB)),
    "survey/callback_answers": _series("answers", (PLAIN_GZ, PARQUET, PARQUET, PLAIN_GZ, PLAIN_GZ, BOM, GB)),
    "survey/churn_callbacks": _series("流失回访", (TABS,), ("20250930", "20251031", "20251130")),
    "survey/mystery_visits": _series("mystery", (BOOK, BOOK_TITLED), ("20250708", "20251008", "20251105")),
    "complaint/cases": _series("cases", (BOM, BOM, BOM, GB, BOM), DAYS[1:]),
    "complaint/case_events": _series("events", (PARQUET, PARQUET, PARQUET, PARQUET, GB, PLAIN), DAYS[1:]),
    "planning/improvement_actions": _series("改善措施", (BOOK_TEXT,), ("20250831", "20250930", "20251031", "20251130")),
    "planning/targets": _series("targets", (BOM, BOM), ("20250105", "20251128")),
}
