"""The license client: contact with its server, what it holds, and helping itself when cut off (CLT, LSE, AUT-05).

A client has one exchange with its server at a time. What it sends follows from what it knows: without a token it
registers, with an auto-lease history it presents that, else it leases (first contact, or one increment more) or
renews. Ends of leases are kept by the client's own clock, corrected by the server's time in each reply (LSE-13).
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, get_args

import msgspec

from leaselab.appliance.instants import HOUR, MINUTE, NEVER, Duration, Instant
from leaselab.appliance.licensing import autolease, surrender
from leaselab.appliance.licensing.commands import SetServer
from leaselab.appliance.licensing.events import (
    AutoLeaseTaken,
    ConfirmationTaken,
    ContactDue,
    ContactLost,
    LeasesEnded,
    LeasesTaken,
    RegistrationLost,
    RegistrationTaken,
    RequestDenied,
    RequestQueued,
    ServerSet,
)
from leaselab.appliance.licensing.installation import Licenses
from leaselab.appliance.licensing.messages import (
    RELAY_PATH,
    ROUTES,
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
    Relay,
    Renew,
    Request,
    ServerReply,
    Surrenders,
    SurrendersTaken,
)
from leaselab.appliance.licensing.server import MINIMUM_HOLD
from leaselab.appliance.licensing.tenancy import ClientState, ServerSettings
from leaselab.appliance.machine import Command, Decision, Envelope, Refusal, Settle, read

PREFIX: Final = "license-"
"""Envelope IDs of requests to a license server begin so."""

NETWORKS: Final = ("internal", "external", "management")

FIRST_PAUSE: Final[Duration] = MINUTE
LONGEST_PAUSE: Final[Duration] = HOUR
"""CLT-05: pauses between attempts double from the first to the longest."""

NOTHING: Final = Decision()
"""Said by a client that has nothing to say: most of the time."""

_encode: Final = msgspec.json.Encoder().encode
_REPLIES: Final = get_args(ServerReply)
_reply: Final = msgspec.json.Decoder(ServerReply)


class Continue(Command, frozen=True):
    """Internal: say the next thing that the server should hear, if there is one.

    ``ask_again`` asks for increments even where the server's last word on the feature was no.
    """

    ask_again: bool = False


GO_ON: Final = (Continue(),)
"""What follows an answer."""


class Identity(msgspec.Struct, frozen=True):
    """What a client tells of itself."""

    hardware_id: str
    platform: str
    personality: str
    release: str
    node: str
    cluster: str = ""
    leader: str = ""
    """The lease leader through whom to talk to the server; empty for a device that speaks for itself (CLU-02)."""


# --- settings --------------------------------------------------------------------------------------------------------


def decide_set_server(command: SetServer) -> Decision | Refusal:
    """Save Configure Server, and contact it at once (CLT-01)."""
    problem = ""
    if not command.server.strip():
        problem = "the license server's name or address is missing"
    elif not (command.client_id.isascii() and command.client_id.isalnum()):
        problem = f"client ID {command.client_id!r} is not made of letters and digits"
    elif command.password != command.password_again:
        problem = "password and confirmation differ"
    elif not command.password:
        problem = "a password is needed"
    elif command.preferred_network not in NETWORKS:
        problem = f"preferred network {command.preferred_network!r} is none of {', '.join(NETWORKS)}"
    if problem:
        return Refusal("invalid-server", f"{problem}; nothing was saved")
    event = ServerSet(
        server=command.server.strip(),
        client_id=command.client_id,
        password=command.password,
        preferred_network=command.preferred_network,
        verify_certificate=command.verify_certificate,
    )
    return Decision(events=(event,), then=GO_ON)


# --- what to say next ------------------------------------------------------------------------------------------------


def decide_contact(
    state: ClientState, identify: Callable[[], Identity], demand: Mapping[str, int], now: Instant
) -> Decision:
    """Say that a contact is due, and what there is to say, unless something is under way already (LSE-06, CLT-05)."""
    if state.settings is None or state.waiting:
        return Decision(events=(ContactDue(),))
    return Decision(events=(ContactDue(), _request(state, state.settings, identify(), demand, now, wants_state=True)))


def decide_continue(
    state: ClientState,
    identify: Callable[[], Identity],
    demand: Mapping[str, int],
    now: Instant,
    *,
    ask_again: bool = False,
) -> Decision:
    """Queue the next request, if nothing is under way and a contact is due or more is needed.

    Args:
        state: the client's.
        identify: says who the device is; asked only where there is something to say.
        demand: by feature, the users that the device's own licenses do not cover.
        now: its clock.
        ask_again: see :class:`Continue`.
    """
    settings = state.settings
    if settings is None or state.waiting or not (state.wants_state or state.token):
        return NOTHING
    increments = () if state.wants_state else wanted_increments(state, demand, ask_again=ask_again)
    if not (state.wants_state or state.history or state.confirms or increments):
        return NOTHING
    queued = _request(state, settings, identify(), demand, now, wants_state=state.wants_state, increments=increments)
    return Decision(events=(queued,))


def _request(
    state: ClientState,
    settings: ServerSettings,
    identity: Identity,
    demand: Mapping[str, int],
    now: Instant,
    *,
    wants_state: bool,
    increments: tuple[str, ...] = (),
) -> RequestQueued:
    number = state.requests_made + 1
    about: dict[str, Any] = {
        "client_id": settings.client_id,
        "hardware_id": identity.hardware_id,
        "sent_at": now,
        "request_id": _request_id(identity, number),
        "token": state.token,
        "heard": _request_id(identity, state.heard) if state.heard else "",
    }
    message: Register | Surrenders | Lease | Renew | History | Confirm
    if not state.token:
        message = Register(
            **about,
            password=settings.password,
            platform=identity.platform,
            personality=identity.personality,
            release=identity.release,
            cluster=identity.cluster,
        )
    elif state.surrenders is not None and wants_state:
        message = Surrenders(**about, licenses=state.surrenders)
    elif state.history:
        message = History(**about, grants=state.history)
    elif wants_state and any(state.leased.values()):
        message = Renew(**about, give_back=surplus(state, demand, now))
    else:
        # What is reserved comes first (LSE-01); if that does not suffice, increments are asked for next (LSE-02).
        confirms = state.confirms and not (wants_state or increments)
        message = Confirm(**about) if confirms else Lease(**about, increments=increments)
    verb, path = _WAYS[type(message)]
    envelope = Envelope(
        id=f"{PREFIX}{number}",
        to=settings.server,
        path=path,
        body=message,
        network=settings.preferred_network,
        verify=settings.verify_certificate,
    )
    return RequestQueued(envelope=_through_leader(envelope, identity), verb=verb)


_WAYS: Final[dict[type[Request], tuple[str, str]]] = {
    kind: (str(kind.__struct_config__.tag), path) for path, kind in ROUTES.items() if issubclass(kind, Request)
}
"""What each request is called, and where it goes."""


def _through_leader(envelope: Envelope, identity: Identity) -> Envelope:
    """Hand the message to the lease leader where there is one to speak for us (CLU-02)."""
    if not identity.leader:
        return envelope
    relay = Relay(
        cluster=identity.cluster,
        node=identity.node,
        to=envelope.to,
        path=envelope.path,
        body=msgspec.Raw(_encode(envelope.body)),
        network=envelope.network,
        verify=envelope.verify,
    )
    return Envelope(id=envelope.id, to=identity.leader, path=RELAY_PATH, body=relay)


def _request_id(identity: Identity, number: int) -> str:
    return f"{identity.hardware_id}-{number}"


def wanted_increments(state: ClientState, demand: Mapping[str, int], *, ask_again: bool) -> tuple[str, ...]:
    """Name the features to ask one increment of: users exceed the leases, and the maximum leaves room (LSE-02)."""
    leased = state.leased
    wanted = [
        feature
        for feature, users in demand.items()
        if users > leased.get(feature, 0)
        and has_room(state, feature)
        and (ask_again or not state.holdings[feature].denied)
    ]
    return tuple(wanted)


def has_room(state: ClientState, feature: str) -> bool:
    """Tell whether one more whole increment stays within the maximum (LSE-04)."""
    holding = state.holdings.get(feature)
    if holding is None:
        return False
    return holding.increment > 0 and state.leased[feature] + holding.increment <= holding.maximum


_AGE: Final = attrgetter("acquired_at", "id")


def surplus(state: ClientState, demand: Mapping[str, int], now: Instant) -> dict[str, tuple[str, ...]]:
    """Name the increments to give back: not needed, held for 24 hours, the oldest first (LSE-08, LSE-09)."""
    returned: dict[str, tuple[str, ...]] = {}
    for feature, holding in state.holdings.items():
        if not holding.increments:
            continue
        leased = state.leased[feature]
        gone = []
        for held in sorted(holding.increments, key=_AGE):
            if now - held.acquired_at < MINIMUM_HOLD or leased - held.units < demand.get(feature, 0):
                break
            leased -= held.units
            gone.append(held.id)
        if gone:
            returned[feature] = tuple(gone)
    return returned


# --- what the server says --------------------------------------------------------------------------------------------


def decide_settle(
    state: ClientState, identify: Callable[[], Identity], licenses: Licenses, answer: Settle, now: Instant
) -> Decision:
    """Take the server's answer, or its absence, and go on talking if there is more to say."""
    settings = state.settings
    if settings is None or not state.waiting:
        return Decision()
    if not answer.status:
        return _lost(state, answer.id, answer.failure or f"no answer from {settings.server}", identify, now)
    try:
        reply: ServerReply = read(answer.body, _reply, *_REPLIES)
    except msgspec.DecodeError:
        return _lost(
            state, answer.id, f"{settings.server} answered {answer.status}, which is no lease reply", identify, now
        )
    match reply:
        case Leases():
            return Decision(events=(_taken(state, answer.id, reply, now),), then=GO_ON)
        case Registered():
            return Decision(events=(RegistrationTaken(id=answer.id, token=reply.token),), then=GO_ON)
        case Confirmed():
            return Decision(events=(ConfirmationTaken(id=answer.id),), then=GO_ON)
        case SurrendersTaken():
            return Decision(events=(surrender.confirmed(licenses, answer.id, reply.serials),), then=GO_ON)
    return _denied(state, answer.id, reply, identify, now)


