"""Child processes that do not outlive the run that started them."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the operating system end this process when its parent ends (Linux only, else nothing).

    A killed run must not leave a child behind: it would hold the warehouse against the next run.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
