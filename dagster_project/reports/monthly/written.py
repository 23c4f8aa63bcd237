"""Values as text: rounded half away from zero, a dash for an unknown value."""

from datetime import date

from dagster_project.reports.monthly.blocks import DECIMALS, Change, Form, Measure, Text
from dagster_project.reports.rounding import rounded

NONE = "–"
MINUS = "\N{MINUS SIGN}"
UNITS = {Form.RATE: "%", Form.MINUTES: " min", Form.HOURS: " h", Form.DAYS: " d"}


def month_name(month: date) -> Text:
    """October 2025, 2025年10月."""
    return Text(f"{month:%B %Y}", f"{month.year}年{month.month}月")


def written(value: object, form: Form, decimals: int | None = None, *, unit: bool = True) -> str:
    """A value as text, according to its form."""
    if value is None:
        return NONE
    if isinstance(value, date):
        return f"{value:%Y-%m}" if form is Form.MONTH else value.isoformat()
    if not isinstance(value, int | float) or form is Form.TEXT:
        return str(value)
    places = DECIMALS.get(form, 0) if decimals is None else decimals
    scaled = value * 100 if form is Form.RATE else value
    number = f"{rounded(scaled, places):,}".replace("-", MINUS)
    return number + (UNITS.get(form, "") if unit else "")


def measured(measure: Measure) -> str:
    """A measure as text."""
    return written(measure.value, measure.form, measure.decimals)


def sign_of(change: Change) -> str:
    """The sign of a difference as shown: `±` for one that rounds to 0."""
    text = written(abs(change.value or 0), change.form, change.decimals, unit=False)
    return "±" if not text.strip("0.,") else "+" if (change.value or 0) > 0 else MINUS


def changed(change: Change) -> str:
    """A signed difference: +0.4, −1.2 pp."""
    if change.value is None:
        return NONE
    text = written(abs(change.value), change.form, change.decimals, unit=False)
    unit = " pp" if change.form is Form.RATE else UNITS.get(change.form, "")
    return f"{sign_of(change)}{text}{unit}"
