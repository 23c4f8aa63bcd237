"""The log of a run: one line of JSON per record in `<data>/logs/`, each with the id of its run.

Only this package's records are logged, and of foreign errors only class and place: their texts may quote a row.
"""

import json
import logging
import secrets
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dagster_project.errors import ExpectedError
from dagster_project.settings import TIME_ZONE, Settings

PACKAGE = __name__.partition(".")[0]

logger = logging.getLogger(__name__)


_SECOND = "%Y%m%d%H%M%S"


def new_run_id(token: str = "", after: datetime | None = None) -> str:
    """The id of a run that begins now; ids sort by time. `token` distinguishes runs of the same second.

    `after` is the time of the last run: where the clock went back, the id is dated one second after it.
    """
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    if after is not None:
        now = max(now, after + timedelta(seconds=1))
    return f"{now:{_SECOND}}-{token or secrets.token_hex(3)}"


def begun_at(run_id: str) -> datetime:
    """When a run began, according to its id."""
    return datetime.strptime(run_id.partition("-")[0], _SECOND)


def log_file(settings: Settings) -> Path:
    """The current log file: one a month, so that concurrent writers need not agree on when to rotate."""
    return settings.logs / f"run-{datetime.now(TIME_ZONE):%Y-%m}.jsonl"


def _describe(error: BaseException) -> str:
    """An error without data that it may quote: the first line of our own, class and place of any other."""
    if isinstance(error, ExpectedError):
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"/{PACKAGE}/" in frame.filename]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in (own or frames)[-1:]]
    return " at ".join([type(error).__name__, *places])


class _JsonLine(logging.Formatter):
    """Formats a record as a line of JSON; its `facts` become fields."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, TIME_ZONE).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "run_id": self.run_id,
            "message": record.getMessage(),
        }
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1]:
            line["error"] = _describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _console() -> logging.Handler:
    """Warnings on standard error, as by default; without failed steps, which the command reports in a sentence."""
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    console.addFilter(lambda record: not hasattr(record, "facts"))
    return console


@contextmanager
def run_log(settings: Settings, run_id: str) -> Iterator[None]:
    """Write what this package logs meanwhile to the log file, under the run's id."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log_file(settings), encoding="utf-8", delay=True)
    handler.setFormatter(_JsonLine(run_id))
    package = logging.getLogger(PACKAGE)
    level = package.level
    handlers: list[logging.Handler] = [handler] if package.hasHandlers() else [handler, _console()]
    for each in handlers:
        package.addHandler(each)
    package.setLevel(logging.INFO)
    try:
        yield
    finally:
        package.setLevel(level)
        for each in handlers:
            package.removeHandler(each)
        handler.close()


@contextmanager
def step(name: str, **facts: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Log the start of a step, and its end with its seconds and the facts that were put into the yielded mapping.

    Facts are counts, dates and names of datasets, files and stores, never of people.
    """
    started = time.monotonic()
    counted: dict[str, Any] = {"step": name, **facts}
    logger.info("%s started", name, extra={"facts": dict(counted)})
    try:
        yield counted
    except BaseException as error:
        counted["seconds"] = round(time.monotonic() - started, 3)
        logger.error("%s failed", name, extra={"facts": counted}, exc_info=error)
        raise
    counted["seconds"] = round(time.monotonic() - started, 3)
    logger.info("%s done", name, extra={"facts": counted})
