"""What a license client keeps: its server's settings, the leases it holds, and what events change of them.

What it decides stands in :mod:`client`.
"""

from typing import Final

import msgspec

from leaselab.appliance.instants import HOUR, NEVER, Duration, Instant
from leaselab.appliance.licensing.events import (
    ConfirmationTaken,
    ContactDue,
    ContactLost,
    LeasesEnded,
    LeasesTaken,
    RegistrationLost,
    RegistrationTaken,
    RequestDenied,
    RequestDropped,
    RequestQueued,
    ServerSet,
    StatePulled,
    TenancyEvent,
)
from leaselab.appliance.licensing.messages import AutoLeased, FeatureLease, SurrenderedLicense
from leaselab.appliance.machine import Agenda

CONTACT_KEY: Final = "contact"
"""The agenda key of the next contact: a renewal, or a retry."""
LEASE_END_KEY: Final = "held-end"
"""The agenda key of the next end of a lease held."""


class ServerSettings(msgspec.Struct, frozen=True):
    """Configure Server (CLT-01)."""

    server: str
    client_id: str
    password: str
    preferred_network: str
    verify_certificate: bool


class ClientState(msgspec.Struct):
    """All a license client knows of its server and its leases."""

    settings: ServerSettings | None = None
    token: str = ""
    holdings: dict[str, FeatureLease] = {}
    """By feature; replaced whole, since an event, and in one process the server, may hold the same."""
    leased: dict[str, int] = {}
    """By feature: the units held, of all kinds; summed when the holdings change."""
    contact: str = "none"
    why: str = ""
    last_contact_at: Instant | None = None
    disconnected_since: Instant | None = None
    attempts: int = 0
    renewal_interval: Duration = 6 * HOUR
    incremental_lease: Duration = 24 * HOUR
    waiting: str = ""
    """The verb of the exchange under way, empty when there is none."""
    wants_state: bool = False
    """The next contact is due: a renewal or a first lease has not been answered yet."""
    leases_permanent: bool = False
    surrenders: tuple[SurrenderedLicense, ...] | None = None
    """What to tell the server of surrendered licenses at the next contact (SUR-02); None when it knows."""
    history: tuple[AutoLeased, ...] = ()
    requests_made: int = 0
    heard: int = 0
    """The number of the request whose answer was taken last; 0 before the first."""
    confirms: bool = False
    """The server is to hear that its last answer has arrived: it took something back."""
    unanswered: str = ""
    """The ID of the last request for an increment, if its answer never came: the server may have granted it."""
    auto_leases_made: int = 0


def evolve(state: ClientState, event: TenancyEvent, agenda: Agenda, at: Instant) -> None:  # noqa: C901 - one branch an event
    """Apply a client event; leases are taken by :func:`take`."""
    match event:  # what happens at every renewal comes first
        case RequestQueued():
            state.requests_made += 1
            state.waiting = event.verb
            state.confirms = False  # every request says what was heard
        case ContactDue() | StatePulled():
            state.wants_state = True
            agenda.drop(CONTACT_KEY)
        case ServerSet():
            state.settings = ServerSettings(
                server=event.server,
                client_id=event.client_id,
                password=event.password,
                preferred_network=event.preferred_network,
                verify_certificate=event.verify_certificate,
            )
            start_anew(state, agenda)
        case RequestDropped():
            state.waiting = ""
            state.requests_made -= 1  # it is made anew under the same ID: the server may have heard it (LSE-11)
        case RegistrationTaken():
            state.waiting, state.token = "", event.token
        case ConfirmationTaken():
            state.waiting = ""
        case RegistrationLost():
            state.waiting, state.token = "", ""
        case RequestDenied():
            state.waiting, state.wants_state = "", True
            state.contact, state.why = "up", event.message
            state.attempts += 1
            state.last_contact_at, state.disconnected_since = at, None
            agenda.set(CONTACT_KEY, event.next_contact_at)
        case ContactLost():
            state.unanswered = event.request_id
            state.waiting, state.wants_state = "", True
            state.contact, state.why = "down", event.why
            state.attempts += 1
            if state.disconnected_since is None:
                state.disconnected_since = at if state.last_contact_at is None else state.last_contact_at
            agenda.set(CONTACT_KEY, event.retry_at)
        case LeasesEnded():
            _end(state, event)
            _count(state, agenda)
        case _:  # AutoLeaseTaken
            holding = state.holdings[event.feature]
            helped = msgspec.structs.replace(holding, increments=(*holding.increments, event.held))
            state.holdings = {**state.holdings, event.feature: helped}
            state.auto_leases_made += 1
            state.unanswered = ""
            grant = AutoLeased(id=event.held.id, feature=event.feature, units=event.held.units, at=at)
            state.history = (*state.history, grant)
            _count(state, agenda)


