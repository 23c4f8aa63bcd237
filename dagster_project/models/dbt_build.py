"""Build and test the dbt project in the private warehouse."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.models.check_description import describe_check
from dagster_project.privacy.error_details import without_values
from dagster_project.publish.state import last_state
from dagster_project.run.log import step
from dagster_project.run.processes import die_with_parent
from dagster_project.settings import DBT_DIR, DUCKDB, Settings
from dagster_project.spark_server import in_own_words
from dagster_project.upkeep.retention import DBT_LOG_BYTES

# The dbt of this environment, whatever else is on the path.
DBT = (sys.executable, "-m", "dagster_project.models.dbt_command")
# Builds seeds, models and data tests. Unit tests belong to `make test`, as they test the code, not the data; exposures
# build nothing.
BUILD = ("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure")

# Models built in parallel by incremental builds, where rows are few: while the engine works on one, dbt prepares the
# next. For full refreshes the profile says how many.
BY_CHANGES_AT_ONCE = 2

# The project as parsed by dbt; parsing takes a third of the time of a small build. Set-up writes it to `PARSED` for
# data folders in which nothing was built yet; dbt parses only what changed since.
PARSE = "partial_parse.msgpack"
PARSED = DBT_DIR / "target" / "parsed"

# Prefixes of the environment variables that dbt gets. It searches all variables for secrets at each of the ten thousand
# lines that it may log: with the forty variables of a shell, that takes a sixth of the time of a small build.
PASSED_ON = ("AFTERSALES_", "DBT_", "PYTHON", "PATH", "HOME", "USER", "LANG", "LC_", "TZ", "TMP", "TEMP", "LD_", "KRB5")

# Models that are views of what runs write to the lake: always built in the private warehouse, even beside a cluster.
LAKE_VIEWS = ("quality_check_result", "quality_scorecard", "restatement")

# Files beside dbt's manifest: dbt's results, the mark of an incremental build, and the run that checked the build.
RESULTS = "run_results.json"
BY_CHANGES = "by_changes.txt"
CHECKED = "checked_run.txt"

_NODE_DONE = re.compile(r"^\S+\s+(\d+) of (\d+) (?!START)\S+")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_SECONDS_BETWEEN_PROGRESS = 2.0


class ModelError(ExpectedError):
    """The dbt project could not be read or started; the message quotes dbt."""


def dbt_environment(settings: Settings, *, by_changes: bool = False) -> dict[str, str]:
    """The environment of dbt, which says where everything is and how to build; dbt must be started in the data folder.

    The data folder is given as `.`, because dbt parses the whole project again if the warehouse's path changes.
    """
    parsed = [path for folder in (target_path(settings), PARSED) if (path := folder / PARSE).exists()]
    passed_on = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return passed_on | {
        "AFTERSALES_BUILD": "changes" if by_changes else "whole",
        "AFTERSALES_VACUUM": "yes" if by_changes and _begins_a_month(settings) else "no",
        "AFTERSALES_DATA_DIR": ".",
        "AFTERSALES_AS_OF": settings.as_of.isoformat(),
        "DBT_PROJECT_DIR": str(DBT_DIR),
        "DBT_PROFILES_DIR": str(DBT_DIR),
        "DBT_TARGET_PATH": str(target_path(settings)),
        "DBT_PARTIAL_PARSE_FILE_PATH": str(next(iter(parsed), "")),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def _begins_a_month(settings: Settings) -> bool:
    """Whether the business date is in another month than that of the last published state."""
    last = last_state(settings.published)
    return last is None or last.as_of is None or last.as_of.replace(day=1) != settings.as_of.replace(day=1)


def build_arguments(settings: Settings, *, by_changes: bool = False) -> tuple[str, ...]:
    """The arguments of a build; dbt's own log, which may quote rows, is written to the folder of the private logs.

    It contains nodes and errors only: logging every statement, dbt's default, takes an eighth of a build.
    """
    at_once = ("--threads", str(BY_CHANGES_AT_ONCE)) if by_changes else ()
    return (*BUILD, "--target", settings.engine, *at_once, *_log_arguments(settings))


def _log_arguments(settings: Settings) -> tuple[str, ...]:
    log = ("--log-path", str(settings.logs / "dbt"), "--log-file-max-bytes", str(DBT_LOG_BYTES))
    return (*log, "--log-level-file", "info")


def target_path(settings: Settings) -> Path:
    """The folder in which dbt writes its manifest and results for this installation."""
    return settings.data / "dbt" / "target"


def forget_build(settings: Settings) -> None:
    """Delete the results and marks of the last build, which a new build or registration of the lake makes invalid."""
    for name in (RESULTS, BY_CHANGES, CHECKED):
        (target_path(settings) / name).unlink(missing_ok=True)


def mark_built_by_changes(settings: Settings) -> None:
    """Mark the build as incremental: its `changed` tables are the differences from the current published state."""
    state = (settings.published / "current").resolve().name
    (target_path(settings) / BY_CHANGES).write_text(state, encoding="utf-8")


def changes_since(settings: Settings) -> str | None:
    """The published state that an incremental build holds the differences from; None after a full refresh."""
    mark = target_path(settings) / BY_CHANGES
    return mark.read_text(encoding="utf-8") if mark.exists() else None


def mark_checked(settings: Settings, run_id: str) -> None:
    """Record which run checked the marts that are now in the private warehouse."""
    (target_path(settings) / CHECKED).write_text(run_id, encoding="utf-8")


def was_checked(settings: Settings) -> bool:
    """Whether any run has checked the private warehouse since it was built."""
    return (target_path(settings) / CHECKED).exists()


def is_checked(settings: Settings, run_id: str) -> bool:
    """Whether the run `run_id` checked the marts that are now in the private warehouse."""
    mark = target_path(settings) / CHECKED
    return mark.exists() and mark.read_text(encoding="utf-8") == run_id


def built_everything(settings: Settings) -> bool:
    """Whether the last build was of all models, not of a subset."""
    if not (target_path(settings) / RESULTS).exists():
        return False
    manifest = json.loads((target_path(settings) / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    results = json.loads((target_path(settings) / RESULTS).read_text(encoding="utf-8"))["results"]
    models = {name for name, node in manifest.items() if node["resource_type"] == "model"}
    return models <= {result["unique_id"] for result in results}


def ask_dbt(settings: Settings, arguments: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Run a dbt command on this installation; returns its exit code and output."""
    return subprocess.run(
        [*DBT, *arguments, *_log_arguments(settings)],
        cwd=settings.data,
        env=dbt_environment(settings),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=die_with_parent,
    )


