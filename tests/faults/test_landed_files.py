"""A landed file that grows, shrinks or vanishes while it is read is loaded completely by the next run at the latest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.load import dataset, part
from tests.conftest import Landing

HEADER = "store_code,customer_no,customer_type,registered_on\n"
WHOLE = HEADER + "".join(f"001,{number},private,2026-01-01\n" for number in range(500))
HALF = WHOLE[: len(WHOLE) // 2]
COUNT = "select count(*) from lake.dms__customers"


def grow(path: Path) -> None:
    """The rest of the file arrives."""
    path.write_text(WHOLE)


def shrink(path: Path) -> None:
    """The file is being copied again, and only half of it has arrived."""
    path.write_text(HALF[:-5])


def replace_by_folder(path: Path) -> None:
    """Something else has taken the name."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("moment", [(dataset, "_content_digest"), (part, "open_extract")], ids=["listed", "digested"])
@pytest.mark.parametrize("change", [grow, shrink, Path.unlink, replace_by_folder])
def test_a_file_that_changes_is_read_completely_by_the_next_run(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, moment: tuple, change: Callable[[Path], None]
) -> None:
    path = landing.write("dms/customers/a_20260401.csv", HALF)
    landing.write("dms/customers/b_20260401.csv", f"{HEADER}001,B,private,2026-01-01\n")
    work = getattr(*moment)

    def change_first(*arguments: object) -> object:
        if path in arguments or path == getattr(arguments[0], "path", None):
            change(path)
        return work(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(*moment, change_first)
        landing.load()
    assert landing.query(COUNT) == [(1,)], "the other file loads, and no row of an incomplete file"
    if path.is_dir():
        path.rmdir()
    path.write_text(WHOLE)
    landing.load()
    assert landing.query(COUNT) == [(501,)]
    assert landing.file(path.name)["error"] is None


def test_a_file_that_had_grown_before_it_was_hashed_is_not_taken_as_read(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = landing.write("dms/customers/a_20260401.csv", HALF)
    digest = dataset._content_digest

    def grow_first(of: Path) -> str:
        if of == path and of.read_text() != WHOLE:
            grow(of)
        return digest(of)

    monkeypatch.setattr(dataset, "_content_digest", grow_first)
    landing.load()
    assert "changed while it was read" in landing.file(path.name)["error"]
    landing.load()
    assert landing.query(COUNT) == [(500,)]
