"""Do work as on a full disk, without permissions or with few open files: real limits on a separate process."""

import ctypes
import resource
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from dagster_project.errors import ExpectedError
from tests.faults.killing import FORKS

_CAPABILITY_VERSION_3 = 0x20080522


def enforce_permissions() -> None:
    """Make file permissions apply to this process, even if root started it."""
    if sys.platform == "linux":
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0


def _work(said: Connection, file_bytes: int | None, open_files: int | None, work: Callable, arguments: tuple) -> None:
    enforce_permissions()
    if file_bytes is not None:
        # Python ignores the signal, so that each write beyond the limit fails, whichever library writes.
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    if open_files is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    try:
        work(*arguments)
        said.send(None)
    except (ExpectedError, OSError) as error:
        # Errors that the command line reports in a sentence.
        said.send(str(error))


def error_under_limits(
    work: Callable[..., Any], *arguments: object, file_bytes: int | None = None, open_files: int | None = None
) -> str | None:
    """The error sentence of the work under these limits, None if it succeeded; anything else fails the test."""
    received, sent = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_work, args=(sent, file_bytes, open_files, work, arguments))
    process.start()
    sent.close()
    try:
        return received.recv()
    except EOFError:
        raise AssertionError("the work ended without a sentence") from None
    finally:
        process.join()
