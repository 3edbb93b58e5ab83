"""The license server's ledger: client records, what they hold, and what the pools are charged with.

Capacity is never remembered as "who took from which pool": each feature has one :class:`~.pools.PoolBook` that knows
the counts committed by class of client, and the assignment to pools is recomputed from it (SRV-07).
"""

import hashlib
from functools import lru_cache
from typing import Final

import msgspec

from leaselab.appliance.instants import HOUR, NEVER, SECOND, Duration, Instant
from leaselab.appliance.licensing import autolease, doubt
from leaselab.appliance.licensing.autolease import AutoLeaseState
from leaselab.appliance.licensing.commands import FEATURES, Allocation
from leaselab.appliance.licensing.doubt import Doubts
from leaselab.appliance.licensing.events import (
    ClientRegistered,
    ClientSaved,
    LeasesAnswered,
    LeasesReclaimed,
    RequestRefused,
)
from leaselab.appliance.licensing.messages import FeatureLease, Leases, SurrenderedLicense
from leaselab.appliance.licensing.pools import PoolBook, client_class
from leaselab.appliance.machine import Agenda
from leaselab.appliance.models.platforms import platform

DEFAULT_INCREMENTAL_LEASE: Final[Duration] = 24 * HOUR
DEFAULT_RENEWAL_INTERVAL: Final[Duration] = 6 * HOUR
"""SRV-02; the guide names the ranges, the defaults are ours."""

FAILURES_BEFORE_SLOWING: Final = 5
SLOWEST: Final[Duration] = HOUR
"""SRV-10: after five wrong passwords in a row the next is judged only after a pause that doubles, up to this."""


class ClientRecord(msgspec.Struct):
    """A configured client: what it may have, and what it holds."""

    id: str
    password_hash: str
    platform: str
    product: str
    allocations: dict[str, Allocation]
    expires_at: Instant
    deleted: bool = False
    hardware_id: str = ""
    released: bool = False
    token: str = ""
    cluster: str = ""
    surrendered: tuple[SurrenderedLicense, ...] = ()
    """Licenses whose counts this client has given to the pools (SUR-02)."""
    last_contact_at: Instant | None = None
    leases: dict[str, FeatureLease] = {}
    committed: dict[str, int] = {}
    """By feature: the units its class's pools are charged with."""
    last_request_id: str = ""
    last_reply: Leases | None = None
    doubts: Doubts = {}
    """What it may go on counting: the answer that took it back is not known to have arrived."""

    @property
    def client_class(self) -> int:
        """Which pools fit it (SRV-06)."""
        return _class_of(self.platform, self.product)

    def may_lease(self, now: Instant) -> bool:
        """Tell whether its configuration is in force (SRV-08)."""
        return not self.deleted and now < self.expires_at


@lru_cache(maxsize=256)
def _class_of(kind: str, product: str) -> int:
    return client_class(platform(kind).family, product)


class Failures(msgspec.Struct):
    """Wrong credentials in a row for one client ID from one address."""

    count: int
    slowed_until: Instant


class ServerState(msgspec.Struct):
    """All a license server knows."""

    enabled: bool = False
    enabled_at: Instant | None = None
    incremental_lease: Duration = DEFAULT_INCREMENTAL_LEASE
    renewal_interval: Duration = DEFAULT_RENEWAL_INTERVAL
    clients: dict[str, ClientRecord] = {}
    books: dict[str, PoolBook] = msgspec.field(default_factory=lambda: {feature: PoolBook() for feature in FEATURES})
    auto_lease: AutoLeaseState = msgspec.field(default_factory=AutoLeaseState)
    failures: dict[str, Failures] = {}


def available_for(state: ServerState, feature: str, group: int, *, besides: ClientRecord | None = None) -> int:
    """Return what the server can promise to a client of that class, not counting what ``besides`` has (SRV-05)."""
    book = state.books[feature]
    own = besides.committed.get(feature, 0) if besides is not None else 0
    if not own or besides is None or besides.client_class == group:
        return book.available(group, besides=own)
    theirs = besides.client_class  # a record that is given another platform
    book.commit(theirs, -own)  # lent for the question, and put back: asking changes nothing
    try:
        return book.available(group)
    finally:
        book.commit(theirs, own)


