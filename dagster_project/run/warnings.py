"""Warnings about a run's settings; the run continues."""

from datetime import datetime

from dagster_project.load.hash_key import another_key_warning, key_warning
from dagster_project.settings import TIME_ZONE, Settings


def run_warnings(settings: Settings, hash_key: str) -> list[str]:
    """Warnings about a hash key or business date that may not be intended."""
    warnings = (key_warning(settings.data), another_key_warning(settings.data, hash_key), _date_warning(settings))
    return [warning for warning in warnings if warning]


def _date_warning(settings: Settings) -> str | None:
    today = datetime.now(TIME_ZONE).date()
    if settings.as_of <= today:
        return None
    return (
        f"WARNING: the business date {settings.as_of} is after today, {today}: figures of periods that are not over "
        "are published as final. If this is not intended, run again with the right date"
    )
