"""Dagster assets of the published state."""

import os

import dagster as dg

from dagster_project.checks.assets import CHECKS_KEY
from dagster_project.checks.results import last_results
from dagster_project.models.assets import OWNER, dbt_models
from dagster_project.models.dbt_build import target_path
from dagster_project.publish.models import PUBLISHED_SCHEMAS
from dagster_project.publish.postgres.load import publish_postgres
from dagster_project.publish.postgres.target import VARIABLE, read_target
from dagster_project.resources import Installation, logged, writing
from dagster_project.run.last_run import note_last_run, read_registered
from dagster_project.run.refresh import publish_checked, require_whole_build


@dg.asset(
    key=["published", "aftersales"],
    deps=[CHECKS_KEY, *(key for key in dbt_models.keys if key.path[0] in PUBLISHED_SCHEMAS)],
    group_name="published",
    owners=[OWNER],
    kinds={"duckdb", "parquet"},
    description=(
        "What BI tools read: aftersales.duckdb (schema marts) and one Parquet file a table, swapped in at once. "
        "/ 供 BI 读取的发布版本：整体原子替换。"
    ),
)
def published_marts(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult:
    """Publish all marts, or fail with the reason that forbids it and leave them unchanged."""
    settings = installation.settings(context.log.info)
    with writing(context, settings) as run_id:
        # The results of this run, even if another one has checked since it began.
        results = last_results(settings.lake / "quality", run_id)
        require_whole_build(settings)
        state = publish_checked(settings, results)
        registered = read_registered(settings)
        note_last_run(settings, registered.inputs, registered.code)
    table = "\n".join(f"| {name} | {rows:,} |" for name, rows in state.rows.items())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": dg.MetadataValue.int(sum(state.rows.values())),
            "tables": dg.MetadataValue.int(len(state.rows)),
            "as_of": dg.MetadataValue.text(f"{results[0].as_of or settings.as_of}"),
            "run_id": dg.MetadataValue.text(results[0].run_id),
            "rows": dg.MetadataValue.md(f"| table | rows |\n|---|---|\n{table}"),
            "folder": dg.MetadataValue.path(str(state.folder)),
        }
    )


@dg.asset(
    key=["published", "postgres"],
    deps=[published_marts],
    group_name="published",
    owners=[OWNER],
    kinds={"postgres"},
    description=(
        "The published tables in the Postgres database of AFTERSALES_POSTGRES_URL, loaded in one transaction. "
        "/ 同步至 Postgres 的发布版本：单个事务内整体更新。"
    ),
)
def published_postgres(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult:
    """Load the published state into Postgres, or fail and leave its tables unchanged."""
    settings = installation.settings(context.log.info)
    target = read_target()
    assert target is not None, "this asset is defined only where AFTERSALES_POSTGRES_URL is set"
    # Without the run lock: it reads a published state, and takes a lock of its own in the database.
    with logged(context, settings):
        rows = publish_postgres(settings.published, target_path(settings) / "manifest.json", target)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": dg.MetadataValue.int(sum(rows.values())),
            "tables": dg.MetadataValue.int(len(rows)),
            "schema": dg.MetadataValue.text(target.schema),
        }
    )


# Postgres is a target only where a database is named.
published_assets = [published_marts, *([published_postgres] if os.environ.get(VARIABLE) else [])]
