"""Load files side by side: threads, as the libraries that read and write leave Python's lock while they work."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import ParamSpec, TypeVar

from dagster_project.load.isolation import IsolatedReader

# Each takes about 200 MB, whatever the size of its file.
FILES_AT_ONCE = min(4, os.cpu_count() or 1)

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Stopped(BaseException):
    """Nobody waits for the file any more; no error of the file, and not caught as one."""


class Workers:
    """Loads files side by side, those of several datasets too.

    They take turns with the `reader`, and in `telling` how far they are.
    """

    def __init__(self) -> None:
        self.reader = IsolatedReader()
        self.telling = Lock()
        self._threads = ThreadPoolExecutor(FILES_AT_ONCE, "load")
        self._stopped = Event()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.reader.kill()
        self._threads.shutdown(cancel_futures=True)
        self.reader.close()

    def submit(
        self, work: Callable[_Arguments, _Result], *arguments: _Arguments.args, **named: _Arguments.kwargs
    ) -> Future[_Result]:
        """Have the work done as soon as a thread is free."""
        return self._threads.submit(work, *arguments, **named)

    def go_on(self) -> None:
        """Raise Stopped when the run has been broken off: work that takes long asks now and then."""
        if self._stopped.is_set():
            raise Stopped
