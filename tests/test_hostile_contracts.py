"""Contracts are edited by people: every mistake is reported with file, line and cause, and without a traceback."""

import re
from pathlib import Path
from random import Random

import pytest

from dagster_project.contracts import read_contract
from dagster_project.contracts.contract import CONTRACTS_DIR
from dagster_project.contracts.document import ContractError
from tests.hostile.mutate import BYTES, _several, swap_lines

GOOD = (CONTRACTS_DIR / "dms" / "employees.yml").read_text(encoding="utf-8")
_TOKENS = (
    b"\t",
    b": ",
    b"- ",
    b"#",
    b"{",
    b"}",
    b"[",
    b"]",
    b"&a ",
    b"*a",
    b"!!python/object:os.system ",
    b"|",
    b"? ",
    b"'",
)


def edited(folder: Path, content: str | bytes) -> Path:
    path = folder / "dms" / "employees.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def edits() -> dict[str, tuple[str, str, str, str]]:
    """The text replaced, its replacement, the text of the line that the error names (if any), and the error."""
    return {
        "name forgotten": (
            "      - name: employee_no\n        businessName",
            "      - businessName",
            "- businessName: 员工编号",
            "'name' is missing",
        ),
        "label forgotten": (
            "        businessName: 员工编号\n",
            "",
            "- name: employee_no",
            "'businessName' is missing",
        ),
        "type misspelt": ("logicalType: date", "logicalType: day", "logicalType: day", "'day' is none of string"),
        "tab": ("    unit: d", "\tunit: d", "\tunit: d", "not YAML"),
        "quote never closed": ("name: dms_owner", 'name: "dms_owner', "", "not YAML"),
        "twice": (
            "        tags: [code]\n",
            "        tags: [code]\n        tags: [phone]\n",
            "tags: [phone]",
            "'tags' occurs twice here, first in line ",
        ),
        "latency no number": ("value: 2", "value: two", "value: two", "expected a number, not 'two'"),
        "latency gone": ("property: latency", "property: delay", "- property:", "the property 'latency' is missing"),
        "key gone": ("primaryKeyPosition", "position", "", "no column has a primaryKeyPosition"),
        "position no number": (
            "primaryKeyPosition: 2",
            "primaryKeyPosition: second",
            "primaryKeyPosition: second",
            "expected a number, not 'second'",
        ),
        "required no truth": (
            "required: true",
            "required: maybe",
            "required: maybe",
            "expected true or false, not 'maybe'",
        ),
        "unknown kind": (
            "classification: person_name",
            "classification: secret",
            "classification: secret",
            "'secret' is none of ",
        ),
        "name nearly known": (
            "classification: person_name",
            "clasification: person_name",
            "clasification: person_name",
            "'clasification' is not known here: is 'classification' meant?",
        ),
        "tag nearly known": ("tags: [code]", "tags: [cod]", "tags: [cod]", "is 'code' meant?"),
        "synonyms nearly known": (
            "        tags: [code]\n",
            "        tags: [code]\n        synonims: []\n",
            "synonims",
            "is 'synonyms' meant?",
        ),
        "list for text": ("label: 服务顾问", "label: [服务顾问]", "", "expected a text"),
        "text for list": ("tags: [code]", "tags: code", "tags: code", "expected a list"),
        "label of another column": (
            "businessName: 姓名",
            "businessName: 员工编号",
            "",
            "would mean employee_no as well as employee_name",
        ),
        "SQL for a name": ("name: hired_on", "name: hired on; drop", "name: hired on; drop", "can't name a column"),
        "a name of the lake's": (
            "name: hired_on",
            "name: source_file",
            "name: source_file",
            "the name is reserved",
        ),
        "a word of SQL for a name": ("name: hired_on", "name: order", "name: order", "it is a word of SQL"),
        "no schema": ("schema:", "scheme:", "", "'schema' is missing"),
    }


@pytest.mark.parametrize("case", edits())
def test_a_mistake_is_reported_with_file_line_and_cause(tmp_path: Path, case: str) -> None:
    before, after, place, message = edits()[case]
    assert before in GOOD
    wrong = GOOD.replace(before, after)
    path = edited(tmp_path, wrong)
    with pytest.raises(ContractError) as error:
        read_contract(path)
    line = next(number for number, text in enumerate(wrong.splitlines(), start=1) if place in text) if place else ""
    assert str(error.value).startswith(f"{path}, line {line}")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        GOOD.encode("gb18030"),
        GOOD.encode() + b"\x07",
        b"[" * 1500,
        b"- 1\n",
        b"7",
        b"&a [*a]",
        b"a: *b\n",
        b"---\n---\n",
    ],
)
def test_a_file_that_is_not_a_contract_is_reported_with_a_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ContractError, match=r"employees\.yml, line [0-9]+: "):
        read_contract(edited(tmp_path, content))


def test_values_are_read_as_they_are_written(tmp_path: Path) -> None:
    """YAML would read these as a boolean, an octal number and a number: codes are kept as written."""
    text = GOOD.replace("value: front_desk", "value: no").replace("value: workshop", "value: 010")
    [column] = [
        c
        for c in read_contract(edited(tmp_path, text.replace("value: parts", "value: 1.0"))).columns
        if c.name == "department"
    ]
    assert list(column.enum) == ["no", "010", "1.0", "customer_service"]


def test_mutated_contracts_are_read_or_reported(tmp_path: Path) -> None:
    reported = 0
    for seed in range(150):
        random = Random(seed)
        content = _several(random, GOOD.encode(), (*BYTES, swap_lines))
        if random.random() < 0.5:
            at = random.randrange(len(content) + 1)
            content = content[:at] + random.choice(_TOKENS) + content[at:]
        path = edited(tmp_path, content)
        try:
            read_contract(path)
        except ContractError as error:
            reported += 1
            assert re.match(rf"{re.escape(str(path))}, line [0-9]+: .+", str(error), re.DOTALL), seed
    assert 50 < reported < 150
