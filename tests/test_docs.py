"""The documentation matches the product: generated pages are up to date and every public name is explained."""

import re
from urllib.parse import unquote

import pytest
import yaml

from dagster_project.contracts import read_contracts
from dagster_project.contracts.reference_page import PAGE, reference_page
from dagster_project.settings import DBT_DIR, PROJECT_DIR

DOCS = PROJECT_DIR / "docs"
PAGES = [PROJECT_DIR / "README.md", *sorted(DOCS.glob("*.md"))]


def published_models() -> dict[str, list[str]]:
    """Columns of each published model by its name, from dbt's YAML files."""
    files = [path for folder in ("core", "marts") for path in (DBT_DIR / "models" / folder).rglob("*.yml")]
    models = [m for path in files for m in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])]
    return {model["name"]: [column["name"] for column in model["columns"]] for model in models}


def sections(text: str) -> dict[str, str]:
    """Text under each `###` heading, up to the next heading of any level."""
    parts = re.split(r"^(#{2,3}) (.+)$", text, flags=re.MULTILINE)
    return {
        title: body for mark, title, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True) if mark == "###"
    }


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", without_code, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_page_of_the_datasets_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), "run `make contracts`"


def test_the_page_of_the_datasets_names_every_column() -> None:
    parts = re.split(r"^## ", reference_page(), flags=re.MULTILINE)
    parts_by_dataset = {part.split("\n", 1)[0]: part for part in parts[1:]}
    assert set(parts_by_dataset) == set(read_contracts())
    for contract in read_contracts().values():
        for column in contract.columns:
            assert f"| `{column.name}` | {column.label}" in parts_by_dataset[contract.name]


def test_the_page_of_the_marts_explains_every_published_column() -> None:
    explained = sections((DOCS / "marts.md").read_text(encoding="utf-8"))
    missing = [
        f"{model}.{column}"
        for model, columns in published_models().items()
        for column in columns
        if f"`{column}`" not in explained.get(model, "")
    ]
    assert not missing


# Texts that name a window or limit of the rules: each phrase, with the variable's value, appears in each file.
MARTS_PAGE, MONTHLY = "docs/marts.md", "dagster_project/reports/monthly"
FIRST_FIX_TEXTS = (f"{MONTHLY}/data_notes.py", f"{MONTHLY}/first_fix_and_appointments.py")
IN_WORDS = {6: "six", 12: "twelve"}
IN_CHINESE = {6: "六", 12: "十二"}
TEXTS_OF_RULES = [
    ("comeback_days", "{} days", (MARTS_PAGE, "dbt/models/semantic/first_fix.yml", *FIRST_FIX_TEXTS)),
    ("comeback_days", "{} 天", ("dbt/models/semantic/first_fix.yml", *FIRST_FIX_TEXTS)),
    ("comeback_km", "at most {:,} km later", (MARTS_PAGE,)),
    ("churn_months", "{} months after month end", (MARTS_PAGE,)),
    ("churn_months", "{in_words} months", (f"{MONTHLY}/churn.py",)),
    ("churn_months", "{in_chinese}个月", (f"{MONTHLY}/churn.py",)),
    ("active_months", "{} months that end with this one", (MARTS_PAGE,)),
    ("active_months", "in the {in_words} months to the month's end", (f"{MONTHLY}/churn.py",)),
    ("active_months", "截至月末{in_chinese}个月内", (f"{MONTHLY}/churn.py",)),
    ("lost_vehicle_history_months", "`visits_{}_months`", (MARTS_PAGE,)),
    ("arrival_tolerance_minutes", "at most {} minutes", (MARTS_PAGE,)),
    ("arrival_tolerance_minutes", "within {} minutes", (f"{MONTHLY}/first_fix_and_appointments.py",)),
    ("arrival_tolerance_minutes", "±{} 分钟", (f"{MONTHLY}/first_fix_and_appointments.py",)),
    ("urgent_response_hours", "`urgent_in_{}h`", (MARTS_PAGE,)),
    ("urgent_response_hours", "{} 小时响应率", (f"{MONTHLY}/complaints.py",)),
    ("agent_resolution_hours", "`resolved_in_{}h`", (MARTS_PAGE,)),
    ("agent_resolution_hours", "{} 小时解决率", (f"{MONTHLY}/complaints.py",)),
    ("css_driver_months", "{} calendar months that end with the as-of month", (MARTS_PAGE,)),
    ("css_driver_months", "Over the {in_words} months", (f"{MONTHLY}/satisfaction.py",)),
]


@pytest.mark.parametrize(("variable", "phrase", "paths"), TEXTS_OF_RULES)
def test_texts_state_the_windows_and_limits_that_the_models_use(variable: str, phrase: str, paths: tuple) -> None:
    value = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][variable]
    sentence = phrase.format(value, in_words=IN_WORDS.get(value), in_chinese=IN_CHINESE.get(value))
    silent = [path for path in paths if sentence not in (PROJECT_DIR / path).read_text(encoding="utf-8")]
    assert not silent, f"{variable} is {value} in dbt/dbt_project.yml: say {sentence!r} there"


def test_the_page_of_the_marts_explains_nothing_that_is_not_published() -> None:
    published = published_models()
    explained = sections((DOCS / "marts.md").read_text(encoding="utf-8"))
    assert set(explained) == set(published)
    for model, text in explained.items():
        first_cells = re.findall(r"^\| (`.+?) \|", text, flags=re.MULTILINE)
        named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
        assert named == set(published[model]), model


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link
