"""Load files in parallel, in threads: the libraries that read and write release Python's global lock meanwhile."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import ParamSpec, TypeVar

from dagster_project.load.isolation import IsolatedReader

# Each file takes about 200 MB of memory, whatever its size.
FILES_AT_ONCE = min(4, os.cpu_count() or 1)

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Stopped(BaseException):
    """The run was interrupted; not an error of the file, so it must not be caught as one."""


class Workers:
    """Loads files in parallel, also those of several datasets.

    They share one `reader`, and the lock `reporting` under which one at a time reports its progress.
    """

    def __init__(self) -> None:
        self.reader = IsolatedReader()
        self.reporting = Lock()
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
        """Do the work as soon as a thread is free."""
        return self._threads.submit(work, *arguments, **named)

    def go_on(self) -> None:
        """Raise Stopped if the run was interrupted; long work calls this repeatedly."""
        if self._stopped.is_set():
            raise Stopped
