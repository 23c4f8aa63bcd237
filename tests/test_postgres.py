"""Publishing into a real Postgres: equal to the marts, all or nothing, read-only, without showing passwords."""

import importlib
import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import duckdb
import psycopg
import pytest

from dagster_project import cli
from dagster_project.models.dbt_build import target_path
from dagster_project.publish import assets
from dagster_project.publish.keys import read_keys
from dagster_project.publish.postgres.load import _selected, publish_postgres
from dagster_project.publish.postgres.target import PostgresError, PostgresTarget
from dagster_project.resources import Installation
from dagster_project.run.log import log_file
from dagster_project.settings import Settings
from tests.conftest import Landing
from tests.support.small_warehouse import TABLES, SmallWarehouse

SECRET = "s3cr3t-Fnord"
PUBLISH = """
import sys
from pathlib import Path
from dagster_project.publish.postgres.load import publish_postgres
from dagster_project.publish.postgres.target import read_target
publish_postgres(Path(sys.argv[1]), Path(sys.argv[2]), read_target(url=sys.argv[3]))
"""
TYPES = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp without time zone",
}


@pytest.fixture
def small(tmp_path: Path) -> SmallWarehouse:
    return SmallWarehouse(tmp_path)


def load(small: SmallWarehouse, database: str) -> dict[str, int]:
    return publish_postgres(small.published, small.manifest, PostgresTarget(database))


def as_user(database: str, user: str) -> str:
    return database.replace("//postgres:", f"//{user}:")


