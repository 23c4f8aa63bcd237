"""Use the sample store when no landing folder is given, and never mix it with real extracts."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.load.load import check_landing
from dagster_project.notes import write_note
from dagster_project.settings import Settings


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
    note = settings.lake / "landing.txt"
    return Path(note.read_text(encoding="utf-8")) if note.exists() else None


def guard_sample(settings: Settings) -> None:
    """Record which landing folder the lake is loaded from.

    Raises SampleMixed when sample and real data would be mixed, LandingError when there is no landing folder.
    """
    check_landing(settings.landing)
    note = settings.lake / "landing.txt"
    sample = sample_landing(settings.data)
    before = loaded_from(settings)
    if before is not None and before != settings.landing and sample in (before, settings.landing):
        raise SampleMixed(
            f"{settings.data} holds data of {before}, which must not be mixed with that of {settings.landing}: "
            "give another folder with --data, or delete this one"
        )
    if before != settings.landing:
        note.parent.mkdir(parents=True, exist_ok=True)
        write_note(note, str(settings.landing))
