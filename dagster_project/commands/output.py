"""Print to a reader that may have closed the pipe, as `head` does once it has enough."""

import os
import sys


def stop_printing() -> None:
    """Discard what is still to be printed: what is buffered must not be tried again when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_to_reader(text: str) -> None:
    """Print a text; a closed pipe is no error, so that the command keeps its own exit code."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        stop_printing()
