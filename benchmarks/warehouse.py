"""A warehouse of any size for the checks: extracts are written, loaded, and staged by dbt."""

import shutil
from pathlib import Path

from benchmarks.generate import Size, write_history
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.models.dbt_build import ask_dbt
from dagster_project.settings import Settings


def staged(size: Size, folder: Path) -> Settings:
    """The warehouse of `size` in `folder`, with seeds and staging only; built once, then reused."""
    settings = Settings(landing=folder / "landing", data=folder / "data", as_of=size.as_of)
    made = folder / "made"
    if made.exists():
        return settings
    write_history(settings.landing, size)
    load_landing(settings.landing, settings.lake)
    # The checks read the lake, not the landed files.
    shutil.rmtree(settings.landing)
    register_lake(settings.lake, settings.warehouse, read_hash_key(settings.data), settings.as_of)
    for command in (["seed"], ["run", "--select", "staging"]):
        ask_dbt(settings, ["--quiet", *command]).check_returncode()
    made.touch()
    return settings
