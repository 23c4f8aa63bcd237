"""The systemd units and settings in `deploy/` refer to what exists."""

import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import dagster as dg
import pytest
import yaml

from dagster_project.settings import PROJECT_DIR, VARIABLES

DEPLOY = PROJECT_DIR / "deploy"
APP = "/srv/aftersales/app"
UNITS = sorted((*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")))
# Set by a run for dbt, and by nobody else.
TOLD_BY_A_RUN = ("AFTERSALES_BUILD", "AFTERSALES_VACUUM")
PAGE = (PROJECT_DIR / "docs" / "operate.md").read_text(encoding="utf-8")


def unit(path: Path) -> ConfigParser:
    parsed = ConfigParser(interpolation=None, strict=False)
    parsed.optionxform = str
    parsed.read(path, encoding="utf-8")
    return parsed


def in_code() -> set[str]:
    files = [*(PROJECT_DIR / "dagster_project").rglob("*.py"), *(PROJECT_DIR / "dbt").glob("*.yml")]
    # Without PyIceberg's own variables, whose names contain the catalog's name.
    variable = re.compile(r"(?<!_)AFTERSALES_[A-Z_]+")
    return {name for path in files for name in variable.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("path", [p for p in UNITS if p.suffix == ".service"], ids=lambda path: path.name)
def test_a_service_starts_what_exists_confined_and_as_its_own_user(path: Path) -> None:
    service = unit(path)["Service"]
    program = service["ExecStart"].split()[0]
    assert (PROJECT_DIR / Path(program).relative_to(APP)).exists()
    assert service["User"] == "aftersales"
    assert service["UMask"] == "0077"
    assert service["ProtectSystem"] == "strict"
    assert {"NoNewPrivileges", "MemoryMax", "Restart", "ReadWritePaths"} <= set(service)
    assert APP not in service["ReadWritePaths"].split()
    assert service["EnvironmentFile"] == "/etc/aftersales.env"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed: units not verified")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        # As installed, except for the paths of the programs.
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(
            text.replace(f"ExecStart={APP}", f"ExecStart={PROJECT_DIR}"), encoding="utf-8"
        )
    found = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")


def test_the_settings_name_every_variable_and_no_other() -> None:
    named = re.findall(r"^#?(AFTERSALES_\w+)=", (DEPLOY / "aftersales.env.example").read_text(encoding="utf-8"), re.M)
    assert named == list(VARIABLES)
    assert in_code() == {*VARIABLES, *TOLD_BY_A_RUN}


def test_the_page_names_every_file_and_no_other() -> None:
    named = set(re.findall(r"deploy/([\w.-]+\.(?:service|timer|example|yaml))", PAGE))
    assert named == {path.name for path in DEPLOY.iterdir()}


def test_dagster_settings_are_valid_with_either_memory_setting(tmp_path: Path) -> None:
    own = yaml.safe_load((PROJECT_DIR / "dagster_project" / "dagster.yaml").read_text(encoding="utf-8"))
    postgres = yaml.safe_load((DEPLOY / "dagster-postgres.yaml").read_text(encoding="utf-8"))
    assert not own.keys() & postgres.keys()
    shutil.copy(PROJECT_DIR / "dagster_project" / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled
