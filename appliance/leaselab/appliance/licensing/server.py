"""The license server's decisions: registrations, grants, renewals, reclaims (SRV, LSE); its settings are in records."""

import hmac
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from leaselab.appliance.instants import DAY, HOUR, MINUTE, Duration, Instant
from leaselab.appliance.licensing import autolease, doubt
from leaselab.appliance.licensing.commands import Allocation
from leaselab.appliance.licensing.events import (
    AnswerConfirmed,
    ClientRegistered,
    DoubtEnded,
    LeasesAnswered,
    LeasesReclaimed,
    PenaltyBegan,
    RequestRefused,
    SurrendersCounted,
)
from leaselab.appliance.licensing.ledger import (
    ClientRecord,
    ServerState,
    available_for,
    failure_key,
    holds_leases,
    live_increments,
    token_of,
    units_in_doubt,
    units_live,
)
from leaselab.appliance.licensing.messages import (
    AutoLeased,
    Confirm,
    Confirmed,
    Denied,
    FeatureLease,
    History,
    IncrementLease,
    Lease,
    Leases,
    Register,
    Registered,
    Renew,
    Request,
    Surrenders,
    SurrendersTaken,
)
from leaselab.appliance.licensing.passwords import verify_password
from leaselab.appliance.machine import Decision, Event
from leaselab.appliance.models.platforms import PLATFORMS, platform

RESERVED_LEASE: Final[Duration] = 10 * DAY
"""LSE-01; the guide, "Leasing Licenses from a License Server"."""

MINIMUM_HOLD: Final[Duration] = 24 * HOUR
"""LSE-08: an increment stays this long even when the load has gone."""

DRIFT_TOLERATED: Final[Duration] = 5 * MINUTE
"""LSE-13; a message sent longer ago or further ahead is dropped (LIC30520)."""


# --- registration ----------------------------------------------------------------------------------------------------


def decide_register(state: ServerState, message: Register, *, virtual: bool, secret: bytes, now: Instant) -> Decision:
    """Make a client known with its hardware ID, if ID and password are a record's (SRV-10, SRV-11)."""
    record = state.clients.get(message.client_id)
    failures = state.failures.get(failure_key(message.source, message.client_id))
    if failures is not None and now < failures.slowed_until:  # nothing is looked at: it is no further failure
        refused = _refuse(message, "slowed", "not looked at, since too many wrong passwords came before it")
        return msgspec.structs.replace(refused, reply=_WRONG)
    if record is None or not record.may_lease(now) or not verify_password(message.password, record.password_hash):
        return _refuse(message, _WRONG.reason, _WRONG.message)
    if message.platform not in PLATFORMS:
        return _refuse(message, "platform", f"there is no platform {message.platform!r}")
    if virtual and platform(message.platform).family == "mag":
        return _refuse(message, "platform", "a Virtual License Server leases to no MAG")
    if (message.platform, message.personality) != (record.platform, record.product):
        return _refuse(
            message,
            "platform",
            f"the client is configured as {record.platform} {record.product}, "
            f"it says it is {message.platform} {message.personality}",
        )
    if record.hardware_id not in {"", message.hardware_id} and not record.released and holds_leases(record, now):
        return _refuse(
            message,
            "hardware-id",
            f"client ID {message.client_id} belongs to hardware ID {record.hardware_id} while that holds leases; "
            "release it on the server, or wait until they end",
        )
    token = token_of(secret, message.client_id, message.hardware_id)
    return Decision(
        events=(
            ClientRegistered(
                id=message.client_id, hardware_id=message.hardware_id, source=message.source, cluster=message.cluster
            ),
        ),
        reply=Registered(token=token, server_time=now),
    )


_WRONG: Final = Denied(reason="credentials", message="unknown client ID or wrong password")
"""SRV-10: one and the same for all that is wrong, and for what is not looked at."""

MAX_ID_SHOWN: Final = 256
"""Characters of a stranger's client ID that an event keeps."""


def _refuse(message: Request, reason: str, text: str) -> Decision:
    refused = RequestRefused(
        id=message.client_id[:MAX_ID_SHOWN],
        hardware_id=message.hardware_id[:MAX_ID_SHOWN],
        source=message.source,
        verb=type(message).__name__.lower(),
        reason=reason,
        message=text,
    )
    return Decision(events=(refused,), reply=Denied(reason=reason, message=text))


# --- leasing ---------------------------------------------------------------------------------------------------------


def lease_end(duration: Duration, record: ClientRecord, now: Instant) -> Instant:
    """Return when a lease granted or renewed now ends: not after the client's configuration does (LSE-05)."""
    return min(now + duration, record.expires_at)


