"""What follows from a lab's seed: hardware IDs, serial numbers, each device's own seed. Same file, same history.

Nothing here is secret; :mod:`credentials` makes what is.
"""

import hashlib
import hmac
from typing import Final

HARDWARE_ID_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HARDWARE_ID_LENGTH: Final = 16
"""The guides' figure (facts 1.5); its first four are the serial number's."""

SERIAL_DIGITS: Final = 16
_SHARED: Final = 4


def lab_seed(name: str, seed: str | None) -> str:
    """Return a lab's seed, as hex, from the name in its file and the file's own ``seed``."""
    return hashlib.sha256(f"leaselab\0{name}\0{seed or ''}".encode()).hexdigest()


def derive(seed: str, *purpose: str) -> bytes:
    """Return 32 bytes for one purpose; other purposes get unrelated ones."""
    return hmac.digest(seed.encode(), "\0".join(purpose).encode(), "sha256")


def serial_number(seed: str, node: str) -> str:
    """Return a device's serial number."""
    return f"{int.from_bytes(derive(seed, 'serial number', node)) % 10**SERIAL_DIGITS:0{SERIAL_DIGITS}}"


def hardware_id(seed: str, node: str) -> str:
    """Return a device's licensing hardware ID (PLT-07)."""
    rest = derive(seed, "hardware id", node)[: HARDWARE_ID_LENGTH - _SHARED]
    letters = "".join(HARDWARE_ID_LETTERS[byte % len(HARDWARE_ID_LETTERS)] for byte in rest)
    return serial_number(seed, node)[:_SHARED] + letters


def node_seed(seed: str, node: str) -> str:
    """Return the seed of a device's own randomness, as hex."""
    return derive(seed, "device", node).hex()


def license_serial(seed: str, node: str, sku: str, starts: str, occurrence: int) -> str:
    """Return the serial of a key given directly; it stays when others are put before it."""
    return derive(seed, "license", node, sku, starts, str(occurrence)).hex()[:16].upper()
