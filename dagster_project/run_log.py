"""What a run logs: a line of JSON a record in `<data>/logs/`, each with the id of its run.

Only what this product says is logged, and of foreign errors only class and place: their texts may quote a row.
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
    """The id of a run that begins now; ids sort by time. `token` tells it from others of the same second.

    Where the clock went back, it begins a second after `after`, when the last run was.
    """
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    if after is not None:
        now = max(now, after + timedelta(seconds=1))
    return f"{now:{_SECOND}}-{token or secrets.token_hex(3)}"


def begun_at(run_id: str) -> datetime:
    """When a run began, as its id says."""
    return datetime.strptime(run_id.partition("-")[0], _SECOND)


def log_file(settings: Settings) -> Path:
    """The file that is written now: one a month, so that writers need not agree on when to rotate."""
    return settings.logs / f"run-{datetime.now(TIME_ZONE):%Y-%m}.jsonl"


def _told(error: BaseException) -> str:
    """An error without what it may quote: the first line of our own, class and place of any other."""
    if isinstance(error, ExpectedError):
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"/{PACKAGE}/" in frame.filename]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in (own or frames)[-1:]]
    return " at ".join([type(error).__name__, *places])


class _JsonLine(logging.Formatter):
    """A record as a line of JSON; `facts` of the record become fields of their own."""

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
            line["error"] = _told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _console() -> logging.Handler:
    """Warnings on standard error, as without us; a step that fails is told by the command, in a sentence."""
    console = logging.StreamHandler()
    console.setLevel(logging.WARNING)
    console.addFilter(lambda record: not hasattr(record, "facts"))
    return console


@contextmanager
def run_log(settings: Settings, run_id: str) -> Iterator[None]:
    """Keep what this package logs meanwhile in the log file, under the run's id."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log_file(settings), encoding="utf-8", delay=True)
    handler.setFormatter(_JsonLine(run_id))
    package = logging.getLogger(PACKAGE)
    level = package.level
    takers: list[logging.Handler] = [handler] if package.hasHandlers() else [handler, _console()]
    for taker in takers:
        package.addHandler(taker)
    package.setLevel(logging.INFO)
    try:
        yield
    finally:
        package.setLevel(level)
        for taker in takers:
            package.removeHandler(taker)
        handler.close()


@contextmanager
def step(name: str, **facts: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Log that a step starts, and how it ended after how many seconds; what is put into the facts is told with the end.

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