def _denied(
    state: ClientState, envelope: str, reply: Denied, identify: Callable[[], Identity], now: Instant
) -> Decision:
    if reply.reason == "unreachable":  # the lease leader's word on the server
        return _lost(state, envelope, reply.message, identify, now)
    if reply.reason == "unregistered" and state.waiting != "register":
        return Decision(events=(RegistrationLost(id=envelope, reason=reply.message),), then=GO_ON)
    denied = RequestDenied(
        id=envelope,
        verb=state.waiting,
        reason=reply.reason,
        message=reply.message,
        next_contact_at=now + _pause(state.attempts),
    )
    return Decision(events=(denied,))


def _lost(state: ClientState, envelope: str, why: str, identify: Callable[[], Identity], now: Instant) -> Decision:
    request_id = _request_id(identify(), state.requests_made) if state.waiting == "lease" else ""
    lost = ContactLost(id=envelope, why=why, retry_at=now + _pause(state.attempts), request_id=request_id)
    return Decision(events=(lost,))


def _pause(attempts: int) -> Duration:
    return min(FIRST_PAUSE << min(attempts, 10), LONGEST_PAUSE)


def _taken(state: ClientState, envelope: str, reply: Leases, now: Instant) -> LeasesTaken:
    """Hold what the reply says, by the client's own clock (LSE-13)."""
    ahead = now - reply.server_time
    holdings = (
        {feature: _shifted(lease, ahead) for feature, lease in reply.features.items()} if ahead else reply.features
    )
    # A renewal sets the rhythm; an increment asked for in between does not move it (LSE-06).
    renews = state.wants_state
    return LeasesTaken(
        id=envelope,
        verb=state.waiting,
        holdings=holdings,
        renewal_interval=reply.renewal_interval,
        incremental_lease=reply.incremental_lease,
        next_contact_at=now + reply.renewal_interval if renews else NEVER,
        permanent=reply.permanent,
        smaller=_takes_back(reply.features, state.holdings),
    )


