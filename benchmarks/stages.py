"""What the stages of a long piece of work cost, told from outside: the work runs in a process of its own."""

import atexit
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from dagster_project.processes import die_with_parent

START_UP = "start-up"

_SECONDS_BETWEEN_LOOKS = 0.1
_END = ""

Begin = Callable[[str], None]
Work = Callable[..., None]


@dataclass(frozen=True)
class StageCost:
    """CPU is user and system time, memory the most that was resident at one of the looks ten times a second (MB).

    Both are sums over the process and all that it started. `disk` is what the stage added to a folder (MB).
    """

    stage: str
    wall: float
    cpu: float
    memory: float
    disk: float


def _work(telling: Connection, work: Work, arguments: tuple[object, ...]) -> None:
    die_with_parent()
    # Without the interpreter's clean-up: DuckDB's bindings report leaks there that are none of ours.
    atexit.register(os._exit, 0)

    def begin(stage: str) -> None:
        telling.send(stage)
        # The costs of the stage before are read meanwhile.
        telling.recv()

    work(*arguments, begin)
    begin(_END)


def _processes(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _cpu(process: psutil.Process) -> float:
    seconds = 0.0
    for each in _processes(process):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        # With what children took that have ended and been waited for.
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def _resident(process: psutil.Process) -> float:
    resident = 0
    for each in _processes(process):
        try:
            resident += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return resident / 1e6


def size_of(folder: Path) -> float:
    """Megabytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def measured_stages(folder: Path, work: Work, *arguments: object) -> list[StageCost]:
    """Run `work(*arguments, begin)` in a new process; the cost of each stage it begins, what came before as start-up.

    `folder` is where the work writes to. `work` must be importable by its name.
    """
    context = get_context("spawn")
    told, telling = context.Pipe()
    child = context.Process(target=_work, args=(telling, work, arguments))
    disk = size_of(folder)
    started = time.monotonic()
    child.start()
    telling.close()
    process = psutil.Process(child.pid)
    costs: list[StageCost] = []
    stage, cpu, memory = START_UP, 0.0, 0.0
    try:
        while True:
            while not told.poll(_SECONDS_BETWEEN_LOOKS):
                memory = max(memory, _resident(process))
            following = told.recv()
            now, used, written = time.monotonic(), _cpu(process), size_of(folder)
            memory = max(memory, _resident(process))
            costs.append(StageCost(stage, now - started, used - cpu, memory, written - disk))
            stage, started, cpu, memory, disk = following, time.monotonic(), used, 0.0, written
            told.send(None)
            if following == _END:
                return costs
    except (EOFError, psutil.NoSuchProcess):
        raise RuntimeError(f"the measured process died in stage {stage!r}: see its message above") from None
    finally:
        child.join()
