"""The secret that customers and vehicles are hashed with before anything is published."""

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

logger = logging.getLogger(__name__)


def read_hash_key(data: Path, environment: Mapping[str, str] = os.environ) -> str:
    """AFTERSALES_HASH_KEY, else this installation's own key, made at first use.

    The own key lies in `<data>/private/hash_key`, readable by its owner only: without it, published
    keys of customers and vehicles change.
    """
    if key := environment.get("AFTERSALES_HASH_KEY"):
        return key
    path = data / "private" / "hash_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".hash_key.{os.getpid()}.tmp")
        # In a container a killed run had the same number.
        temporary.unlink(missing_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        os.replace(temporary, path)
        logger.warning("AFTERSALES_HASH_KEY is not set: made a key of this installation's own, keep %s", path)
    return path.read_text().strip()
