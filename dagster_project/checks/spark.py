"""The checks on a Spark cluster: the dialect that translates DuckDB's SQL."""

from functools import cache

from dagster_project.checks.dialect import MACROS, Dialect
from dagster_project.checks.suites import SUITES_DIR
from dagster_project.spark_server import in_own_words

# Macros that replace others of the same name.
_SPARK_MACROS = SUITES_DIR / "macros_spark.sql"


class SparkDialect(Dialect):
    """Spark, to which sqlglot translates."""

    # Great Expectations then uses REGEXP_LIKE.
    known_as = "TrinoDialect"
    refusal = "Spark can't run it: "

    def set_up(self) -> list[str]:
        """Nothing: Spark has no macros; they are expanded where they are used."""
        return []

    def sql(self, query: str) -> str:
        """A check's SQL in Spark's dialect."""
        return _translated(query)

    def regex(self, pattern: str) -> str:
        """An equivalent regular expression of Java."""
        from dagster_project.checks.translation import java_regex

        return java_regex(pattern)

    def ordered(self, query: str) -> str:
        """The query ordered by the positions of all columns, nulls last: Spark has no `order by all`."""
        from dagster_project.checks.translation import in_order

        return in_order(query)

    def materialised(self, view: str) -> list[str]:
        """Nothing: Spark has no temporary tables."""
        return []

    def shortened(self, message: str) -> str:
        """Spark's own message, without that of the connection and without the SQL."""
        return in_own_words(message).removeprefix("(pyhive.exc.OperationalError) ").partition("\n[SQL: ")[0]


def spark_macros() -> str:
    """The SQL of all macros of the checks; of two with the same name, the later one applies."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (MACROS, _SPARK_MACROS))


@cache
def _translated(query: str) -> str:
    # Imported here, as sqlglot is only installed with Spark.
    from dagster_project.checks.translation import to_spark

    return to_spark(query, spark_macros())
