"""Show the lake to Spark: the same relations as the schema `lake` of the private warehouse, as Iceberg tables.

Parts are registered where they are and not copied: every node of the cluster must see the data folder under the same
path. Which catalog and which folder or bucket the tables are in is PyIceberg's own configuration of the catalog
`aftersales`, as PYICEBERG_CATALOG__AFTERSALES__URI; Spark must call the catalog the same.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import ValidationError
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table
from pyiceberg.utils.config import Config

from dagster_project.checks.results import RESULT_SCHEMA
from dagster_project.errors import ExpectedError
from dagster_project.load.lake import part_relations
from dagster_project.load.manifest import MANIFEST_SCHEMA
from dagster_project.load.relation import Relation
from dagster_project.publish.restatement import RESTATEMENT_SCHEMA
from dagster_project.run_log import step

CATALOG = "aftersales"
NAMESPACE = "lake"

# The parts are the loader's: no clean-up of tables may delete them.
_PART_PROPERTIES = {"gc.enabled": "false"}


class CatalogError(ExpectedError):
    """The catalog of the tables is not known, or does not answer."""


def open_catalog() -> Catalog:
    """The catalog that Spark reads; raises CatalogError when it can't be reached."""
    try:
        # PyIceberg itself reads the environment once, when it is imported.
        catalog = load_catalog(CATALOG, **(Config().get_catalog_config(CATALOG) or {}))
        catalog.create_namespace_if_not_exists(NAMESPACE)
    except Exception as error:
        raise CatalogError(
            f"the Iceberg catalog `{CATALOG}` can't be opened: {error}\n"
            f"say where it is: PYICEBERG_CATALOG__{CATALOG.upper()}__URI and …__WAREHOUSE"
        ) from error
    return catalog


def register_iceberg(lake: Path, catalog: Catalog, hash_key: str) -> None:
    """Create the lake's tables, or make them equal what stands in the lake, each in one step."""
    with step("register"):
        for relation in part_relations(lake):
            _register_parts(catalog, relation)
        for relation in _written_relations(lake):
            _replace_rows(catalog, relation.name, _rows(relation))
        _replace_rows(catalog, "hash_key", pa.table({"hash_key": [hash_key]}))


def _rows(relation: Relation) -> pa.Table:
    if not relation.parts:
        return relation.schema.empty_table()
    return pads.dataset([str(part) for part in relation.parts], schema=relation.schema).to_table()


def _written_relations(lake: Path) -> list[Relation]:
    """What is small, and whose files are written again under one name: these are copied."""
    quality = lake / "quality"
    return [
        Relation("loads", MANIFEST_SCHEMA, sorted(lake.glob("*/*/manifest.parquet"))),
        Relation("check_results", RESULT_SCHEMA, sorted((quality / "check_results").glob("*.parquet"))),
        Relation("restatement", RESTATEMENT_SCHEMA, sorted((quality / "restatement").glob("*.parquet"))),
    ]


def _table(catalog: Catalog, name: str, schema: pa.Schema, properties: dict[str, str] | None = None) -> Table:
    """A table that has the schema's columns; made anew when one of them is of another type now."""
    identifier = (NAMESPACE, name)
    if catalog.table_exists(identifier):
        table = catalog.load_table(identifier)
        try:
            with table.update_schema() as update:
                update.union_by_name(schema)
            return table
        except ValidationError:
            catalog.drop_table(identifier)
    return catalog.create_table(identifier, schema, properties=properties or {})


def _register_parts(catalog: Catalog, relation: Relation) -> None:
    # A part can have a column that its contract has lost meanwhile.
    schema = pa.unify_schemas([relation.schema, *(pq.read_schema(part) for part in relation.parts)])
    table = _table(catalog, relation.name, schema, _PART_PROPERTIES)
    standing = {task.file.file_path: task.file.file_size_in_bytes for task in table.scan().plan_files()}
    wanted = {f"file://{part}": part.stat().st_size for part in relation.parts}
    if wanted == standing:
        return
    came = wanted.keys() - standing.keys()
    with table.transaction() as transaction:
        if not standing.items() <= wanted.items():
            transaction.delete(AlwaysTrue())
            came = wanted.keys()
        if came:
            transaction.add_files(sorted(came), check_duplicate_files=False)


def _replace_rows(catalog: Catalog, name: str, rows: pa.Table) -> None:
    table = _table(catalog, name, rows.schema)
    with table.transaction() as transaction:
        if next(iter(table.scan().plan_files()), None):
            transaction.delete(AlwaysTrue())
        transaction.append(rows)
