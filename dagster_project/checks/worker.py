"""Run the checks in a separate process, which warms up while the models are built and frees its memory at the end."""

import atexit
import gc
import logging
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dagster_project.checks.results import CheckResult, RunInfo
from dagster_project.checks.run import not_run, run_checks
from dagster_project.privacy.error_details import without_values
from dagster_project.run.processes import die_with_parent
from dagster_project.spark_server import SparkServer

logger = logging.getLogger(__name__)


def _prepare() -> None:
    die_with_parent()
    # Skip the interpreter's clean-up, in which DuckDB's bindings report leaks that are not the product's.
    atexit.register(os._exit, 0)


def _warm_up() -> None:
    # Importing Great Expectations takes seconds, a quarter of them for garbage collection that finds nothing.
    gc.disable()
    import dagster_project.checks.engine  # noqa: F401

    gc.freeze()
    gc.enable()


@dataclass(frozen=True)
class CheckWorker:
    """Runs the suites in the separate process."""

    pool: ProcessPoolExecutor

    def run(self, staged: Path | SparkServer, run: RunInfo, base: Sequence[CheckResult] = ()) -> list[CheckResult]:
        """All results of the suites, as `run_checks` returns them; a warehouse file is closed afterwards.

        If the process dies, every planned check is reported as not run.
        """
        try:
            return self.pool.submit(run_checks, staged, run, base=base).result()
        except Exception as error:
            reason = without_values(str(error)) or type(error).__name__
            logger.error("the checks could not run: %s", reason)
            return not_run(run, f"the checks could not run: {reason}")


@contextmanager
def check_worker() -> Iterator[CheckWorker]:
    """A worker that warms up while the caller continues."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_prepare) as pool:
        pool.submit(_warm_up)
        yield CheckWorker(pool)
