"""Installed licenses: which key a device takes, and what each counts for at an instant (KEY-04 to KEY-12).

For a given set of licenses every change of state lies at a known instant, so nothing here is remembered: a state is
computed from dates, and :func:`next_change` says when to look again.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from leaselab.appliance.instants import DAY, NEVER, Duration, Instant, as_datetime, instant_of
from leaselab.appliance.licensing.keys import LicenseKey, read_key
from leaselab.appliance.licensing.skus import MEMBER, SERVER, USERS, Sku, known_sku
from leaselab.appliance.machine import Refusal
from leaselab.appliance.models.platforms import MAG, PCS, Platform
from leaselab.appliance.models.releases import Release, supports_role_licenses

ACTIVE: Final = "active"
INACTIVE: Final = "inactive"
GRACE: Final = "grace"
EXPIRED: Final = "expired"
SURRENDERED: Final = "surrendered"
UNUSABLE: Final = "unusable"
"""The states of an installed license; it counts while active and in its grace period."""

GRACE_SINCE: Final = Release(9, 1, 12)
GRACE_LENGTH: Final[Duration] = 31 * DAY
EARLIER_GRACE_LENGTH: Final[Duration] = 10 * DAY
"""KEY-08: 31 days from 9.1R12 on. The length before is not published: we take the 10 days of every other grace of those
releases (LSE-01, CLU-05), which leaves room for the last week in which DLD-01 asks daily."""


class InstalledLicense(msgspec.Struct, frozen=True):
    """A license key that a device took in.

    Attributes:
        serial: the license's, unique in the lab.
        key: the key's canonical text.
        sku: its SKU's text.
        starts_at: start of its first day, in the device's time zone (KEY-06).
        ends_at: end of its last day; NEVER where it is permanent.
        installed_at: when it was entered.
        surrendered_at: when its counts were given to the license server (SUR-02).
        recalled_at: when they were asked back; it counts here again once the server has confirmed (SUR-03).
    """

    serial: str
    key: str
    sku: str
    starts_at: Instant
    ends_at: Instant
    installed_at: Instant
    surrendered_at: Instant | None = None
    recalled_at: Instant | None = None


class Holder(msgspec.Struct, frozen=True):
    """The device that holds the licenses, as far as its licenses care."""

    platform: Platform
    personality: str
    release: Release
    hardware_id: str = ""
    license_server: bool = False
    virtual_license_server: bool = False
    time_zone: str = "UTC"

    @property
    def serves(self) -> bool:
        """Whether it is a license server of either sort: its counts are for its clients."""
        return self.license_server or self.virtual_license_server


class Change(NamedTuple):
    """A license that changed its state by itself."""

    at: Instant
    serial: str
    sku: str
    state: str


# --- taking a key in -------------------------------------------------------------------------------------------------


def judge_key(
    text: str,
    *,
    holder: Holder,
    installed: Collection[InstalledLicense],
    public_key: bytes,
    now: Instant,
) -> InstalledLicense | Refusal:
    """Say whether the device takes a key: the license it installs, or why not (KEY-02, KEY-03, KEY-11, KEY-12).

    A license that does not count here for itself is taken all the same (state ``unusable``): it may serve the clients
    of a license server, and a later release or another personality may use it (KEY-09, ENF-07).
    """
    key = read_key(text, holder.hardware_id, public_key)
    if isinstance(key, Refusal):
        return key
    if any(one.key == key.text or one.serial == key.serial for one in installed):
        return Refusal("duplicate", f"license {key.serial} ({key.sku.text}) is installed already; nothing changed")
    refusal = _misfit(key.sku, holder) or _nothing_to_renew(key.sku, installed)
    return _license(key, holder, now) if refusal is None else refusal


def _misfit(sku: Sku, holder: Holder) -> Refusal | None:
    """Refuse what a virtual appliance or a Virtual License Server never takes."""
    if holder.virtual_license_server and sku.platform_family == MAG:
        return Refusal(
            "virtual-license-server",
            f"{sku.text} is tied to the MAG family, and a Virtual License Server serves no MAG: "
            "enter it on a MAG, or on a license server that is no virtual appliance",
        )
    if holder.platform.virtual and sku.kind == USERS and sku.permanent and sku.role is None:
        return Refusal(
            "virtual-appliance",
            f"a virtual appliance takes subscriptions, and of permanent counts only CONSEC and POLSEC, not {sku.text}",
        )
    return None


def _nothing_to_renew(sku: Sku, installed: Collection[InstalledLicense]) -> Refusal | None:
    """Refuse a renewal whose subscription is not there, as the product does when it has been deleted."""
    if not sku.renewal or any(_renews(sku, known_sku(one.sku)) for one in installed):
        return None
    return Refusal(
        "nothing-to-renew",
        f"{sku.text} renews a {sku.family} subscription of {sku.units} users and there is none: install that first",
    )


def _license(key: LicenseKey, holder: Holder, now: Instant) -> InstalledLicense:
    today = as_datetime(now).astimezone(_zone(holder.time_zone)).date()
    last_day = key.ends_on or key.sku.last_day(key.starts_on or today)
    return InstalledLicense(
        serial=key.serial,
        key=key.text,
        sku=key.sku.text,
        starts_at=start_of_day(key.starts_on or today, holder.time_zone),
        ends_at=NEVER if last_day is None else start_of_day(last_day + timedelta(days=1), holder.time_zone),
        installed_at=now,
    )


def start_of_day(day: date, time_zone: str) -> Instant:
    """Return the instant at which a day begins in a time zone (KEY-06)."""
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=_zone(time_zone)))


def _zone(time_zone: str) -> tzinfo:
    return UTC if time_zone == "UTC" else ZoneInfo(time_zone)  # UTC needs no time zone data on the machine


# --- what a license counts for ---------------------------------------------------------------------------------------


def usable(sku: Sku, holder: Holder) -> bool:
    """Tell whether a license can count on this device: release, role and platform fit (KEY-09, KEY-10, ENF-10).

    On a license server role and platform decide which clients it serves instead (SRV-06).
    """
    role_specific = sku.kind == USERS and sku.family in {"CONSEC", "POLSEC"}
    if role_specific and not supports_role_licenses(holder.release, holder.personality):
        return False
    if holder.serves:
        return True
    if sku.kind == MEMBER:
        return sku.text == holder.platform.member_license
    if sku.kind == SERVER and (holder.platform.virtual or holder.personality != PCS):
        return False  # PLT-04, PLT-05
    return sku.role in {None, holder.personality} and sku.platform_family in {None, holder.platform.family}


def state_of(installed: InstalledLicense, others: Collection[InstalledLicense], *, holder: Holder, now: Instant) -> str:
    """Return the state of a license among all that are installed; ``others`` may hold it too."""
    everyone = [one for one in others if one.serial != installed.serial]
    everyone.append(installed)
    term = _term(installed, _chain(everyone), holder.release)
    return _state(installed, term, fits=usable(known_sku(installed.sku), holder), now=now)


def installed_units(licenses: Collection[InstalledLicense], feature: str, *, holder: Holder, now: Instant) -> int:
    """Return the units of a feature that count here now: role-specific and common ones add (KEY-05, ENF-05)."""
    return sum(known_sku(one.sku).units for one in counting(licenses, feature, holder=holder, now=now))


def counting(
    licenses: Collection[InstalledLicense], feature: str, *, holder: Holder, now: Instant
) -> list[InstalledLicense]:
    """Return the licenses whose units of a feature count now, in order of installation."""
    chain: _Chain | None = None
    found = []
    for one in licenses:
        sku = known_sku(one.sku)
        if sku.feature != feature or one.surrendered_at is not None or not usable(sku, holder):
            continue
        if sku.renewal or now >= one.ends_at:  # only these depend on others; every sign-in passes here
            chain = chain or _chain(licenses)
            term = _term(one, chain, holder.release)
            counts = term.active_at <= now < term.counts_until
        else:
            counts = now >= one.starts_at
        if counts:
            found.append(one)
    return found


def next_change(licenses: Collection[InstalledLicense], *, holder: Holder, now: Instant) -> Instant:
    """Return the next instant at which any license changes its state by itself; NEVER where none will."""
    later = [at for _, term in _changing(licenses, holder) for at in term if at > now]
    return min(later, default=NEVER)


def changes(
    licenses: Collection[InstalledLicense], *, holder: Holder, after: Instant, until: Instant
) -> tuple[Change, ...]:
    """Return what changed by itself later than ``after`` and not later than ``until``, in order (KEY-06 to KEY-08)."""
    found: list[Change] = []
    for one, term in _changing(licenses, holder):
        before = _state(one, term, fits=True, now=after)
        for at in sorted({at for at in term if after < at <= until}):
            state = _state(one, term, fits=True, now=at)
            if state != before:
                found.append(Change(at=at, serial=one.serial, sku=one.sku, state=state))
                before = state
    return tuple(sorted(found))


def next_expiry(licenses: Collection[InstalledLicense], *, holder: Holder, now: Instant) -> Instant:
    """Return when the next license ends that no installed renewal follows (DLD-01); NEVER where none does."""
    followed = _chain(licenses).successor
    ends = [term.ends_at for one, term in _changing(licenses, holder) if one.serial not in followed]
    return min((at for at in ends if at > now), default=NEVER)


def next_grace_end(licenses: Collection[InstalledLicense], *, holder: Holder, now: Instant) -> Instant:
    """Return when the next grace period that runs now ends (DLD-01); NEVER where none runs."""
    running = [term.counts_until for _, term in _changing(licenses, holder) if term.ends_at <= now < term.counts_until]
    return min(running, default=NEVER)


def grace_length(release: Release) -> Duration:
    """Return how long an expired subscription goes on counting (KEY-08)."""
    return GRACE_LENGTH if release >= GRACE_SINCE else EARLIER_GRACE_LENGTH


class _Term(NamedTuple):
    """The instants at which a license changes by itself."""

    active_at: Instant
    ends_at: Instant
    counts_until: Instant


class _Chain(NamedTuple):
    """Which renewal follows which subscription or earlier renewal, by serial (KEY-07)."""

    predecessor: dict[str, InstalledLicense]
    successor: dict[str, InstalledLicense]


_NO_RENEWALS: Final = _Chain({}, {})


def _chain(licenses: Collection[InstalledLicense]) -> _Chain:
    """Pair every renewal with one license of its family and size that ends before it, each of which is renewed once.

    A renewal follows the one that ends as it begins, or last before that; failing such, the one that ends first.
    """
    if not any(known_sku(one.sku).renewal for one in licenses):
        return _NO_RENEWALS
    chain = _Chain({}, {})
    waiting: dict[tuple[str, int], list[InstalledLicense]] = {}
    for one in sorted(licenses, key=lambda one: (one.ends_at, known_sku(one.sku).renewal, one.serial)):
        sku = known_sku(one.sku)
        if sku.permanent:
            continue
        candidates = waiting.setdefault((sku.family, sku.units), [])
        if sku.renewal and candidates:
            ended = [candidate for candidate in candidates if candidate.ends_at <= one.starts_at]
            predecessor = ended[-1] if ended else candidates[0]
            candidates.remove(predecessor)
            chain.predecessor[one.serial] = predecessor
            chain.successor[predecessor.serial] = one
        candidates.append(one)
    return chain


def _renews(renewal: Sku, sku: Sku) -> bool:
    """Tell whether a renewal is for licenses of that SKU: same family and size (KEY-07)."""
    return not sku.permanent and (sku.family, sku.units) == (renewal.family, renewal.units)


def _term(one: InstalledLicense, chain: _Chain, release: Release) -> _Term:
    sku = known_sku(one.sku)
    active_at = one.starts_at
    if sku.renewal:
        predecessor = chain.predecessor.get(one.serial)
        active_at = NEVER if predecessor is None else max(active_at, predecessor.ends_at)
    if sku.permanent or sku.evaluation or active_at >= one.ends_at:
        return _Term(active_at, one.ends_at, one.ends_at)
    counts_until = one.ends_at + grace_length(release)
    successor = chain.successor.get(one.serial)
    if successor is not None:  # the renewal takes over: the same users are not counted twice
        counts_until = min(counts_until, max(successor.starts_at, one.ends_at))
    return _Term(active_at, one.ends_at, counts_until)


def _state(one: InstalledLicense, term: _Term, *, fits: bool, now: Instant) -> str:
    if one.surrendered_at is not None:
        return SURRENDERED
    if not fits:
        return UNUSABLE
    if now >= term.counts_until:
        return EXPIRED
    if now >= term.ends_at:
        return GRACE
    return ACTIVE if now >= term.active_at else INACTIVE


def _changing(licenses: Collection[InstalledLicense], holder: Holder) -> list[tuple[InstalledLicense, _Term]]:
    """Return the licenses whose state time changes, with their instants."""
    chain = _chain(licenses)
    return [
        (one, _term(one, chain, holder.release))
        for one in licenses
        if one.surrendered_at is None and usable(known_sku(one.sku), holder)
    ]
