"""Software releases: their order, their names, and what changed with which (PLT-03)."""

import re
from functools import lru_cache
from typing import Final

import msgspec

from leaselab.appliance.models.platforms import PCS, PPS

_TEXT: Final = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\s*R\s*(\d{1,3})(?:\.(\d{1,3}))?)?", re.IGNORECASE)


class ReleaseError(ValueError):
    """A text that is no release, or a release that a personality never had."""


class Release(msgspec.Struct, frozen=True, order=True):
    """A software release such as ``8.0R5`` or ``9.1R13.2``; ordered as PLT-03 says."""

    major: int
    minor: int
    r: int = 1
    patch: int = 0

    @staticmethod
    def parse(text: str) -> "Release":
        """Read ``8.3R1``, ``9.1r13.2`` or a bare ``8.0``, which is ``8.0R1``.

        Raises:
            ReleaseError: the text is no release.
        """
        return _parse(text)

    @property
    def line(self) -> tuple[int, int]:
        """The release line, e.g. ``(8, 0)``."""
        return self.major, self.minor

    def __str__(self) -> str:
        """Return the printed form, e.g. ``8.0R5``."""
        return f"{self.major}.{self.minor}R{self.r}" + (f".{self.patch}" if self.patch else "")


@lru_cache(maxsize=256)
def _parse(text: str) -> Release:
    """Read a release; kept, since a device asks for its own at every sign-in."""
    found = _TEXT.fullmatch(text.strip())
    if found is None or (found[3] is not None and int(found[3]) == 0):
        raise ReleaseError(f"{text[:40]!r} is not a release; write for example 8.0, 8.3R1 or 9.1R13.2")
    major, minor, r, patch = found.groups()
    return Release(int(major), int(minor), int(r or 1), int(patch or 0))


_IN_A_NAME: Final = re.compile(r"(?<![\d.])\d{1,3}\.\d{1,3}-?r\d{1,3}(?:\.\d{1,3})?", re.IGNORECASE)


def release_of_package(file_name: str) -> str:
    """Return the release that a software package's file name tells, e.g. ``8.3r3``; empty where it tells none."""
    found = _IN_A_NAME.search(file_name)
    return found[0].replace("-", "") if found is not None else ""


# PCS and PPS lines that go together. 7.4/4.4, 8.0/5.0 and 8.3/5.4 are the guide's, 7.1/4.1 shipped on one factory
# image; 7.x/4.x follow that, and 8.1 and 8.2 are given the lines between. From 9.0 on both have one number.
_PPS_LINES: Final = {
    (7, 0): (4, 0),
    (7, 1): (4, 1),
    (7, 2): (4, 2),
    (7, 3): (4, 3),
    (7, 4): (4, 4),
    (8, 0): (5, 0),
    (8, 1): (5, 1),
    (8, 2): (5, 3),
    (8, 3): (5, 4),
}
_PCS_LINES: Final = {pps: pcs for pcs, pps in _PPS_LINES.items()} | {(5, 2): (8, 1)}
_ONE_NUMBER: Final = 9


@lru_cache(maxsize=256)
def matching_release(release: Release, personality: str) -> Release:
    """Return the release of that personality which goes with ``release`` (PLT-03); its own stays as it is.

    Raises:
        ReleaseError: that personality never had a release to go with it.
    """
    if release.major >= _ONE_NUMBER:
        return release
    own, others = (_PPS_LINES, _PCS_LINES) if personality == PCS else (_PCS_LINES, _PPS_LINES)
    if release.line in own:
        return release
    line = others.get(release.line)
    if line is None:
        known = ", ".join(f"{major}.{minor}" for major, minor in sorted(own))
        raise ReleaseError(f"no {personality} release goes with {release}; known lines are {known} and 9.0 on")
    return Release(*line, release.r, release.patch)


# --- what a release is called ----------------------------------------------------------------------------------------

_PULSE_SINCE: Final = {PCS: Release(8, 0), PPS: Release(5, 0)}
_IVANTI_SINCE: Final = Release(9, 1, 14)
_IVANTI_VENDOR_SINCE: Final = Release(9, 2)
"""Releases of the 9.1 line name Pulse Secure as their vendor to the end, whatever the product is called."""

