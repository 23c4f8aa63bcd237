"""The secret that customers and vehicles are hashed with before anything is published."""

import hashlib
import hmac
import logging
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from dagster_project.errors import ExpectedError
from dagster_project.notes import write_note

VARIABLE = "AFTERSALES_HASH_KEY"
SHORTEST_KEY = 16

logger = logging.getLogger(__name__)


class HashKeyError(ExpectedError):
    """The hash key can't be used; the message says what to do."""


def key_path(data: Path) -> Path:
    """The file in which an installation keeps its own key."""
    return data / "private" / "hash_key"


def key_warning(data: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """The warning of a run whose key is stored nowhere but in the data folder; None if the variable is set."""
    if environment.get(VARIABLE):
        return None
    return (
        f"WARNING: {VARIABLE} is not set: customers and vehicles are hashed with {key_path(data)}. Whoever gets the "
        "data folder gets the key, and if the file is lost every published key changes: keep the key in your secret "
        "store and set the variable from there."
    )


def _noted_digest(data: Path) -> Path:
    return key_path(data).with_name("hash_key_digest")


def _digest(key: str) -> str:
    return hmac.digest(key.encode(), b"key", hashlib.sha256).hex()[:16]


def note_key(data: Path, key: str) -> None:
    """Record a digest of the key used for publishing, by which the next run recognises another key."""
    _noted_digest(data).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_note(_noted_digest(data), _digest(key))


def another_key_warning(data: Path, key: str) -> str | None:
    """The warning of a run whose key differs from that of the last published run; None if it does not."""
    noted = _noted_digest(data)
    if not noted.exists() or noted.read_text(encoding="utf-8") == _digest(key):
        return None
    return (
        "WARNING: this is not the hash key that was used before: every published key of a customer or a vehicle "
        "changes, and none joins with keys read earlier. If that is not intended (a shell without "
        f"{VARIABLE}?), set the previous key and run again"
    )


def read_hash_key(data: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The value of AFTERSALES_HASH_KEY, else this installation's own key, which is generated at first use.

    The own key is stored in `<data>/private/hash_key`, readable by its owner only: if it is lost, the published
    keys of customers and vehicles change. Raises HashKeyError for a key that is not printable or too short.
    """
    if key := environment.get(VARIABLE, "").strip():
        if not key.isprintable():
            raise HashKeyError(f"{VARIABLE} holds unprintable characters: make a key with `openssl rand -hex 32`")
        if len(key) < SHORTEST_KEY:
            raise HashKeyError(
                f"{VARIABLE} has fewer than {SHORTEST_KEY} characters and could be guessed: "
                "make one with `openssl rand -hex 32`"
            )
        return key
    path = key_path(data)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".hash_key.{os.getpid()}.tmp")
        # In a container, a killed run may have had the same process id.
        temporary.unlink(missing_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        os.replace(temporary, path)
    return _read_own(path)


def _read_own(path: Path) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        path.chmod(0o600)
        logger.warning("%s was open to others (%o), who may know the key; now only its owner can read it", path, mode)
    key = path.read_text(encoding="utf-8").strip()
    if len(key) < SHORTEST_KEY:
        raise HashKeyError(f"{path} holds no key: restore the previous file, or delete it to have a new key generated")
    return key