def holds_leases(record: ClientRecord, now: Instant) -> bool:
    """Tell whether any lease of the client is live, or may be for all it has heard (SRV-11)."""
    return bool(doubt.still(record.doubts, now)) or any(units_live(lease, now) for lease in record.leases.values())


def live_increments(known: ClientRecord | None, feature: str) -> int:
    """Return the units that a client holds beyond its reserve: they are not there to be reserved (LSE-10)."""
    if known is None:
        return 0
    lease = known.leases.get(feature)
    return units_in_doubt(known, feature) + (sum(one.units for one in lease.increments) if lease is not None else 0)


def units_in_doubt(record: ClientRecord, feature: str) -> int:
    """Return the units of increments that the client may count though they are off the record."""
    return record.doubts[feature].units_beside(record.leases.get(feature)) if feature in record.doubts else 0


def units_live(lease: FeatureLease, now: Instant) -> int:
    """Return the units of a feature that are leased at ``now``."""
    units = lease.reserved if now < lease.reserved_ends_at else 0
    for increment in lease.increments:
        if now < increment.ends_at:
            units += increment.units
    return units


def token_of(secret: bytes, client_id: str, hardware_id: str) -> str:
    """Return what proves a registration: bound to client ID and hardware ID, and to this server's secret."""
    return hashlib.blake2b(f"token/{client_id}/{hardware_id}".encode(), key=secret, digest_size=16).hexdigest()


def lease_key(client_id: str) -> str:
    """Return the agenda key of a client's next lease end."""
    return f"lease-end:{client_id}"


def expiry_key(client_id: str) -> str:
    """Return the agenda key of a client configuration's expiration date."""
    return f"client-expiry:{client_id}"


def save_client(state: ServerState, event: ClientSaved, agenda: Agenda, at: Instant) -> None:
    """Keep a record; what the client holds stays until its next renewal (CFG-01)."""
    record = state.clients.get(event.id)
    if record is None:
        record = ClientRecord(
            id=event.id,
            password_hash=event.password_hash,
            platform=event.platform,
            product=event.product,
            allocations=event.allocations,
            expires_at=event.expires_at,
        )
        state.clients[event.id] = record
    else:
        withdraw(state, record, at)
        if event.new:  # of a deleted one, whose device has the ID until its leases end (SRV-11)
            record.token = ""
        record.password_hash = event.password_hash
        record.platform, record.product = event.platform, event.product
        record.allocations = event.allocations
        record.expires_at = event.expires_at
        record.deleted = False
    if event.expires_at < NEVER:
        agenda.set(expiry_key(event.id), event.expires_at)
    else:
        agenda.drop(expiry_key(event.id))
    charge(state, record, at)


def take_answer(state: ServerState, event: LeasesAnswered, agenda: Agenda, at: Instant) -> None:
    """The client now holds what the reply says."""
    record = state.clients[event.id]
    known = {} if event.heard and event.heard == record.last_request_id else record.doubts
    record.doubts = doubt.after_answer(known, record.leases, event.reply.features, at)
    record.leases = event.reply.features
    record.last_request_id, record.last_reply = event.request_id, event.reply
    record.last_contact_at = at
    record.released = False
    charge(state, record, at)
    _schedule_end(record, agenda)


def reclaim(state: ServerState, event: LeasesReclaimed, agenda: Agenda, at: Instant) -> None:
    """Give the counts back to the pools."""
    record = state.clients[event.id]
    lease = record.leases[event.feature]
    left = msgspec.structs.replace(
        lease,
        reserved=0 if event.reserved else lease.reserved,
        increments=tuple(one for one in lease.increments if one.id not in event.increments),
    )
    record.leases = {**record.leases, event.feature: left}
    record.last_request_id, record.last_reply = "", None  # what it said is no longer so
    charge(state, record, at)
    _schedule_end(record, agenda)
    _forget_if_gone(state, record)


def settle_doubts(state: ServerState, client_id: str, doubts: Doubts, agenda: Agenda, at: Instant) -> None:
    """Leave only these doubts; what the others held is free."""
    record = state.clients[client_id]
    record.doubts = doubts
    charge(state, record, at)
    _schedule_end(record, agenda)
    _forget_if_gone(state, record)