_ROLE_NAMES: Final = {PCS: "Connect Secure", PPS: "Policy Secure"}
_JUNOS_NAMES: Final = {PCS: "Junos Pulse Secure Access Service", PPS: "Junos Pulse Access Control Service"}


def product_name(release: Release, personality: str) -> str:
    """Return what the product calls itself, e.g. ``Pulse Connect Secure``."""
    own = matching_release(release, personality)
    if own < _PULSE_SINCE[personality]:
        return _JUNOS_NAMES[personality]
    return ("Ivanti " if own >= _IVANTI_SINCE else "Pulse ") + _ROLE_NAMES[personality]


def vendor_name(release: Release, personality: str) -> str:
    """Return whose license agreement a release shows: ``Juniper``, ``Pulse Secure`` or ``Ivanti``."""
    own = matching_release(release, personality)
    if own < _PULSE_SINCE[personality]:
        return "Juniper"
    return "Ivanti" if own >= _IVANTI_VENDOR_SINCE else "Pulse Secure"


_BUILDS: Final = {
    Release.parse(text): build
    for text, build in {
        "4.1R1": 17057,
        "5.2R7.1": 37645,
        "7.1R1": 17675,
        "7.2R2": 21017,
        "7.2R3": 21397,
        "8.0R14": 41869,
        "8.1R7": 41041,
        "8.1R11": 52981,
        "8.1R15.1": 59747,
        "8.2R4": 47329,
        "9.0R1": 63949,
        "9.1R13.2": 18121,
        "9.1R14": 16847,
        "9.1R18.1": 23821,
        "9.1R18.2": 24467,
    }.items()
}


def build_of(release: Release) -> int:
    """Return a release's build number: the published one, else a made-up one of five digits, always the same."""
    known = _BUILDS.get(release)
    if known is not None:
        return known
    mixed = release.major * 7919 + release.minor * 1543 + release.r * 257 + release.patch * 31
    return 10_000 + mixed % 80_000


# --- what changed with which release ---------------------------------------------------------------------------------

_UNENFORCED_LINES: Final = {PCS: (8, 0), PPS: (5, 0)}
_ENFORCED_AGAIN_R: Final = 5
_ROLE_LICENSES: Final = {
    PCS: (Release(7, 4, 12), Release(8, 0, 5)),
    PPS: (Release(4, 4, 12), Release(5, 0, 5)),
}
_VIRTUAL_LICENSE_SERVER_SINCE: Final = Release(8, 3, 1)


def enforces(release: Release, personality: str) -> bool:
    """Tell whether sign-ins are held to what is licensed: not in 8.0 to 8.0R4 and 5.0 to 5.0R4 (ENF-02)."""
    own = matching_release(release, personality)
    return own.line != _UNENFORCED_LINES[personality] or own.r >= _ENFORCED_AGAIN_R


def supports_role_licenses(release: Release, personality: str) -> bool:
    """Tell whether CONSEC and POLSEC work: from 8.0R5/5.0R5 on, and in the 7.4/4.4 line from R12 on (KEY-09)."""
    own = matching_release(release, personality)
    in_old_line, since = _ROLE_LICENSES[personality]
    return own >= since or (own.line == in_old_line.line and own >= in_old_line)


def holds_virtual_appliances_to_leases(release: Release, personality: str) -> bool:
    """Tell whether a virtual appliance without a license admits nobody: from 8.0R5/5.0R5 on (ENF-06)."""
    own = matching_release(release, personality)
    return own >= Release(*_UNENFORCED_LINES[personality], _ENFORCED_AGAIN_R)


def has_virtual_license_server(release: Release, personality: str = PCS) -> bool:
    """Tell whether a virtual appliance can boot as license server: Connect Secure from 8.3R1 (PLT-05, VLS-01)."""
    return personality == PCS and matching_release(release, PCS) >= _VIRTUAL_LICENSE_SERVER_SINCE
