"""Locks on a data folder: either one run writes to it, or loaders of different datasets."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.privacy.access import close_private, make_data_folder, open_to_readers_of_today
from dagster_project.settings import Settings
from dagster_project.upkeep.damage import report_damage


class AlreadyRunning(ExpectedError):
    """Another run or loader writes to the same place."""


@contextmanager
def _hold(path: Path, kind: int, refusal: str) -> Iterator[None]:
    """Lock a file or folder; the operating system releases the lock when the process ends, however it ends."""
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(refusal) from None
        yield
    finally:
        os.close(handle)


def _run_lock(settings: Settings) -> Path:
    make_data_folder(settings.data)
    path = settings.data / "run.lock"
    path.touch()
    return path


@contextmanager
def only_run(settings: Settings) -> Iterator[None]:
    """Lock the data folder for one run; raises AlreadyRunning when a run or a loader holds it.

    When files in the folder can't be read meanwhile, the error says what is damaged and what to do.
    """
    refusal = f"another run or loader is writing to {settings.data}: wait until it is done"
    with _hold(_run_lock(settings), fcntl.LOCK_EX, refusal):
        close_private(settings)
        open_to_readers_of_today(settings)
        with report_damage(settings):
            yield


@contextmanager
def only_loader(settings: Settings, datasets: Iterable[str]) -> Iterator[None]:
    """Lock datasets (`<system>/<dataset>`) for one loader; loaders of other datasets may work at the same time.

    Raises AlreadyRunning while a run writes, or when another loader holds one of the datasets.
    """
    refusal = f"a run is writing to {settings.data}: wait until it is done"
    with ExitStack() as held:
        held.enter_context(_hold(_run_lock(settings), fcntl.LOCK_SH, refusal))
        for name in datasets:
            folder = settings.lake / name
            folder.mkdir(parents=True, exist_ok=True)
            refusal = f"another loader is loading {name}: wait until it is done, or load other datasets"
            held.enter_context(_hold(folder, fcntl.LOCK_EX, refusal))
        held.enter_context(report_damage(settings))
        yield
