"""No file outside the private folders holds personal data, and a forgotten person is removed everywhere."""

import contextlib
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import dagster as dg
import duckdb
import pytest

from dagster_project.cli import main
from dagster_project.contracts import read_contracts
from dagster_project.definitions import defs
from dagster_project.load.masking import mask_text
from dagster_project.privacy.error_details import without_values
from dagster_project.privacy.forgotten import Forgotten, ForgottenError, Request, read_forgotten
from dagster_project.privacy.person import LakeRows
from dagster_project.privacy.pseudonym import new_vin
from dagster_project.resources import handle_errors
from dagster_project.settings import PROJECT_DIR, Settings
from tests.conftest import copy_run
from tests.support.leaks import Secrets, leaks, secrets_of

# A person who is in the extracts of these tests only.
NAME, PHONE, PLATE = "令狐麒麟", "13987654321", "沪K7X9Q2"
PLANTED = Secrets(frozenset({NAME, PHONE, PLATE}))
HEADER = "store_code,customer_no,customer_name,customer_type,gender,birth_year,occupation,phone,registered_on"


def private_paths(data: Path) -> list[Path]:
    """What docs/privacy.md calls private: not scanned, but accessible to its owner only."""
    return [data / name for name in ("lake", "warehouse.duckdb", "private", "dbt", "sample", "run.lock")]


@dataclass(frozen=True)
class ProcessedSample:
    """One Dagster run on the sample store, with misplaced personal data planted and three customers forgotten."""

    settings: Settings
    root: Path
    before: Path
    secrets: Secrets
    forgotten: Secrets
    numbers: list[tuple[str, str]]
    vins: list[str]
    printed: str


def land_strays(landing: Path, rich: tuple[str, str], vin: str, was: Path) -> None:
    """Names, phones and plates where they do not belong, and the forgotten customer once more."""
    store = rich[0]
    rows = [
        f"{store},9999999,{NAME},private,M,1980,{PHONE},{PHONE},2025-11-01,{NAME} {PHONE} {PLATE}",
        f"{store},9999998,{NAME},private,M,1980,教师,{PHONE},,{NAME}",
        f"{store},9999997,,{NAME},M,1980,教师,,2025-11-01,",
        f"{store},9999996,,private,M,1980,教师,,{PLATE} {PHONE},",
        f"S999,9999995,{NAME},private,M,1980,{NAME},{PHONE},2025-11-01,{NAME}",
        f"{store},9999994,{NAME},private,M,1980,教师,{PHONE},2025-11-01,,{NAME},{PLATE}",
    ]
    with duckdb.connect(str(was), read_only=True) as connection:
        names = ", ".join(HEADER.split(","))
        again = connection.execute(
            f"select {names} from staging.stg_dms__customers where store_code = ? and customer_no = ?", rich
        ).fetchone()
        assert again is not None
        rows.append(",".join("" if cell is None else str(cell) for cell in again) + ",")
        for dataset, text, more in (
            ("complaint/cases", "description", ""),
            ("survey/callback_answers", "answer_text", ""),
            ("planning/improvement_actions", "problem", ", strftime(period, '%Y-%m') as period"),
        ):
            # Texts of the plan are published with phones and plates masked; a name can't be distinguished from a word.
            stray = f"{PHONE}{PLATE}" if text == "problem" else f"{NAME}{PHONE}{PLATE}"
            connection.execute(
                f"copy (select * exclude (source_file, source_line, extract_at) replace ('{stray}' as {text}{more}) "
                f"from staging.stg_{dataset.replace('/', '__')} where {text} is not null limit 20) "
                f"to '{landing / dataset / 'strays_202511302359.csv'}' (header)"
            )
    customers = landing / "dms" / "customers"
    text = "\n".join([f"{HEADER},备注 {PHONE}", *rows])
    (customers / "strays_202511302359.csv").write_text(text, encoding="utf-8")
    (customers / f"export {PHONE} {PLATE}.csv").write_text(text, encoding="utf-8")
    (customers / "broken_202511302358.xlsx").write_text(f"{NAME} {PHONE}", encoding="utf-8")
    # The vehicle of a forgotten customer changes its owner.
    owner = f"store_code,vin,plate_no,customer_no,brand,model\n{store},{vin},{PLATE},9999999,远途,远途A3 {PLATE}\n"
    (landing / "dms" / "vehicles" / "strays_202511302359.csv").write_text(owner, encoding="utf-8")


