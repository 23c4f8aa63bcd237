"""Differences between the engines that run the checks, which are written once, in DuckDB's SQL."""

from dagster_project.checks.suites import SUITES_DIR

# Macros that the SQL of several suites uses.
MACROS = SUITES_DIR / "macros.sql"


class Untranslatable(ValueError):
    """SQL that can't be translated for an engine; the message says why."""


class Dialect:
    """DuckDB: the SQL of the checks is used as it is written."""

    # The dialect for which Great Expectations uses the engine's regular expression function, here REGEXP_MATCHES.
    known_as = "DremioDialect"
    # Prefix of error messages.
    refusal = ""

    def set_up(self) -> list[str]:
        """The SQL statements that a session begins with."""
        return [MACROS.read_text(encoding="utf-8")]

    def sql(self, query: str) -> str:
        """A check's SQL in the engine's dialect; raises Untranslatable if it can't be translated."""
        return query

    def regex(self, pattern: str) -> str:
        """A regular expression in the engine's syntax."""
        return pattern

    def ordered(self, query: str) -> str:
        """SQL that orders a query of the engine by all columns, nulls last."""
        return f"select * from ({query}) order by all"

    def materialised(self, view: str) -> list[str]:
        """SQL statements that store the rows of a view, so that it is evaluated only once."""
        return [
            f"create or replace temp table stored__{view} as from {view}",
            f"create or replace temp view {view} as from stored__{view}",
        ]

    def shortened(self, message: str) -> str:
        """The relevant part of an error message."""
        return message
