"""Unexpected errors might quote a row: their texts are kept in the private lake only."""

import os
import re
import time
import traceback
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.load.masking import MASK, mask_text

# What engines quote: values in single or double quotes; names of columns and relations in double quotes are kept. The
# apostrophe of "can't" is not a quote: taken as an opening one, it would end at the next quote and leave the value
# after that unmasked.
_SINGLE = re.compile(r"(?!(?<=[a-z])'(?:d|ll|m|re|s|t|ve)\b)'[^'\n]*'")
_DOUBLE = re.compile(r'("[A-Za-z_][\w.]*")|"[^"\n]*"')
# The prefix of errors that dbt raises before it sends anything to the engine.
_OF_CODE = "Compilation Error"


class StepFailed(ExpectedError):
    """An unexpected error without its text; the message says where that is kept."""


def keep_details(lake: Path, error: BaseException) -> StepFailed:
    """Write the error with its traceback to `<lake>/errors/`; returns an error whose message may be shown."""
    folder = lake / "errors"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%d%H%M%S')}-{os.getpid()}.txt"
    with path.open("a", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return StepFailed(f"{type(error).__name__}{where}: might quote a row, so its text is kept in {path} only")


def without_values(message: str) -> str:
    """An engine's message without the values that it quotes; dbt's compilation errors quote code only, and keep it."""
    if message.startswith(_OF_CODE):
        return mask_text(message)
    without_single = _SINGLE.sub(f"'{MASK}'", message)
    return mask_text(_DOUBLE.sub(lambda quoted: quoted[1] or f'"{MASK}"', without_single))
