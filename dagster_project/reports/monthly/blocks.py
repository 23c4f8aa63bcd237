"""The content of a report, independent of its format: chapters of blocks, which the HTML, PPTX and XLSX writers draw.

Values are stored unformatted at full precision; a writer formats them by their `Form`. None is an unknown value and is
shown as a dash, never as 0.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import TypeAlias

from dagster_project.reports.text import Text


class Form(Enum):
    """How a value is written."""

    TEXT = "text"
    COUNT = "count"  # 1,008
    RATE = "rate"  # a fraction, written as a percentage: 0.2738 is 27.38%
    SCORE = "score"  # 99.6
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONEY = "money"  # CNY
    DAY = "day"  # 2025-04-30
    MONTH = "month"  # 2025-04
    TREND = "trend"  # a column of `Trend` cells
    TO_FILL_IN = "to_fill_in"  # a column for people to fill in: a blank cell is not a missing value


DECIMALS = {
    Form.COUNT: 0,
    Form.RATE: 1,
    Form.SCORE: 1,
    Form.MINUTES: 0,
    Form.HOURS: 1,
    Form.DAYS: 0,
    Form.MONEY: 0,
}
"""The decimals of a form, unless a column or value sets others."""


class Tone(Enum):
    """Whether a value is good or bad news; noise and missing targets are neutral."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Measure:
    """A cell with a form of its own, in a column that mixes units."""

    value: float | None
    form: Form
    decimals: int | None = None


@dataclass(frozen=True)
class Change:
    """A signed difference; for rates in percentage points.

    `is_news` is false when noise alone would explain it, and None when that can't be judged.
    """

    value: float | None
    form: Form
    is_news: bool | None = None
    tone: Tone = Tone.NEUTRAL
    decimals: int | None = None


@dataclass(frozen=True)
class Trend:
    """The values of the last months, up to that of the report, drawn as a small line without a scale."""

    values: tuple[float | None, ...]


Cell: TypeAlias = str | int | float | date | Text | Measure | Change | Trend | None


@dataclass(frozen=True)
class Comparison:
    """A value that a figure is compared with: last month, target, region, nation.

    `is_news` is false when the figure differs from it by no more than noise, and None when that can't be judged.
    """

    label: Text
    value: float | None
    is_news: bool | None = None


@dataclass(frozen=True)
class Figure:
    """A headline figure. `low` and `high` bound its 95% interval; `sample_size` is the number it is based on."""

    label: Text
    value: float | None
    form: Form
    comparisons: tuple[Comparison, ...] = ()
    low: float | None = None
    high: float | None = None
    sample_size: int | None = None
    is_small_sample: bool = False
    tone: Tone = Tone.NEUTRAL
    note: Text | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class Figures:
    """Headline figures shown side by side."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table; an optional one is omitted from pages and slides where all its cells are blank."""

    label: Text
    form: Form
    decimals: int | None = None
    is_optional: bool = False


@dataclass(frozen=True)
class Table:
    """A table. `tones` marks cells by (row, column); `total` says that the last row is a sum."""

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Text | None = None
    total: bool = False
    tones: tuple[tuple[int, int, Tone], ...] = ()

    def to_read(self) -> "Table":
        """The table as pages and slides show it: without optional columns that are blank."""
        kept = [
            place
            for place, column in enumerate(self.columns)
            if not column.is_optional or any(row[place] for row in self.rows)
        ]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(tuple(row[place] for place in kept) for row in self.rows),
            tones=tuple((row, kept.index(place), tone) for row, place, tone in self.tones if place in kept),
        )


@dataclass(frozen=True)
class Series:
    """One line or one colour of bars: a value for each category, None where there is none."""

    name: Text
    values: tuple[float | None, ...]
    quiet: bool = False  # context (target, region, nation), drawn behind the main series


@dataclass(frozen=True)
class Lines:
    """Lines over months or other ordered categories."""

    title: Text
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    form: Form
    note: Text | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class Bars:
    """Bars by category, side by side or stacked; `horizontal` for long names."""

    title: Text
    categories: tuple[Text, ...]
    series: tuple[Series, ...]
    form: Form
    stacked: bool = False
    horizontal: bool = False
    note: Text | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class Pareto:
    """Counts from the largest down, with the cumulative share as a line."""

    title: Text
    categories: tuple[Text, ...]
    counts: tuple[int, ...]
    note: Text | None = None


@dataclass(frozen=True)
class Heat:
    """A matrix of values, coloured by their distance from `middle` (for example the store's own score)."""

    title: Text
    rows: tuple[Text, ...]
    columns: tuple[Text, ...]
    values: tuple[tuple[float | None, ...], ...]
    form: Form
    middle: float | None = None
    higher_is_better: bool = True
    note: Text | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class Intervals:
    """Values with their 95% intervals, one row each, compared with a reference (the store's own rate, a target)."""

    title: Text
    names: tuple[Text, ...]
    values: tuple[float | None, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]
    sample_sizes: tuple[int | None, ...]
    form: Form
    reference: Comparison | None = None
    note: Text | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class FlowLink:
    """A part of a flow: `value` vehicles went from `source` to `target` (keys of `Flow.nodes`)."""

    source: str
    target: str
    value: int


@dataclass(frozen=True)
class Flow:
    """A flow from left to right: visited, lost, reached, why. `stages` holds the keys of the nodes, left to right."""

    title: Text
    nodes: dict[str, Text]
    stages: tuple[tuple[str, ...], ...]
    links: tuple[FlowLink, ...]
    note: Text | None = None


@dataclass(frozen=True)
class Note:
    """A paragraph: a finding in words, or that there is no data."""

    text: Text
    tone: Tone = Tone.NEUTRAL


Block: TypeAlias = Figures | Table | Lines | Bars | Pareto | Heat | Intervals | Flow | Note


@dataclass(frozen=True)
class Chapter:
    """A chapter: the question that it answers, the answer in a sentence, and its blocks in reading order."""

    number: int
    title: Text
    question: Text
    headline: Text | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A report as it is read: of one store and month, or of a group of stores."""

    title: Text
    subject: Text  # the store or the group
    month: date  # its first day
    as_of: date
    published_at: datetime
    notes: tuple[Note, ...]  # on the cover: how good and how final the data is
    summary: tuple[Block, ...]  # before the chapters: the month at a glance
    chapters: tuple[Chapter, ...]
