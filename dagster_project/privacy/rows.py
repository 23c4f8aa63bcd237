"""Remove forgotten people from rows: values become blank, numbers pseudonyms; the rows are kept and counted.

Works on the columns of accepted and rejected rows, both when the loader writes them and when the lake holds them.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.contracts import Contract
from dagster_project.load.header import plain_name
from dagster_project.load.masking import MASK, PHONE, PLATE
from dagster_project.privacy.forgotten import Forgotten

# The kind and column of the number that identifies a text as the person's, if its row does not name the customer.
TEXT_KEYS = {"complaint/cases": ("case", "case_no"), "survey/callback_answers": ("callback", "callback_no")}

_VIN = re.compile(r"(?<![A-Z0-9])[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])")
_BETWEEN_CELLS = re.compile(r"""[,;\t"'|\s]+""")

Columns = dict[str, pa.Array]


def _mapped(values: pa.Array, new: Callable[[str], str | None]) -> pa.Array:
    """The values with those for which `new` returns one replaced; it is called once per distinct value."""
    encoded = pc.dictionary_encode(values)
    dictionary = encoded.dictionary.to_pylist()
    replaced = [new(value) or value for value in dictionary]
    return values if replaced == dictionary else pa.array(replaced, values.type).take(encoded.indices)


def _pairs(forgotten: Forgotten, columns: Mapping[str, pa.Array], name: str) -> Iterable[tuple[int, str, str]]:
    """Row, store and number of the rows whose store has forgotten people."""
    stores = columns["store_code"]
    near = pc.and_(pc.is_in(stores, pa.array(sorted(forgotten.stores))), pc.is_valid(columns[name]))
    at = pc.indices_nonzero(near)
    return zip(at.to_pylist(), stores.take(at).to_pylist(), columns[name].take(at).to_pylist(), strict=True)


def without_strays(forgotten: Forgotten, text: str) -> str:
    """The text, with phones, plates and VINs of forgotten people masked."""

    def masked(kind: str) -> Callable[[re.Match], str]:
        return lambda found: MASK if forgotten.is_marked(kind, found[0]) else found[0]

    text = PLATE.sub(masked("plate"), PHONE.sub(masked("phone"), text))
    return _VIN.sub(lambda found: MASK if forgotten.vin(found[0]) else found[0], text)


def forget_accepted(forgotten: Forgotten, contract: Contract, columns: Columns) -> tuple[Columns, int]:
    """The accepted rows without forgotten people, and how many rows changed."""
    count = len(columns["source_line"])
    theirs = [False] * count
    changed = columns.copy()
    if {"store_code", "customer_no"} <= columns.keys():
        numbers = columns["customer_no"].to_pylist()
        for row, store, number in _pairs(forgotten, columns, "customer_no"):
            if pseudonym := forgotten.customer(store, number):
                numbers[row], theirs[row] = pseudonym, True
        changed["customer_no"] = pa.array(numbers, pa.string())
    if contract.name == "complaint/cases":
        # A case without a customer number belongs to its vehicle.
        at = pc.indices_nonzero(pc.and_(pc.is_null(columns["customer_no"]), pc.is_valid(columns["vin"])))
        for row, vin in zip(at.to_pylist(), columns["vin"].take(at).to_pylist(), strict=True):
            theirs[row] = forgotten.vin(vin) is not None
    if contract.name in TEXT_KEYS:
        kind, key = TEXT_KEYS[contract.name]
        for row, store, number in _pairs(forgotten, columns, key):
            theirs[row] = theirs[row] or forgotten.is_marked(kind, store, number)
    if "vin" in columns:
        changed["vin"] = _mapped(columns["vin"], forgotten.vin)
    hidden = [column.name for column in contract.columns if column.is_hidden and column.name in columns]
    texts = [c.name for c in contract.columns if c.personal and c.personal.name == "free_text" and c.name in columns]
    for name in (*texts, "unknown_columns", "row_masked"):
        changed[name] = _mapped(columns[name], lambda text: without_strays(forgotten, text))
    own = pa.array(theirs, pa.bool_())
    for name in (*hidden, "unknown_columns", "row_masked"):
        changed[name] = pc.if_else(own, pa.scalar(None, columns[name].type), changed[name])
    return changed, _count_changed(columns, changed)


def _count_changed(before: Columns, after: Columns) -> int:
    different = pa.array([False] * len(before["source_line"]), pa.bool_())
    for name, values in after.items():
        if values is not before[name]:
            same = pc.coalesce(pc.equal(values, before[name]), pc.and_(pc.is_null(values), pc.is_null(before[name])))
            different = pc.or_(different, pc.invert(same))
    return pc.sum(different).as_py() or 0


def _plain_cell(cell: str) -> str:
    """A raw cell, normalised as the loader normalises codes."""
    return unicodedata.normalize("NFKC", cell).strip()


def named_cells(contract: Contract, cells: Mapping[str, str]) -> dict[str, str]:
    """The filled cells of a raw row by column name (by header, if unknown), normalised as the loader does codes."""
    columns = contract.by_header
    named = ((columns.get(plain_name(name)), name, cell) for name, cell in cells.items() if cell)
    return {column.name if column else name: _plain_cell(cell) for column, name, cell in named}


class RejectedRows:
    """Removes forgotten people from the rejected rows of one dataset."""

    def __init__(self, forgotten: Forgotten, contract: Contract) -> None:
        self.forgotten = forgotten
        self.contract = contract
        # Headers of the only column that may be shown of a forgotten person's row.
        self.kept = {header for header, column in contract.by_header.items() if column.name == "store_code"}
        self.text_key = TEXT_KEYS.get(contract.name)

    def _is_theirs(self, store: str | None, cells: Mapping[str, str]) -> bool:
        named = named_cells(self.contract, cells)
        is_line = cells.keys() == {"line"}
        values = _BETWEEN_CELLS.split(cells["line"]) if is_line else list(named.values())
        store = store or named.get("store_code")
        # A row without a store may belong to any store, an unsplit line to any store that it names.
        stores = [s for s in self.forgotten.stores if s == store or (s in values if is_line else store is None)]
        numbers = values if is_line else [named[name] for name in ("customer_no",) if name in named]
        if any(self.forgotten.customer(store, number) for store in stores for number in numbers):
            return True
        if any(self.forgotten.is_marked("name", store, value) for store in stores for value in values):
            return True
        if self.text_key and not is_line and self.text_key[1] in named:
            kind, key = self.text_key
            if any(self.forgotten.is_marked(kind, store, named[key]) for store in stores):
                return True
        return any(without_strays(self.forgotten, value) != value for value in (*cells.values(), *values))

    def _shown(self, cells: Mapping[str, str]) -> str:
        hidden = {
            name: cell if plain_name(name) in self.kept or not (cell or "").strip() else MASK
            for name, cell in cells.items()
        }
        return json.dumps(hidden, ensure_ascii=False)

    def forget(self, columns: Columns) -> tuple[Columns, int]:
        """The rows, with every cell of those of forgotten people masked, and how many rows changed."""
        raws, masked = columns["row_raw"].to_pylist(), columns["row_masked"].to_pylist()
        changed = 0
        for row, store in enumerate(columns["store_code"].to_pylist()):
            cells = json.loads(raws[row])
            if self._is_theirs(store, cells) and (hidden := self._shown(cells)) != raws[row]:
                raws[row] = masked[row] = hidden
                changed += 1
        new = {"row_raw": pa.array(raws, pa.string()), "row_masked": pa.array(masked, pa.string())}
        return columns | new, changed
