"""Emergency mode on the device: by an admin, or by the system as sign-ins go (ICE)."""

from collections.abc import Callable, Mapping
from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import commands, emergency
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.commands import CONCURRENT_USERS
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Refusal


def _set_emergency(state: ApplianceState, command: commands.SetEmergency, now: Instant) -> Decision | Refusal:
    return emergency.decide_set(state.emergency, command, _obstacle(state, now), now)


def _review(state: ApplianceState, _command: emergency.Review, now: Instant) -> Decision:
    return emergency.decide_review(state.emergency, state.licenses, now)


def _obstacle(state: ApplianceState, now: Instant) -> Refusal | None:
    return emergency.obstacle(state.emergency, state.licenses, license_server=state.is_license_server, now=now)


def _switched(state: ApplianceState, event: e.EmergencySwitched, at: Instant) -> None:
    emergency.switch(state.emergency, event, state.agenda, at)


def turned_away(state: ApplianceState, at: Instant) -> None:
    """Remember that a user was refused for the limit: the sign-ins have passed the licensed number (ICE-04)."""
    state.emergency.turned_away = state.licenses.emergency  # nobody keeps it up to date without the license
    watch(state, at)


def limits_moved(state: ApplianceState, at: Instant) -> None:
    """Judge whether sign-in has to close or open (ENF-08), and the system to enable emergency mode (ICE-04)."""
    state.judge_doors()
    watch(state, at)


def users_moved(state: ApplianceState, at: Instant) -> None:
    """Judge the same after users came or went: while the limit stands, an open door stays open (ENF-08)."""
    if True in state.closed.values():
        state.judge_doors()
    watch(state, at)


def watch(state: ApplianceState, at: Instant) -> None:
    """After sign-ins, limits or licenses changed: plan what the system will do about it (ICE-04)."""
    mode = state.emergency
    if not (state.licenses.emergency or mode.by):  # nearly every device, and every sign-in passes here
        if emergency.LOOK_KEY in state.agenda.entries:
            state.agenda.drop(emergency.LOOK_KEY)
        return
    emergency.plan_looks(
        mode,
        state.agenda,
        automatic=not mode.enabled and emergency.is_automatic(state.parsed_release) and _obstacle(state, at) is None,
        licensed=state.licensed(CONCURRENT_USERS),
        signed_in=state.signed_in.get(CONCURRENT_USERS, 0),
        at=at,
    )


AGENDA: Final[Mapping[str, Callable[[ApplianceState, Instant], Decision | Refusal]]] = {
    emergency.END_KEY: lambda state, now: emergency.decide_end(state.emergency, now),
    emergency.LOOK_KEY: lambda state, now: emergency.decide_look(state.emergency, now),
    emergency.CALM_KEY: lambda state, now: emergency.decide_calm(state.emergency, now),
}

DECIDERS: Final[Deciders] = {
    commands.SetEmergency: _set_emergency,
    emergency.Review: _review,
}

EVOLVERS: Final[Evolvers] = {
    e.EmergencySwitched: _switched,
}
