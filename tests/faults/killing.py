"""Kill work at a chosen point: before a given change of the file system, or after some seconds."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

# Links and renames take effect in one step; before and after each of them the disk is in a different state.
CHANGES = {"os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "shutil.rmtree"}
KILLED = -signal.SIGKILL

FORKS = multiprocessing.get_context("forkserver")
# Imported once, in the process from which the others are forked.
FORKS.set_forkserver_preload(
    ["dagster_project.run.refresh", "tests.conftest", "tests.support.small_warehouse", "tests.reference.edge_cases"]
)


def _work_until(change: int, work: Callable[..., Any], arguments: tuple) -> None:
    seen = 0

    def count(event: str, details: tuple) -> None:
        nonlocal seen
        if event in CHANGES or (event == "open" and isinstance(details[1], str) and "w" in details[1]):
            seen += 1
            if seen == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    work(*arguments)
    # Without the interpreter's clean-up, which would remove files that the work did not create.
    os._exit(0)


def killed_before(change: int, work: Callable[..., Any], *arguments: object) -> bool:
    """Do the work in a process killed before its n-th change of the file system; False if it made fewer changes."""
    process = FORKS.Process(target=_work_until, args=(change, work, arguments))
    process.start()
    process.join()
    assert process.exitcode in (0, KILLED), f"the work failed by itself, exit code {process.exitcode}"
    return process.exitcode == KILLED


def _work_for(seconds: float, work: Callable[..., Any], arguments: tuple) -> None:
    # No handler catches the signal: the process ends at once, whichever library is running.
    signal.setitimer(signal.ITIMER_REAL, seconds)
    work(*arguments)
    os._exit(0)


def killed_after(seconds: float, work: Callable[..., Any], *arguments: object) -> bool:
    """Do the work in a process killed after some seconds; False if it finished before."""
    process = FORKS.Process(target=_work_for, args=(seconds, work, arguments))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGALRM), f"the work failed by itself, exit code {process.exitcode}"
    return process.exitcode != 0


def kill_group(process: subprocess.Popen) -> None:
    """Kill a process that leads a group, with all its child processes."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
