"""A forgotten person leaves the lake, rejected rows included, and does not come back with a later extract."""

import json
import shutil

import duckdb
import pyarrow.parquet as pq
import pytest

from dagster_project.cli import main
from dagster_project.load.hash_key import read_hash_key
from dagster_project.load.load import load_landing
from dagster_project.privacy.forget import forget, plan_forgetting, settle_forgotten
from dagster_project.privacy.forgotten import ForgottenError
from dagster_project.run.lock import only_run
from tests.conftest import Landing
from tests.support.leaks import Secrets, leaks

NAME, PHONE, PLATE, VIN = "令狐麒麟", "13987654321", "沪K7X9Q2", "LZ9A72KJ9PD014502"
PERSON = Secrets(frozenset({NAME, PHONE, PLATE}))
CUSTOMERS = "store_code,customer_no,customer_name,customer_type,gender,birth_year,occupation,phone,registered_on\n"
THEIRS = f"001,C7,{NAME},private,M,1980,教师,{PHONE},2020-01-01\n"
OTHER = "001,C8,欧阳翀,private,F,1990,司机,13912345678,2020-01-02\n"


@pytest.fixture
def loaded(landing: Landing) -> Landing:
    """One customer with all kinds of personal data, and another who is kept."""
    nobody = f"001,,{NAME},private,M,1980,教师,{PHONE},2020-01-01\n"
    torn = f"001,C7,{NAME},private,M,1980,教师,{PHONE},2020-01-01,1,2\n"
    landing.write("dms/customers/a_20260401.csv", CUSTOMERS + THEIRS + OTHER + nobody + torn)
    vehicles = "store_code,vin,plate_no,customer_no,model\n"
    landing.write("dms/vehicles/a_20260401.csv", f"{vehicles}001,{VIN},{PLATE},C7,A\n002,{VIN},{PLATE},C7,A\n")
    cases = "store_code,case_no,customer_no,vin,case_type,channel,category,priority,received_at,description\n"
    details = "complaint,phone,quality,normal,2026-03-01 10:00"
    texts = (
        f"001,K1,C7,,{details},我是{NAME}\n",
        f"001,K2,,{VIN},{details},找{NAME}\n",
        f"001,K3,C8,,{details},请打{PHONE}\n",
    )
    landing.write("complaint/cases/a_20260401.csv", cases + "".join(texts))
    calls = "store_code,callback_no,customer_no,called_at,outcome\n"
    landing.write("survey/callbacks/a_20260401.csv", f"{calls}001,H1,C7,2026-03-02 10:00,completed\n")
    answers = "store_code,callback_no,question_code,answer_text\n"
    landing.write("survey/callback_answers/a_20260401.csv", f"{answers}001,H1,Q9,{NAME} {PLATE}\n")
    landing.load()
    return landing


def ask(landing: Landing, store: str, customer: str) -> list[tuple[str, int]]:
    return forget(landing.settings, plan_forgetting(landing.settings, store, customer), "me")


def load_again(landing: Landing) -> None:
    settings = landing.settings
    load_landing(settings.landing, settings.lake, forgotten=settle_forgotten(settings, read_hash_key(settings.data)))
    landing.load()


def test_rows_stay_without_personal_data(loaded: Landing) -> None:
    assert leaks(PERSON, loaded.settings.lake)
    # As a cluster writes the rows of staging.
    shutil.copytree(loaded.settings.lake / "dms", loaded.settings.cluster)
    ask(loaded, "001", "C7")
    ask(loaded, "002", "C7")
    loaded.load()
    assert leaks(PERSON, loaded.settings.data) == {}
    customers = loaded.query("select * exclude (source_path) from lake.dms__customers order by source_line")
    (store, pseudonym, *values), (_, other, name, *_) = customers
    assert (store, other, name) == ("001", "C8", "欧阳翀")
    assert pseudonym.startswith("forgotten-")
    assert values[:7] == [None, "private", None, None, None, None, values[6]]
    assert loaded.query("select customer_no from lake.complaint__cases order by case_no") == [
        (pseudonym,),
        (None,),
        ("C8",),
    ]
    [(text,)] = loaded.query("select description from lake.complaint__cases where case_no = 'K3'")
    assert text == "请打***"
    [(vin,)] = loaded.query("select distinct vin from lake.dms__vehicles")
    assert vin != VIN and loaded.query("select distinct vin from lake.complaint__cases where vin is not null") == [
        (vin,)
    ]
    assert loaded.query("select count(*) from lake.rejected_rows") == [(2,)]
    assert not [row for (row,) in loaded.query("select row_raw from lake.rejected_rows") if "C7" in row]


def test_a_later_extract_and_a_new_owner_do_not_bring_them_back(loaded: Landing) -> None:
    ask(loaded, "001", "C7")
    ask(loaded, "002", "C7")
    # The same file as another extract; the same name with other content; the vehicle sold to somebody else.
    loaded.write("dms/customers/b_20260501.csv", CUSTOMERS + OTHER + THEIRS)
    loaded.write("dms/customers/a_20260401.csv", CUSTOMERS + THEIRS + OTHER)
    loaded.write("dms/vehicles/b_20260501.csv", f"store_code,vin,plate_no,customer_no\n001,{VIN},沪B55555,C8\n")
    load_again(loaded)
    assert leaks(PERSON, loaded.settings.data) == {}
    assert loaded.query("select count(distinct customer_no), count(*) from lake.dms__customers") == [(2, 4)]
    assert loaded.query("select count(distinct vin), count(plate_no) from lake.dms__vehicles") == [(1, 1)]


