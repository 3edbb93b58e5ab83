"""Users by number: what a load does to a gateway in one decision, where nobody needs to know who they are.

A crowd asks for increments, is admitted and is turned away as that many users would be who sign in one after another.
It only has no sessions, and asks a server that says no once where each of them would.
"""

from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import client, enforcement
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts import emergency as emergency_acts
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, FEATURES, Crowd, SetCrowd
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Refusal


def _set_crowd(state: ApplianceState, command: SetCrowd, now: Instant) -> Decision | Refusal:
    feature, wanted = command.feature, command.users
    if not state.first_boot_done:
        return Refusal("booting", "the device has not finished its first boot")
    if state.is_license_server:
        return Refusal("license-server", "a license server admits no end users")
    if wanted < 0 or feature not in FEATURES:
        return Refusal("invalid", "the number of users is below zero, or the feature is unknown")
    there = state.crowd.get(feature, 0)
    if wanted <= there:
        return _changed(command, wanted, there)
    limit = state.limits[feature]
    others = state.signed_in.get(feature, 0) - there
    if others + wanted <= min(limit, state.leased(feature) + state.usable(feature)):
        return _changed(command, wanted, there)  # nearly always: there is a place for everybody
    most = enforcement.most_users(limit, max(limit, state.maximum_users), closed=state.closed[feature])
    most_of_crowd = max(there, most - others)
    # The first who would be turned away asks for more; those behind are turned away without (LSE-02).
    needed = others + min(wanted, most_of_crowd + 1) - state.usable(feature)
    return _more(state, command, needed, now) or _changed(command, min(wanted, most_of_crowd), there)


def _more(state: ApplianceState, command: SetCrowd, needed: int, now: Instant) -> Decision | None:
    """Ask for an increment, or help oneself to one, if that is what the crowd needs and may get (LSE-02, AUT-05)."""
    feature = command.feature
    leased = state.leased(feature)
    if needed <= leased or not client.has_room(state.client, feature):
        return None
    again = SetCrowd(users=command.users, feature=feature, leased_before=leased)
    if state.client.contact == "down":
        helped = client.decide_auto_lease(state.client, state.identity(), feature, needed, now)
        return None if helped is None else Decision(events=(helped,), after_exchange=again)
    if command.leased_before == leased:
        return None  # it has asked, and got nothing
    demand = {**state.demand(), feature: needed}
    queued = client.decide_continue(state.client, state.identity, demand, now, ask_again=True)
    return Decision(events=queued.events, after_exchange=again)


def _changed(command: SetCrowd, users: int, there: int) -> Decision:
    turned_away = command.users - users
    reply = Crowd(users, turned_away)
    if users == there and not turned_away:
        return Decision(reply=reply)
    changed = e.CrowdChanged(feature=command.feature, users=users, came=max(0, users - there), turned_away=turned_away)
    return Decision((changed,), reply)


def _crowd_changed(state: ApplianceState, event: e.CrowdChanged, at: Instant) -> None:
    feature = event.feature
    state.signed_in[feature] = state.signed_in.get(feature, 0) + event.users - state.crowd.get(feature, 0)
    state.crowd[feature] = event.users
    if event.came:
        state.count("sign_ins", event.came)
    if event.turned_away:
        state.count("refused_sign_ins", event.turned_away)
        state.count("refused_sign_ins:limit", event.turned_away)
        if feature == CONCURRENT_USERS:
            emergency_acts.turned_away(state, at)


DECIDERS: Final[Deciders] = {SetCrowd: _set_crowd}

EVOLVERS: Final[Evolvers] = {e.CrowdChanged: _crowd_changed}