def decide_request(
    state: ServerState, message: Lease | Renew | History | Surrenders | Confirm, *, now: Instant
) -> Decision:
    """Answer a leasing request: once only, whatever the network repeats (LSE-11)."""
    record = state.clients.get(message.client_id)
    if record is None or not record.token or not hmac.compare_digest(message.token, record.token):
        return _refuse(message, "unregistered", "this device is not registered; register anew")
    if abs(message.sent_at - now) > DRIFT_TOLERATED:
        return _refuse(message, "drift", "the message was sent too long ago, or ahead of the server's time")
    if not record.may_lease(now):
        return _refuse(message, "expired", "the client's configuration has expired or was deleted")
    if isinstance(message, Surrenders):
        return _count_surrenders(record, message)
    if isinstance(message, Confirm):
        settled = record.doubts and message.heard == record.last_request_id
        return Decision(events=(AnswerConfirmed(id=record.id),) if settled else (), reply=Confirmed())
    if record.last_reply is not None and message.request_id == record.last_request_id:
        return Decision(reply=record.last_reply)
    if isinstance(message, Renew):
        return _renew(state, record, message, now)
    if isinstance(message, History):
        return _take_history(state, record, message, now)
    return _lease(state, record, message, now)


def _lease(state: ServerState, record: ClientRecord, message: Lease, now: Instant) -> Decision:
    """Give the reserved counts that are not leased yet, and one increment of each feature named (LSE-01 to LSE-05).

    An increment bears the ID of the request that asked for it, so that it is never granted twice (LSE-11).
    """
    leases: dict[str, FeatureLease] = {}
    granted: list[tuple[str, str]] = []
    for feature, allocation in record.allocations.items():
        lease = _with_reserved(state, record, feature, allocation, now)
        if feature in message.increments and not _has(lease, message.request_id):
            denied = _why_no_increment(state, record, feature, lease, now)
            if denied:
                lease = msgspec.structs.replace(lease, denied=denied)
            else:
                lease = _with_increment(state, record, lease, message.request_id, acquired_at=now, now=now)
                granted.append((feature, message.request_id))
        leases[feature] = lease
    return _answer(state, record, message, leases, now=now, granted=tuple(granted))


def _has(lease: FeatureLease, increment_id: str) -> bool:
    return any(one.id == increment_id for one in lease.increments)


def _with_reserved(
    state: ServerState, record: ClientRecord, feature: str, allocation: Allocation, now: Instant
) -> FeatureLease:
    """Return the client's lease as it stands, with the reserved counts taken if they were not (LSE-01)."""
    held = record.leases.get(feature)
    if held is not None and held.reserved and now < held.reserved_ends_at:
        if not held.denied and (held.increment, held.maximum) == (allocation.increment, allocation.maximum):
            return held
        return msgspec.structs.replace(held, denied="", increment=allocation.increment, maximum=allocation.maximum)
    # Increments that it holds go on counting: a record cut down meanwhile has no room for both (LSE-10).
    capacity = min(available_for(state, feature, record.client_class, besides=record), allocation.maximum)
    reserved = max(0, min(allocation.reserved, capacity - live_increments(record, feature)))
    return FeatureLease(
        reserved=reserved,
        reserved_since=now,
        reserved_ends_at=lease_end(RESERVED_LEASE, record, now),
        increment=allocation.increment,
        maximum=allocation.maximum,
        increments=held.increments if held is not None else (),
    )


def _why_no_increment(state: ServerState, record: ClientRecord, feature: str, lease: FeatureLease, now: Instant) -> str:
    """Say why one more increment cannot be granted, or nothing (LSE-03, LSE-04)."""
    leased = units_live(lease, now)
    if not lease.increment:
        return "not-allocated"
    if leased + lease.increment > lease.maximum:
        return "maximum"
    # What this answer adds on top of what is committed already; reserved counts are committed by the record (SRV-05).
    if lease.increment > state.books[feature].available(record.client_class):
        return "capacity"
    return ""


def _with_increment(
    state: ServerState,
    record: ClientRecord,
    lease: FeatureLease,
    increment_id: str,
    *,
    acquired_at: Instant,
    now: Instant,
) -> FeatureLease:
    increment = IncrementLease(
        id=increment_id,
        units=lease.increment,
        acquired_at=acquired_at,
        ends_at=lease_end(state.incremental_lease, record, now),
    )
    return msgspec.structs.replace(lease, increments=(*lease.increments, increment))


def _renew(state: ServerState, record: ClientRecord, message: Renew, now: Instant) -> Decision:
    """Move the ends of all that is kept; take back what is returned, and what the server no longer has (SRV-09)."""
    leases: dict[str, FeatureLease] = {}
    reserved_end = lease_end(RESERVED_LEASE, record, now)
    increment_end = lease_end(state.incremental_lease, record, now)
    group = record.client_class
    for feature, allocation in record.allocations.items():
        held = record.leases.get(feature)
        returned = message.give_back.get(feature, ())
        kept = held.increments if held is not None else ()
        if returned:
            # LSE-08 with LSE-13's allowance: the client's own clock decided that a day has passed.
            oldest = now - MINIMUM_HOLD + DRIFT_TOLERATED
            kept = tuple(one for one in kept if one.id not in returned or one.acquired_at > oldest)
        room = state.books[feature].available(group, besides=record.committed.get(feature, 0))
        room -= units_in_doubt(record, feature)
        reserved = max(0, min(allocation.reserved, room))  # reserved counts first, then the oldest increments
        budget = min(room, allocation.maximum) - reserved
        renewed: list[IncrementLease] = []
        for one in kept:
            if one.units <= budget and now < one.ends_at:
                budget -= one.units
                renewed.append(IncrementLease(one.id, one.units, one.acquired_at, increment_end))
        leases[feature] = FeatureLease(
            reserved=reserved,
            reserved_since=held.reserved_since if held is not None and held.reserved else now,
            reserved_ends_at=reserved_end,
            increment=allocation.increment,
            maximum=allocation.maximum,
            increments=tuple(renewed),
            auto_lease=state.auto_lease.told.get(feature, False),
        )
    return _answer(state, record, message, leases, now=now)


