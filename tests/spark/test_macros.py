"""Macros that differ by engine: their tests, which need no data, pass on the cluster as they do in DuckDB."""

import json
import re
from datetime import date
from pathlib import Path

from dagster_project.models.dbt_build import RESULTS, ask_dbt, target_path
from dagster_project.settings import DBT_DIR, Settings
from tests.spark.cluster import Cluster

READS_DATA = re.compile(r"\b(ref|source)\(")
OF_MACROS = [
    path.stem
    for path in sorted((DBT_DIR / "tests").glob("*.sql"))
    if not READS_DATA.search(path.read_text(encoding="utf-8"))
]


def test_macros_pass_their_tests(cluster: Cluster, tmp_path: Path) -> None:
    settings = Settings(landing=tmp_path, data=tmp_path, as_of=date(2026, 6, 30))
    with cluster.in_environment():
        finished = ask_dbt(settings, ["test", "--target", "spark", "--select", *OF_MACROS])
    assert finished.returncode == 0, finished.stdout[-5000:]
    results = json.loads((target_path(settings) / RESULTS).read_text(encoding="utf-8"))["results"]
    assert {result["status"] for result in results} == {"pass"}
    assert len(results) == len(OF_MACROS) >= 5
