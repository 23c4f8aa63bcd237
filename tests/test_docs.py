"""The documentation says what the product does: generated pages are up to date, public names are all explained."""

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
    """The links that a page's headings can be reached by."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", without_code, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_page_of_the_datasets_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), "run `make contracts`"


def test_the_page_of_the_datasets_names_every_column() -> None:
    parts = re.split(r"^## ", reference_page(), flags=re.MULTILINE)
    told = {part.split("\n", 1)[0]: part for part in parts[1:]}
    assert set(told) == set(read_contracts())
    for contract in read_contracts().values():
        for column in contract.columns:
            assert f"| `{column.name}` | {column.label}" in told[contract.name]


def test_the_page_of_the_marts_explains_every_published_column() -> None:
    told = sections((DOCS / "marts.md").read_text(encoding="utf-8"))
    missing = [
        f"{model}.{column}"
        for model, columns in published_models().items()
        for column in columns
        if f"`{column}`" not in told.get(model, "")
    ]
    assert not missing


def test_the_page_of_the_marts_explains_nothing_that_is_not_published() -> None:
    published = published_models()
    told = sections((DOCS / "marts.md").read_text(encoding="utf-8"))
    assert set(told) == set(published)
    for model, text in told.items():
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