def _forget_if_gone(state: ServerState, record: ClientRecord) -> None:
    """Drop a deleted record that holds nothing any more."""
    holds = record.doubts or any(one.reserved or one.increments for one in record.leases.values())
    if record.deleted and not holds:
        del state.clients[record.id]


def _schedule_end(record: ClientRecord, agenda: Agenda) -> None:
    first = doubt.first_end(record.doubts) if record.doubts else NEVER
    for lease in record.leases.values():
        if lease.reserved and lease.reserved_ends_at < first:
            first = lease.reserved_ends_at
        for one in lease.increments:
            first = min(first, one.ends_at)
    if first < NEVER:
        agenda.set(lease_key(record.id), first)
    else:
        agenda.drop(lease_key(record.id))


def charge(state: ServerState, record: ClientRecord, at: Instant) -> None:
    """Charge the pools with what a client is promised: its reserved counts, leased or not, and live increments."""
    promised = not record.deleted and at < record.expires_at
    for feature in FEATURES:
        lease = record.leases.get(feature)
        allocation = record.allocations.get(feature) if promised else None
        committed = record.committed.get(feature, 0)
        if lease is None and allocation is None and not committed:
            continue
        reserved = maximum = leased = incremental = 0
        if allocation is not None:
            reserved, maximum = allocation.reserved, allocation.maximum
        if lease is not None:
            for one in lease.increments:
                incremental += one.units
            leased = lease.reserved + incremental
            reserved = max(reserved, lease.reserved)
        if feature in record.doubts:
            unsure = record.doubts[feature]
            reserved, incremental = max(reserved, unsure.reserved), incremental + unsure.units_beside(lease)
        units = reserved + incremental
        autolease.note_client(state.auto_lease, feature, record.id, unallocated=max(0, maximum - leased))
        if units != committed:
            state.books[feature].commit(record.client_class, units - committed)
            record.committed[feature] = units
            note_available(state, feature, at)


def withdraw(state: ServerState, record: ClientRecord, at: Instant) -> None:
    """Take a client's charges off the pools, before its class changes."""
    for feature, units in record.committed.items():
        state.books[feature].commit(record.client_class, -units)
        note_available(state, feature, at)
    record.committed = {}


def note_available(state: ServerState, feature: str, at: Instant) -> None:
    """Record the available count for the 24-hour average (AUT-03)."""
    if state.enabled:
        autolease.note_available(state.auto_lease, feature, state.books[feature].untied_left(), at)


MAX_FAILING: Final = 1_024
"""Client IDs and addresses whose failures are remembered; strangers could make up any number."""


def failure_key(source: str, client_id: str) -> str:
    """Return under which key wrong credentials are counted: one client ID from one address."""
    return f"{source}/{client_id}"


def note_failure(state: ServerState, event: RequestRefused, at: Instant) -> None:
    """Count wrong credentials; from the fifth in a row on the next is judged only after a growing pause (SRV-10)."""
    if event.reason != "credentials":
        return
    key = failure_key(event.source, event.id)
    if key not in state.failures and len(state.failures) >= MAX_FAILING:
        state.failures.pop(next(iter(state.failures)))
    failures = state.failures.setdefault(key, Failures(count=0, slowed_until=0))
    failures.count += 1
    if failures.count >= FAILURES_BEFORE_SLOWING:
        pause = min(30 * SECOND << min(failures.count - FAILURES_BEFORE_SLOWING, 7), SLOWEST)
        failures.slowed_until = at + pause


def register(state: ServerState, event: ClientRegistered, *, secret: bytes, at: Instant) -> None:
    """Bind the client ID to its hardware ID."""
    record = state.clients[event.id]
    record.hardware_id = event.hardware_id
    record.cluster = event.cluster
    record.token = token_of(secret, event.id, event.hardware_id)
    record.last_contact_at = at
    record.released = False
    record.last_request_id, record.last_reply = "", None  # a device reset to factory state counts requests anew
    state.failures.pop(failure_key(event.source, event.id), None)


def delete_client(state: ServerState, client_id: str, agenda: Agenda, at: Instant) -> None:
    """Forget a client: at once if it holds nothing, else when its leases have run out (SRV-08)."""
    record = state.clients[client_id]
    record.deleted = True
    agenda.drop(expiry_key(client_id))
    charge(state, record, at)
    _forget_if_gone(state, record)
