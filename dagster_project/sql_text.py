"""Values written into SQL that takes no parameters: paths that are attached or read, comments, settings."""


def sql_text(value: object) -> str:
    """A value as SQL text."""
    return "'" + str(value).replace("'", "''") + "'"