def reader_of(database: str) -> str:
    """The URL of a user who may only do what the read-only role may."""
    with psycopg.connect(database, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = 'superset'").fetchone():
            connection.execute("create role superset login in role aftersales_reader")
    return as_user(database, "superset")


def logged(settings: Settings) -> list[tuple[str, str, int | None]]:
    """Run, message and number of tables of each logged line."""
    lines = [json.loads(line) for line in log_file(settings).read_text(encoding="utf-8").splitlines()]
    return [(line["run_id"], line["message"], line.get("tables")) for line in lines]


def states(connection: psycopg.Connection) -> list[tuple[int]]:
    query = " union ".join(f"select state from marts.{table}" for table in TABLES)
    return connection.execute(query).fetchall()


def test_the_read_only_role_reads_every_row_type_and_description_and_changes_nothing(
    sample_run: Settings, database: str
) -> None:
    manifest = target_path(sample_run) / "manifest.json"
    rows = publish_postgres(sample_run.published, manifest, PostgresTarget(database))
    keys = read_keys(manifest)
    with (
        duckdb.connect(str(sample_run.published / "aftersales.duckdb"), read_only=True) as file,
        psycopg.connect(reader_of(database), autocommit=True) as reader,
    ):
        wanted = file.execute(
            "select table_name, column_name, data_type, comment from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
        held = reader.execute(
            "select table_name, column_name, data_type, col_description(format('marts.%I', table_name)::regclass, "
            "ordinal_position::int) from information_schema.columns where table_schema = 'marts'"
        ).fetchall()
        assert sorted(held) == sorted((table, name, TYPES[kind], comment) for table, name, kind, comment in wanted)
        descriptions = file.execute("select table_name, comment from duckdb_tables()").fetchall()
        assert len(descriptions) == len(rows) > 40
        for table, description in descriptions:
            in_order = f"select * from marts.{table}"
            ours = sorted(file.execute(in_order).fetchall(), key=repr)
            assert sorted(reader.execute(in_order).fetchall(), key=repr) == ours, table
            assert rows[table] == len(ours)
            found = reader.execute("select obj_description(%s::regclass)", [f"marts.{table}"]).fetchone()
            assert found == (description,)
            primary = reader.execute(
                "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'p'",
                [f"marts.{table}"],
            ).fetchone()
            assert primary is not None
            assert primary[0].replace('"', "") == f"PRIMARY KEY ({', '.join(keys[table])})"
        indexed = "select count(*) from pg_indexes where tablename = 'agent_monthly' and indexdef like %s"
        assert reader.execute(indexed, ["%(store_code, month)"]).fetchone() == (1,)
        for forbidden in ("delete from marts.css_store_monthly", "create table marts.mine (a int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(forbidden)


def test_texts_are_read_back_unchanged(small: SmallWarehouse, database: str) -> None:
    texts = [
        "",
        None,
        "NULL",
        "\\N",
        'a "b", c',
        "line\nof\r\ntext",
        "one\n\\.\ntwo",
        "\\.",
        "'=1+1",
        "客户\t满意",
        "𠮷",
    ]
    literals = ["null" if text is None else "'" + text.replace("'", "''") + "'" for text in texts]
    values = ", ".join(f"('S002', date '2026-01-01', {line}, 1, {text})" for line, text in enumerate(literals))
    small.publish(1, second=f"values {values}, ('S002', date '2026-01-01', 99, 1, 'a' || chr(0) || 'b')")
    load(small, database)
    with psycopg.connect(database) as connection:
        notes = connection.execute("select note from marts.second_monthly where store_code = 'S002' order by line")
        assert [note for (note,) in notes] == [*texts, "ab"]


def test_readers_see_consistent_states_through_several_publishes(small: SmallWarehouse, database: str) -> None:
    small.publish(0)
    load(small, database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create schema bi")
        connection.execute(
            "create view bi.both as select state from marts.first_monthly union select state from marts.second_monthly"
        )
        connection.execute("grant usage on schema bi to aftersales_reader")
        connection.execute("grant select on bi.both to aftersales_reader")
    url, stop = reader_of(database), threading.Event()
    seen: list[set[int]] = [set() for _ in range(4)]
    wrong: list[str] = []

    def read(number: int) -> None:
        while not stop.is_set():
            try:
                with psycopg.connect(url) as connection:
                    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                    one, other = (
                        connection.execute(f"select distinct state from marts.{table}").fetchall() for table in TABLES
                    )
                with psycopg.connect(url) as connection:
                    found = [one, other, states(connection)]
                with psycopg.connect(url) as connection:
                    found.append(connection.execute("select state from bi.both").fetchall())
                wrong.extend(f"two states in one read: {found}" for rows in found if len(rows) != 1)
                if one != other:
                    wrong.append(f"two states in one transaction: {found}")
                seen[number].update(state for rows in found for (state,) in rows)
            except Exception as error:
                wrong.append(repr(error))

    readers = [threading.Thread(target=read, args=(number,)) for number in range(len(seen))]
    for reader in readers:
        reader.start()
    for state in range(1, 9):
        small.publish(state)
        load(small, database)
    time.sleep(0.5)
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert all(8 in of_reader for of_reader in seen)
    assert len(set.union(*seen)) >= 5, "the readers hardly read while states changed: the test proves nothing"


def test_a_load_that_fails_leaves_the_marts(small: SmallWarehouse, database: str) -> None:
    small.publish(1)
    load(small, database)
    small.publish(2, second="select * from marts.second_monthly limit 1")
    with pytest.raises(PostgresError, match="second_monthly_pkey"):
        load(small, database)
    with psycopg.connect(database) as connection:
        assert states(connection) == [(1,)]


def test_a_load_that_is_killed_leaves_the_marts(small: SmallWarehouse, database: str) -> None:
    small.publish(1)
    load(small, database)
    small.publish(2)
    with psycopg.connect(database) as holder, psycopg.connect(database, autocommit=True) as watcher:
        # The first table is loaded by then; the second waits for this lock.
        holder.execute("lock table marts.second_monthly in share mode")
        command = [sys.executable, "-c", PUBLISH, str(small.published), str(small.manifest), database]
        with subprocess.Popen(command) as process:
            deadline = time.monotonic() + 60
            waiting = "select 1 from pg_locks where not granted and relation = 'marts.second_monthly'::regclass"
            while not watcher.execute(waiting).fetchone():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.kill()
        assert states(watcher) == [(1,)]
    load(small, database)
    with psycopg.connect(database) as connection:
        assert states(connection) == [(2,)]


def test_views_on_the_marts_are_kept_or_named(small: SmallWarehouse, database: str) -> None:
    small.publish(1, also="'a' as note, 1.5::decimal(10, 2) as amount")
    load(small, database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create schema bi")
        connection.execute("create view bi.amounts as select sum(amount) from marts.first_monthly")
        small.publish(2, also="'a' as note, 1.5::decimal(10, 2) as amount, true as is_final")
        load(small, database)
        assert connection.execute("select bool_and(is_final) from marts.second_monthly").fetchone() == (True,)
        assert connection.execute("select sum from bi.amounts").fetchone() == (750,)
        small.publish(3, also="'a' as note, 2::bigint as amount")
        with pytest.raises(PostgresError, match=r"view bi.amounts depends on table marts.first_monthly"):
            load(small, database)
        assert states(connection) == [(2,)]
        connection.execute("drop view bi.amounts")
        load(small, database)
        assert states(connection) == [(3,)]


def test_a_schema_of_something_else_is_refused(small: SmallWarehouse, database: str) -> None:
    small.publish(1)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.theirs as select 1 as a")
        with pytest.raises(PostgresError, match="AFTERSALES_POSTGRES_SCHEMA"):
            load(small, database)
        assert connection.execute("select a from marts.theirs").fetchall() == [(1,)]


def test_tables_that_others_made_in_the_schema_stay(small: SmallWarehouse, database: str) -> None:
    small.publish(1)
    load(small, database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table marts.mine as select 1 as kept")
    load(small, database)
    with psycopg.connect(database) as connection:
        assert connection.execute("select kept from marts.mine").fetchall() == [(1,)]


def test_tables_that_others_own_in_the_schema_stop_no_load_and_keep_their_owner(
    small: SmallWarehouse, database: str
) -> None:
    small.publish(1)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create role publisher login createrole")
        connection.execute(f"grant create on database {connection.info.dbname} to publisher")
        load(small, as_user(database, "publisher"))
        connection.execute("create table marts.theirs as select 1 as kept")
        small.publish(2)
        load(small, as_user(database, "publisher"))
        with psycopg.connect(reader_of(database), autocommit=True) as reading:
            assert states(reading) == [(2,)]
            # Not even a superuser, who could, lets the reader read them.
            load(small, database)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reading.execute("select kept from marts.theirs")


def test_a_server_that_ends_idle_transactions_does_not_end_a_load(
    small: SmallWarehouse, database: str, monkeypatch
) -> None:
    small.publish(1)
    with psycopg.connect(database, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"alter database {name} set idle_in_transaction_session_timeout = '100ms'")

    def slowly(*arguments: object) -> str:
        # Meanwhile DuckDB writes a big table and sends Postgres nothing.
        time.sleep(0.2)
        return _selected(*arguments)

    monkeypatch.setattr("dagster_project.publish.postgres.load._selected", slowly)
    assert load(small, database).keys() == set(TABLES)


def test_a_table_that_somebody_keeps_open_is_named(small: SmallWarehouse, database: str, monkeypatch) -> None:
    small.publish(1)
    load(small, database)
    monkeypatch.setattr("dagster_project.publish.postgres.load._LOCK_TIMEOUT", "100ms")
    with psycopg.connect(database) as reader:
        reader.execute("select count(*) from marts.first_monthly")
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute("alter table marts.second_monthly add column gone integer")
        reader.execute("select count(*) from marts.second_monthly")
        with pytest.raises(PostgresError, match=r"marts\.second_monthly have changed, .* open for 100ms"):
            load(small, database)


def test_a_folder_without_room_is_named(small: SmallWarehouse, database: str, tmp_path: Path, monkeypatch) -> None:
    small.publish(1)

    def full(*_: object, **__: object) -> str:
        return str(tmp_path / "not there")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile.TemporaryDirectory, "__enter__", full)
    with pytest.raises(PostgresError, match="set TMPDIR"):
        load(small, database)


def test_a_role_that_may_not_be_created_is_reported_with_the_remedy(small: SmallWarehouse, database: str) -> None:
    small.publish(1)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create role loader login")
        connection.execute(f"grant create on database {connection.info.dbname} to loader")
        target = PostgresTarget(as_user(database, "loader"), reader="reader_of_tomorrow")
        with pytest.raises(PostgresError, match="create role reader_of_tomorrow nologin"):
            publish_postgres(small.published, small.manifest, target)
        connection.execute("create role reader_of_tomorrow nologin")
        assert set(publish_postgres(small.published, small.manifest, target)) == set(TABLES)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://loader:{SECRET}@127.0.0.1:1/warehouse",
        f"postgresql://loader:{SECRET}@x@127.0.0.1:1/warehouse",
        f"postgresql://loader:x/{SECRET}@127.0.0.1:1/warehouse",
        f"postgresql://loader:{SECRET}%zz@127.0.0.1:1/warehouse",
        f"postgresql://127.0.0.1:1/warehouse?password={SECRET}%zz",
        f"postgresql+psycopg://loader:{SECRET}@127.0.0.1:1/warehouse",
        f"host=127.0.0.1 port=1 password={SECRET}",
    ],
)
def test_the_password_is_never_shown(small: SmallWarehouse, capsys, caplog, monkeypatch, url: str) -> None:
    small.publish(1)
    monkeypatch.setenv("AFTERSALES_POSTGRES_URL", url)
    with caplog.at_level(logging.DEBUG):
        assert cli.main(["publish", "--postgres", "--data", str(small.published.parent)]) == 1
    said = capsys.readouterr()
    assert "Postgres" in said.err
    assert SECRET not in said.out + said.err + caplog.text
    assert SECRET not in repr(PostgresTarget(url))


def test_a_run_publishes_to_the_database_of_the_environment(
    sample_run: Settings, database: str, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("AFTERSALES_POSTGRES_URL", database)
    monkeypatch.setattr("dagster_project.sample_store.guard_sample", lambda settings: None)
    monkeypatch.setattr("dagster_project.run.refresh.refresh", lambda *_, **__: SimpleNamespace(run_id="run1"))
    monkeypatch.setattr("dagster_project.run.summary.summarise", lambda *_: "summary")
    arguments = ["--landing", str(sample_run.landing), "--data", str(sample_run.data)]
    assert cli.main(["run", "--quiet", *arguments, "--as-of", sample_run.as_of.isoformat()]) == 0
    with duckdb.connect(str(sample_run.published / "aftersales.duckdb"), read_only=True) as file:
        tables = file.execute("select count(*) from duckdb_tables()").fetchone()[0]
    assert f"Postgres: {tables} tables" in capsys.readouterr().out
    assert ("run1", "publish_postgres done", tables) in logged(sample_run)


def test_a_load_that_fails_is_logged_under_its_run_without_values(landing: Landing, database: str, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Duplicate key 'of somebody'")

    monkeypatch.setenv("AFTERSALES_POSTGRES_URL", database)
    monkeypatch.setattr("dagster_project.publish.postgres.load.published_state", fail)
    with_postgres = importlib.reload(assets)
    settings = landing.settings
    installation = Installation(landing_dir=str(settings.landing), data_dir=str(settings.data))
    materialized = dg.materialize(
        [with_postgres.published_postgres], resources={"installation": installation}, raise_on_error=False
    )
    [failure] = materialized.get_step_failure_events()
    assert "of somebody" not in str(failure)
    [kept] = (settings.lake / "errors").iterdir()
    assert str(kept) in str(failure)
    [_, (run_id, message, _)] = logged(settings)
    assert message == "publish_postgres failed"
    assert run_id.endswith(materialized.dagster_run.run_id[:8])


def test_dagster_publishes_where_a_database_is_named(sample_run: Settings, database: str, monkeypatch) -> None:
    monkeypatch.delenv("AFTERSALES_POSTGRES_URL", raising=False)
    assert len(importlib.reload(assets).published_assets) == 1
    monkeypatch.setenv("AFTERSALES_POSTGRES_URL", database)
    with_postgres = importlib.reload(assets)
    assert with_postgres.published_postgres in with_postgres.published_assets
    installation = Installation(landing_dir=str(sample_run.landing), data_dir=str(sample_run.data))
    materialized = dg.materialize([with_postgres.published_postgres], resources={"installation": installation})
    assert materialized.success
    with psycopg.connect(database) as connection:
        held = connection.execute("select count(*) from pg_tables where schemaname = 'marts'").fetchone()
    assert held == (materialized.asset_materializations_for_node("published__postgres")[0].metadata["tables"].value,)
