"""What a piece of work costs, in a process of its own."""

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
    """CPU is user and system time of all threads; memory is the most that was resident, in MB.

    `warm_up_cpu` and `warm_memory` are what imports took before: they are not part of `cpu`.
    """

    wall: float
    cpu: float
    memory: float
    warm_up_cpu: float
    warm_memory: float


def _peak() -> float:
    # Of this program alone (Linux): what getrusage tells began with the process that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def _work(
    answer_to: Connection, warm_up: Callable[[], object], work: Callable[..., object], arguments: tuple[Any, ...]
) -> None:
    # Without the interpreter's clean-up: DuckDB's bindings report leaks there that are none of ours.
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
    """Run `work` in a new process after `warm_up`; what it returns, and what it cost."""
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
