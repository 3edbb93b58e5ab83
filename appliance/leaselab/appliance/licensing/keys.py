"""License keys: short signed texts, bound to one device, that a person can type (KEY-02, KEY-03).

A key is the authority's Ed25519 signature, a length, and a payload (SKU, hardware ID, serial, first and last day) in
Crockford's base 32, in groups of five. The signature is looked at before the payload is, so that nothing of a forged
key is believed.
"""

import base64
import binascii
import hashlib
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from leaselab.appliance.licensing.skus import Sku, parse_sku
from leaselab.appliance.machine import Refusal

LONGEST_KEY: Final = 1_000
"""Characters; three times what the longest payload needs."""

LONGEST_FIELD: Final = 64
"""Bytes of SKU, hardware ID and serial each."""

_CONTEXT: Final = b"leaselab license key 1\0"
"""Signed with the payload, so that no signature made for anything else passes for a key."""

_SIGNATURE: Final = 64
_GROUP: Final = 5
_DAY: Final = 3
"""Bytes of a day's ordinal."""

_RFC: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WRITE: Final = str.maketrans(_RFC, _CROCKFORD, "=")
_READ: Final = str.maketrans(_CROCKFORD, _RFC)
_TYPED: Final = str.maketrans("OIL", "011", " -\t\r\n")
"""What people type for what is printed; blanks and hyphens carry nothing."""


class LicenseKey(msgspec.Struct, frozen=True):
    """What a genuine key says. ``text`` is its canonical spelling; days are None where it names none."""

    text: str
    sku: Sku
    hardware_id: str
    serial: str
    starts_on: date | None
    ends_on: date | None


def authority_pair(seed: bytes) -> tuple[bytes, bytes]:
    """Return the licensing authority's private and public key, the same for the same seed."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"leaselab licensing authority\0" + seed).digest())
    return private.private_bytes_raw(), private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def mint_key(
    sku: str, hardware_id: str, serial: str, starts_on: date | None, ends_on: date | None, private_key: bytes
) -> str:
    """Sign a key for one device.

    Args:
        sku: the SKU's text.
        hardware_id: the device it is bound to.
        serial: unique in the lab.
        starts_on: first day of the term; None: the day it is installed.
        ends_on: last day of the term; None: as long as the SKU says.
        private_key: the licensing authority's.

    Raises:
        ValueError: a text is too long or not ASCII.
    """
    payload = b"".join(_field(name, text) for name, text in (("SKU", sku), ("ID", hardware_id), ("serial", serial)))
    payload += b"".join((day.toordinal() if day else 0).to_bytes(_DAY, "big") for day in (starts_on, ends_on))
    signature = _private(private_key).sign(_CONTEXT + payload)
    return _write(signature + bytes([len(payload)]) + payload)


def read_key(text: str, hardware_id: str, public_key: bytes) -> LicenseKey | Refusal:
    """Read a key in any case, with or without hyphens and blanks; or say which fault it has (KEY-02)."""
    letters = text.upper().translate(_TYPED)
    raw = _read(letters)
    if raw is None or len(raw) <= _SIGNATURE or len(raw) != _SIGNATURE + 1 + raw[_SIGNATURE]:
        return Refusal("malformed", f"{_shown(text)} is not a license key: enter all of its groups, as issued")
    payload = raw[_SIGNATURE + 1 :]
    if _write(raw).replace("-", "") != letters or not _signed(public_key, raw[:_SIGNATURE], payload):
        return Refusal(
            "tampered",
            f"license key {_shown(text)} is not as this lab's licensing authority signed it: "
            "enter it again as issued, or ask for a new one",
        )
    return _understand(_write(raw), payload, hardware_id)


def split_keys(text: str) -> tuple[str, ...]:
    """Return the keys in a text box: one a line, or separated by commas or semicolons (KEY-03)."""
    lines = text.replace(",", "\n").replace(";", "\n").splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _understand(text: str, payload: bytes, hardware_id: str) -> LicenseKey | Refusal:
    fields: list[str] = []
    rest = payload
    for _ in range(3):
        size = rest[0]
        fields.append(rest[1 : 1 + size].decode())
        rest = rest[1 + size :]
    written, bound_to, serial = fields
    if bound_to != hardware_id:
        return Refusal(
            "other-device",
            f"license key {_shown(text)} is for hardware ID {bound_to}, this device is {hardware_id}: "
            "enter it there, or ask for one for this device",
        )
    sku = parse_sku(written)
    if isinstance(sku, Refusal):
        return Refusal(sku.reason, f"license key {_shown(text)}: {sku.message}")
    starts, ends = (int.from_bytes(day, "big") for day in (rest[:_DAY], rest[_DAY:]))
    return LicenseKey(
        text=text,
        sku=sku,
        hardware_id=bound_to,
        serial=serial,
        starts_on=date.fromordinal(starts) if starts else None,
        ends_on=date.fromordinal(ends) if ends else None,
    )


def _field(name: str, text: str) -> bytes:
    if not text.isascii() or len(text) > LONGEST_FIELD:
        raise ValueError(f"{name} {text!r} does not go into a license key: at most {LONGEST_FIELD} ASCII characters")
    return bytes([len(text)]) + text.encode()


def _write(raw: bytes) -> str:
    letters = base64.b32encode(raw).decode().translate(_WRITE)
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _read(letters: str) -> bytes | None:
    if len(letters) > LONGEST_KEY or not set(letters) <= set(_CROCKFORD):
        return None
    padded = letters.translate(_READ) + "=" * (-len(letters) % 8)
    try:
        return base64.b32decode(padded)
    except binascii.Error:
        return None


def _shown(text: str) -> str:
    """Return enough of a key to find it among others."""
    shown = " ".join(text.split())
    return shown if len(shown) <= 4 * _GROUP else f"{shown[: 2 * _GROUP + 1]}..."


@lru_cache(maxsize=16)
def _private(private_key: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(private_key)


@lru_cache(maxsize=16)
def _public(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)


def _signed(public_key: bytes, signature: bytes, payload: bytes) -> bool:
    try:
        _public(public_key).verify(signature, _CONTEXT + payload)
    except InvalidSignature:
        return False
    return True
