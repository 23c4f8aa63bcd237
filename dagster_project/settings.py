"""Settings: the folders that are read and written, the business date, and how much memory the engine may use."""

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

# The engines that build the models: this machine, or a cluster.
DUCKDB = "duckdb"
SPARK = "spark"

# Every variable that an installation may set; deploy/aftersales.env.example explains each. Not among them are those
# that a run itself sets for dbt: AFTERSALES_BUILD (build incrementally) and AFTERSALES_VACUUM (free unused space).
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
    """Folders, business date and engine of one installation.

    `landing` holds the delivered extracts and is only read; everything that is written goes below `data`. `engine`
    builds the models: it is the name of a target of dbt's profile.
    """

    landing: Path
    data: Path
    as_of: date
    engine: str = DUCKDB

    @property
    def lake(self) -> Path:
        """The typed Parquet parts of every loaded file."""
        return self.data / "lake"

    @property
    def warehouse(self) -> Path:
        """The private DuckDB file that dbt builds in; readers never open it."""
        return self.data / "warehouse.duckdb"

    @property
    def cluster(self) -> Path:
        """The tables that a Spark cluster built, as Parquet; views in the private warehouse read them."""
        return self.data / "cluster"

    @property
    def published(self) -> Path:
        """What BI tools and reports read."""
        return self.data / "published"

    @property
    def logs(self) -> Path:
        """The log files of runs."""
        return self.data / "logs"


class SettingsError(ExpectedError, ValueError):
    """A setting can't be used; the message says which and what to do."""


def engine_memory(environment: Mapping[str, str] = os.environ) -> str:
    """DuckDB's memory limit, in DuckDB's spelling: AFTERSALES_MEMORY, else 4GB; what exceeds it is spilled to disk.

    Raises SettingsError for a value that is not a size.
    """
    size = environment.get("AFTERSALES_MEMORY") or "4GB"
    if not re.fullmatch(r"\d+(\.\d+)?\s*[KMGT]i?B", size.strip()):
        raise SettingsError(f"AFTERSALES_MEMORY is {size!r}: write a number and a unit, such as 8GB")
    return size.strip()


def require_data(settings: Settings) -> None:
    """Raise SettingsError where there is no data folder: a mistyped path must not look like an empty installation."""
    if not settings.data.is_dir():
        raise SettingsError(
            f"no data folder at {settings.data}: give --data or set AFTERSALES_DATA_DIR; a run creates it"
        )


def read_settings(
    environment: Mapping[str, str] = os.environ,
    *,
    landing: str | Path | None = None,
    data: str | Path | None = None,
    as_of: str | date | None = None,
) -> Settings:
    """Settings from arguments, else from the environment, else the defaults.

    The variables and their defaults: AFTERSALES_LANDING_DIR (data/landing), AFTERSALES_DATA_DIR (data) and
    AFTERSALES_AS_OF (today in Asia/Shanghai). Raises SettingsError for an unreadable date or memory size, or for
    a data folder whose path the engine would read as a pattern.
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
            f"the path of the data folder {folder} has {' '.join(signs)}, a pattern to the engine: rename the folder"
        )
    return Settings(
        landing=Path(landing or environment.get("AFTERSALES_LANDING_DIR") or "data/landing").resolve(),
        data=folder,
        as_of=day,
    )
