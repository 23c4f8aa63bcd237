"""The main job: load what landed, build and test the models, publish the marts."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dagster_project.load.dataset import DatasetLoad
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.models.dbt_build import build_models, target_path
from dagster_project.publish.publish import PublishedState, publish
from dagster_project.settings import Settings

Tell = Callable[[str], None]


class AlreadyRunning(Exception):
    """Another run writes to the same data folder."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did."""

    loads: list[DatasetLoad]
    state: PublishedState


@contextmanager
def only_run(settings: Settings) -> Iterator[None]:
    """Hold the data folder for one writer; raises AlreadyRunning when another has it.

    The operating system frees the lock when the process ends, however it ends.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    with (settings.data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another run is writing to {settings.data}: wait until it is done") from None
        yield


def refresh(settings: Settings, tell: Tell | None = None) -> Refreshed:
    """Load, build, test and publish; the last published state stays when any of it fails."""
    with only_run(settings):
        loads = load_landing(settings.landing, settings.lake, tell)
        register_lake(settings.lake, settings.warehouse, read_hash_key(settings.data))
        build_models(settings, tell)
        state = publish(settings.warehouse, target_path(settings) / "manifest.json", settings.published)
    return Refreshed(loads=loads, state=state)
