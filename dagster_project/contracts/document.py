"""Read a YAML file so that every fault is reported with its line."""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import yaml

from dagster_project.errors import ExpectedError

_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class ContractError(ExpectedError):
    """A contract is invalid; the message names the file and the line, and says what to do about it."""


@dataclass(frozen=True)
class Part:
    """One value of the file: a mapping, a list, or a text, which can be converted to a number or a boolean."""

    path: Path
    node: yaml.Node

    @property
    def line(self) -> int:
        """The line that it begins on."""
        return self.node.start_mark.line + 1

    def fail(self, what: str) -> NoReturn:
        """Raise ContractError with this line."""
        raise ContractError(f"{self.path}, line {self.line}: {what}")

    @cached_property
    def fields(self) -> "dict[str, Part]":
        """The values of a mapping by name."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail("expected `name: value` lines")
        found: dict[str, Part] = {}
        for key, value in self.node.value:
            name = Part(self.path, key).text()
            if name in found:
                Part(self.path, key).fail(f"{name!r} occurs twice here, first in line {found[name].line}: join them")
            found[name] = Part(self.path, value)
        return found

    def get(self, name: str) -> "Part | None":
        """A value of a mapping; None if it is absent."""
        return self.fields.get(name)

    def need(self, name: str) -> "Part":
        """A value of a mapping; fails if it is absent."""
        found = self.get(name)
        if found is None:
            self.fail(f"{name!r} is missing here")
        return found

    def refuse_misspelt_fields(self, names: tuple[str, ...]) -> None:
        """Fail where a field of a mapping is a misspelling of one of these names: it would be ignored silently.

        Any other field is taken as one of the standard, or the reader's own.
        """
        for name in self.fields:
            if meant := _close_match(name, names):
                key = next(key for key, _ in self.node.value if key.value == name)
                Part(self.path, key).fail(f"{name!r} is not known here: is {meant!r} meant?")

    def items(self) -> "list[Part]":
        """The values of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail("expected a list: lines that begin with `- `")
        return [Part(self.path, item) for item in self.node.value]

    def text(self) -> str:
        """The value as it is written: `01`, `no` and `1.0` are not converted."""
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value.strip():
            self.fail("expected a text")
        return self.node.value

    def truth(self) -> bool:
        """The value as true or false."""
        text = self.text()
        if text.casefold() not in _TRUTHS:
            self.fail(f"expected true or false, not {text!r}")
        return _TRUTHS[text.casefold()]

    def number(self) -> float:
        """The value as a number."""
        try:
            number = float(self.text())
        except ValueError:
            self.fail(f"expected a number, not {self.text()!r}")
        if not abs(number) < 1e15:
            self.fail(f"expected a number of at most 15 digits, not {self.text()!r}")
        return number

    def whole(self) -> int:
        """The value as a whole number from 0 on."""
        number = self.number()
        if number != int(number) or number < 0:
            self.fail(f"expected a whole number from 0 on, not {self.text()!r}")
        return int(number)

    def text_not_misspelt(self, names: tuple[str, ...]) -> str:
        """The value as text; fails if it is a misspelling of one of the names."""
        if meant := _close_match(self.text(), names):
            self.fail(f"{self.text()!r} is not known here: is {meant!r} meant?")
        return self.text()

    def one_of(self, names: tuple[str, ...]) -> str:
        """The value as text; fails unless it is one of the names."""
        if self.text() not in names:
            self.fail(f"{self.text()!r} is none of {', '.join(names)}")
        return self.text()


def _close_match(name: str, names: tuple[str, ...]) -> str | None:
    """The name that `name` is a likely misspelling of; None if there is none, or if it is one of the names."""
    near = [] if name in names else get_close_matches(name, names, n=1, cutoff=0.8)
    return near[0] if near else None


def _check_names(part: Part, seen: set[int]) -> None:
    """Fail where a mapping has a name twice: YAML would silently drop the first value."""
    # A node that is referenced by aliases is walked once.
    if id(part.node) in seen:
        return
    seen.add(id(part.node))
    if isinstance(part.node, yaml.MappingNode):
        for value in part.fields.values():
            _check_names(value, seen)
    elif isinstance(part.node, yaml.SequenceNode):
        for item in part.items():
            _check_names(item, seen)


def _composed(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        # Ten times as slow, but its errors say what is wrong and where.
        return yaml.compose(text, Loader=yaml.SafeLoader)


def read_document(path: Path) -> Part:
    """The file's document; raises ContractError when it is not valid YAML, or a mapping has a name twice."""
    content = path.read_bytes()
    try:
        node = _composed(content.decode("utf-8"))
        if node is None:
            raise ContractError(f"{path}, line 1: the file is empty")
        document = Part(path, node)
        _check_names(document, set())
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ContractError(f"{path}, line {line}: not UTF-8 text: save it as UTF-8") from error
    except yaml.reader.ReaderError as error:
        line = content.decode("utf-8")[: error.position].count("\n") + 1
        character = ord(error.character) if isinstance(error.character, str) else error.character
        raise ContractError(f"{path}, line {line}: character #{character:x} is invalid in YAML: remove it") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(filter(None, (error.context, error.problem)))
        raise ContractError(f"{path}, line {mark.line + 1 if mark else 1}: not YAML: {problem}") from error
    except RecursionError as error:
        raise ContractError(f"{path}, line 1: nested too deeply to be read") from error
    return document
