"""What holds at every instant whatever happens, checked on the live states of a simulation.

Most rules here are such that no single device can keep them alone (docs/rules.md): capacity and maximum (LSE-10),
nothing granted twice and nobody counting what the server has given up (LSE-11), a restart that changes nothing
(LSE-12), one hardware ID a client ID (SRV-11), surrendered counts on one side (SUR-04). The others compare what a
device keeps ready with what it is reckoned from: the limit at the door (ENF-03), the charges on the pools (LSE-10).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from leaselab.appliance.instants import Duration, Instant
from leaselab.appliance.licensing.commands import FEATURES
from leaselab.appliance.licensing.ledger import ClientRecord
from leaselab.appliance.licensing.messages import FeatureLease
from leaselab.appliance.licensing.pools import CLASSES, Pool, PoolBook
from leaselab.appliance.licensing.report import report
from leaselab.appliance.licensing.server import DRIFT_TOLERATED
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.licensing.tenancy import ClientState
from leaselab.testbed.simulation.world import World

_encode: Final = msgspec.json.Encoder().encode
_state: Final = msgspec.json.Decoder(ApplianceState)


class Violation(msgspec.Struct, frozen=True, order=True):
    """A rule that was broken: when, where, and by how much."""

    at: Instant
    rule: str
    node: str
    what: str


class _Seen(NamedTuple):
    """One feature of a server at the last check."""

    pools: tuple[Pool, ...]
    committed: list[int]
    shortfall: int


class Invariants:
    """Checks a world, as often as one likes.

    Args:
        world: the devices.

    Attributes:
        handed_over: ``(server, client ID)`` that an administrator has released: two devices may hold leases under that
            ID until the first one's run out (SRV-11).
    """

    def __init__(self, world: World) -> None:
        self.handed_over: set[tuple[str, str]] = set()
        self._world = world
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._leased: dict[tuple[str, str, str], int] = {}
        self._restarted = 0

    def check(self) -> list[Violation]:
        """Return what is broken now."""
        now = self._world.clock.now()
        states = {
            name: device.state
            for name, device in self._world.devices.items()
            if isinstance(device.state, ApplianceState) and name not in self._world.clones  # nobody leases from it
        }
        broken: list[Violation] = []
        for name, state in states.items():
            found = [*_doors(state), *self._server(name, state), *self._client(name, state, states)]
            broken += [Violation(at=now, rule=rule, node=name, what=what) for rule, what in found]
        broken += [Violation(at=now, rule="SUR-04", node=name, what=what) for name, what in surrendered_twice(states)]
        return broken

    def check_restart(self) -> list[Violation]:
        """Return what a restart would change on one device; the next call looks at the next one (LSE-12)."""
        names = list(self._world.devices)
        name = names[self._restarted % len(names)]
        self._restarted += 1
        state = self._world.devices[name].state
        if not isinstance(state, ApplianceState):
            return []
        now = self._world.now(name)
        before, after = report(state, now), report(_state.decode(_encode(state)), now)
        if before == after:
            return []
        changed = [field for field in before.__struct_fields__ if getattr(before, field) != getattr(after, field)]
        what = f"comes back from its snapshot with another {', '.join(changed)}"
        return [Violation(at=self._world.clock.now(), rule="LSE-12", node=name, what=what)]

    # --- servers ---

    def _server(self, name: str, state: ApplianceState) -> Iterator[tuple[str, str]]:
        """Compare the pools with what is promised of them, and the promises with the records (LSE-10, LSE-07)."""
        server, now = state.server, self._world.now(name)
        if not server.clients:
            return
        promised = {feature: [0] * len(CLASSES) for feature in FEATURES}
        for record in server.clients.values():
            for feature in FEATURES:
                units, leased = _of_record(record, feature, now)
                promised[feature][record.client_class] += units
                yield from self._record(name, record, feature, leased, now)
        for feature, book in server.books.items():
            if promised[feature] != book.committed:
                what = f"{feature}: pools are charged with {book.committed}, the records add up to {promised[feature]}"
                yield "LSE-10", what
            yield from self._capacity(name, feature, book)

    def _capacity(self, name: str, feature: str, book: PoolBook) -> Iterator[tuple[str, str]]:
        """Promised is more than there is only where pools shrank, and never more than it was before (SRV-09)."""
        shortfall = book.shortfall()
        seen = self._seen.get((name, feature))
        allowed = 0 if seen is None else seen.shortfall
        if seen is not None and seen.pools != book.pools:
            earlier = PoolBook(committed=list(seen.committed))
            earlier.set_pools(book.pools)
            allowed = earlier.shortfall()
        if shortfall > allowed:
            what = f"{feature}: {book.promised()} promised of {book.capacity()}, {shortfall} more than pools can cover"
            yield "LSE-10", what
        self._seen[name, feature] = _Seen(book.pools, list(book.committed), shortfall)

    def _record(
        self, name: str, record: ClientRecord, feature: str, leased: int, now: Instant
    ) -> Iterator[tuple[str, str]]:
        lease = record.leases.get(feature)
        if lease is None:
            return
        before = self._leased.get((name, record.id, feature), 0)
        if leased > max(lease.maximum, before):  # where a maximum was lowered, leases run on (CFG-01)
            yield "LSE-10", f"{record.id} has {leased} {feature} of at most {lease.maximum}"
        self._leased[name, record.id, feature] = leased
        ended = [one.id for one in lease.increments if one.ends_at <= now]
        if ended or (lease.reserved and lease.reserved_ends_at <= now):
            yield "LSE-07", f"{record.id} is charged with {feature} whose lease has ended: {ended or 'reserved'}"
        identities = [one.id for one in lease.increments]
        if len(set(identities)) < len(identities):
            yield "LSE-11", f"{record.id} was granted an increment of {feature} twice: {identities}"

    # --- clients ---

    def _client(
        self, name: str, state: ApplianceState, states: Mapping[str, ApplianceState]
    ) -> Iterator[tuple[str, str]]:
        """Compare what a client believes to hold with what its server has on record."""
        settings = state.client.settings
        server = states.get(settings.server) if settings is not None else None
        if settings is None or server is None or name in self._world.held:  # frozen or off, it counts nothing
            return
        record = server.server.clients.get(settings.client_id)
        handed_over = (settings.server, settings.client_id) in self.handed_over
        if record is None or record.hardware_id not in {"", state.hardware_id}:  # "": deleted, and added anew
            held = {feature: _from_server(holding) for feature, holding in state.client.holdings.items()}
            late = all(self._ends_soon(name, holding) for holding in state.client.holdings.values())
            if any(held.values()) and not handed_over and not late:
                whose = "nobody" if record is None else f"hardware ID {record.hardware_id}"
                yield "SRV-11", f"counts {held} as {settings.client_id}, which {settings.server} leases to {whose}"
        elif record.hardware_id:
            yield from self._charges(name, state.client, record, settings.server)
            if _is_in_agreement(state.client):
                skew = self._world.skew(name) - self._world.skew(settings.server)
                yield from _disagreements(state.client, record, skew)

    def _charges(self, name: str, client: ClientState, record: ClientRecord, server: str) -> Iterator[tuple[str, str]]:
        """What a client counts is charged on its server's pools, whatever was lost between them (LSE-10)."""
        edge, server_now = self._world.now(name) + DRIFT_TOLERATED, self._world.now(server)
        for feature, holding in client.holdings.items():
            reserved = holding.reserved if holding.reserved_ends_at > edge else 0
            counted = reserved + sum(one.units for one in holding.increments if not one.auto and one.ends_at > edge)
            charged, _ = _of_record(record, feature, server_now)
            if counted > charged:
                yield "LSE-10", f"counts {counted} {feature}, its server charges the pools with {charged}"

    def _ends_soon(self, name: str, holding: FeatureLease) -> bool:
        """Tell whether all that is held ends within the drift of clocks that is tolerated (LSE-13)."""
        edge = self._world.now(name) + DRIFT_TOLERATED
        if holding.reserved and holding.reserved_ends_at > edge:
            return False
        return all(one.auto or one.ends_at <= edge for one in holding.increments)