def test_the_next_run_removes_them_from_a_lake_restored_from_a_copy(loaded: Landing) -> None:
    lake = loaded.settings.lake
    before = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    ask(loaded, "001", "C7")
    for path in lake.rglob("*"):
        if path.is_file():
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)
    assert leaks(PERSON, lake)
    settle_forgotten(loaded.settings, read_hash_key(loaded.settings.data))
    loaded.load()
    assert loaded.query("select count(customer_name), count(*) from lake.dms__customers") == [(1, 2)]


def test_a_request_that_was_killed_is_finished_by_the_next_run(loaded: Landing, monkeypatch) -> None:
    def killed(_: object) -> None:
        raise SystemExit

    ask(loaded, "002", "C7")
    shutil.copytree(loaded.settings.lake / "dms", loaded.settings.cluster)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("dagster_project.privacy.forget._remove_copies", killed)
        ask(loaded, "001", "C7")
    assert leaks(PERSON, loaded.settings.data), "in tables made from the lake, as a cluster writes them"
    log = loaded.settings.data / "private" / "forgotten.log"
    for _ in range(2):
        settle_forgotten(loaded.settings, read_hash_key(loaded.settings.data))
        assert leaks(PERSON, loaded.settings.data) == {}
        assert len(log.read_text(encoding="utf-8").splitlines()) == 2


def test_a_part_that_is_damaged_keeps_no_request_from_being_finished(loaded: Landing) -> None:
    ask(loaded, "001", "C7")
    ask(loaded, "002", "C7")
    (loaded.settings.lake / "forgotten.txt").unlink()
    next(loaded.settings.lake.glob("dms/customers/accepted/*")).unlink()
    load_again(loaded)
    assert leaks(PERSON, loaded.settings.data) == {}
    assert loaded.query("select count(*) from lake.dms__customers") == [(2,)]


def test_a_person_known_by_rejected_rows_alone_can_be_forgotten(landing: Landing, capsys) -> None:
    wrong = THEIRS.replace("private", "公用")
    landing.write("dms/customers/a_20260401.csv", CUSTOMERS + wrong + OTHER)
    landing.write("dms/customers/b_20260402.csv", CUSTOMERS + "001,C9,司马相如,公用,M,1980,教师,无,2020-01-01\n")
    landing.load()
    data = ["--data", str(landing.settings.data)]
    assert main(["forget", "--phone", PHONE, *data]) == 0
    assert capsys.readouterr().out == "--store 001 --customer C7\n"
    assert main(["forget", "--store", "001", "--customer", "C7", "--yes", *data]) == 0
    assert "the same phone" not in capsys.readouterr().out
    assert main(["forget", "--store", "001", "--customer", "C9", "--yes", *data]) == 0
    assert "the same phone" not in capsys.readouterr().out, "an absent phone is not shared"
    assert leaks(PERSON, landing.settings.lake) == {}


def test_rows_that_checks_listed_get_pseudonyms(loaded: Landing) -> None:
    path = loaded.settings.lake / "quality" / "check_failures" / "run.parquet"
    rows = [json.dumps({"store_code": "001", "customer_no": number, "vin": VIN}) for number in ("C7", "C8")]
    with duckdb.connect() as connection:
        connection.execute(f"copy (select unnest(?) as row_key) to '{path}'", [rows])
    ask(loaded, "001", "C7")
    kept = [json.loads(row["row_key"]) for row in pq.read_table(path).to_pylist()]
    assert [row["customer_no"] == "C8" for row in kept] == [False, True]
    assert "C7" not in str(kept)
    assert VIN not in str(kept)


def test_the_command_looks_up_counts_and_asks(loaded: Landing, capsys, monkeypatch) -> None:
    data = ["--data", str(loaded.settings.data)]
    assert main(["forget", "--phone", f"+86 {PHONE}", *data]) == 0
    assert capsys.readouterr().out == "--store 001 --customer C7\n"
    person = ["forget", "--store", "001", "--customer", "C7", *data]
    assert main([*person, "--dry-run"]) == 0
    assert "dms/customers" in capsys.readouterr().out
    assert main([*person, "--yes", "--phone", "13800000000"]) == 1
    assert "leave out --customer" in capsys.readouterr().err
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(person) == 1
    assert leaks(PERSON, loaded.settings.lake)
    assert main([*person, "--yes"]) == 0
    assert main(["forget", "--store", "001", "--customer", "C9", *data]) == 1
    assert "no row" in capsys.readouterr().err
    with pytest.raises(ForgottenError):
        plan_forgetting(loaded.settings, "001", "C9")


def test_what_is_loaded_while_the_question_waits_is_forgotten_too(loaded: Landing, monkeypatch) -> None:
    def come_and_agree(_: str) -> str:
        loaded.write("dms/customers/b_20260501.csv", CUSTOMERS + THEIRS.replace("教师", "律师"))
        with only_run(loaded.settings):
            loaded.load()
        return "y"

    monkeypatch.setattr("builtins.input", come_and_agree)
    data = ["--data", str(loaded.settings.data)]
    assert main(["forget", "--store", "001", "--customer", "C7", *data]) == 0
    assert leaks(Secrets(frozenset({NAME})), loaded.settings.lake / "dms") == {}
    load_again(loaded)
    assert loaded.query("select count(*) from lake.dms__customers where source_file = 'b_20260501.csv'") == [(1,)]
