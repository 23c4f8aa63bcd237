"""What an engine that runs the checks does otherwise; the checks are written once, in DuckDB's SQL."""

from dagster_project.checks.suites import SUITES_DIR

# What the SQL of several suites shares.
MACROS = SUITES_DIR / "macros.sql"


class Untranslatable(ValueError):
    """SQL that an engine can't be asked; the message says why."""


class Dialect:
    """DuckDB's own: all that a check asks is said as it is written."""

    # What Great Expectations knows the function of regular expressions by: here REGEXP_MATCHES.
    known_as = "DremioDialect"
    # What an error's message begins with.
    refusal = ""

    def set_up(self) -> list[str]:
        """What a session begins with."""
        return [MACROS.read_text(encoding="utf-8")]

    def sql(self, query: str) -> str:
        """A check's SQL as the engine reads it; raises Untranslatable where it can't be told."""
        return query

    def regex(self, pattern: str) -> str:
        """A regular expression as the engine reads it."""
        return pattern

    def ordered(self, query: str) -> str:
        """The rows of the engine's own SQL in the order of all columns, nulls last."""
        return f"select * from ({query}) order by all"

    def kept(self, view: str) -> list[str]:
        """What makes a view answer from the rows that it has now."""
        return [
            f"create or replace temp table kept__{view} as from {view}",
            f"create or replace temp view {view} as from kept__{view}",
        ]

    def told(self, message: str) -> str:
        """What is worth reading of an error's message."""
        return message
