"""What a node is known by, and what its license keys carry: all of it follows from the lab's seed and the node's name.

The same file and seed so give the same hardware IDs, serials and keys, hence the same history. Nothing here is secret:
what opens doors comes from :mod:`credentials`.
"""

import hashlib
from datetime import date
from typing import Final

from leaselab.appliance.licensing.keys import authority_pair, mint_key

_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Digits and letters that are not taken for one another; facts 1.5: 16 characters by the guide."""

HARDWARE_ID_LENGTH: Final = 16
SERIAL_DIGITS: Final = 16
SERIAL_PREFIX: Final = "0271"
"""Facts 1.5: the serial number of the one box whose transcript shows it begins so."""


class Identities:
    """Makes the identities of one lab.

    Args:
        seed: of the lab.
    """

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._private, self._public = authority_pair(seed.encode())

    @property
    def authority_public(self) -> str:
        """The licensing authority's public key, hex; every appliance knows it (KEY-03)."""
        return self._public.hex()

    @property
    def authority_private(self) -> str:
        """The licensing authority's private key, hex; only the vendor's cloud and the lab itself have it."""
        return self._private.hex()

    def hardware_id(self, node: str) -> str:
        """Return a node's licensing hardware ID (PLT-07)."""
        number = int.from_bytes(self._bytes(f"hardware/{node}", 16), "big")
        letters = []
        for _ in range(HARDWARE_ID_LENGTH):
            number, at = divmod(number, len(_LETTERS))
            letters.append(_LETTERS[at])
        return "".join(letters)

    def serial_number(self, node: str) -> str:
        """Return a node's serial number, 16 digits."""
        number = int.from_bytes(self._bytes(f"serial/{node}", 8), "big")
        return f"{SERIAL_PREFIX}{number % 10 ** (SERIAL_DIGITS - len(SERIAL_PREFIX)):0{SERIAL_DIGITS - 4}}"

    def node_seed(self, node: str) -> str:
        """Return what a node's own randomness follows from."""
        return self._bytes(f"node/{node}", 16).hex()

    def license_key(self, node: str, sku: str, which: str, *, starts_on: date | None) -> str:
        """Mint the key of a license that the file gives to a node directly.

        Args:
            node: whom it is for.
            sku: what it is.
            which: tells it from the node's others; two of one SKU are two licenses.
            starts_on: first day of its term; the day it is entered if ``None``.
        """
        serial = self._bytes(f"license/{node}/{which}", 6).hex().upper()
        return mint_key(sku, self.hardware_id(node), serial, starts_on, None, self._private)

    def _bytes(self, purpose: str, size: int) -> bytes:
        return hashlib.blake2b(f"{self.seed}/{purpose}".encode(), digest_size=size).digest()
