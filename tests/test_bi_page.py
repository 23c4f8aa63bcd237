"""The steps in docs/bi.md are run as they are written there."""

import re
import shlex

import pytest

from dagster_project import cli
from dagster_project.models.dbt_build import target_path
from dagster_project.publish.postgres.load import publish_postgres
from dagster_project.publish.postgres.target import PostgresTarget
from dagster_project.settings import PROJECT_DIR

PAGE = (PROJECT_DIR / "docs" / "bi.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.+?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
FILES = [block for block in PYTHON if "psycopg" not in block]
POSTGRES = [block for block in PYTHON if "psycopg" in block]
EXPORTS = re.findall(r"^\.venv/bin/aftersales (publish .*--csv.*)$", PAGE, flags=re.MULTILINE)


@pytest.fixture
def project(sample_run, tmp_path, monkeypatch):
    """A project folder with the sample's `data`, as the working directory."""
    (tmp_path / "data").symlink_to(sample_run.data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AFTERSALES_DATA_DIR", raising=False)
    return tmp_path


def run(block: str) -> None:
    exec(compile(block, "docs/bi.md", "exec"), {})


def test_the_page_documents_each_way() -> None:
    assert (len(FILES), len(POSTGRES), len(EXPORTS)) == (4, 1, 2)


@pytest.mark.parametrize("block", FILES, ids=range(len(FILES)))
def test_files_are_read_as_documented(project, capsys, block: str) -> None:
    run(block)
    assert re.search(r"\bS00\d\b", capsys.readouterr().out), "it shows no store's figure"


def test_postgres_is_read_as_documented(project, sample_run, database: str, monkeypatch, capsys) -> None:
    publish_postgres(sample_run.published, target_path(sample_run) / "manifest.json", PostgresTarget(database))
    monkeypatch.setenv("AFTERSALES_POSTGRES_URL", database)
    run(POSTGRES[0])
    assert "S001" in capsys.readouterr().out


@pytest.mark.parametrize("command", EXPORTS)
def test_exports_are_written_as_documented(project, command: str) -> None:
    assert cli.main(shlex.split(command)) == 0
    assert list((project / "export").rglob("*.csv"))
