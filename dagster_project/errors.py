"""The base class of the errors that users see."""


class ExpectedError(Exception):
    """An error whose message says what is wrong, where, and what to do; it is shown without a traceback."""


class OptionsRefused(ExpectedError):
    """Options that can't be combined; the message says which to leave out."""
