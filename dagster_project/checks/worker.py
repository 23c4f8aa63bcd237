"""A process of its own for the checks: it warms up while the models are built, and takes its memory with it."""

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
from dagster_project.processes import die_with_parent
from dagster_project.spark_server import SparkServer

logger = logging.getLogger(__name__)


def _prepare() -> None:
    die_with_parent()
    # Without the interpreter's clean-up: DuckDB's bindings report leaks there that are none of ours.
    atexit.register(os._exit, 0)


def _warm_up() -> None:
    # Great Expectations takes seconds to import, a quarter of them in search of garbage that an import does not leave.
    gc.disable()
    import dagster_project.checks.engine  # noqa: F401

    gc.freeze()
    gc.enable()


@dataclass(frozen=True)
class CheckWorker:
    """Runs the suites in the other process."""

    pool: ProcessPoolExecutor

    def run(self, staged: Path | SparkServer, run: RunInfo, base: Sequence[CheckResult] = ()) -> list[CheckResult]:
        """All results of the suites, as `run_checks` has them; a warehouse file is free for others afterwards.

        When the process dies, every planned check is told as one that did not run.
        """
        try:
            return self.pool.submit(run_checks, staged, run, base=base).result()
        except Exception as error:
            told = without_values(str(error)) or type(error).__name__
            logger.error("the checks could not run: %s", told)
            return not_run(run, f"the checks could not run: {told}")


@contextmanager
def check_worker() -> Iterator[CheckWorker]:
    """A worker that warms up while the caller goes on."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_prepare) as pool:
        pool.submit(_warm_up)
        yield CheckWorker(pool)
