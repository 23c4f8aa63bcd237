"""Open workbooks and Parquet files in a separate process with bounded memory.

Their readers are native code: a damaged or hostile file can make them crash their process or allocate all memory.
Here that only quarantines the file and does not end the run.
"""

import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any

from dagster_project.load.extract import Chunk, Extract, Quarantine
from dagster_project.load.header import HeaderMatcher
from dagster_project.run.processes import die_with_parent

# Limit of the address space, of which libraries take up to 1 GB.
MAX_MEMORY_GB = 4
# Limit between two chunks; a sheet is read completely before its first chunk.
MAX_SECONDS = 900

_NEXT = "next"
# Signals of a crash that the file caused; any other end of the process is not blamed on the file.
_FAULTS = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
# Every thread takes address space: the many threads of a large machine would leave none for the file.
_FEW_THREADS = {"OMP_NUM_THREADS": "2", "ARROW_IO_THREADS": "2", "MALLOC_ARENA_MAX": "2"}
_TOO_MUCH = (
    f"reading the file takes more than {MAX_MEMORY_GB} GB of memory: delete what does not belong to its table, or "
    "deliver it in parts"
)
_BROKEN = (
    f"the file is damaged, or takes more than {MAX_MEMORY_GB} GB of memory: its reader broke off; save it again "
    "without what does not belong to its table, or as CSV"
)
_TOO_LONG = f"reading the file takes more than {MAX_SECONDS // 60} minutes: deliver it in parts, or as CSV"

Open = Callable[[Path, HeaderMatcher], Extract]


def _sendable(error: BaseException) -> Exception:
    """The error in a form that can be sent to the run's process."""
    if isinstance(error, MemoryError):
        return Quarantine(_TOO_MUCH)
    if not isinstance(error, Exception):
        # A reader written in Rust panicked.
        return Quarantine(_BROKEN)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _next_answer(request: Any, extract: Extract | None) -> tuple[Any, Extract | None]:  # noqa: ANN401 any request
    """The answer to a request, and the file that is open from now on."""
    if request == _NEXT:
        return next(extract.chunks, None) if extract else None, extract
    open_file, path, matcher = request
    extract = open_file(path, matcher)
    return (extract.header, extract.encoding), extract


def serve(descriptor: int, memory_gb: int) -> None:
    """Answer the run's requests until it closes the pipe: the main function of the reader process."""
    die_with_parent()
    # The run ends this process: if Ctrl-C did, that would look like a fault of the file.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_gb * 1024**3, memory_gb * 1024**3))
    extract: Extract | None = None
    with Connection(descriptor) as pipe, suppress(EOFError, BrokenPipeError):
        while True:
            request = pipe.recv()
            try:
                answer, extract = _next_answer(request, extract)
                pipe.send(answer)
            except BrokenPipeError:
                raise
            except BaseException as error:
                extract = None
                pipe.send(_sendable(error))


class IsolatedReader:
    """The run's side: starts the reader process for the first file, and again after a file has ended it.

    A caller holds `turn` from opening a file to its last chunk: only one file at a time takes the memory.
    """

    def __init__(self) -> None:
        self.turn = Lock()
        self._process: subprocess.Popen | None = None
        self._pipe: Connection | None = None

    def open(self, open_file: Open, path: Path, matcher: HeaderMatcher) -> Extract:
        """Open the file with `open_file` in the reader process; raises what that raises.

        One file is open at a time. Raises Quarantine, here or while chunks are read, when the file crashes the
        reader, takes too much memory or too long.
        """
        if self._process is None:
            self._start()
        header, encoding = self._ask((open_file, path, matcher))
        return Extract(header=header, encoding=encoding, chunks=self._chunks())

    def kill(self) -> None:
        """Kill the reader process, even while a thread waits for its answer."""
        if process := self._process:
            process.kill()

    def close(self) -> None:
        """End the reader process, if there is one, and release its pipe."""
        if self._process is not None and self._pipe is not None:
            self._pipe.close()
            self._process.kill()
            self._process.wait()
        self._process = self._pipe = None

    def _start(self) -> None:
        self._pipe, theirs = Pipe()
        # What a crashing reader prints is of use to its developers only.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve({theirs.fileno()}, {MAX_MEMORY_GB})"],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | _FEW_THREADS,
        )
        theirs.close()

    def _chunks(self) -> Iterator[Chunk]:
        while (chunk := self._ask(_NEXT)) is not None:
            yield chunk

    def _ask(self, request: object) -> Any:  # noqa: ANN401 any answer
        assert self._pipe is not None
        assert self._process is not None
        try:
            self._pipe.send(request)
            if not self._pipe.poll(MAX_SECONDS):
                self.close()
                raise Quarantine(_TOO_LONG)
            answer = self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            code = self._process.wait()
            self.close()
            if -code in _FAULTS:
                raise Quarantine(_BROKEN) from error
            raise OSError("the system ended its reader, most often for want of memory") from error
        if isinstance(answer, Exception):
            raise answer
        return answer
