"""The kinds of appliance, read from ``platforms.yaml`` beside this module (PLT-01)."""

import difflib
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Final

import msgspec

PCS: Final = "pcs"
"""Connect Secure, a personality (PLT-02)."""

PPS: Final = "pps"
"""Policy Secure, the other one."""

PERSONALITIES: Final = (PCS, PPS)

MAG: Final = "mag"
PSA: Final = "psa"
VA: Final = "va"
FAMILIES: Final = (MAG, PSA, VA)
"""The platform families that licenses and pools know."""


class Platform(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of appliance.

    Attributes:
        key: what a topology calls it, e.g. ``psa3000``.
        family: ``mag``, ``psa`` or ``va``.
        name: as the product prints it, e.g. ``PSA-3000``.
        maximum_users: concurrent users by personality.
        ports: the networks it has a port for, ``internal`` first.
        driver: the network driver that its boot messages name.
        member_license: the SKU of its member license; empty where the product has none (ENF-10).
    """

    key: str
    family: str
    name: str
    maximum_users: dict[str, int]
    ports: tuple[str, ...]
    driver: str
    member_license: str = ""

    @property
    def virtual(self) -> bool:
        """Whether it is a virtual appliance."""
        return self.family == VA


class UnknownPlatformError(LookupError):
    """A kind of appliance that is not in the platform data."""


def _read() -> Mapping[str, Platform]:
    text = resources.files(__name__.rpartition(".")[0]).joinpath("platforms.yaml").read_bytes()
    entries = msgspec.yaml.decode(text, type=dict[str, dict[str, object]])
    return MappingProxyType({key: msgspec.convert({"key": key, **entry}, Platform) for key, entry in entries.items()})


PLATFORMS: Final = _read()
"""Every kind by its key."""

_BY_SPELLING: Final = {spelling.lower(): one for one in PLATFORMS.values() for spelling in (one.name, one.key)}


def platform(kind: str) -> Platform:
    """Return a kind of appliance by its key or its printed name, in any case.

    Raises:
        UnknownPlatformError: there is no such kind; the message names the nearest.
    """
    found = _BY_SPELLING.get(kind) or _BY_SPELLING.get(kind.strip().lower())
    if found is None:
        nearest = difflib.get_close_matches(kind.strip().lower(), PLATFORMS, n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]}? " if nearest else ""
        raise UnknownPlatformError(f"unknown kind of appliance {kind!r}; {hint}known are {', '.join(PLATFORMS)}")
    return found
