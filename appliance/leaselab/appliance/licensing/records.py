"""What an administrator sets on a license server: its role, terms and client records (SRV-02 to SRV-04, SRV-12)."""

import hashlib
from typing import Final

from leaselab.appliance.instants import DAY, HOUR, NEVER, Duration, Instant, format_duration
from leaselab.appliance.licensing.commands import FEATURES, SaveClient, SetServerRole
from leaselab.appliance.licensing.events import ClientSaved, LeasePeriodSet, RenewalIntervalSet, ServerSwitched
from leaselab.appliance.licensing.ledger import ClientRecord, ServerState, available_for, live_increments
from leaselab.appliance.licensing.passwords import hash_password
from leaselab.appliance.licensing.pools import client_class
from leaselab.appliance.machine import Decision, Event, Refusal
from leaselab.appliance.models.platforms import PLATFORMS, platform
from leaselab.appliance.models.releases import Release

INCREMENTAL_LEASE_RANGE: Final = (24 * HOUR, 10 * DAY)
RENEWAL_MINIMUM: Final[Duration] = HOUR

SMALLEST_INCREMENT: Final = 25
SMALLEST_INCREMENT_SINCE: Final = Release.parse("9.0R1")
"""SRV-12: what servers from 9.0R1 on want of an increment, besides a tenth of maximum - reserved."""


def decide_role(state: ServerState, command: SetServerRole) -> Decision | Refusal:
    """Check the Advanced Settings against their ranges (SRV-02); whether the device may serve is PLT's."""
    lease = state.incremental_lease if command.incremental_lease is None else command.incremental_lease
    interval = state.renewal_interval if command.renewal_interval is None else command.renewal_interval
    shortest, longest = INCREMENTAL_LEASE_RANGE
    if not shortest <= lease <= longest:
        return Refusal(
            "out-of-range",
            f"incremental lease duration {format_duration(lease)} is outside 24h to 10d; nothing was changed",
        )
    if not RENEWAL_MINIMUM <= interval <= lease // 2:
        return Refusal(
            "out-of-range",
            f"lease renewal interval {format_duration(interval)} is outside 1h to {format_duration(lease // 2)}, "
            "half the incremental lease duration; nothing was changed",
        )
    events: list[Event] = []
    if command.enabled is not None and command.enabled != state.enabled:
        events.append(ServerSwitched(enabled=command.enabled))
    if lease != state.incremental_lease:
        events.append(LeasePeriodSet(incremental_lease=lease))
    if interval != state.renewal_interval:
        events.append(RenewalIntervalSet(renewal_interval=interval))
    return Decision(events=tuple(events))


def decide_save_client(
    state: ServerState,
    command: SaveClient,
    *,
    release: Release,
    virtual: bool,
    secret: bytes,
    password_cost_log2: int,
    now: Instant,
) -> Decision | Refusal:
    """Add a client record or change one (SRV-03, SRV-04)."""
    known = state.clients.get(command.id)
    if known is not None and known.deleted:
        known = None
    problem = (
        problem_of_identity(command, known)
        or problem_of_platform(command, virtual=virtual)
        or problem_of_counts(state, command, known, release=release)
    )
    if problem:
        return Refusal("invalid-client", f"client {command.id!r}: {problem}; nothing was saved")
    if command.password or known is None:
        salt = hashlib.blake2b(f"client/{command.id}/{now}".encode(), key=secret, digest_size=16).digest()
        password_hash = hash_password(command.password, salt, password_cost_log2)
    else:
        password_hash = known.password_hash
    return Decision(
        events=(
            ClientSaved(
                id=command.id,
                password_hash=password_hash,
                platform=command.platform,
                product=command.product,
                allocations=command.allocations,
                expires_at=NEVER if command.expires_at is None else command.expires_at,
                new=known is None,
            ),
        )
    )


def problem_of_identity(command: SaveClient, known: ClientRecord | None) -> str:
    """Say what is wrong with a record's ID or password, or nothing (SRV-03)."""
    if not (command.id.isascii() and command.id.isalnum()):
        return "an ID is made of letters and digits"
    if command.new and known is not None:
        return "there is a client of this ID already"
    if not command.new and known is None:
        return "there is no client of this ID"
    if command.password != command.password_again:
        return "password and confirmation differ"
    if not command.password and known is None:
        return "a new client needs a password"
    return ""


def problem_of_platform(command: SaveClient, *, virtual: bool) -> str:
    """Say what is wrong with a record's platform or product type, or nothing (SRV-03, VLS-10)."""
    if command.platform not in PLATFORMS:
        return f"unknown platform {command.platform!r}; known are {', '.join(PLATFORMS)}"
    if command.product not in {"pcs", "pps"}:
        return f"product type {command.product!r} is neither pcs nor pps"
    if virtual and platform(command.platform).family == "mag":
        return "a Virtual License Server leases to no MAG (VLS-10)"
    return ""


def problem_of_counts(state: ServerState, command: SaveClient, known: ClientRecord | None, *, release: Release) -> str:
    """Say what is wrong with a record's counts, or nothing (SRV-04, SRV-12)."""
    group = client_class(platform(command.platform).family, command.product)
    for feature, wanted in command.allocations.items():
        if feature not in FEATURES:
            return f"unknown feature {feature!r}; known are {', '.join(FEATURES)}"
        if min(wanted.reserved, wanted.increment, wanted.maximum) < 0:
            return f"{feature}: counts cannot be below zero"
        if wanted.reserved > wanted.maximum:
            return f"{feature}: reserved {wanted.reserved} is more than maximum {wanted.maximum}"
        room = wanted.maximum - wanted.reserved
        if room and not wanted.increment:
            return f"{feature}: an increment is needed to get from {wanted.reserved} to {wanted.maximum}"
        if release >= SMALLEST_INCREMENT_SINCE and room:
            if wanted.increment < min(SMALLEST_INCREMENT, room):
                return f"{feature}: increment {wanted.increment} is less than {min(SMALLEST_INCREMENT, room)} (SRV-12)"
            if wanted.increment * 10 < room:
                return f"{feature}: increment {wanted.increment} is less than a tenth of {room} (SRV-12)"
        available = available_for(state, feature, group, besides=known) - live_increments(known, feature)
        if wanted.reserved > available:
            return f"{feature}: reserved {wanted.reserved} is more than the {available} available"
    return ""
