"""Passwords at rest: scrypt, with a cost that lets a lab of fifty boot in a second (docs/decisions/0007).

Results are remembered for as long as the process lives: a server that has just saved a client's record need not work
for the password again when that client registers.
"""

import hashlib
import hmac
from functools import lru_cache
from typing import Final

MIN_ADMIN_PASSWORD: Final = 6
"""Characters of an administrator's (facts 1.2, 7.1; no later figure is published)."""

MAX_PASSWORD: Final = 1_024
"""Characters. A longer one is nobody's: it is refused where it is set, and not worked for where it is tried."""

_BLOCK: Final = 8


def hash_password(text: str, salt: bytes, cost_log2: int) -> str:
    """Return ``scrypt$<cost>$<salt>$<hash>``; the caller's salt must be unique to the record."""
    return f"scrypt${cost_log2}${salt.hex()}${_scrypt(text, salt, cost_log2).hex()}"


def verify_password(text: str, stored: str) -> bool:
    """Tell whether the password is the stored one, in time that says nothing of where they differ."""
    if len(text) > MAX_PASSWORD:
        return False
    try:
        scheme, cost, salt, digest = stored.split("$")
        if scheme != "scrypt":
            return False
        return hmac.compare_digest(_scrypt(text, bytes.fromhex(salt), int(cost)), bytes.fromhex(digest))
    except ValueError:
        return False


@lru_cache(maxsize=4_096)
def _scrypt(text: str, salt: bytes, cost_log2: int) -> bytes:
    return hashlib.scrypt(text.encode(), salt=salt, n=2**cost_log2, r=_BLOCK, p=1, dklen=32)
