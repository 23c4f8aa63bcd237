"""Register the lake for Spark: the relations of the private warehouse's schema `lake`, as Iceberg tables.

Parts are registered in place, not copied: every node of the cluster must see the data folder under the same path.
PyIceberg's configuration of the catalog `aftersales` (as PYICEBERG_CATALOG__AFTERSALES__URI) says which catalog and
which folder or bucket hold the tables; Spark must use the same name for the catalog.
"""

import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError, ValidationError
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table
from pyiceberg.utils.config import Config
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random

from dagster_project.checks.results import RESULT_SCHEMA
from dagster_project.errors import ExpectedError
from dagster_project.load.lake import part_relations
from dagster_project.load.manifest import MANIFEST_SCHEMA
from dagster_project.load.relation import Relation
from dagster_project.publish.restatement import RESTATEMENT_SCHEMA
from dagster_project.run.log import step
from dagster_project.spark_server import file_uri

# It warns about every column without a least and greatest value; parts deliberately omit those of most text columns.
logging.getLogger("pyiceberg.io.pyarrow").setLevel(logging.ERROR)

CATALOG = "aftersales"
NAMESPACE = "lake"

# Small relations whose files are rewritten under the same name are copied: by name, their schema and files.
_COPIED = {
    "loads": (MANIFEST_SCHEMA, "*/*/manifest.parquet"),
    "check_results": (RESULT_SCHEMA, "quality/check_results/*.parquet"),
    "restatement": (RESTATEMENT_SCHEMA, "quality/restatement/*.parquet"),
}
HASH_KEY = "hash_key"
# The tables that every registration rewrites.
WRITTEN = (*_COPIED, HASH_KEY)

# No retries: PyIceberg would add parts that another loader has added meanwhile. It must raise the conflict instead.
_PROPERTIES = {"commit.retry.num-retries": "0"}
# The parts belong to the loader: no clean-up of tables may delete them.
_PART_PROPERTIES = _PROPERTIES | {"gc.enabled": "false"}


class CatalogError(ExpectedError):
    """The catalog of the tables is not configured, or can't be reached."""


def open_catalog() -> Catalog:
    """The catalog that Spark reads; raises CatalogError when it can't be reached."""
    try:
        # Read the environment now: PyIceberg itself reads it only once, when it is imported.
        catalog = load_catalog(CATALOG, **(Config().get_catalog_config(CATALOG) or {}))
        catalog.create_namespace_if_not_exists(NAMESPACE)
    except Exception as error:
        raise CatalogError(
            f"the Iceberg catalog `{CATALOG}` can't be opened: {error}\n"
            f"configure it by PYICEBERG_CATALOG__{CATALOG.upper()}__URI and …__WAREHOUSE"
        ) from error
    return catalog


# A concurrent load or registration can change a table, or remove a part, after it was looked up: then start again.
@retry(
    retry=retry_if_exception_type((CommitFailedException, TableAlreadyExistsError, FileNotFoundError)),
    stop=stop_after_attempt(30),
    wait=wait_random(0, 3),
    reraise=True,
)
def register_iceberg(lake: Path, catalog: Catalog, hash_key: str) -> None:
    """Create the lake's tables, or update each in one step to what the lake holds.

    Several loaders may register at once: each reads the lake after it has read the table, so that none removes what
    another has added.
    """
    with step("register"):
        schemas = {relation.name: _schema(relation) for relation in part_relations(lake)}
        registered = {name: _table(catalog, name, schema, _PART_PROPERTIES) for name, schema in schemas.items()}
        for relation in part_relations(lake):
            _register_parts(registered[relation.name], relation)
        copied = {name: _table(catalog, name, schema, _PROPERTIES) for name, (schema, _) in _COPIED.items()}
        for relation in _copied_relations(lake):
            _replace_rows(copied[relation.name], _rows(relation))
        key = pa.table({HASH_KEY: [hash_key]})
        _replace_rows(_table(catalog, HASH_KEY, key.schema, _PROPERTIES), key)


def _rows(relation: Relation) -> pa.Table:
    if not relation.parts:
        return relation.schema.empty_table()
    return pads.dataset([str(part) for part in relation.parts], schema=relation.schema).to_table()


def _copied_relations(lake: Path) -> list[Relation]:
    return [Relation(name, schema, sorted(lake.glob(files))) for name, (schema, files) in _COPIED.items()]


def _table(catalog: Catalog, name: str, schema: pa.Schema, properties: dict[str, str]) -> Table:
    """The table with the schema's columns; dropped and recreated if the type of a column has changed."""
    identifier = (NAMESPACE, name)
    if catalog.table_exists(identifier):
        table = catalog.load_table(identifier)
        try:
            with table.update_schema() as update:
                update.union_by_name(schema)
            if not properties.items() <= table.properties.items():
                table.transaction().set_properties(properties).commit_transaction()
            return table
        except ValidationError:
            catalog.drop_table(identifier)
    return catalog.create_table(identifier, schema, properties=properties)


def _schema(relation: Relation) -> pa.Schema:
    # A part can have a column that has been removed from its contract since.
    return pa.unify_schemas([relation.schema, *(pq.read_schema(part) for part in relation.parts)])


def _register_parts(table: Table, relation: Relation) -> None:
    registered = {task.file.file_path: task.file.file_size_in_bytes for task in table.scan().plan_files()}
    wanted = {file_uri(part): part.stat().st_size for part in relation.parts}
    if wanted == registered:
        return
    added = {*wanted} - {*registered}
    with table.transaction() as transaction:
        if not registered.items() <= wanted.items():
            transaction.delete(AlwaysTrue())
            added = {*wanted}
        if added:
            transaction.add_files(sorted(added), check_duplicate_files=False)


def _replace_rows(table: Table, rows: pa.Table) -> None:
    with table.transaction() as transaction:
        if next(iter(table.scan().plan_files()), None):
            transaction.delete(AlwaysTrue())
        transaction.append(rows)