def _doors(state: ApplianceState) -> Iterator[tuple[str, str]]:
    """Compare the limits that sign-ins go by with what they are now (ENF-03)."""
    for feature, kept in state.limits.items():
        limit = state.limit(feature)
        if kept != limit:
            yield "ENF-03", f"{feature}: sign-ins go by a limit of {kept}, it is {limit}"


def _of_record(record: ClientRecord, feature: str, now: Instant) -> tuple[int, int]:
    """Return what a client is promised of a feature, and what of it is leased."""
    lease, allocation = record.leases.get(feature), record.allocations.get(feature)
    reserved = allocation.reserved if allocation is not None and record.may_lease(now) else 0
    beside = 0
    if feature in record.doubts:
        reserved, beside = max(reserved, record.doubts[feature].reserved), record.doubts[feature].units_beside(lease)
    if lease is None:
        return reserved + beside, 0
    increments = sum(one.units for one in lease.increments)
    return max(reserved, lease.reserved) + increments + beside, lease.reserved + increments


def _from_server(holding: FeatureLease) -> int:
    return holding.reserved + sum(one.units for one in holding.increments if not one.auto)


def _is_in_agreement(client: ClientState) -> bool:
    """Tell whether the last that a client heard was all that the server has on record for it."""
    return client.contact == "up" and not (client.why or client.waiting)


def _disagreements(client: ClientState, record: ClientRecord, skew: Duration) -> Iterator[tuple[str, str]]:
    """Yield where client and server differ though nothing between them was lost (LSE-11, LSE-13)."""
    for feature in {**client.holdings, **record.leases}:
        holding, lease = client.holdings.get(feature), record.leases.get(feature)
        here = {one.id: one for one in holding.increments if not one.auto} if holding is not None else {}
        there = {one.id: one for one in lease.increments} if lease is not None else {}
        if here.keys() != there.keys():
            what = f"counts the increments {sorted(here)} of {feature}, its server has {sorted(there)}"
            yield "LSE-11", what
        reserved_here = holding.reserved if holding is not None else 0
        reserved_there = lease.reserved if lease is not None else 0
        if reserved_here != reserved_there:
            yield "LSE-11", f"counts {reserved_here} reserved {feature}, its server has {reserved_there}"
        late = [
            identity
            for identity in here.keys() & there.keys()
            if abs(here[identity].ends_at - skew - there[identity].ends_at) > DRIFT_TOLERATED
        ]
        if late:
            yield "LSE-13", f"ends the increments {sorted(late)} of {feature} at another instant than its server"


def surrendered_twice(states: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each surrendered license that is counted in two places, and where it comes from (SUR-04)."""
    counted: dict[str, list[str]] = {}
    for server, state in states.items():
        for record in state.server.clients.values():
            for one in record.surrendered:
                counted.setdefault(one.serial, []).append(server)
    if not counted:
        return
    for client, state in states.items():
        for serial, one in state.licenses.installed.items():
            places = list(counted.get(serial, ()))
            if one.surrendered_at is None:
                places.append(client)
            if len(places) > 1:
                yield client, f"license {serial} ({one.sku}) counts on {', '.join(places)}"
