"""The list of people who asked to be deleted, as keyed hashes, so that it names nobody.

Only its owner can read `<data>/private/forgotten.json`. It holds the pseudonyms that replace a customer's number and
the VINs of their vehicles, and hashes of the phones, plates, names, cases and callbacks by which their rows are
recognised when a later extract contains them.
"""

import hashlib
import hmac
import json
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from dagster_project.errors import ExpectedError

PSEUDONYM = "forgotten-"


class ForgottenError(ExpectedError):
    """The list of forgotten people can't be used, or a request can't be met; the message says what to do about it."""


@dataclass(frozen=True)
class Request:
    """One person's deletion; everything but its id, store, time and pseudonyms is a keyed hash.

    `vins` maps the hash of each VIN to its pseudonym; `marks` are hashes of phones, plates, names, and of the numbers
    of cases and callbacks whose texts are the person's.
    """

    request: str
    forgotten_at: str
    store_code: str
    customer: str
    pseudonym: str
    vins: dict[str, str] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)


def forgotten_path(data: Path) -> Path:
    """The file in which an installation keeps its list."""
    return data / "private" / "forgotten.json"


def plain(kind: str, value: str) -> str:
    """A value normalised for hashing: one spelling of each phone number and plate."""
    text = unicodedata.normalize("NFKC", value).strip()
    if kind == "phone":
        return re.sub(r"\D", "", text)[-11:]
    return re.sub(r"[\s·.]", "", text).upper() if kind == "plate" else text


class Forgotten:
    """The forgotten people; false if there are none."""

    def __init__(self, hash_key: str, requests: Iterable[Request] = ()) -> None:
        self._key = hash_key.encode()
        self.requests = tuple(requests)

    def __bool__(self) -> bool:
        return bool(self.requests)

    @cached_property
    def stores(self) -> frozenset[str]:
        """The stores with forgotten customers."""
        return frozenset(request.store_code for request in self.requests)

    @cached_property
    def _customers(self) -> dict[str, str]:
        return {request.customer: request.pseudonym for request in self.requests}

    @cached_property
    def _vins(self) -> dict[str, str]:
        return {vin: pseudonym for request in self.requests for vin, pseudonym in request.vins.items()}

    @cached_property
    def _marks(self) -> frozenset[str]:
        return frozenset(mark for request in self.requests for mark in request.marks)

    def hashed(self, kind: str, *values: str) -> str:
        """The keyed hash by which the list identifies a value of a kind."""
        text = "\x1f".join((kind, *(plain(kind, value) for value in values)))
        return hmac.digest(self._key, f"forgotten\x1f{text}".encode(), hashlib.sha256).hex()[:32]

    def customer(self, store_code: str, customer_no: str) -> str | None:
        """The pseudonym of the customer's number; None if the customer is not forgotten."""
        return self._customers.get(self.hashed("customer", store_code, customer_no))

    def vin(self, vin: str) -> str | None:
        """The pseudonym of the VIN; None for a vehicle that belongs to no forgotten person."""
        return self._vins.get(self.hashed("vin", vin))

    def is_marked(self, kind: str, *values: str) -> bool:
        """Whether a phone, plate, name, case or callback belongs to a forgotten person."""
        return self.hashed(kind, *values) in self._marks

    @cached_property
    def digest(self) -> str:
        """A digest that changes with the list."""
        return hashlib.sha256(self._text().encode()).hexdigest()[:16]

    def with_request(self, request: Request) -> "Forgotten":
        """The list with the request added, in place of an earlier one for the same customer."""
        others = [known for known in self.requests if known.customer != request.customer]
        return Forgotten(self._key.decode(), [*others, request])

    def _text(self) -> str:
        content = {"key": self.hashed("key"), "requests": [asdict(request) for request in self.requests]}
        return json.dumps(content, indent=1)

    def write(self, data: Path) -> None:
        """Replace the installation's list in one step; only its owner can read it."""
        path = forgotten_path(data)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(self._text())
        os.replace(temporary, path)


def read_forgotten(data: Path, hash_key: str) -> Forgotten:
    """The installation's list, empty if nobody is forgotten.

    Raises ForgottenError when it was written with another hash key: its people would reappear unnoticed.
    """
    path = forgotten_path(data)
    if not path.exists():
        return Forgotten(hash_key)
    content = json.loads(path.read_text(encoding="utf-8"))
    forgotten = Forgotten(hash_key, [Request(**request) for request in content["requests"]])
    if content["key"] != forgotten.hashed("key"):
        raise ForgottenError(
            f"{path} was written with another AFTERSALES_HASH_KEY: nobody on it would be recognised. Set the key that "
            "it was written with; if that is lost, move the file away and repeat the requests with `aftersales forget`"
        )
    return forgotten
