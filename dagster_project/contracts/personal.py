"""Kinds of personal data, by the `classification` of a column in its contract."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of personal data.

    `is_hidden` says that its values are omitted or masked wherever single rows of the extracts are shown. The other
    kinds are numbers that identify a person only to users of the DMS; data owners find faulty rows by them.
    """

    name: str
    label: str
    is_hidden: bool


KINDS = {
    kind.name: kind
    for kind in (
        Kind("person_name", "姓名", is_hidden=True),
        Kind("phone", "手机号", is_hidden=True),
        Kind("plate", "车牌号", is_hidden=True),
        Kind("gender", "性别", is_hidden=True),
        Kind("birth_year", "出生年份", is_hidden=True),
        Kind("occupation", "职业", is_hidden=True),
        Kind("free_text", "自由文本", is_hidden=True),
        Kind("customer_number", "客户编号", is_hidden=False),
        Kind("vin", "车架号", is_hidden=False),
        Kind("employee_number", "员工编号", is_hidden=False),
    )
}
