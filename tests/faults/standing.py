"""What must hold after a fault: intact parts in the lake, an intact published state, every row accounted for."""

import json
from pathlib import Path

import duckdb

from dagster_project.contracts import read_contracts
from dagster_project.load.manifest import read_manifest
from dagster_project.load.seal import seal_if_intact
from dagster_project.settings import Settings

NOT_CONSERVED = (
    "select system, dataset from marts.quality_load group by all "
    "having sum(rows_read) <> sum(rows_accepted) + sum(rows_rejected) + sum(rows_superseded)"
)


def manifests(lake: Path) -> dict[str, dict]:
    """The entries of each dataset's manifest, without their load times; fails if a part they name is damaged."""
    found = {}
    for name in read_contracts():
        for source_path, entry in read_manifest(lake / name).items():
            parts = [lake / name / part for part in entry.parts]
            assert not parts or seal_if_intact(parts, entry.seal, by_digest=True), (
                f"{name}: {source_path} has damaged parts"
            )
            counts = (entry.rows_read, entry.rows_parsed, entry.rows_rejected)
            found[f"{name}/{source_path}"] = (entry.status, entry.digest, counts, entry.parts)
    return found


def published_run(settings: Settings) -> str:
    """The run of the published state, after checking its tables and Parquet files; "" before the first."""
    current = settings.published / "current"
    if not current.exists():
        return ""
    folder = current.resolve()
    run_id = json.loads((folder / "state.json").read_text())["run_id"]
    with duckdb.connect(str(folder / "aftersales.duckdb"), read_only=True) as connection:
        connection.execute("use marts")
        tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
        assert tables == {path.stem for path in (folder / "parquet").iterdir()}
        for name in tables:
            parquet = f"read_parquet('{folder}/parquet/{name}.parquet')"
            differing = f"select count(*) from (from {name} except all from {parquet})"
            assert connection.execute(differing).fetchone() == (0,), f"{name} differs from its Parquet file"
        last = connection.execute("select max(run_id) from quality_check_result").fetchone()
        assert last == (run_id,), f"state of {run_id} holds check results up to {last}"
        assert connection.execute(NOT_CONSERVED).fetchall() == []
    return run_id


def leftovers(data: Path) -> list[str]:
    """Temporary files and half-built folders, which a finished run must not leave."""
    return [str(path.relative_to(data)) for path in data.rglob(".*.tmp*") if "dbt" not in path.parts]
