"""SKUs: what the texts on license keys stand for (KEY-01).

Forms that no public source prints, and that are therefore ours: ``LICENSE-SVR`` with or without a platform before it,
``ICE`` likewise, ``ACCESS-<n>U-EVAL`` for a four-week evaluation, and the feature words of ``_FEATURE_WORDS``.
"""

import difflib
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from leaselab.appliance.licensing.commands import CONCURRENT_USERS, RDP_USERS
from leaselab.appliance.machine import Refusal
from leaselab.appliance.models.platforms import MAG, PCS, PLATFORMS, PPS, VA

USERS: Final = "users"
MEMBER: Final = "member"
SERVER: Final = "server"
ICE: Final = "ice"
CORE: Final = "core"
FEATURE: Final = "feature"
"""Kinds of license: user counts, member, license server, In Case of Emergency, VM cores, any other feature."""

EVALUATION_TERM: Final = timedelta(weeks=4)
"""An evaluation's length is not published; four weeks is what is often quoted."""

LONGEST_SKU: Final = 64
"""Characters; the longest form of the grammar needs half of it."""


class Sku(msgspec.Struct, frozen=True, kw_only=True):
    """What a SKU says.

    Attributes:
        text: the SKU in capitals.
        family: its first word or words; a renewal follows a subscription of the same family and size (KEY-07).
        kind: ``users``, ``member``, ``server``, ``ice``, ``core`` or ``feature``.
        description: what it is, in words.
        feature: the feature it counts; None where it counts nothing.
        units: how many of it.
        permanent: whether it never ends.
        years: how long a subscription runs; 0 for what is permanent and for an evaluation.
        renewal: whether it renews a subscription.
        evaluation: whether it is a time-limited trial (ICE-03).
        role: the personality it is for (``pcs``, ``pps``); None where it is for both.
        platform_family: the platform family it is tied to; None where it fits all.
        member_platform: what a member license is for, e.g. ``sm360`` or ``psa``.
    """

    text: str
    family: str
    kind: str
    description: str
    feature: str | None = None
    units: int = 0
    permanent: bool = True
    years: int = 0
    renewal: bool = False
    evaluation: bool = False
    role: str | None = None
    platform_family: str | None = None
    member_platform: str | None = None

    def last_day(self, starts_on: date) -> date | None:
        """Return the last day of a term that starts then; None where it never ends."""
        if self.permanent:
            return None
        if self.evaluation:
            return starts_on + EVALUATION_TERM - timedelta(days=1)
        same_day = starts_on if (starts_on.month, starts_on.day) != (2, 29) else date(starts_on.year, 3, 1)
        return same_day.replace(year=same_day.year + self.years) - timedelta(days=1)


_ROLES: Final = {"ACCESS": None, "CONSEC": PCS, "POLSEC": PPS}
_FOR: Final = {PCS: ", Connect Secure only", PPS: ", Policy Secure only", None: ""}
_FEATURE_WORDS: Final = {
    "MEETING": "Secure Meeting",
    "IVS": "Virtual Systems",
    "PPSO": "PPSO",
    "ADVANCED-HTML5": "Advanced HTML5",
}

_FAMILY_OF_PREFIX: Final = (
    {one.key.upper(): one.family for one in PLATFORMS.values()}
    | {one.member_license.removesuffix("-LICENSE-MBR"): one.family for one in PLATFORMS.values() if one.member_license}
    | {"MAG": MAG, "VA": VA}
)
"""The words that may stand before a license's name, and the platform family each ties it to."""

_MEMBERS: Final = frozenset(one.member_license for one in PLATFORMS.values() if one.member_license)

_UNITS = r"(?P<units>[1-9]\d{0,6})U"
_YEARS = r"(?P<years>[1-9]\d?|I)YR?"


def _counts(found: re.Match[str], *, feature: str = CONCURRENT_USERS, role: str | None, tie: str | None = None) -> Sku:
    """Build the SKU of a user count from the parts that its form names."""
    parts = found.groupdict()
    family, units = parts["family"], int(parts["units"])
    written, evaluation, renewal = parts.get("years"), "EVAL" in found[0], parts.get("renewal") is not None
    years = 0 if written is None else int(written.replace("I", "1"))  # the guide's misprint ACCESS-1000U-IYR
    noun = "concurrent users" if feature == CONCURRENT_USERS else "RDP users"
    if evaluation:
        term = "evaluation"
    elif years:
        term = f"{'renewal' if renewal else 'subscription'} for {years} year{'s' if years > 1 else ''}"
    else:
        term = "permanent"
    return Sku(
        text=re.sub(r"-I(?=YR?$|YR?-)", "-1", found[0]),
        family=family,
        kind=USERS,
        description=f"{units} {noun}, {term}{_FOR[role]}{', MAG family only' if tie else ''}",
        feature=feature,
        units=units,
        permanent=not (years or evaluation),
        years=years,
        renewal=renewal,
        evaluation=evaluation,
        role=role,
        platform_family=tie,
    )


def _role_counts(found: re.Match[str]) -> Sku:
    return _counts(found, role=_ROLES[found["family"]])


def _x600_counts(found: re.Match[str]) -> Sku:
    return _counts(found, role=None, tie=MAG)


def _rdp_counts(found: re.Match[str]) -> Sku:
    return _counts(found, feature=RDP_USERS, role=PCS)