def _take_history(state: ServerState, record: ClientRecord, message: History, now: Instant) -> Decision:
    """Take auto-leased counts in as normal increments; what does not fit begins the penalty (AUT-08, AUT-09)."""
    leases = {
        feature: _with_reserved(state, record, feature, allocation, now)
        for feature, allocation in record.allocations.items()
    }
    taken: list[AutoLeased] = []
    spent = dict.fromkeys(leases, 0)
    for grant in message.grants:
        lease = leases.get(grant.feature)
        if lease is not None and _has(lease, grant.id):
            taken.append(grant)  # it helped itself to what had been granted: only the reply was lost (LSE-11)
            continue
        if lease is None or grant.units != lease.increment:
            continue
        room = state.books[grant.feature].available(record.client_class) - spent[grant.feature]
        if units_live(lease, now) + grant.units > lease.maximum or grant.units > room:
            continue
        leases[grant.feature] = _with_increment(state, record, lease, grant.id, acquired_at=grant.at, now=now)
        spent[grant.feature] += grant.units
        taken.append(grant)
    answer = _answer(
        state, record, message, leases, now=now, auto=tuple(taken), penalty=len(taken) < len(message.grants)
    )
    if len(taken) == len(message.grants):
        return answer
    penalty = PenaltyBegan(id=record.id, until=now + autolease.PENALTY)
    return msgspec.structs.replace(answer, events=(penalty, *answer.events))


def _count_surrenders(record: ClientRecord, message: Surrenders) -> Decision:
    """Let the pools follow what the client has surrendered; the same list again changes nothing (SUR-02, SUR-03)."""
    serials = tuple(one.serial for one in message.licenses)
    known = {one.serial for one in record.surrendered}
    reply = SurrendersTaken(serials=serials)
    if known == set(serials):
        return Decision(reply=reply)
    counted = SurrendersCounted(
        id=record.id,
        licenses=message.licenses,
        added=tuple(serial for serial in serials if serial not in known),
        removed=tuple(sorted(known - set(serials))),
    )
    return Decision(events=(counted,), reply=reply)


_VERBS: Final[dict[type[Request], str]] = {Lease: "lease", Renew: "renew", History: "history"}


def _answer(
    state: ServerState,
    record: ClientRecord,
    message: Request,
    leases: Mapping[str, FeatureLease],
    *,
    now: Instant,
    granted: tuple[tuple[str, str], ...] = (),
    auto: tuple[AutoLeased, ...] = (),
    penalty: bool = False,
) -> Decision:
    """Put the reply together; every one says whether auto-leasing is on (AUT-04)."""
    switched = []
    told: dict[str, FeatureLease] = {}
    auto_lease = state.auto_lease
    for feature, lease in leases.items():
        enabled = not penalty and autolease.is_on(auto_lease, feature, now)
        if enabled != auto_lease.told.get(feature, False):
            switched.append(autolease.switched(feature, enabled=enabled))
        told[feature] = msgspec.structs.replace(lease, auto_lease=enabled) if enabled != lease.auto_lease else lease
    reply = Leases(
        features=told,
        renewal_interval=state.renewal_interval,
        incremental_lease=state.incremental_lease,
        server_time=now,
        permanent=_serves_permanent(state, told, 1 << record.client_class),
    )
    answered = LeasesAnswered(
        id=record.id,
        verb=_VERBS[type(message)],
        request_id=message.request_id,
        source=message.source,
        reply=reply,
        granted=granted,
        auto=auto,
        heard=message.heard,
    )
    return Decision(events=(*switched, answered), reply=reply)


def _serves_permanent(state: ServerState, features: Iterable[str], classes: int) -> bool:
    """Tell whether counts of permanent licenses are among what fits a client (ENF-09)."""
    for feature in features:
        for pool in state.books[feature].pools:
            if pool.permanent and pool.serves & classes:
                return True
    return False


def decide_lease_end(state: ServerState, client_id: str, now: Instant) -> Decision:
    """Reclaim what a client did not renew in time (LSE-07)."""
    record = state.clients[client_id]
    reclaimed: list[Event] = []
    if doubt.still(record.doubts, now) != record.doubts:
        reclaimed.append(DoubtEnded(id=client_id))
    for feature, lease in record.leases.items():
        reserved = lease.reserved if lease.reserved and lease.reserved_ends_at <= now else 0
        increments = tuple(one.id for one in lease.increments if one.ends_at <= now)
        if reserved or increments:
            reclaimed.append(LeasesReclaimed(id=client_id, feature=feature, reserved=reserved, increments=increments))
    return Decision(events=tuple(reclaimed))
