"""The description of a published state: `state.json` beside its marts."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.settings import TIME_ZONE

STATE_FILE = "state.json"


class NothingPublished(ExpectedError):
    """Nothing is published yet, or not the table or figures asked for; the message says what to do."""


class StateDamaged(ExpectedError):
    """A published state's `state.json` can't be read; the message names it and says what to do."""


@dataclass(frozen=True)
class StateInfo:
    """Which run the marts of a state come from.

    `name` is the state that they were first published in: a state in which only the quality tables are new keeps
    the marts of the one before, and its `state.json`. The other fields are unknown for states that were written
    without the file. A state of an earlier business date than readers had before looks back: `looks_back_from` is
    the folder in `states/` that stays in force. `whole_bytes` is the size of its DuckDB file when it was last written
    in full, `accepted` the number of rows of each dataset that its marts are made from.
    """

    name: str
    published_at: datetime | None = None
    as_of: date | None = None
    run_id: str | None = None
    looks_back_from: str | None = None
    whole_bytes: int | None = None
    accepted: dict[str, int] | None = None


def state_name(now: datetime) -> str:
    """The name of a new state; names sort by time."""
    return f"{now:%Y%m%d%H%M%S%f}-{os.getpid()}"


def new_state(as_of: date, run_id: str, in_force: Path | None = None) -> StateInfo:
    """The description of a state that is about to be written; `in_force` is the folder of the state in force."""
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    before = state_of(in_force).as_of if in_force else None
    # A business date in the future was a mistake: correcting it is not looking back.
    is_corrected = before is not None and before > now.date() >= as_of
    looks_back_from = in_force.name if in_force and before and as_of < before and not is_corrected else None
    return StateInfo(state_name(now), now, as_of, run_id, looks_back_from)


def state_in_force(published: Path) -> Path | None:
    """The folder of the state in force: the current one, or the one that it looks back from; None before any."""
    current = (published / "current").resolve()
    if not current.exists():
        return None
    looks_back_from = state_of(current).looks_back_from
    in_force = current.with_name(looks_back_from) if looks_back_from else current
    return in_force if in_force.exists() else current


def write_state(folder: Path, state: StateInfo) -> None:
    """Write `state.json` into a state's folder."""
    text = json.dumps(asdict(state), default=lambda value: value.isoformat(), indent=2)
    (folder / STATE_FILE).write_text(f"{text}\n", encoding="utf-8")


def no_figures(published: Path) -> NothingPublished:
    """The error of those who read figures before any were published."""
    return NothingPublished(f"no figures are published in {published} yet: run `aftersales run` first")


def last_state(published: Path) -> StateInfo | None:
    """The state that readers see now; None before anything was published."""
    folder = published / "current"
    return state_of(folder) if folder.exists() else None


def state_of(folder: Path) -> StateInfo:
    """Read the `state.json` of the state in a folder; raises StateDamaged when it can't be understood."""
    path = folder.resolve() / STATE_FILE
    if not path.exists():
        return StateInfo(name=path.parent.name)
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise StateDamaged(
            f"{path} is damaged ({type(error).__name__}): restore it from a backup, or delete {path.parent}; the next "
            "run publishes a new one. `aftersales verify` looks for further damage"
        ) from error


def _parse(text: str) -> StateInfo:
    content = json.loads(text)
    return StateInfo(
        name=content["name"],
        published_at=datetime.fromisoformat(content["published_at"]),
        as_of=date.fromisoformat(content["as_of"]),
        run_id=content["run_id"],
        looks_back_from=content.get("looks_back_from"),
        whole_bytes=content.get("whole_bytes"),
        accepted=content.get("accepted"),
    )
