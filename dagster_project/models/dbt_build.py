"""Build and test the dbt project in the private warehouse."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from dagster_project.settings import DBT_DIR, Settings

# The dbt of this environment, whatever is on the path.
DBT = (sys.executable, "-m", "dbt.cli.main")

_NODE_DONE = re.compile(r"^\S+\s+(\d+) of (\d+) (?!START)\S+")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_SECONDS_BETWEEN_PROGRESS = 2.0


class ModelError(Exception):
    """A model or a test of the dbt project failed; the message names each with its reason."""


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables that point dbt at this installation."""
    return os.environ | {
        "AFTERSALES_DATA_DIR": str(settings.data),
        "AFTERSALES_AS_OF": settings.as_of.isoformat(),
        "DBT_PROJECT_DIR": str(DBT_DIR),
        "DBT_PROFILES_DIR": str(DBT_DIR),
        "DBT_TARGET_PATH": str(target_path(settings)),
        "DBT_LOG_PATH": str(settings.data / "dbt" / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def target_path(settings: Settings) -> Path:
    """Where dbt leaves its manifest and results for this installation."""
    return settings.data / "dbt" / "target"


def parse_project(target: Path) -> None:
    """Write dbt's manifest into `target` without touching a warehouse; raises ModelError when dbt can't read it."""
    command = [*DBT, "parse", "--target", "lint", "--target-path", str(target), "--profiles-dir", str(DBT_DIR)]
    environment = os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    finished = subprocess.run(command, cwd=DBT_DIR, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise ModelError(f"dbt can't read the project:\n{finished.stdout[-5000:]}")


def failures(results: dict) -> list[str]:
    """A line for each node of a run_results document that failed, with dbt's message."""
    failed = [r for r in results["results"] if r["status"] in ("error", "fail", "runtime error")]
    lines = []
    for result in failed:
        message = " ".join((result["message"] or "no message").split())
        lines.append(f"{result['unique_id'].split('.', 2)[2]}: {message}")
    return lines


def _die_with_parent() -> None:
    # A killed run must not leave dbt behind: it would hold the warehouse against the next run.
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def build_models(settings: Settings, tell: Callable[[str], None] | None = None) -> None:
    """Run `dbt build` (seeds, models, data tests) on the registered lake.

    Unit tests are left to `make test`: they judge the code, not the data. Raises ModelError when a
    model or test fails; the private warehouse is then half built and must not be published.
    """
    command = [*DBT, "build", "--exclude-resource-type", "unit_test"]
    target_path(settings).mkdir(parents=True, exist_ok=True)
    results_path = target_path(settings) / "run_results.json"
    results_path.unlink(missing_ok=True)
    output: list[str] = []
    told_at = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=DBT_DIR,
        env=dbt_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 (no threads here)
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            plain = _ESCAPES.sub("", line.rstrip())
            output.append(plain)
            done = _NODE_DONE.match(plain)
            if tell and done and time.monotonic() - told_at >= _SECONDS_BETWEEN_PROGRESS:
                told_at = time.monotonic()
                tell(f"models and tests: {done[1]} of {done[2]}")
    if process.returncode == 0:
        return
    if not results_path.exists():
        raise ModelError("dbt could not start:\n" + "\n".join(output[-20:]))
    lines = failures(json.loads(results_path.read_text(encoding="utf-8")))
    raise ModelError(f"{len(lines)} of the models and tests failed:\n" + "\n".join(f"  {line}" for line in lines))
