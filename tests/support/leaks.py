"""Search the product's output for personal data in any file: databases, Parquet, archives, raw bytes."""

import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from dagster_project.contracts import read_contracts
from dagster_project.settings import Settings

_HAN = rb"[\xe4-\xe9][\x80-\xbf]{2}"
_RUNS = re.compile(rb"(?:%s)+" % _HAN)
_PHONES = re.compile(rb"(?=(1[3-9][0-9]{9}))")
_PLATES = re.compile(rb"%s[A-Z][A-Z0-9]{5,6}" % _HAN)
_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")
# A binary file may hold values without a separator: two adjacent ones can form a name of two characters.
_SHORTEST_IN_BINARY = 3
# Up to this many values are searched one by one; with more, text of their form is looked up among them.
_FEW = 50


@dataclass(frozen=True)
class Secrets:
    """Values that must not appear in any output."""

    values: frozenset[str]

    @cached_property
    def names(self) -> frozenset[str]:
        """The values that are names, not phones or plates."""
        return frozenset(value for value in self.values if not re.search("[0-9]", value))

    @cached_property
    def _lengths(self) -> set[int]:
        return {len(name) for name in self.names}

    def found_in(self, content: bytes, shortest: int = 2) -> set[str]:
        """The values that bytes hold, as UTF-8 or as JSON escapes; names from `shortest` characters on."""
        if b"\\u" in content:
            content = _ESCAPED.sub(lambda match: chr(int(match[1], 16)).encode("utf-8", "ignore"), content)
        if len(self.values) <= _FEW:
            long = (value for value in self.values if value not in self.names or len(value) >= shortest)
            return {value for value in long if value.encode() in content}
        found = {phone.decode() for phone in set(_PHONES.findall(content))}
        for plate in set(_PLATES.findall(content)):
            text = plate.decode("utf-8", "ignore")
            found |= {text, text[:7]}
        for run in set(_RUNS.findall(content)):
            text = run.decode("utf-8", "ignore")
            lengths = (length for length in self._lengths if shortest <= length <= len(text))
            found |= {text[at : at + n] for n in lengths for at in range(len(text) - n + 1)}
        return found & self.values


def secrets_of(settings: Settings) -> Secrets:
    """Every name, phone number and plate that the lake holds, of rejected rows too."""
    found: set[str] = set()
    with duckdb.connect() as connection:
        for contract in read_contracts().values():
            for column in contract.columns:
                if not (column.personal and column.personal.name in ("person_name", "phone", "plate")):
                    continue
                parts = settings.lake / contract.system / contract.dataset
                sql = f"select distinct {column.name} from read_parquet('{parts}/accepted/*.parquet')"
                found |= {value for (value,) in connection.execute(sql).fetchall() if value}
                for path in (parts / "rejected").glob("*.parquet"):
                    raw = connection.execute("select row_raw from read_parquet(?)", [str(path)]).fetchall()
                    cells = [json.loads(row) for (row,) in raw]
                    found |= {row[name] for row in cells for name in (column.name, column.label) if row.get(name)}
    return Secrets(frozenset(value for value in found if len(value) > 1))


def _texts_of_tables(connection: duckdb.DuckDBPyConnection, relations: Iterable[str]) -> Iterator[bytes]:
    for relation in relations:
        for name, kind, *_ in connection.execute(f"describe {relation}").fetchall():
            if kind == "VARCHAR":
                values = connection.execute(f'select distinct "{name}" from {relation}').fetchall()
                yield "\n".join(value for (value,) in values if value).encode()


def _values(path: Path) -> Iterator[bytes]:
    """The values of a file of tables or an archive, as a reader would see them."""
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            query = "select schema_name || '.' || table_name from duckdb_tables() where not internal"
            yield from _texts_of_tables(connection, [name for (name,) in connection.execute(query).fetchall()])
    elif path.suffix == ".parquet":
        with duckdb.connect() as connection:
            yield from _texts_of_tables(connection, [f"'{path}'"])
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def leaks(secrets: Secrets, root: Path, private: Iterable[Path] = ()) -> dict[str, set[str]]:
    """The values found in each file below `root`, except those in `private`; file names count too."""
    by_file: dict[str, set[str]] = {}
    closed = [path.resolve() for path in private]
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or any(path.is_relative_to(folder) for folder in closed):
            continue
        raw = path.read_bytes()
        is_text = b"\0" not in raw[:8192] and not zipfile.is_zipfile(path)
        found = secrets.found_in(raw, 2 if is_text else _SHORTEST_IN_BINARY) | secrets.found_in(path.name.encode())
        for value in _values(path):
            found |= secrets.found_in(value)
        if found:
            by_file[str(path.relative_to(root))] = found
    return by_file
