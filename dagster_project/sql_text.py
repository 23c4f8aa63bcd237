"""Quoting of values in SQL statements that take no parameters: paths to attach or read, comments, settings."""


def sql_text(value: object) -> str:
    """The value as an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"
