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
    """Where an installation keeps its own key."""
    return data / "private" / "hash_key"


def key_warning(data: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """What a run says when it works with a key that nobody but the data folder keeps."""
    if environment.get(VARIABLE):
        return None
    return (
        f"WARNING: {VARIABLE} is not set: customers and vehicles are hashed with {key_path(data)}. Whoever gets the "
        "data folder gets the key, and if the file is lost every published key changes: put it into the "
        "environment from your secret store, and keep a copy there."
    )


def _noted_digest(data: Path) -> Path:
    return key_path(data).with_name("hash_key_digest")


def _digest(key: str) -> str:
    return hmac.digest(key.encode(), b"key", hashlib.sha256).hex()[:16]


def note_key(data: Path, key: str) -> None:
    """Note a digest of the key that was published with, by which the next run knows another one."""
    _noted_digest(data).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_note(_noted_digest(data), _digest(key))


def another_key_warning(data: Path, key: str) -> str | None:
    """What a run says when it hashes with another key than that of the last published run."""
    noted = _noted_digest(data)
    if not noted.exists() or noted.read_text(encoding="utf-8") == _digest(key):
        return None
    return (
        "WARNING: this is not the hash key that was used before: every published key of a customer or a vehicle "
        "changes, and joins with none that was read earlier. Where that was not meant (a shell without "
        f"{VARIABLE}?), give the key of before and run again"
    )


def read_hash_key(data: Path, environment: Mapping[str, str] = os.environ) -> str:
    """AFTERSALES_HASH_KEY, else this installation's own key, made at first use.

    The own key lies in `<data>/private/hash_key`, readable by its owner only: without it, published
    keys of customers and vehicles change. Raises HashKeyError for a key that is easily guessed.
    """
    if key := environment.get(VARIABLE, "").strip():
        if not key.isprintable():
            raise HashKeyError(f"{VARIABLE} holds what is no text: make a key with `openssl rand -hex 32`")
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
        # In a container a killed run had the same number.
        temporary.unlink(missing_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        os.replace(temporary, path)
    return _read_own(path)


def _read_own(path: Path) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        path.chmod(0o600)
        logger.warning("%s was open to others (%o), now to its owner only: they may know the key", path, mode)
    key = path.read_text(encoding="utf-8").strip()
    if len(key) < SHORTEST_KEY:
        raise HashKeyError(f"{path} holds no key: put back the one that was there, or delete it to have one made")
    return key
