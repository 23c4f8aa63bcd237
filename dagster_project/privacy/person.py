"""Find what belongs to one person in the lake: rows with the customer's number, and values that identify others."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import duckdb

from dagster_project.contracts import read_contracts
from dagster_project.load.lake import show_rows
from dagster_project.privacy.forgotten import plain
from dagster_project.privacy.rows import named_cells

# Rows of the requested numbers: the customer's own, and the pseudonym of an earlier request.
_OWN = "store_code = $store and list_contains($numbers, customer_no)"
_PLAIN_PHONE = "right(regexp_replace(phone, '[^0-9]', '', 'g'), 11)"


@dataclass(frozen=True)
class Person:
    """What the lake holds of one customer, in all versions of all rows, including rejected ones."""

    vins: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    plates: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    callbacks: list[str] = field(default_factory=list)
    rows: int = 0


class LakeRows:
    """Queries about people in the lake."""

    def __init__(self, lake: Path) -> None:
        self.connection = duckdb.connect()
        show_rows(self.connection, lake)

    def _texts(self, query: str, **parameters: object) -> list[str]:
        return [text for (text,) in self.connection.execute(query, parameters).fetchall() if text is not None]

    @cached_property
    def _rejected(self) -> list[dict[str, str]]:
        """The filled cells of each rejected row, by column, with its store if that is known."""
        contracts = read_contracts()
        query = "select system || '/' || dataset, store_code, row_raw from lake.rejected_rows"

        def read() -> Iterator[dict[str, str]]:
            for name, store, raw in self.connection.execute(query).fetchall():
                yield named_cells(contracts[name], json.loads(raw)) | ({"store_code": store} if store else {})

        return list(read())

    def person(self, store: str, numbers: list[str]) -> Person:
        """Everything that belongs to the customer with these numbers."""
        rejected = [
            row for row in self._rejected if row.get("store_code") == store and row.get("customer_no") in numbers
        ]

        def and_rejected(texts: list[str], column: str) -> list[str]:
            return [*dict.fromkeys([*texts, *(row[column] for row in rejected if column in row)])]

        own = {"store": store, "numbers": numbers}
        orders = f"select repair_order_no from lake.dms__repair_orders where {_OWN}"
        with_vin = ("dms__vehicles", "dms__repair_orders", "dms__appointments", "complaint__cases")
        with_number = ("dms__customers", *with_vin, "survey__callbacks")
        vins = " union ".join(f"select vin from lake.{name} where {_OWN}" for name in with_vin)
        of_order = f"(customer_no is null and store_code = $store and repair_order_no in ({orders}))"
        phones = f"select distinct phone from lake.dms__customers where {_OWN}"
        plates = f"select distinct plate_no from lake.dms__vehicles where {_OWN}"
        names = f"select distinct customer_name from lake.dms__customers where {_OWN}"
        cases = (
            f"select distinct case_no from lake.complaint__cases where ({_OWN}) or {of_order}"
            f" or (customer_no is null and store_code = $store and vin in ({vins}))"
        )
        callbacks = f"select distinct callback_no from lake.survey__callbacks where ({_OWN}) or {of_order}"
        rows = " union all ".join(f"select customer_no from lake.{name} where {_OWN}" for name in with_number)
        return Person(
            vins=and_rejected(self._texts(vins, **own), "vin"),
            phones=[phone for phone in and_rejected(self._texts(phones, **own), "phone") if plain("phone", phone)],
            plates=and_rejected(self._texts(plates, **own), "plate_no"),
            names=and_rejected(self._texts(names, **own), "customer_name"),
            cases=and_rejected(self._texts(cases, **own), "case_no"),
            callbacks=and_rejected(self._texts(callbacks, **own), "callback_no"),
            rows=len(self._texts(rows, **own)) + len(rejected),
        )

    def customers_of(self, *, phones: list[str], names: list[str]) -> list[tuple[str, str]]:
        """Store and number of the customers with one of the phones or names."""
        wanted = {plain("phone", phone) for phone in phones} - {""}
        found = self.connection.execute(
            "select distinct store_code, customer_no from lake.dms__customers "
            f"where list_contains($phones, {_PLAIN_PHONE}) or list_contains($names, customer_name)",
            {"phones": sorted(wanted), "names": names},
        ).fetchall()
        rejected = [
            (row["store_code"], row["customer_no"])
            for row in self._rejected
            if {"store_code", "customer_no"} <= row.keys()
            and (plain("phone", row.get("phone", "")) in wanted or row.get("customer_name") in names)
        ]
        return sorted({*found, *rejected})

    def texts_naming(self, names: list[str]) -> list[tuple[str, int]]:
        """File and line of the free texts that contain one of the names."""
        return self.connection.execute(
            "select source_file, source_line from ("
            "select source_file, source_line, description as text from lake.complaint__cases union all "
            "select source_file, source_line, answer_text from lake.survey__callback_answers union all "
            "select source_file, source_line, concat_ws(' ', problem, measure, evidence) "
            "from lake.planning__improvement_actions"
            ") where list_bool_or([contains(text, name) for name in $names]) order by all",
            {"names": names},
        ).fetchall()
