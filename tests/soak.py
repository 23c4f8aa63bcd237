"""`make soak`: faults and hostile input for SOAK_MINUTES, half of the time each; it prints figures while it runs.

A suite is `run(deadline, report) -> figures`: it starts nothing new after `deadline`, a time of `time.monotonic()`,
and raises an error when an invariant did not hold.
"""

import importlib
import os
import sys
import time
import traceback

SUITES = ("faults", "hostile")


def main() -> int:
    """Run the suites one after the other; 1 when any of them failed."""
    seconds = 60 * float(os.environ.get("SOAK_MINUTES", "20"))
    started = time.monotonic()

    def report(message: str) -> None:
        print(f"{time.monotonic() - started:7.1f}s  {message}", flush=True)

    failed = []
    for number, suite in enumerate(SUITES, start=1):
        try:
            run = importlib.import_module(f"tests.{suite}.soak").run
            figures = run(started + seconds * number / len(SUITES), report)
            report(f"{suite}: " + ", ".join(f"{name} {count:,}" for name, count in sorted(figures.items())))
        except Exception:
            traceback.print_exc()
            failed.append(suite)
    report(f"failed: {', '.join(failed)}" if failed else "all held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