def build_lake_views(settings: Settings) -> None:
    """Build the published models that are views of the lake in the private warehouse, if a cluster builds the rest.

    Raises ModelError when dbt can't build them.
    """
    # In another folder than the manifest and the results of what the cluster built.
    beside = ("--target-path", str(target_path(settings).with_name("lake_views")))
    arguments = ("run", "--target", DUCKDB, "--select", *LAKE_VIEWS, *beside)
    asked = ask_dbt(settings, arguments)
    if asked.returncode:
        raise ModelError(f"dbt can't build the views of the lake:\n{without_values(asked.stdout[-5000:])}")


def parse_project(target: Path) -> None:
    """Write dbt's manifest into `target` without touching a warehouse; raises ModelError when dbt can't read it."""
    arguments = ("parse", "--target", "duckdb", "--target-path", str(target), "--profiles-dir", str(DBT_DIR))
    # The relative path makes the manifest the same for any data folder.
    environment = os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "AFTERSALES_DATA_DIR": "."}
    asked = subprocess.run(
        [*DBT, *arguments], cwd=DBT_DIR, env=environment, capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise ModelError(f"dbt can't read the project:\n{asked.stdout[-5000:]}")


@dataclass(frozen=True)
class NodeResult:
    """dbt's result of one seed, model or data test; `model` is what a test judges, else the node itself."""

    name: str
    model: str
    is_test: bool
    status: str
    failures: int | None
    message: str
    description: str

    @property
    def has_failed(self) -> bool:
        """Whether the node, or one that it depends on, failed."""
        return self.status not in ("success", "pass", "warn")


def read_node_results(target: Path) -> list[NodeResult]:
    """The results of the last build in `target`, with what each test judges; raises ModelError when there is none."""
    if not (target / RESULTS).exists():
        raise ModelError("no models were built since the lake was registered: run `refresh`, or materialize the models")
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    results = json.loads((target / RESULTS).read_text(encoding="utf-8"))["results"]
    found = []
    for result in results:
        node = manifest[result["unique_id"]]
        judged = node.get("attached_node") or next(iter(sorted(node["depends_on"].get("nodes", []))), None)
        is_test = node["resource_type"] == "test"
        found.append(
            NodeResult(
                name=node["name"],
                model=judged.rsplit(".", 1)[-1] if is_test and judged else node["name"],
                is_test=is_test,
                status=result["status"],
                failures=result["failures"],
                message=without_values(" ".join(in_own_words(result["message"] or "").split())),
                description=describe_check(node) if is_test else node["description"],
            )
        )
    return found


def _run_dbt(settings: Settings, tell: Callable[[str], None] | None, by_changes: bool) -> tuple[int, list[str]]:
    """Run the build; returns its exit code and the lines that it printed."""
    output: list[str] = []
    reported_at = time.monotonic()
    with subprocess.Popen(
        [*DBT, *build_arguments(settings, by_changes=by_changes)],
        cwd=settings.data,
        env=dbt_environment(settings, by_changes=by_changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 (no threads here)
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            plain = _ESCAPES.sub("", line.rstrip())
            output.append(plain)
            done = _NODE_DONE.match(plain)
            if tell and done and time.monotonic() - reported_at >= _SECONDS_BETWEEN_PROGRESS:
                reported_at = time.monotonic()
                tell(f"models and tests: {done[1]} of {done[2]}")
    return process.returncode, output


def build_models(
    settings: Settings, tell: Callable[[str], None] | None = None, *, by_changes: bool = False
) -> list[NodeResult]:
    """Run `dbt build` (seeds, models, data tests) on the registered lake.

    `by_changes` makes the build incremental: it computes only what the lake's changes affect, and the models must be as
    the last published run built them. On Spark every build is a full refresh. `tell` receives progress messages.
    Returns the results of all nodes, including failed ones; raises ModelError when dbt could not start.
    """
    target_path(settings).mkdir(parents=True, exist_ok=True)
    forget_build(settings)
    with step("build", by_changes=by_changes) as counted:
        exit_code, output = _run_dbt(settings, tell, by_changes)
        if not (target_path(settings) / RESULTS).exists():
            raise ModelError("dbt could not start:\n" + "\n".join(output[-20:]))
        if by_changes:
            mark_built_by_changes(settings)
        nodes = read_node_results(target_path(settings))
        counted |= {"nodes": len(nodes), "failed": sum(node.has_failed for node in nodes)}
        if exit_code and not counted["failed"]:
            raise ModelError("dbt failed without naming a node:\n" + "\n".join(output[-20:]))
    return nodes
