"""The errors that people meet."""


class ExpectedError(Exception):
    """An error whose message says what is wrong, where, and what to do: it is told without a traceback."""
