"""Errors that are not the product's own might quote a row: their texts stay in the private lake."""

import os
import re
import time
import traceback
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.load.masking import MASK, mask_text

# What engines quote: values in either quotes; names of columns and relations are let stand. The apostrophe of "can't"
# quotes nothing: as an opening quote it would end at the next one, and let the value after that stand.
_SINGLE = re.compile(r"(?!(?<=[a-z])'(?:d|ll|m|re|s|t|ve)\b)'[^'\n]*'")
_DOUBLE = re.compile(r'("[A-Za-z_][\w.]*")|"[^"\n]*"')
# What dbt says of a model before it asks the engine anything.
_OF_CODE = "Compilation Error"


class StepFailed(ExpectedError):
    """An error nobody expected, told without its text; the message says where that is."""


def keep_details(lake: Path, error: BaseException) -> StepFailed:
    """Keep the error with its traceback in `<lake>/errors/`; returns what may be told of it."""
    folder = lake / "errors"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%d%H%M%S')}-{os.getpid()}.txt"
    with path.open("a", encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return StepFailed(f"{type(error).__name__}{where}: might quote a row, so its text is kept in {path} only")


def without_values(message: str) -> str:
    """An engine's message without the values that it quotes; what dbt can't compile it quotes of the code."""
    if message.startswith(_OF_CODE):
        return mask_text(message)
    without_single = _SINGLE.sub(f"'{MASK}'", message)
    return mask_text(_DOUBLE.sub(lambda quoted: quoted[1] or f'"{MASK}"', without_single))