def _member(found: re.Match[str]) -> Sku | None:
    if found[0] not in _MEMBERS:
        return None
    prefix = found["prefix"]
    return Sku(
        text=found[0],
        family="LICENSE-MBR",
        kind=MEMBER,
        description=f"license server member, {prefix}",
        platform_family=_FAMILY_OF_PREFIX[prefix],
        member_platform=prefix.lower(),
    )


def _server(found: re.Match[str]) -> Sku:
    prefix = found["prefix"]
    return Sku(
        text=found[0],
        family="LICENSE-SVR",
        kind=SERVER,
        description="license server" + (f", {prefix}" if prefix else ""),
        platform_family=_FAMILY_OF_PREFIX.get(prefix or ""),
    )


def _emergency(found: re.Match[str]) -> Sku | None:
    prefix = found["prefix"]
    if prefix and prefix not in _FAMILY_OF_PREFIX:
        return None
    return Sku(
        text=found[0],
        family="ICE",
        kind=ICE,
        description="In Case of Emergency" + (f", {prefix}" if prefix else ""),
        platform_family=_FAMILY_OF_PREFIX.get(prefix or ""),
    )


def _core(found: re.Match[str]) -> Sku:
    years = int(found["years"].replace("I", "1"))
    cloud = f", cloud {found['cloud']}" if found["cloud"] else ""
    return Sku(
        text=re.sub(r"-I(?=YR?$)", "-1", found[0]),
        family=found["family"],
        kind=CORE,
        description=f"virtual appliance cores of a {found['family']}{cloud}, {years} year{'s' if years > 1 else ''}",
        permanent=False,
        years=years,
        platform_family=VA,
    )


def _feature(found: re.Match[str]) -> Sku | None:
    word = _FEATURE_WORDS.get(found[0])
    return None if word is None else Sku(text=found[0], family=found[0], kind=FEATURE, description=f"feature {word}")


_GRAMMAR: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Sku | None]], ...]] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (rf"(?P<family>ACCESS|CONSEC|POLSEC)-{_UNITS}-{_YEARS}", _role_counts),
        (rf"(?P<family>CONSEC|POLSEC)-ADD-{_UNITS}(?:-{_YEARS}(?P<renewal>-R)?)?", _role_counts),
        (rf"(?P<family>ACCESS)-{_UNITS}-EVAL", _role_counts),
        (rf"(?P<family>ACCESSX600)-ADD-{_UNITS}", _x600_counts),
        (rf"(?P<family>ACCESS-RDP)-{_UNITS}-{_YEARS}", _rdp_counts),
        (r"(?P<prefix>[A-Z0-9]+)-LICENSE-MBR", _member),
        (r"(?:(?P<prefix>[A-Z0-9]+(?:-[A-Z0-9]+)*)-)?LICENSE-SVR", _server),
        (r"(?:(?P<prefix>[A-Z0-9]+(?:-[A-Z0-9]+)*)-)?ICE", _emergency),
        (rf"(?P<family>PSA[357]000)-V(?P<cloud>[A-Z]{{2}})?-V-{_YEARS}", _core),
        (r"[A-Z0-9-]+", _feature),
    )
)

FORMS: Final = (
    "ACCESS-<n>U-<y>YR",
    "CONSEC-<n>U-<y>YR",
    "POLSEC-<n>U-<y>YR",
    "ACCESSX600-ADD-<n>U",
    "CONSEC-ADD-<n>U",
    "POLSEC-ADD-<n>U",
    "CONSEC-ADD-<n>U-<y>Y",
    "CONSEC-ADD-<n>U-<y>Y-R",
    "POLSEC-ADD-<n>U-<y>Y",
    "POLSEC-ADD-<n>U-<y>Y-R",
    "ACCESS-RDP-<n>U-<y>YR",
    "ACCESS-<n>U-EVAL",
    *sorted(_MEMBERS),
    "LICENSE-SVR",
    "ICE",
    "PSA5000-V-V-<y>YR",
    *_FEATURE_WORDS,
)
"""Every form of the grammar, for messages and documentation."""


@lru_cache(maxsize=4096)
def parse_sku(text: str) -> Sku | Refusal:
    """Read a SKU in any case; a text of no known form is refused with the form nearest to it (KEY-01, KEY-02)."""
    wanted = text.strip().upper()
    if len(wanted) <= LONGEST_SKU:
        for pattern, build in _GRAMMAR:
            found = pattern.fullmatch(wanted)
            sku = build(found) if found is not None else None
            if sku is not None:
                return sku
    shape = re.sub(r"-\d+U", "-<n>U", re.sub(r"-\d+Y", "-<y>Y", wanted[:LONGEST_SKU]))
    nearest = difflib.get_close_matches(shape, FORMS, n=1, cutoff=0.0)[0]
    return Refusal(
        reason="unknown-sku",
        message=f"{text[:LONGEST_SKU]!r} is no SKU that is known here; the nearest form is {nearest}. "
        "Ask for the license under a known SKU",
    )


@lru_cache(maxsize=4096)
def known_sku(text: str) -> Sku:
    """Return the SKU of an installed license.

    Raises:
        ValueError: the text is no SKU; nothing such is ever installed.
    """
    sku = parse_sku(text)
    if isinstance(sku, Sku):
        return sku
    raise ValueError(sku.message)
