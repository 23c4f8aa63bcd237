"""Measure the stages of a long piece of work from outside: it runs in a separate process."""

import atexit
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from dagster_project.run.processes import die_with_parent

START_UP = "start-up"

_SECONDS_BETWEEN_LOOKS = 0.1
_END = ""

Begin = Callable[[str], None]
Work = Callable[..., None]


@dataclass(frozen=True)
class StageCost:
    """The cost of a stage: CPU is user and system time, memory the peak resident size, sampled ten times a second (MB).

    Both are sums over the process and its children. `disk` is what the stage added to a folder (MB).
    """

    stage: str
    wall: float
    cpu: float
    memory: float
    disk: float


def _work(to_parent: Connection, work: Work, arguments: tuple[object, ...]) -> None:
    die_with_parent()
    # Skips the interpreter's clean-up: DuckDB's bindings report leaks there that are not ours.
    atexit.register(os._exit, 0)

    def begin(stage: str) -> None:
        to_parent.send(stage)
        # Waits while the parent reads the costs of the stage before.
        to_parent.recv()

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
        # Includes children that have ended and been waited for.
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
    """Run `work(*arguments, begin)` in a new process; returns the cost of each stage that it begins, after start-up.

    `folder` is where the work writes to. `work` must be importable by name.
    """
    context = get_context("spawn")
    to_child, to_parent = context.Pipe()
    child = context.Process(target=_work, args=(to_parent, work, arguments))
    disk = size_of(folder)
    started = time.monotonic()
    child.start()
    to_parent.close()
    process = psutil.Process(child.pid)
    costs: list[StageCost] = []
    stage, cpu, memory = START_UP, 0.0, 0.0
    try:
        while True:
            while not to_child.poll(_SECONDS_BETWEEN_LOOKS):
                memory = max(memory, _resident(process))
            following = to_child.recv()
            now, used, written = time.monotonic(), _cpu(process), size_of(folder)
            memory = max(memory, _resident(process))
            costs.append(StageCost(stage, now - started, used - cpu, memory, written - disk))
            stage, started, cpu, memory, disk = following, time.monotonic(), used, 0.0, written
            to_child.send(None)
            if following == _END:
                return costs
    except (EOFError, psutil.NoSuchProcess):
        raise RuntimeError(f"the measured process died in stage {stage!r}: see its message above") from None
    finally:
        child.join()
