"""What a run says of its settings, and goes on."""

from datetime import datetime

from dagster_project.load.hash_key import another_key_warning, key_warning
from dagster_project.settings import TIME_ZONE, Settings


def run_warnings(settings: Settings, hash_key: str) -> list[str]:
    """What may not be meant of the hash key and of the business date."""
    told = (key_warning(settings.data), another_key_warning(settings.data, hash_key), _date_warning(settings))
    return [warning for warning in told if warning]


def _date_warning(settings: Settings) -> str | None:
    today = datetime.now(TIME_ZONE).date()
    if settings.as_of <= today:
        return None
    return (
        f"WARNING: the business date {settings.as_of} is after today, {today}: figures whose time is not over are told "
        "as final. Where that was not meant, run again with the right date"
    )