def _takes_back(told: Mapping[str, FeatureLease], holdings: Mapping[str, FeatureLease]) -> bool:
    """Tell whether the server has taken back something of what was held."""
    for feature, held in holdings.items():
        lease = told.get(feature)
        if lease is None:
            if held.leased:
                return True
        elif lease.reserved < held.reserved or not _ids(held).issubset(_ids(lease)):
            return True
    return False


def _ids(lease: FeatureLease) -> frozenset[str]:
    return frozenset([one.id for one in lease.increments])


def _shifted(lease: FeatureLease, ahead: Duration) -> FeatureLease:
    """Return what a server says by a clock that is so far ahead of its own."""
    increments = [
        IncrementLease(one.id, one.units, one.acquired_at + ahead, one.ends_at + ahead) for one in lease.increments
    ]
    return msgspec.structs.replace(
        lease,
        reserved_since=lease.reserved_since + ahead,
        reserved_ends_at=lease.reserved_ends_at + ahead,
        increments=tuple(increments),
    )


# --- alone -----------------------------------------------------------------------------------------------------------


def decide_auto_lease(
    state: ClientState, identity: Identity, feature: str, demand: int, now: Instant
) -> AutoLeaseTaken | None:
    """Help the client to one increment while its server is out of reach, if it may (AUT-05 to AUT-07).

    Where the server was asked and only its answer is missing, the increment bears that request's ID: should the server
    have granted it, history and grant are one and the same (LSE-11).
    """
    holding = state.holdings.get(feature)
    if holding is None or state.disconnected_since is None or not holding.auto_lease:
        return None
    until = autolease.usable_until(state.disconnected_since, holding.reserved_ends_at)
    if demand <= state.leased[feature] or not has_room(state, feature) or now >= until:
        return None
    own_id = f"{identity.hardware_id}-auto-{state.auto_leases_made + 1}"
    held = IncrementLease(
        id=state.unanswered or own_id, units=holding.increment, acquired_at=now, ends_at=until, auto=True
    )
    return AutoLeaseTaken(feature=feature, held=held)


def decide_lease_end(state: ClientState, now: Instant) -> Decision:
    """Stop counting what was not renewed in time, by the client's own clock (LSE-07)."""
    ended: dict[str, tuple[int, tuple[str, ...]]] = {}
    for feature, holding in state.holdings.items():
        reserved = holding.reserved if holding.reserved and holding.reserved_ends_at <= now else 0
        increments = tuple(one.id for one in holding.increments if one.ends_at <= now)
        if reserved or increments:
            ended[feature] = (reserved, increments)
    return Decision(events=(LeasesEnded(ended=ended),), then=GO_ON)
