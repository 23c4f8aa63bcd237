"""Measure the cost of a function in a separate process."""

import atexit
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """The cost in seconds and MB: CPU is user and system time of all threads, memory the peak resident size.

    `warm_up_cpu` and `warm_memory` are those of the imports before; `cpu` does not include them.
    """

    wall: float
    cpu: float
    memory: float
    warm_up_cpu: float
    warm_memory: float


def _peak() -> float:
    # The peak of this program alone (Linux): that of getrusage includes the process that it was started from.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def _work(
    answer_to: Connection, warm_up: Callable[[], object], work: Callable[..., object], arguments: tuple[Any, ...]
) -> None:
    # Skips the interpreter's clean-up: DuckDB's bindings report leaks there that are not ours.
    atexit.register(os._exit, 0)
    warm_up()
    warm_up_cpu, warm_memory = time.process_time(), _peak()
    started = time.monotonic()
    found = work(*arguments)
    cost = Cost(
        wall=time.monotonic() - started,
        cpu=time.process_time() - warm_up_cpu,
        memory=_peak(),
        warm_up_cpu=warm_up_cpu,
        warm_memory=warm_memory,
    )
    answer_to.send((found, cost))


def measured(warm_up: Callable[[], object], work: Callable[..., Any], *arguments: Any) -> tuple[Any, Cost]:  # noqa: ANN401
    """Run `work` in a new process after `warm_up`; returns its result and its cost."""
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sending, warm_up, work, arguments))
    process.start()
    sending.close()
    try:
        return receiving.recv()
    except EOFError:
        raise RuntimeError("the measured process died: see its message above") from None
    finally:
        process.join()
