"""What a published state says of its marts: `state.json` beside them."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.settings import TIME_ZONE

STATE_FILE = "state.json"


class NothingPublished(ExpectedError):
    """No state has been published, or not what is asked for; the message says what to do."""


@dataclass(frozen=True)
class StateInfo:
    """Which run the marts of a state come from.

    `name` is the state that they were first published in: one that renews the quality tables alone keeps the
    marts of another, and its `state.json`. The rest is unknown of states that were written without the file.
    One of an earlier business date than what readers had looks back: `looks_back_from` is the folder in `states/`
    whose figures stand meanwhile. `whole_bytes` is what its DuckDB file took when it was last written whole,
    `accepted` how many rows of each dataset its marts are made from.
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


def new_state(as_of: date, run_id: str, standing: Path | None = None) -> StateInfo:
    """A state of now, not written yet, after the one in the folder `standing`."""
    now = datetime.now(TIME_ZONE).replace(tzinfo=None)
    before = state_of(standing).as_of if standing else None
    # A date that has not come yet was a mistake: who corrects it does not look back.
    is_corrected = before is not None and before > now.date() >= as_of
    looks_back_from = standing.name if standing and before and as_of < before and not is_corrected else None
    return StateInfo(state_name(now), now, as_of, run_id, looks_back_from)


def standing_state(published: Path) -> Path | None:
    """The folder whose figures stand: the current one, or that which it looks back from; None before any."""
    current = (published / "current").resolve()
    if not current.exists():
        return None
    looks_back_from = state_of(current).looks_back_from
    standing = current.with_name(looks_back_from) if looks_back_from else current
    return standing if standing.exists() else current


def write_state(folder: Path, state: StateInfo) -> None:
    """Write `state.json` into a state's folder."""
    text = json.dumps(asdict(state), default=lambda value: value.isoformat(), indent=2)
    (folder / STATE_FILE).write_text(f"{text}\n", encoding="utf-8")


def last_state(published: Path) -> StateInfo | None:
    """The state that readers see now; None before anything was published."""
    folder = published / "current"
    return state_of(folder) if folder.exists() else None


def state_of(folder: Path) -> StateInfo:
    """What the state in a folder says of itself."""
    if not (folder / STATE_FILE).exists():
        return StateInfo(name=folder.resolve().name)
    told = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    return StateInfo(
        name=told["name"],
        published_at=datetime.fromisoformat(told["published_at"]),
        as_of=date.fromisoformat(told["as_of"]),
        run_id=told["run_id"],
        looks_back_from=told.get("looks_back_from"),
        whole_bytes=told.get("whole_bytes"),
        accepted=told.get("accepted"),
    )
