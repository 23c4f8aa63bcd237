"""Use the sample store when no landing folder is given, and never mix it with real extracts."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.load.load import check_landing
from dagster_project.notes import write_note
from dagster_project.sample_mark import is_marked
from dagster_project.settings import Settings

# The second line of the note on what the lake was loaded from.
_IS_SAMPLE = "sample"


class SampleMixed(ExpectedError):
    """Real extracts would be loaded into the sample store's data folder, or the reverse."""


def sample_landing(data: Path) -> Path:
    """Where the sample store's extracts are written."""
    return data / "sample" / "landing"


def choose_sample(
    settings: Settings,
    landing: str | None,
    as_of: str | None,
    tell: Callable[[str], None],
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings unchanged when a landing folder was given or the default one exists.

    Otherwise the sample store's extracts are written below the data folder, and the returned settings point to
    them and, unless a date was given, to the sample's own business date.
    """
    if landing or environment.get("AFTERSALES_LANDING_DIR") or settings.landing.exists():
        return settings
    from dagster_project.sample import SAMPLE_AS_OF, write_sample

    folder = sample_landing(settings.data)
    tell(f"no landing folder given and none at {settings.landing}: using the sample store in {folder}")
    if not folder.exists():
        # Under a temporary name until it is complete: a killed run must not leave half a sample.
        building = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
        write_sample(building)
        building.rename(folder)
    given = as_of or environment.get("AFTERSALES_AS_OF")
    return replace(settings, landing=folder, as_of=settings.as_of if given else SAMPLE_AS_OF)


def loaded_from(settings: Settings) -> Path | None:
    """The landing folder that the lake was last loaded from by the command line or Dagster; None before that."""
    before = _read_note(settings)
    return Path(before[0]) if before else None


def _note(settings: Settings) -> Path:
    return settings.lake / "landing.txt"


def _read_note(settings: Settings) -> list[str]:
    """The landing folder that the lake was last loaded from, and a second line where it was the sample store's."""
    note = _note(settings)
    return note.read_text(encoding="utf-8").split("\n") if note.exists() else []


def _is_sample(landing: Path, data: Path) -> bool:
    """Whether a landing folder is the sample store's; the one below the data folder may be older than the mark."""
    return landing == sample_landing(data) or is_marked(landing)


def guard_sample(settings: Settings) -> None:
    """Record which landing folder the lake is loaded from.

    Raises SampleMixed when sample and real data would be mixed, LandingError when there is no landing folder.
    """
    check_landing(settings.landing)
    before = _read_note(settings)
    is_sample = _is_sample(settings.landing, settings.data)
    if before and before[0] != str(settings.landing):
        # Its folder may be gone since: the note says what it was.
        was_sample = _IS_SAMPLE in before[1:] or _is_sample(Path(before[0]), settings.data)
        if is_sample != was_sample:
            raise SampleMixed(
                f"{settings.data} holds data of {before[0]}, which must not be mixed with that of {settings.landing}: "
                "give another folder with --data, or delete this one"
            )
    now = [str(settings.landing), _IS_SAMPLE] if is_sample else [str(settings.landing)]
    if before != now:
        settings.lake.mkdir(parents=True, exist_ok=True)
        write_note(_note(settings), "\n".join(now))
