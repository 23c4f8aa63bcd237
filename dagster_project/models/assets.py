"""Dagster assets of the dbt project: each model, with its tests as asset checks."""

import fcntl
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from dagster_project.checks.worker import check_worker
from dagster_project.models.check_description import describe_check
from dagster_project.models.dbt_build import (
    build_arguments,
    dbt_environment,
    forget_build,
    mark_built_by_changes,
    parse_project,
    read_node_results,
    target_path,
)
from dagster_project.privacy.error_details import without_values
from dagster_project.resources import Installation, writing
from dagster_project.run.last_run import read_registered
from dagster_project.run.log import step
from dagster_project.run.refresh import check_build, publish_checked
from dagster_project.settings import DBT_DIR, PROJECT_DIR

OWNER = "team:warehouse"
# One of the assets that the registration of the lake materializes.
REGISTERED = dg.AssetKey(["lake", "loads"])
SOURCE_FOLDERS = (DBT_DIR / "models", DBT_DIR / "macros", DBT_DIR / "tests", PROJECT_DIR / "seeds")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder; waits until no other process holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def prepared_project() -> DbtProject:
    """The dbt project, with a manifest that is at least as new as all of its files."""
    project = DbtProject(project_dir=DBT_DIR)
    manifest = project.manifest_path
    manifest.parent.mkdir(parents=True, exist_ok=True)
    # Several processes of Dagster start at the same time: only one of them parses.
    with _alone_in(manifest.parent):
        files = [path for folder in SOURCE_FOLDERS for path in folder.rglob("*") if path.is_file()]
        files.append(DBT_DIR / "dbt_project.yml")
        if not manifest.exists() or manifest.stat().st_mtime < max(path.stat().st_mtime for path in files):
            parse_project(manifest.parent)
    return project


dbt_project = prepared_project()


class _WithoutValues(io.TextIOBase):
    """Forwards what is printed, without the values that errors quote."""

    def __init__(self, output: TextIO) -> None:
        self.output = output

    def write(self, text: str) -> int:
        self.output.write("\n".join(without_values(line) for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        self.output.flush()


class FolderTranslator(DagsterDbtTranslator):
    """Groups models by their folders, so that the graph resembles the project tree."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Group marts by domain, everything else by layer."""
        folders = dbt_resource_props["fqn"][1:-1]
        if dbt_resource_props["resource_type"] == "seed":
            return "seeds"
        return "_".join(folders[:2]) if folders[0] == "marts" else folders[0]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The team that owns the models."""
        return [OWNER]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Make staging models depend on the registration of the lake, which makes new loads visible to dbt."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if manifest["nodes"].get(unique_id, {}).get("fqn", ["", ""])[1] != "staging":
            return spec
        return spec.replace_attributes(deps=[*spec.deps, REGISTERED])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """A test as an asset check with a description of what it checks."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=describe_check(manifest["nodes"][unique_id]))


@dbt_assets(manifest=dbt_project.manifest_path, project=dbt_project, dagster_dbt_translator=FolderTranslator())
def dbt_models(context: dg.AssetExecutionContext, dbt: DbtCliResource, installation: Installation) -> Iterator[Any]:
    """Build and test the dbt project in the private warehouse."""
    settings = installation.settings(context.log.info)
    with writing(context, settings) as run_id:
        # Not for a subset of the models: the other models would miss these changes for good.
        by_changes = read_registered(settings).by_changes and not context.is_subset
        # dbt reads its folders from the environment of the process that starts it; Dagster starts it in the project.
        environment = dbt_environment(settings, by_changes=by_changes)
        os.environ.update(environment | {"AFTERSALES_DATA_DIR": str(settings.data)})
        forget_build(settings)
        arguments = build_arguments(settings, by_changes=by_changes)
        with step("build", by_changes=by_changes) as counted:
            invocation = dbt.cli(arguments, context=context, target_path=target_path(settings), raise_on_error=False)
            # Dagster stores what is printed, and engines quote values in their errors.
            with redirect_stdout(_WithoutValues(sys.stdout)):
                yield from invocation.stream()
            is_successful = counted["successful"] = invocation.is_successful()
        if by_changes:
            mark_built_by_changes(settings)
        if not is_successful:
            # Downstream assets do not run after a failure: judge the build here, so that owners see the faults.
            with check_worker() as worker:
                results = check_build(settings, run_id, read_node_results(target_path(settings)), worker)
            publish_checked(settings, results)