def talk_anew(state: ClientState) -> None:
    """Register again at once: what the device is has changed (CLU-01)."""
    if state.settings is not None:
        state.token, state.waiting, state.wants_state = "", "", True


def start_anew(state: ClientState, agenda: Agenda) -> None:
    """Hold nothing, and turn to the same server as one that it has not met."""
    settings = state.settings
    _forget_server(state, agenda)
    if settings is not None:
        state.settings, state.contact, state.wants_state = settings, "never", True


def tell_surrenders(state: ClientState, surrenders: tuple[SurrenderedLicense, ...]) -> None:
    """Have the server told at the next contact what is surrendered (SUR-02)."""
    state.surrenders = surrenders


def surrenders_told(state: ClientState, serials: tuple[str, ...]) -> None:
    """The server has confirmed; unless something has changed since it was told, it knows all."""
    state.waiting = ""
    if state.surrenders is not None and tuple(one.serial for one in state.surrenders) == serials:
        state.surrenders = None


def forget_server(state: ClientState, agenda: Agenda) -> None:
    """Lease from no server any more: what was held ends here."""
    _forget_server(state, agenda)
    state.settings = None
    state.contact = "none"


def _forget_server(state: ClientState, agenda: Agenda) -> None:
    fresh = ClientState(requests_made=state.requests_made, auto_leases_made=state.auto_leases_made)
    for field in ClientState.__struct_fields__:
        setattr(state, field, getattr(fresh, field))
    agenda.drop(CONTACT_KEY)
    agenda.drop(LEASE_END_KEY)


def take(state: ClientState, event: LeasesTaken, agenda: Agenda, at: Instant) -> None:
    """Hold what the server says from now on."""
    state.waiting, state.why, state.contact, state.unanswered = "", "", "up", ""
    state.heard, state.confirms = state.requests_made, event.smaller
    state.holdings, state.leased = event.holdings, {}
    state.leases_permanent = event.permanent
    state.renewal_interval, state.incremental_lease = event.renewal_interval, event.incremental_lease
    state.last_contact_at, state.disconnected_since, state.attempts = at, None, 0
    if event.verb == "history":
        state.history = ()
        state.wants_state = True  # the renewal proper follows
    elif event.next_contact_at < NEVER:
        state.wants_state = False
        agenda.set(CONTACT_KEY, event.next_contact_at)
    _count(state, agenda)


def _end(state: ClientState, event: LeasesEnded) -> None:
    for feature, (reserved, increments) in event.ended.items():
        holding = state.holdings[feature]
        left = msgspec.structs.replace(
            holding,
            reserved=0 if reserved else holding.reserved,
            increments=tuple(one for one in holding.increments if one.id not in increments),
        )
        state.holdings = {**state.holdings, feature: left}


def _count(state: ClientState, agenda: Agenda) -> None:
    """Sum up what is held, and plan for the first of it to end."""
    first = NEVER
    for feature, holding in state.holdings.items():
        units = holding.reserved
        if units and holding.reserved_ends_at < first:
            first = holding.reserved_ends_at
        for held in holding.increments:
            units += held.units
            first = min(first, held.ends_at)
        state.leased[feature] = units
    if first < NEVER:
        agenda.set(LEASE_END_KEY, first)
    else:
        agenda.drop(LEASE_END_KEY)
