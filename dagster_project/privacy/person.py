"""Find in the lake what belongs to one person: whom a customer number names, and by what else rows tell of them."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from dagster_project.load.lake import show_rows
from dagster_project.privacy.forgotten import plain

# Numbers a request is answered for: the customer's own, and the pseudonym where an earlier request gave one.
_OWN = "store_code = $store and list_contains($numbers, customer_no)"
_PLAIN_PHONE = "right(regexp_replace(phone, '[^0-9]', '', 'g'), 11)"


@dataclass(frozen=True)
class Person:
    """What the lake holds of one customer, all versions of all rows."""

    vins: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    plates: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    callbacks: list[str] = field(default_factory=list)
    rows: int = 0


class LakeRows:
    """Questions to the lake about persons."""

    def __init__(self, lake: Path) -> None:
        self.connection = duckdb.connect()
        show_rows(self.connection, lake)

    def _texts(self, query: str, **parameters: object) -> list[str]:
        return [text for (text,) in self.connection.execute(query, parameters).fetchall() if text is not None]

    def person(self, store: str, numbers: list[str]) -> Person:
        """All that belongs to the customer of these numbers."""
        own = {"store": store, "numbers": numbers}
        orders = f"select repair_order_no from lake.dms__repair_orders where {_OWN}"
        with_vin = ("dms__vehicles", "dms__repair_orders", "dms__appointments", "complaint__cases")
        with_number = ("dms__customers", *with_vin, "survey__callbacks")
        vins = " union ".join(f"select vin from lake.{name} where {_OWN}" for name in with_vin)
        of_order = f"(customer_no is null and store_code = $store and repair_order_no in ({orders}))"
        rows = " union all ".join(f"select customer_no from lake.{name} where {_OWN}" for name in with_number)
        return Person(
            vins=self._texts(vins, **own),
            phones=self._texts(f"select distinct phone from lake.dms__customers where {_OWN}", **own),
            plates=self._texts(f"select distinct plate_no from lake.dms__vehicles where {_OWN}", **own),
            names=self._texts(f"select distinct customer_name from lake.dms__customers where {_OWN}", **own),
            cases=self._texts(
                f"select distinct case_no from lake.complaint__cases where ({_OWN}) or {of_order}"
                f" or (customer_no is null and store_code = $store and vin in ({vins}))",
                **own,
            ),
            callbacks=self._texts(
                f"select distinct callback_no from lake.survey__callbacks where ({_OWN}) or {of_order}", **own
            ),
            rows=len(self._texts(rows, **own)),
        )

    def customers_of(self, *, phones: list[str], names: list[str]) -> list[tuple[str, str]]:
        """Store and number of the customers that have one of the phones or names."""
        return self.connection.execute(
            "select distinct store_code, customer_no from lake.dms__customers "
            f"where list_contains($phones, {_PLAIN_PHONE}) or list_contains($names, customer_name) "
            "order by all",
            {"phones": [plain("phone", phone) for phone in phones], "names": names},
        ).fetchall()

    def texts_naming(self, names: list[str]) -> list[tuple[str, int]]:
        """File and line of the free texts that hold one of the names."""
        return self.connection.execute(
            "select source_file, source_line from ("
            "select source_file, source_line, description as text from lake.complaint__cases union all "
            "select source_file, source_line, answer_text from lake.survey__callback_answers union all "
            "select source_file, source_line, concat_ws(' ', problem, measure, evidence) "
            "from lake.planning__improvement_actions"
            ") where list_bool_or([contains(text, name) for name in $names]) order by all",
            {"names": names},
        ).fetchall()
