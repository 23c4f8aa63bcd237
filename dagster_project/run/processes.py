"""Child processes that do not outlive the run that started them, and whether another process still runs."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the operating system end this process when its parent ends (Linux only, else nothing).

    A killed run must not leave a child behind: it would hold the warehouse against the next run.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def is_running(process: int) -> bool:
    """Whether a process of this machine is running, by its id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
