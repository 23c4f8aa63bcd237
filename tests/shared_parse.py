"""dbt's reading of the project, which takes as long as a third of a build, handed on from one data folder to another.

dbt reads again what changed in the project since, and all of it where the connection differs, which it tells by a
digest that the path of the warehouse is part of. Nothing that it keeps depends on that path.
"""

import hashlib
import pprint

import yaml

from dagster_project.models.dbt_build import target_path
from dagster_project.settings import DBT_DIR, Settings

PARSE = "partial_parse.msgpack"


def _digest(settings: Settings) -> bytes:
    """dbt's digest of the connection to the private warehouse."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    profile = yaml.safe_load((DBT_DIR / "profiles.yml").read_text(encoding="utf-8"))["aftersales"]["outputs"]["duckdb"]
    of_connection = {key: value for key, value in profile.items() if key not in ("type", "threads")}
    credentials = DuckDBCredentials.from_dict(of_connection | {"path": str(settings.warehouse)})
    told = pprint.pformat(sorted(credentials.connection_info()))
    return hashlib.sha256(told.encode()).hexdigest().encode()


def hand_on_parse(source: Settings, target: Settings) -> None:
    """Give a data folder what dbt read of the project in another."""
    kept = (target_path(source) / PARSE).read_bytes()
    assert kept.count(_digest(source)) == 1, "dbt tells a connection otherwise now: mend the digest above"
    target_path(target).mkdir(parents=True, exist_ok=True)
    (target_path(target) / PARSE).write_bytes(kept.replace(_digest(source), _digest(target)))
