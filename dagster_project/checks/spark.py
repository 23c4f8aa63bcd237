"""The checks on a Spark cluster: how it reads what is written for DuckDB."""

from functools import cache

from dagster_project.checks.dialect import MACROS, Dialect
from dagster_project.checks.suites import SUITES_DIR
from dagster_project.spark_server import in_own_words

# Macros that stand in the place of others of the same name.
_SPARK_MACROS = SUITES_DIR / "macros_spark.sql"


class SparkDialect(Dialect):
    """Spark's: sqlglot translates to it."""

    # regexp_like
    known_as = "TrinoDialect"
    refusal = "Spark can't run it: "

    def set_up(self) -> list[str]:
        """Nothing: macros, which Spark does not know, are put in the place where they are asked for."""
        return []

    def sql(self, query: str) -> str:
        """A check's SQL in Spark's."""
        return _translated(query)

    def regex(self, pattern: str) -> str:
        """A regular expression of Java that finds the same."""
        from dagster_project.checks.translation import java_regex

        return java_regex(pattern)

    def ordered(self, query: str) -> str:
        """Spark has no `order by all`."""
        from dagster_project.checks.translation import in_order

        return in_order(query)

    def kept(self, view: str) -> list[str]:
        """Nothing: Spark has no temporary tables."""
        return []

    def told(self, message: str) -> str:
        """Spark's own words, without the connection's and without the SQL."""
        return in_own_words(message).removeprefix("(pyhive.exc.OperationalError) ").partition("\n[SQL: ")[0]


def spark_macros() -> str:
    """The macros of the checks; of two with one name the last counts."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (MACROS, _SPARK_MACROS))


@cache
def _translated(query: str) -> str:
    # Without Spark nothing needs sqlglot.
    from dagster_project.checks.translation import to_spark

    return to_spark(query, spark_macros())
