"""The appliance as one machine: commands to the room that decides them, events to the room that keeps them."""

from collections.abc import Callable
from typing import Final

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import (
    autolease,
    client,
    cluster,
    commands,
    download,
    server,
    standing,
    tenancy,
    users,
)
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts import client as client_acts
from leaselab.appliance.licensing.acts import cloud as cloud_acts
from leaselab.appliance.licensing.acts import cluster as cluster_acts
from leaselab.appliance.licensing.acts import crowd as crowd_acts
from leaselab.appliance.licensing.acts import device as device_acts
from leaselab.appliance.licensing.acts import emergency as emergency_acts
from leaselab.appliance.licensing.acts import keys as key_acts
from leaselab.appliance.licensing.acts import server as server_acts
from leaselab.appliance.licensing.acts import surrender as surrender_acts
from leaselab.appliance.licensing.acts import transfer as transfer_acts
from leaselab.appliance.licensing.acts import users as user_acts
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.installation import LICENSES_KEY, decide_changes
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Command, Decision, Due, Event, Refusal

ApplianceEvent = e.ApplianceEvent


def initial_state(config: ApplianceConfig) -> ApplianceState:
    """Return an appliance as it leaves the factory."""
    return ApplianceState(
        name=config.name,
        hostname=config.hostname or config.name,
        kind=config.kind,
        personality=config.personality,
        hardware_id=config.hardware_id,
        serial_number=config.serial_number,
        authority_key=config.authority_key,
        cloud=config.cloud,
        maximum_users_override=config.maximum_users,
        time_zone=config.time_zone,
        release=config.release,
        password_cost_log2=config.password_cost_log2,
    )


class ApplianceMachine:
    """The rules of a gateway, a license client and a license server."""

    state_type = ApplianceState
    event_type = ApplianceEvent

    def decide(self, state: ApplianceState, command: Command, now: Instant) -> Decision | Refusal:
        """Say what follows from a command. Reads only."""
        decider = _DECIDERS.get(type(command))
        if decider is None:
            return Refusal("unknown", f"an appliance does not take {type(command).__name__}")
        return decider(state, command, now)

    def evolve(self, state: ApplianceState, event: Event, at: Instant) -> None:
        """Apply one event to the state, in place."""
        kind = type(event)
        _EVOLVERS[kind](state, event, at)
        follow_up = _FOLLOW_UPS.get(kind)
        if follow_up is not None:
            follow_up(state, at)


_MOVES_A_LIMIT: Final[tuple[type[Event], ...]] = (
    e.Booted,
    e.IdentityChanged,
    e.PersonalityChosen,
    e.LicenseInstalled,
    e.LicenseRemoved,
    e.LicensesChanged,
    e.LicenseSurrendered,
    e.ClusterJoined,
    e.MemberHeard,
    e.MemberLost,
    e.BorrowingEnded,
    e.SurrendersConfirmed,
    e.LeasesEnded,
    e.AutoLeaseTaken,
    e.ServerRemoved,
    e.ServerSet,
    e.ServerSwitched,
    e.ModeChosen,
    e.EmergencySwitched,
)

_FOLLOW_UPS: Final[dict[type[Event], Callable[[ApplianceState, Instant], None]]] = {
    **dict.fromkeys(_MOVES_A_LIMIT, emergency_acts.limits_moved),
    **dict.fromkeys((e.SignedIn, e.SignedOut, e.CrowdChanged), emergency_acts.users_moved),
}
"""What follows from an event beside what it is of itself. Leases that were taken say themselves if a limit moved."""


def _due(state: ApplianceState, command: Due, now: Instant) -> Decision | Refusal:
    """Do what has come due. Every entry's events move or drop it, or it would come due for ever."""
    key = command.key
    decide = _AGENDA.get(key)
    if decide is not None:
        return decide(state, now)
    kind, _, subject = key.partition(":")
    if kind == "lease-end":
        return server.decide_lease_end(state.server, subject, now)
    if kind == users.SESSION_END:
        return user_acts.decide_session_end(state, subject)
    if kind == "client-expiry":
        return Decision(events=(e.ClientConfigurationExpired(id=subject),))
    return Refusal("unknown", f"nothing is known of agenda entry {key!r}")


def _held_lease_end(state: ApplianceState, now: Instant) -> Decision:
    """Stop counting what ended; out of contact, users that are still on may be covered by auto-leasing (AUT-05)."""
    ended = client.decide_lease_end(state.client, now)
    return Decision(events=ended.events, then=(*ended.then, HelpYourself()))


class HelpYourself(Command, frozen=True):
    """Internal: auto-lease for users already signed in, one increment at a time, while it is allowed and needed."""


def _help_yourself(state: ApplianceState, _command: HelpYourself, now: Instant) -> Decision:
    if state.client.contact != "down":
        return Decision()
    for feature, demand in state.demand().items():
        helped = client.decide_auto_lease(state.client, state.identity(), feature, demand, now)
        if helped is not None:
            return Decision(events=(helped,), then=(HelpYourself(),))
    return Decision()


_AGENDA: Final[dict[str, Callable[[ApplianceState, Instant], Decision | Refusal]]] = {
    tenancy.CONTACT_KEY: lambda state, now: client.decide_contact(state.client, state.identity, state.demand(), now),
    tenancy.LEASE_END_KEY: _held_lease_end,
    LICENSES_KEY: lambda state, now: decide_changes(state.licenses, state.holder(), now),
    autolease.PENALTY_KEY: lambda _state, _now: Decision(events=(e.PenaltyEnded(early=False),)),
    cluster.BEAT_KEY: lambda state, now: cluster.decide_beats(state.cluster, state.beat(), now),
    cluster.BORROWING_KEY: lambda state, now: cluster.decide_borrowing_end(state.cluster, now),
    download.QUERY_KEY: lambda state, now: key_acts.download_keys(state, commands.DownloadKeys(scheduled=True), now),
    standing.HEARTBEAT_KEY: lambda state, now: standing.decide_beat(
        state.standing, cloud=state.cloud, hardware_id=state.hardware_id, now=now
    ),
    standing.STOP_KEY: lambda state, _now: standing.decide_stop(state.standing),
    **emergency_acts.AGENDA,
}
"""What is done when an agenda entry comes due."""

_DECIDERS: Final[Deciders] = {
    Due: _due,
    HelpYourself: _help_yourself,
    **device_acts.DECIDERS,
    **key_acts.DECIDERS,
    **user_acts.DECIDERS,
    **crowd_acts.DECIDERS,
    **server_acts.DECIDERS,
    **client_acts.DECIDERS,
    **surrender_acts.DECIDERS,
    **cluster_acts.DECIDERS,
    **emergency_acts.DECIDERS,
    **transfer_acts.DECIDERS,
}

_EVOLVERS: Final[Evolvers] = {
    **device_acts.EVOLVERS,
    **key_acts.EVOLVERS,
    **user_acts.EVOLVERS,
    **crowd_acts.EVOLVERS,
    **server_acts.EVOLVERS,
    **client_acts.EVOLVERS,
    **surrender_acts.EVOLVERS,
    **cluster_acts.EVOLVERS,
    **cloud_acts.EVOLVERS,
    **emergency_acts.EVOLVERS,
}
