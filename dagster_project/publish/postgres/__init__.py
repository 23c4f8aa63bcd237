"""Publish into a Postgres database, for readers that want a server."""

from dagster_project.publish.postgres.load import publish_postgres
from dagster_project.publish.postgres.target import PostgresError, PostgresTarget, read_target

__all__ = ["PostgresError", "PostgresTarget", "publish_postgres", "read_target"]
