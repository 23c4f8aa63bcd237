"""The types that the code declares hold."""

import subprocess
import sys

from dagster_project.settings import PROJECT_DIR


def test_types_hold() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr[-5000:]
