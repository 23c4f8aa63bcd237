"""Runs of the product, divided into stages from outside: the product itself contains no measuring code."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from benchmarks.stages import Begin
from dagster_project import cli
from dagster_project.checks.worker import CheckWorker, check_worker
from dagster_project.models.dbt_build import target_path
from dagster_project.run import refresh
from dagster_project.settings import Settings

# Functions that `refresh` calls, and the stage that begins with each.
_STAGES = {
    "load_landing": "load",
    "build_models": "model",
    "check_build": "check",
    "record_restatements": "publish",
    "write_quality_report": "report",
}


def run(settings: Settings, begin: Begin) -> None:
    """A run like `aftersales run`, except that the checks' process warms up before the models, not beside them."""

    def beginning(stage: str, function: Callable) -> Callable:
        def call(*arguments: object, **named: object) -> object:
            begin(stage)
            return function(*arguments, **named)

        return call

    @contextmanager
    def warm_worker() -> Iterator[CheckWorker]:
        begin("imports")
        with check_worker() as worker:
            worker.pool.submit(int).result()
            yield worker

    stages = {name: beginning(stage, getattr(refresh, name)) for name, stage in _STAGES.items()}
    with patch.multiple(refresh, check_worker=warm_worker, **stages):
        refresh.refresh(settings)


def report(settings: Settings, month: str, begin: Begin) -> None:
    """The monthly report of one store, as `aftersales report` writes it."""
    begin("report")
    cli.main(["report", "--store", "S0001", "--month", month, "--data", str(settings.data)])


def read_nodes(settings: Settings) -> list[dict]:
    """Seconds of each node of the last `dbt build`, with its layer; two nodes run at a time."""
    target = target_path(settings)
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    nodes = []
    for result in results:
        node = manifest[result["unique_id"]]
        layer = node["path"].split("/")[0] if node["resource_type"] == "model" else f"{node['resource_type']}s"
        nodes.append({"layer": layer, "node": node["name"], "seconds": result["execution_time"]})
    return nodes
