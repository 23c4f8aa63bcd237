"""Where the warehouse reads and writes, the business date it works for, and how much memory it takes."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dagster_project.errors import ExpectedError

PROJECT_DIR = Path(__file__).parent.parent
DBT_DIR = PROJECT_DIR / "dbt"
TIME_ZONE = ZoneInfo("Asia/Shanghai")

# What builds the models: this machine, or a cluster.
DUCKDB = "duckdb"
SPARK = "spark"

# Every variable that the product reads; deploy/aftersales.env.example tells what each is.
VARIABLES = (
    "AFTERSALES_LANDING_DIR",
    "AFTERSALES_DATA_DIR",
    "AFTERSALES_AS_OF",
    "AFTERSALES_HASH_KEY",
    "AFTERSALES_MEMORY",
    "AFTERSALES_READERS",
    "AFTERSALES_ALERTS",
    "AFTERSALES_SMTP",
    "AFTERSALES_REPORT_TEMPLATE",
    "AFTERSALES_POSTGRES_URL",
    "AFTERSALES_POSTGRES_SCHEMA",
    "AFTERSALES_POSTGRES_READER",
    "AFTERSALES_SPARK_HOST",
    "AFTERSALES_SPARK_PORT",
)


@dataclass(frozen=True)
class Settings:
    """Folders and business date of one installation.

    `landing` holds the dropped extracts and is only read; everything written goes below `data`. `engine` is what the
    models are built with: the target of dbt's profile.
    """

    landing: Path
    data: Path
    as_of: date
    engine: str = DUCKDB

    @property
    def lake(self) -> Path:
        """Typed Parquet parts of every loaded file."""
        return self.data / "lake"

    @property
    def warehouse(self) -> Path:
        """The private DuckDB file that dbt builds in; never opened by readers."""
        return self.data / "warehouse.duckdb"

    @property
    def cluster(self) -> Path:
        """What a Spark cluster wrote of its tables, which the private warehouse shows then."""
        return self.data / "cluster"

    @property
    def published(self) -> Path:
        """What BI tools and reports read."""
        return self.data / "published"

    @property
    def logs(self) -> Path:
        """What runs logged."""
        return self.data / "logs"


class SettingsError(ExpectedError, ValueError):
    """A setting can't be used; the message says which and what to do."""


def engine_memory(environment: Mapping[str, str] = os.environ) -> str:
    """How much memory DuckDB takes, as it is written for it: AFTERSALES_MEMORY, else 4GB; the rest goes to disk.

    Raises SettingsError for what is no size.
    """
    size = environment.get("AFTERSALES_MEMORY") or "4GB"
    if not re.fullmatch(r"\d+(\.\d+)?\s*[KMGT]i?B", size.strip()):
        raise SettingsError(f"AFTERSALES_MEMORY is {size!r}: write a number and a unit, as 8GB")
    return size.strip()


def require_data(settings: Settings) -> None:
    """Raise SettingsError where there is no data folder: a mistyped one must not look like an empty one."""
    if not settings.data.is_dir():
        raise SettingsError(
            f"no data folder at {settings.data}: give --data or set AFTERSALES_DATA_DIR; a run makes one"
        )


def read_settings(
    environment: Mapping[str, str] = os.environ,
    *,
    landing: str | Path | None = None,
    data: str | Path | None = None,
    as_of: str | date | None = None,
) -> Settings:
    """Settings from arguments, else from the environment, else the defaults.

    AFTERSALES_LANDING_DIR (data/landing), AFTERSALES_DATA_DIR (data) and AFTERSALES_AS_OF
    (today in Asia/Shanghai). Raises SettingsError for an unreadable date or size of memory, or
    a data folder that the engine takes for a pattern.
    """
    engine_memory(environment)
    day = as_of or environment.get("AFTERSALES_AS_OF") or datetime.now(TIME_ZONE).date()
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day.strip())
        except ValueError:
            raise SettingsError(f"as-of date {day!r} is not a date; write it as YYYY-MM-DD") from None
    folder = Path(data or environment.get("AFTERSALES_DATA_DIR") or "data").resolve()
    if signs := sorted(set("*?[") & set(str(folder))):
        raise SettingsError(
            f"the data folder {folder} has {' '.join(signs)} in its path, a pattern to the engine: rename it"
        )
    return Settings(
        landing=Path(landing or environment.get("AFTERSALES_LANDING_DIR") or "data/landing").resolve(),
        data=folder,
        as_of=day,
    )
