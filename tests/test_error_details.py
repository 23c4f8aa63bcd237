"""In an engine's error message, values are masked and words are kept."""

import pytest

from dagster_project.privacy.error_details import without_values


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Could not convert string '2026-1x' to DATE", "Could not convert string '***' to DATE"),
        ("The value '张三丰' of the type \"STRING\"", "The value '***' of the type \"STRING\""),
        ("值'张三丰'不是日期", "值'***'不是日期"),
        ("can't read 'Anna' and isn't 'Berta'", "can't read '***' and isn't '***'"),
        ("Compilation Error in model dim_date 'mont_of' is undefined",) * 2,
        ('column "owner_name" holds "Anna B"', 'column "owner_name" holds "***"'),
    ],
)
def test_values_are_masked_and_words_are_kept(message: str, shown: str) -> None:
    assert without_values(message) == shown
