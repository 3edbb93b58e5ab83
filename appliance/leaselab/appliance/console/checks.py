"""What an answer must look like. Each check returns the reason against it, or nothing."""

import ipaddress
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from leaselab.appliance.licensing.passwords import MIN_ADMIN_PASSWORD

Check: TypeAlias = Callable[[str], str]
"""From an answer to the reason against it; empty where it will do."""

MAX_NAME_CHARACTERS: Final = 64
"""A common name's limit (RFC 5280, ub-common-name)."""

_ADMINISTRATOR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_HOST_NAME: Final = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9-]{1,63})*\.?")
_HARDWARE_ADDRESS: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_LONGEST_PREFIX: Final = 30
"""Room for the device and its gateway."""


def address(text: str) -> str:
    """Check an IPv4 address of a device."""
    try:
        value = ipaddress.IPv4Address(text)
    except ValueError:
        return f"{text!r} is not an IP address: four numbers from 0 to 255 are wanted, for example 10.10.22.34."
    if value.is_multicast or value.is_unspecified or value.is_reserved:
        return f"{text} cannot be the address of a device."
    return ""


def optional(check: Check) -> Check:
    """Return a check that also takes an empty answer."""
    return lambda text: check(text) if text else ""


def netmask(text: str) -> str:
    """Check a network mask written as four numbers."""
    try:
        value = int(ipaddress.IPv4Address(text))
    except ValueError:
        return f"{text!r} is not a network mask: write for example 255.255.255.0."
    ones = value.bit_count()
    if value != (2**32 - 1) ^ (2 ** (32 - ones) - 1) or not 1 <= ones <= _LONGEST_PREFIX:
        return f"{text} is not a network mask: its ones must come first, and leave room for two addresses."
    return ""


def own_address(text: str, mask: str) -> str:
    """Check that an address can be a device's in its network."""
    network = ipaddress.IPv4Network((text, mask), strict=False)
    if ipaddress.IPv4Address(text) in (network.network_address, network.broadcast_address):
        return f"With the mask {mask} the address {text} means the whole network {network}; choose another mask."
    return ""


def gateway(text: str, own: str, mask: str) -> str:
    """Check a default gateway: in the device's own network, and not the device itself. There may be none."""
    if not text:
        return ""
    network = ipaddress.IPv4Network((own, mask), strict=False)
    if reason := address(text):
        return reason
    if text == own or ipaddress.IPv4Address(text) not in network:
        return f"The gateway {text} must be another address of the network {network}."
    return ""


def hardware_address(text: str) -> str:
    """Check an Ethernet address."""
    if _HARDWARE_ADDRESS.fullmatch(text):
        return ""
    return f"{text!r} is not a MAC address: six pairs of hexadecimal digits are wanted, for example 02:42:0a:0a:16:22."


def domains(text: str) -> str:
    """Check search domains, separated by commas or spaces; there may be none."""
    for name in re.split(r"[,\s]+", text.strip()):
        if name and not _HOST_NAME.fullmatch(name):
            return f"{name!r} is not a DNS domain: write for example company.com."
    return ""


def administrator(text: str) -> str:
    """Check an administrator's name."""
    if _ADMINISTRATOR.fullmatch(text):
        return ""
    return "A name has 1 to 64 letters, digits and the characters _ . @ - and begins with a letter or digit."


def password(text: str) -> str:
    """Check a new password."""
    if len(text) >= MIN_ADMIN_PASSWORD:
        return ""
    return f"Could not change password. New password must be at least {MIN_ADMIN_PASSWORD} characters long."


def name(text: str) -> str:
    """Check a name in a certificate."""
    if 1 <= len(text) <= MAX_NAME_CHARACTERS:
        return ""
    return f"A name of 1 to {MAX_NAME_CHARACTERS} characters is wanted."
