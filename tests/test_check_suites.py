"""The check suites are valid and complete; a misspelt one is refused with the file and the check named."""

import shutil
from pathlib import Path

import pytest
import yaml

from dagster_project.checks.suites import DIMENSIONS, NOT_NULL, SQL, SUITES_DIR, SuiteError, read_suites
from dagster_project.contracts import read_contracts
from dagster_project.run import refresh
from tests.support.probes import entry, suite_of


def test_every_dataset_has_a_suite_and_every_column_a_bound():
    suites = read_suites()
    assert list(suites) == list(read_contracts())
    for suite in suites.values():
        bounded = [check.column for check in suite.checks if check.type == NOT_NULL]
        assert bounded == [c.name for c in suite.contract.columns if c.key_position is None]
        assert {"newest_extract_in_time", "key_unique"} <= {check.name for check in suite.checks}
        assert all(check.owner == suite.contract.owner for check in suite.checks)
        references = {c.name for c in suite.contract.columns if c.reference and c.reference != "stores.store_code"}
        assert references <= {check.column for check in suite.checks if check.name.endswith("_known")}
        implausible = {c.name for c in suite.contract.columns if c.minimum is not None or c.plausible}
        assert implausible <= {c.column for c in suite.checks if c.dimension == "accuracy" and c.rows == "original"}
    assert {check.dimension for suite in suites.values() for check in suite.checks} == set(DIMENSIONS)


def sql(query: str, **meta) -> dict:
    return entry(SQL, {"unexpected_rows_query": query}, **meta)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (entry(type_="expect_column_values_to_not_be_nul"), "type 'expect_column_values_to_not_be_nul' is none of"),
        (entry(kwargs={"column": "gendre", "mostly": 1}), "dms/customers has no column 'gendre'"),
        (entry(dimension="acuracy"), "dimension 'acuracy' is none of"),
        (entry(severity="fatal"), "severity 'fatal' is none of"),
        (entry(rows="staged"), "rows 'staged' is none of"),
        (entry(column="fone"), "has no column 'fone'"),
        (entry(kwargs={"column": "gender"}), "kwargs.mostly is missing"),
        (entry(kwargs={"column": "gender", "mostly": 1, "most": 1}), "kwargs.most is not known"),
        (entry(kwargs={"column": "gender", "mostly": 95}), "mostly 95 is not a share"),
        (entry(ownner="x"), "meta.ownner is not known"),
        (entry(blocking="yess"), "blocking must be true or false, not 'yess'"),
        (entry(evaluated_query="select 1"), "evaluated_query belongs to"),
        (entry(SQL, {"unexpected_rows_query": "select 1 from {bach}"}), "{bach} is none of batch, as_of, latency_days"),
        (entry(SQL, {"unexpected_rows_query": "select '[0-9]{3}' from {batch}"}), "{3} is none of"),
        (entry(SQL, {"unexpected_rows_query": "select '{' from {batch}"}), "unexpected_rows_query: "),
        (entry(description="Only English."), "both languages"),
        ({**entry(), "mostly": 1}, "mostly is not known"),
        (entry(judged_by="row"), "judged_by belongs to"),
        (entry(looks_up={}), "looks_up belongs to checks with judged_by"),
        (sql("from {batch}", judged_by=["wine"]), "judged_by must be row, or a list of columns"),
        (sql("from {batch} where registered_on > {as_of}", judged_by="row"), "unchanged rows can fail as time passes"),
        (
            sql("from {batch} anti join accepted__dms__stores using (store_code)", judged_by="row"),
            "not declared in looks_up",
        ),
        (
            sql("from {batch}", judged_by="row", looks_up={"accepted__dms__shops": {"store_code": "store_code"}}),
            "accepted__dms__shops is not a relation",
        ),
        (
            sql("from {batch}", judged_by="row", looks_up={"accepted__dms__stores": {"store_code": "code"}}),
            "dms/stores has no column 'code'",
        ),
        (sql("from lake.loads", judged_by="row"), "stands_while: extracts_come_later goes with"),
        (sql("from staging.stg_dms__stores", judged_by="row"), "staging.stg_dms__stores can't be read"),
    ],
)
def test_a_misspelt_suite_is_refused_with_its_file_and_check(tmp_path, fault, message):
    with pytest.raises(SuiteError) as error:
        suite_of(tmp_path, entry(name="sound"), fault)
    assert message in str(error.value)
    assert f"{tmp_path / 'customers.yml'}: check probe" in str(error.value)


def test_a_check_name_is_used_once_in_a_suite(tmp_path):
    with pytest.raises(SuiteError, match="check probe: its name is used twice"):
        suite_of(tmp_path, entry(), entry())


def copied_suites(folder: Path) -> Path:
    return shutil.copytree(SUITES_DIR, folder / "expectations")


def test_a_duplicate_in_a_suite_is_reported_with_file_and_line(tmp_path):
    folder = copied_suites(tmp_path)
    path = folder / "dms/stores.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("    severity:", "    severity: info\n    severity:", 1))
    with pytest.raises(SuiteError, match=r"stores\.yml, line [0-9]+: 'severity' occurs twice here, first in line "):
        read_suites(folder)


def test_a_mistake_in_a_suite_is_reported_before_anything_is_built(landing, tmp_path, monkeypatch):
    folder = copied_suites(tmp_path)
    (folder / "dms/stores.yml").write_text("expectations: [")
    monkeypatch.setattr(refresh, "read_suites", lambda: read_suites(folder))
    with pytest.raises(SuiteError, match=r"stores\.yml, line 1: not YAML"):
        refresh.refresh(landing.settings)
    assert not landing.settings.warehouse.exists()


def test_missing_and_surplus_files_and_unbounded_columns_are_refused(tmp_path):
    folder = copied_suites(tmp_path)
    assert len(read_suites(folder)) == 17
    (folder / "dms/stores.yml").rename(folder / "dms/shops.yml")
    targets = folder / "planning/targets.yml"
    document = yaml.safe_load(targets.read_text(encoding="utf-8"))
    kept = [e for e in document["expectations"] if e["meta"]["name"] != "target_value_filled"]
    targets.write_text(yaml.safe_dump({"expectations": kept}), encoding="utf-8")
    with pytest.raises(SuiteError) as error:
        read_suites(folder)
    assert "stores.yml: the file is missing" in str(error.value)
    assert "there is no dataset dms/shops" in str(error.value)
    assert "targets.yml: column target_value has no bound" in str(error.value)
