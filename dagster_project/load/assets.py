"""Dagster assets of the lake: one per dataset, and the registration that exposes them to dbt."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from dagster_project.contracts import Contract, read_contracts
from dagster_project.load.dataset import DatasetLoad, load_dataset, loaded_stores
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.lake import register_lake
from dagster_project.load.load import record_strays
from dagster_project.load.preview import preview
from dagster_project.load.reload import files_to_reload
from dagster_project.models.assets import OWNER
from dagster_project.models.dbt_build import forget_build
from dagster_project.privacy.forget import settle_forgotten
from dagster_project.resources import Installation, writing
from dagster_project.run.last_run import note_registered, why_built_whole
from dagster_project.run.warnings import run_warnings
from dagster_project.sample_store import guard_sample

STORES_KEY = dg.AssetKey(["lake", "dms__stores"])


def dataset_key(contract: Contract) -> dg.AssetKey:
    """The asset key of a dataset, which is also that of its dbt source."""
    return dg.AssetKey(["lake", f"{contract.system}__{contract.dataset}"])


def landing_key(contract: Contract) -> dg.AssetKey:
    """The asset key of a dataset's landed files, which other systems deliver."""
    return dg.AssetKey(["landing", f"{contract.system}__{contract.dataset}"])


# The landing sensor reports arrivals; an asset stays fresh for the days that its contract allows between extracts.
landing_assets = [
    dg.AssetSpec(
        landing_key(contract),
        group_name="landing",
        owners=[f"team:{contract.owner}"],
        kinds={"file"},
        description=(
            f"Extracts of {contract.name} as other systems drop them, at most {contract.latency_days} days apart. "
            f"/ {contract.label}：落地的原始文件。"
        ),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(days=contract.latency_days)),
    )
    for contract in read_contracts().values()
]


def load_metadata(load: DatasetLoad) -> dict[str, dg.MetadataValue]:
    """Metadata of a load for Dagster: row counts, header drift, quarantined files."""
    quarantined = [f"- `{entry.source_file}`: {entry.error}" for entry in load.quarantined]
    unknown = sorted({name for e in load.entries for name in e.unknown_names})
    missing = sorted({name for e in load.entries for name in e.missing_names})
    return {
        "dagster/row_count": dg.MetadataValue.int(load.total("rows_parsed")),
        "files": dg.MetadataValue.int(len(load.entries)),
        "files_loaded_now": dg.MetadataValue.int(load.files_loaded),
        "files_quarantined": dg.MetadataValue.int(len(quarantined)),
        "rows_read": dg.MetadataValue.int(load.total("rows_read")),
        "rows_parsed": dg.MetadataValue.int(load.total("rows_parsed")),
        "rows_rejected_while_loading": dg.MetadataValue.int(load.total("rows_rejected")),
        "unknown_columns": dg.MetadataValue.text(", ".join(map(repr, unknown)) or "none"),
        "missing_columns": dg.MetadataValue.text(", ".join(missing) or "none"),
        "quarantined": dg.MetadataValue.md("\n".join(quarantined) or "none"),
    }


def _dataset_asset(contract: Contract) -> dg.AssetsDefinition:
    key = dataset_key(contract)

    @dg.asset(
        key=key,
        deps=[landing_key(contract)] if key == STORES_KEY else [landing_key(contract), STORES_KEY],
        group_name=contract.system,
        owners=[f"team:{contract.owner}"],
        kinds={"parquet"},
        description=f"{contract.description}. One row is {contract.grain}. / {contract.label}。",
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn(column.name, column.type, f"{column.description} / {column.label}")
                    for column in contract.columns
                ]
            )
        },
    )
    def load(context: dg.AssetExecutionContext, installation: Installation) -> dg.MaterializeResult:
        settings = installation.settings(context.log.info)
        with writing(context, settings):
            guard_sample(settings)
            loaded = load_dataset(
                contract,
                settings.landing,
                settings.lake,
                loaded_stores(settings.lake),
                tell=context.log.info,
                reload=files_to_reload(settings.landing, installation.reload),
                forgotten=settle_forgotten(settings, read_hash_key(settings.data)),
            )
        metadata = load_metadata(loaded) | {"sample": dg.MetadataValue.md(preview(settings.lake, contract))}
        return dg.MaterializeResult(metadata=metadata)

    return load


dataset_assets = [_dataset_asset(contract) for contract in read_contracts().values()]


@dg.multi_asset(
    name="register_lake",
    specs=[
        dg.AssetSpec(
            ["lake", name],
            deps=[dataset_key(contract) for contract in read_contracts().values()],
            group_name="lake",
            owners=[OWNER],
            kinds={"duckdb"},
            description=description,
        )
        for name, description in {
            "loads": "What became of each landed file. / 每个落地文件的加载结果。",
            "rejected_rows": "Rows rejected while loading, with their reasons. / 加载时拒收的行及原因。",
            "check_results": "What the checks found, run by run. / 历次检查结果。",
            "restatement": "What changed in months that were closed. / 已关账月份的数据变更。",
            "hash_key": "The secret that customers and vehicles are hashed with. / 客户与车辆散列密钥。",
        }.items()
    ],
)
def registered_lake(context: dg.AssetExecutionContext, installation: Installation) -> Iterator[dg.MaterializeResult]:
    """Register the lake's parts as relations of the private warehouse, for dbt to read."""
    settings = installation.settings(context.log.info)
    with writing(context, settings):
        hash_key = read_hash_key(settings.data)
        for warning in run_warnings(settings, hash_key):
            context.log.warning(warning)
        record_strays(settings.landing, settings.lake)
        if why_whole := why_built_whole(settings):
            context.log.info("full refresh, every model is rebuilt: %s", why_whole)
        # The previous build does not match what is registered now: it must not be published as if it did.
        forget_build(settings)
        register_lake(settings.lake, settings.warehouse, hash_key, settings.as_of, by_changes=not why_whole)
        note_registered(settings, by_changes=not why_whole)
    for key in context.selected_asset_keys:
        yield dg.MaterializeResult(asset_key=key)