def words_of_the_product(secrets: Secrets) -> set[str]:
    """Invented names that are also words in the product's own texts, such as 水平 (level)."""
    folders = (PROJECT_DIR / name for name in ("dagster_project", "dbt/models", "expectations", "seeds"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return set().union(*(secrets.found_in(path.read_bytes()) for path in files)) & secrets.names


def run_by_dagster(settings: Settings, home: Path) -> None:
    """Run the job `refresh` in this process, with all that Dagster stores about it in `home`.

    Dagster's databases would take a minute more for thousands of events, so these are serialized to a file instead.
    """
    home.mkdir(mode=0o700)
    config = {
        "landing_dir": str(settings.landing),
        "data_dir": str(settings.data),
        "as_of": settings.as_of.isoformat(),
    }
    with dg.DagsterInstance.ephemeral(str(home)) as instance:
        result = defs.resolve_job_def("refresh").execute_in_process(
            instance=instance, run_config={"resources": {"installation": {"config": config}}}
        )
        kept = [instance.get_run_by_id(result.run_id), *instance.all_logs(result.run_id)]
        assert len(kept) > 1000
        (home / "events.json").write_text("\n".join(map(dg.serialize_value, kept)), encoding="utf-8")


@pytest.fixture(scope="module")
def processed(sample_run: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessedSample]:
    root = tmp_path_factory.mktemp("privacy")
    settings = replace(copy_run(sample_run, root / "data"), landing=root / "landing")
    shutil.copytree(sample_run.landing, settings.landing)
    secrets = secrets_of(settings)
    lake = LakeRows(settings.lake)
    [rich] = lake.connection.execute(
        "select store_code, customer_no from lake.complaint__cases "
        "join lake.dms__vehicles using (store_code, customer_no) "
        "join lake.survey__callbacks using (store_code, customer_no) where description is not null "
        "group by all order by count(*) desc, store_code, customer_no limit 1"
    ).fetchall()
    moved = lake.connection.execute(
        "select distinct store_code, customer_no from lake.dms__vehicles where vin = (select min(vin) from "
        "(select vin from lake.dms__vehicles group by vin having count(distinct store_code) > 1))"
    ).fetchall()
    numbers = [rich, *moved]
    people = [lake.person(store, [customer]) for store, customer in numbers]
    own = {value for person in people for value in (*person.names, *person.phones, *person.plates)}
    # A name may also be another person's, or a part of it.
    everybody = lake.connection.execute(
        "select store_code, customer_no, customer_name from lake.dms__customers where customer_name is not null "
        "union select store_code, '', employee_name from lake.dms__employees where employee_name is not null"
    ).fetchall()
    others = {name for store, number, name in everybody if (store, number) not in numbers}
    own -= {mine for mine in own if any(mine in name for name in others)}
    vins = [vin for person in people for vin in person.vins]
    before_umask = os.umask(0o022)
    printed = io.StringIO()
    with mock.patch.dict(os.environ), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        for store, customer in numbers:
            assert (
                main(["forget", "--store", store, "--customer", customer, "--yes", "--data", str(settings.data)]) == 0
            )
        land_strays(settings.landing, rich, people[0].vins[0], sample_run.warehouse)
        run_by_dagster(settings, root / "dagster")
        for arguments in (
            ["report", "--store", "S001", "--month", "2025-10"],
            ["publish", "--csv", str(root / "csv"), "--xlsx", str(root / "marts.xlsx")],
        ):
            assert main([*arguments, "--data", str(settings.data)]) == 0
    os.umask(before_umask)
    planted = Secrets(secrets.values - words_of_the_product(secrets) | PLANTED.values)
    yield ProcessedSample(
        settings, root, sample_run.published, planted, Secrets(frozenset(own)), numbers, vins, printed.getvalue()
    )


def test_nothing_outside_the_private_folders_holds_personal_data(processed: ProcessedSample) -> None:
    assert len(processed.secrets.values) > 1000
    assert (
        leaks(processed.secrets, processed.root, [processed.settings.landing, *private_paths(processed.settings.data)])
        == {}
    )
    assert processed.secrets.found_in(processed.printed.encode()) == set()


def test_dbt_and_the_check_results_hold_no_personal_data_either(processed: ProcessedSample) -> None:
    for folder in (processed.settings.data / "dbt", processed.settings.lake / "quality"):
        assert leaks(processed.secrets, folder) == {}


def test_the_search_finds_what_is_there(processed: ProcessedSample, tmp_path: Path) -> None:
    assert len(leaks(processed.secrets, processed.settings.lake / "dms" / "customers")) >= 5
    (tmp_path / "log.json").write_text(json.dumps({"text": f"x{NAME}y"}), encoding="ascii")
    (tmp_path / "raw.db").write_bytes(b"\0" * 9000 + PHONE.encode() + b"\0" + PLATE.encode())
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(f"create table t as select '{NAME}' as name from range(5000)")
        connection.execute(f"copy t to '{tmp_path / 'a.parquet'}'")
    shutil.make_archive(str(tmp_path / "book"), "zip", tmp_path, "log.json")
    # The search uses different methods for few and for many values.
    for secrets in (PLANTED, processed.secrets):
        assert leaks(secrets, tmp_path) == {
            "a.duckdb": {NAME},
            "a.parquet": {NAME},
            "book.zip": {NAME},
            "log.json": {NAME},
            "raw.db": {PHONE, PLATE},
        }


def test_private_files_are_accessible_to_their_owner_only(processed: ProcessedSample) -> None:
    private = [*private_paths(processed.settings.data), processed.root / "dagster"]
    paths = [entry for path in private if path.exists() for entry in (path, *path.rglob("*"))]
    assert len(paths) > 200
    assert [path for path in paths if not path.is_symlink() and path.stat().st_mode & 0o077] == []
    reports = processed.settings.data / "reports"
    for folder in (processed.settings.published, reports / "quality", reports / "monthly" / "S001" / "2025-10"):
        entries = [entry for entry in (folder, *folder.rglob("*")) if not entry.is_symlink()]
        assert {oct(entry.stat().st_mode & 0o777) for entry in entries} == {"0o750", "0o640"}


# ---------- forget


def test_a_forgotten_person_is_removed_from_the_lake_and_the_private_warehouse_too(processed: ProcessedSample) -> None:
    vins = {vin.encode() for vin in processed.vins}
    assert leaks(processed.forgotten, processed.settings.data, [processed.settings.data / "sample"]) == {}
    for path in processed.settings.data.rglob("*"):
        if path.is_file() and "sample" not in path.parts:
            raw = path.read_bytes()
            assert not [vin for vin in vins if vin in raw], path
    with duckdb.connect(str(processed.settings.warehouse), read_only=True) as connection:
        for contract in read_contracts().values():
            names = {column.name for column in contract.columns}
            table = f"lake.{contract.system}__{contract.dataset}"
            if "vin" in names:
                query = f"select count(*) from {table} where list_contains(?, vin)"
                assert connection.execute(query, [processed.vins]).fetchone() == (0,)
            if {"store_code", "customer_no"} <= names:
                for number in processed.numbers:
                    query = f"select count(*) from {table} where store_code = ? and customer_no = ?"
                    assert connection.execute(query, number).fetchone() == (0,)


# Columns that show a customer's or a vehicle's key; and tables that group by what is no longer known of a forgotten
# person, or that count the planted rows.
KEYS = {"customer_key", "vehicle_key", "source_file", "source_line", "extract_at"}
DIFFERENT = {
    "css_segment_monthly",
    "customer_base_monthly",
    "dim_customer",
    "dim_vehicle",
    "restatement",
    "improvement_action",
}


def test_figures_stay_the_same(processed: ProcessedSample) -> None:
    after = processed.settings.published / "aftersales.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{processed.before / 'aftersales.duckdb'}' as one (read_only)")
        connection.execute(f"attach '{after}' as other (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'one' and schema_name = 'marts'"
        ).fetchall()
        compared = [t for (t,) in tables if not t.startswith("quality_") and t not in DIFFERENT]
        assert len(compared) > 30
        for table in compared:
            columns = [c[0] for c in connection.execute(f"describe one.marts.{table}").fetchall() if c[0] not in KEYS]
            shown = ", ".join(columns)
            query = (
                f"select count(*) from ((select {shown} from one.marts.{table} except all "
                f"select {shown} from other.marts.{table}) union all (select {shown} from other.marts.{table} "
                f"except all select {shown} from one.marts.{table}))"
            )
            assert (table, connection.execute(query).fetchone()) == (table, (0,))
        distinct = "select count(distinct customer_key), count(distinct vehicle_key) from {}.marts.fct_repair_order"
        assert (
            connection.execute(distinct.format("one")).fetchone()
            == connection.execute(distinct.format("other")).fetchone()
        )


def test_a_request_is_logged_without_the_person_and_repeating_it_changes_nothing(
    processed: ProcessedSample, capsys
) -> None:
    log = (processed.settings.data / "private" / "forgotten.log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in log.splitlines()]
    assert len(lines) == len(processed.numbers)
    assert all(line["by"] and line["rows"]["dms/customers"] for line in lines)
    kept = log + (processed.settings.data / "private" / "forgotten.json").read_text(encoding="utf-8")
    assert processed.forgotten.found_in(kept.encode()) == set()
    assert not [value for value in (*processed.vins, *(number for _, number in processed.numbers)) if value in kept]
    store, customer = processed.numbers[0]
    dry = ["forget", "--store", store, "--customer", customer, "--dry-run", "--data", str(processed.settings.data)]
    assert main(dry) == 0
    assert "in all" in (out := capsys.readouterr().out)
    assert " 0 rows" in out


def test_a_forget_list_made_with_another_key_is_refused(tmp_path: Path) -> None:
    Forgotten("one key", [Request("r", "2026-01-01T00:00:00", "S1", "hash", "forgotten-1")]).write(tmp_path)
    assert read_forgotten(tmp_path, "one key")
    with pytest.raises(ForgottenError, match="another AFTERSALES_HASH_KEY"):
        read_forgotten(tmp_path, "another key")


def test_reports_mask_what_the_marts_mask() -> None:
    sql = (PROJECT_DIR / "dbt/tests/assert_personal_data_is_masked.sql").read_text(encoding="utf-8")
    pairs = re.findall(r"^ +\('(.*)', '(.*)'\),?$", sql, flags=re.MULTILINE)
    assert len(pairs) > 10
    assert [mask_text(written) for written, _ in pairs] == [masked for _, masked in pairs]


def test_a_pseudonym_is_as_good_a_vin_as_the_one_it_replaces() -> None:
    assert new_vin("LZ9A161K8GC003015")[8] != "" and new_vin("no vin").startswith("forgotten-")
    with duckdb.connect() as connection:
        connection.execute((Path(__file__).parents[1] / "expectations" / "macros.sql").read_text(encoding="utf-8"))
        for vin, right in (("LZ9A72KJ9PD014502", True), ("LZ9A72KJ0PD014502", False)):
            made = [new_vin(vin) for _ in range(50)]
            query = "select bool_and((vin[9] = vin_check_digit(vin)) = ?) from unnest(?) as t(vin)"
            assert connection.execute(query, [right, made]).fetchone() == (True,)


# ---------- errors


def test_an_error_in_an_asset_is_reported_without_the_row_it_quotes(tmp_path: Path) -> None:
    settings = Settings(landing=tmp_path, data=tmp_path / "data", as_of=None)  # type: ignore[arg-type]

    @dg.asset
    def broken(context: dg.AssetExecutionContext) -> None:
        with handle_errors(context, settings):
            try:
                raise KeyError(PLATE)
            except KeyError:
                raise ValueError(f"can't read {NAME} {PHONE}") from None

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        assert not dg.materialize([broken], instance=instance, raise_on_error=False).success
    assert leaks(PLANTED, tmp_path, [settings.lake]) == {}
    assert NAME in next((settings.lake / "errors").iterdir()).read_text(encoding="utf-8")


def test_an_engine_error_is_reported_without_the_values_it_quotes() -> None:
    with duckdb.connect() as connection:
        for query in (
            f"select cast('{NAME}' as integer)",
            f"select error('{PHONE}')",
            f"create temp table t (name varchar unique); insert into t values ('{NAME}'), ('{NAME}')",
        ):
            with pytest.raises(duckdb.Error) as raised:
                connection.execute(query)
            assert PLANTED.found_in(str(raised.value).encode())
            assert PLANTED.found_in(without_values(str(raised.value)).encode()) == set()
