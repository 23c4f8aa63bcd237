"""Publish into a Postgres database, for readers that want a server."""
