"""Run Great Expectations as SQL on one connection to DuckDB, which it does not support itself, or to Spark.

Importing Great Expectations takes seconds: this module is imported only when checks run.
"""

import logging
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.datasource.fluent.sql_datasource import TableAsset
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.metric_configuration import MetricConfiguration

from dagster_project.checks.dialect import Dialect
from dagster_project.checks.spark import SparkDialect
from dagster_project.settings import engine_memory
from dagster_project.spark_server import SESSION_SETTINGS, SparkServer

# Metrics that list rows; each costs a query.
_LISTS = (".unexpected_values", ".unexpected_index_list", "unexpected_rows_query.table")

# Needed because `type` is a field inside a datasource class.
_ENGINE_TYPE = type[SqlAlchemyExecutionEngine]


class OneConnectionExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs every query on one connection that stays open.

    Great Expectations closes its connection before it fetches the result. By then DuckDB's result is lost, and so are
    Spark's session and its temporary views.
    """

    shared: ClassVar[sa.Connection | None] = None
    dialect_known_as: ClassVar[str] = Dialect.known_as

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        kwargs.pop("connection_string", None)
        assert self.shared is not None
        super().__init__(*args, **kwargs | {"engine": self.shared.engine})
        # Great Expectations looks for this name in the dialect's module.
        self.dialect_module = SimpleNamespace(**{self.dialect_known_as: True})

    @contextmanager
    def get_connection(self) -> Generator[sa.Connection, None, None]:
        """The one connection; the transaction of a failed query is rolled back."""
        assert self.shared is not None
        try:
            yield self.shared
        except sa.exc.DBAPIError:
            self.shared.rollback()
            raise

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: dict | None = None,
        runtime_configuration: dict | None = None,
    ) -> dict:
        """Compute metrics except the lists of failing rows, which are read by a separate query where needed."""
        wanted = list(metrics_to_resolve)
        lists = [metric for metric in wanted if metric.metric_name.endswith(_LISTS)]
        others = [metric for metric in wanted if metric not in lists]
        return super().resolve_metrics(others, metrics, runtime_configuration) | {metric.id: [] for metric in lists}

    def get_inspector(self) -> SimpleNamespace:
        """An object that lists the columns of a relation; the dialect's own inspector is a hundred times slower."""
        return SimpleNamespace(get_columns=self._columns, dialect=self.engine.dialect)

    def _columns(self, table_name: str, schema: str | None = None) -> list[dict[str, Any]]:
        assert self.shared is not None
        described = self.shared.exec_driver_sql(f"describe {table_name}")
        return [{"name": row[0], "type": sa.types.NullType()} for row in described]


class WarehouseDatasource(SQLDatasource):
    """The private warehouse as a datasource; Great Expectations generates `add_warehouse` from its type."""

    type: Literal["warehouse"] = "warehouse"

    @property
    def execution_engine_type(self) -> _ENGINE_TYPE:
        """The execution engine of this datasource: OneConnectionExecutionEngine."""
        return OneConnectionExecutionEngine

    def get_engine(self) -> sa.Engine:
        """The SQLAlchemy engine of the one connection."""
        assert OneConnectionExecutionEngine.shared is not None
        return OneConnectionExecutionEngine.shared.engine

    def test_connection(self, test_assets: bool = True) -> None:
        """Do nothing: a second connection would end the first one's transaction; a missing relation fails when used."""


class Engine:
    """Great Expectations on one connection to the warehouse."""

    def __init__(self, connection: sa.Connection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect
        OneConnectionExecutionEngine.shared = connection
        OneConnectionExecutionEngine.dialect_known_as = dialect.known_as
        self.context = gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self.datasource: WarehouseDatasource | None = None

    def register(self, relations: Iterable[str]) -> None:
        """Register all relations that can be validated, at once, as each call rewrites the whole context."""
        assets = [TableAsset(name=relation, table_name=relation) for relation in relations]
        self.datasource = self.context.data_sources.add_warehouse(
            name="warehouse", connection_string="duckdb://", assets=assets
        )

    def validate(
        self, relation: str, configurations: Iterable[ExpectationConfiguration], result_format: dict[str, Any]
    ) -> list[ExpectationValidationResult]:
        """Evaluate expectations on a relation; those on columns share one query."""
        assert self.datasource is not None
        suite = gx.ExpectationSuite(
            name=relation, expectations=[configuration.to_domain_obj() for configuration in configurations]
        )
        asset = self.datasource.get_asset(relation)
        return asset.get_batch(asset.build_batch_request()).validate(suite, result_format=result_format).results


@contextmanager
def _engine_on(database: sa.Engine, dialect: Dialect) -> Iterator[Engine]:
    """Great Expectations on a database; closes the connection afterwards."""
    logs = [logging.getLogger(name) for name in ("great_expectations", "great_expectations.validator.validator")]
    levels = [log.level for log in logs]
    try:
        with warnings.catch_warnings(), database.connect() as connection:
            warnings.simplefilter("ignore")
            for log in logs:
                log.setLevel(logging.CRITICAL)
            yield Engine(connection, dialect)
    finally:
        OneConnectionExecutionEngine.shared = None
        database.dispose()
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


@contextmanager
def open_engine(warehouse: Path, *, read_only: bool = True) -> Iterator[Engine]:
    """Great Expectations on a warehouse file; the file is closed afterwards.

    Nothing is written to it: views that checks need are temporary.
    """
    database = sa.create_engine(
        sa.URL.create("duckdb", database=str(warehouse)),
        poolclass=sa.pool.StaticPool,
        connect_args={"read_only": read_only, "config": {"memory_limit": engine_memory()}},
    )
    with _engine_on(database, Dialect()) as engine:
        # DuckDB would print a progress bar into the log of the run for each query that takes seconds.
        engine.connection.exec_driver_sql("set enable_progress_bar = false")
        yield engine


@contextmanager
def open_spark_engine(server: SparkServer) -> Iterator[Engine]:
    """Great Expectations on a session of a Spark cluster; nothing is written, and its views end with it."""
    from pyhive import hive

    # PyHive returns dates as text.
    hive.TYPES_CONVERTER["DATE_TYPE"] = date.fromisoformat
    database = sa.create_engine(
        sa.URL.create("hive", host=server.host, port=server.port, database="default"),
        poolclass=sa.pool.StaticPool,
        connect_args={"configuration": SESSION_SETTINGS},
    )
    with _engine_on(database, SparkDialect()) as engine:
        yield engine
