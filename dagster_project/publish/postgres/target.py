"""The Postgres database to publish to, and errors that never contain its password."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

import psycopg

from dagster_project.errors import ExpectedError

VARIABLE = "AFTERSALES_POSTGRES_URL"

# Stricter than libpq, which reads the rest of a password with @ or / as a host and repeats it in its error.
_URL = re.compile(r"postgres(?:ql)?://(?:[^\s:/@?#]+(?::(?P<password>[^\s:/@?#]*))?@)?[^\s@#]*")
_PASSWORD_OPTION = re.compile(r"[?&]\w*password=([^&]*)")


class PostgresError(ExpectedError):
    """Publishing to Postgres failed, and its tables are unchanged; the message says why."""


@dataclass(frozen=True)
class PostgresTarget:
    """A database, the schema that the warehouse owns there, and the role that may read it."""

    url: str = field(repr=False)
    schema: str = "marts"
    reader: str = "aftersales_reader"

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection]:
        """A connection in autocommit; errors of Postgres become PostgresError, without the password."""
        try:
            with psycopg.connect(
                self.url, autocommit=True, connect_timeout=15, application_name="aftersales"
            ) as connection:
                yield connection
        except psycopg.Error as error:
            raise PostgresError(f"Postgres: {self._without_password(str(error).strip())}") from None

    def _without_password(self, text: str) -> str:
        matched = _URL.fullmatch(self.url)
        secrets = [matched["password"] if matched else None, *_PASSWORD_OPTION.findall(self.url)]
        for secret in filter(None, secrets):
            for spelling in (secret, unquote(secret)):
                text = text.replace(spelling, "***")
        return text


def read_target(environment: Mapping[str, str] = os.environ, url: str = "") -> PostgresTarget | None:
    """The database from `url`, else from AFTERSALES_POSTGRES_URL; None when neither is given.

    AFTERSALES_POSTGRES_SCHEMA (marts) and AFTERSALES_POSTGRES_READER (aftersales_reader) name the schema and
    the role. Raises PostgresError for an invalid URL, without repeating it.
    """
    url = (url or environment.get(VARIABLE, "")).strip()
    if not url:
        return None
    if not _URL.fullmatch(url):
        raise PostgresError(
            "the Postgres URL is invalid: write postgresql://user:password@host:5432/database; in user and password, "
            "write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25"
        )
    return PostgresTarget(
        url=url,
        schema=environment.get("AFTERSALES_POSTGRES_SCHEMA") or PostgresTarget.schema,
        reader=environment.get("AFTERSALES_POSTGRES_READER") or PostgresTarget.reader,
    )
