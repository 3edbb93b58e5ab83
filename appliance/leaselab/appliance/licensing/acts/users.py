"""End users at the device's door, and what a sign-in asks of the license server (ENF, LSE-02, AUT-05)."""

from typing import Final

import msgspec

from leaselab.appliance.instants import NEVER, Instant
from leaselab.appliance.licensing import client, commands, users
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts import emergency as emergency_acts
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.commands import CONCURRENT_USERS
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Refusal

_NO_SESSION: Final = Refusal("no-session", "there is no such session; it may have ended")


def _sign_in(state: ApplianceState, command: commands.SignIn, now: Instant) -> Decision | Refusal:
    """Admit a user; ask the server first, or help oneself, where the counts do not suffice (LSE-02, AUT-05)."""
    if not state.first_boot_done:
        return Refusal("booting", "the device has not finished its first boot")
    if state.is_license_server:
        return users.refuse(command, "license-server", "a license server admits no end users")
    feature = command.feature
    signed_in = state.signed_in.get(feature, 0)
    demand = signed_in + 1 - state.usable(feature)
    if not command.asked and demand > state.leased(feature) and client.has_room(state.client, feature):
        asked = msgspec.structs.replace(command, asked=True)
        if state.client.contact == "down":
            helped = client.decide_auto_lease(state.client, state.identity(), feature, demand, now)
            return Decision(events=(helped,) if helped else (), after_exchange=asked)
        queued = client.decide_continue(
            state.client, state.identity, {**state.demand(), feature: demand}, now, ask_again=True
        )
        return Decision(events=queued.events, after_exchange=asked)
    if command.asked and state.client.contact == "down":
        helped = client.decide_auto_lease(state.client, state.identity(), feature, demand, now)
        if helped:  # contact was lost over this very request
            return Decision(events=(helped,), after_exchange=command)
    limit = state.limit(feature)
    return users.decide_sign_in(
        command,
        signed_in=signed_in,
        limit=limit,
        maximum=max(limit, state.maximum_users),  # an emergency goes past the platform's maximum (ICE-01)
        closed=state.closed.get(feature, False),
        secret=state.secret,
        serial=state.counters.get("sign_ins", 0),
        now=now,
    )


def _refuse_user(_state: ApplianceState, command: commands.RefuseUser, _now: Instant) -> Decision:
    return users.refuse(command, "password", "wrong user name or password")


def _signed_in(state: ApplianceState, event: e.SignedIn, at: Instant) -> None:
    session = event.session
    state.sessions[session.id] = session
    _see(state, session.id, at)
    state.signed_in[session.feature] = state.signed_in.get(session.feature, 0) + 1
    state.count("sign_ins")


def _sign_out(state: ApplianceState, command: commands.SignOut, _now: Instant) -> Decision | Refusal:
    session = state.sessions.get(command.session)
    return _NO_SESSION if session is None else _over(session, "admin" if command.by_admin else "")


def _over(session: commands.Session, why: str) -> Decision:
    return Decision(events=(e.SignedOut(session=session.id, user=session.user, feature=session.feature, why=why),))


def _signed_out(state: ApplianceState, event: e.SignedOut, _at: Instant) -> None:
    session = state.sessions.pop(event.session)
    state.signed_in[session.feature] -= 1
    state.seen.pop(session.id, None)
    state.agenda.drop(users.end_key(session.id))


def _sign_in_refused(state: ApplianceState, event: e.SignInRefused, at: Instant) -> None:
    state.count("refused_sign_ins")
    state.count(f"refused_sign_ins:{event.reason}")
    if event.reason == "limit" and event.feature == CONCURRENT_USERS:
        emergency_acts.turned_away(state, at)


def _see_user(state: ApplianceState, command: commands.SeeUser, now: Instant) -> Decision | Refusal:
    """Keep a session from being idle; where none can be, nothing is written down."""
    if command.session not in state.sessions:
        return _NO_SESSION
    if state.options_of(commands.USERS_ROLE).idle_timeout is None or state.seen[command.session] == now:
        return Decision()
    return Decision(events=(e.UserSeen(session=command.session),))


def _user_seen(state: ApplianceState, event: e.UserSeen, at: Instant) -> None:
    _see(state, event.session, at)


def _see(state: ApplianceState, session: str, at: Instant) -> None:
    state.seen[session] = at
    due_at, _ = users.end_of(state.sessions[session], state.options_of(commands.USERS_ROLE), seen_at=at)
    if due_at < NEVER:
        state.agenda.set(users.end_key(session), max(at, due_at))
    else:
        state.agenda.drop(users.end_key(session))


def decide_session_end(state: ApplianceState, session_id: str) -> Decision:
    """End a session whose time is over; the next user has its place at this instant."""
    session = state.sessions[session_id]
    options = state.options_of(commands.USERS_ROLE)
    _, why = users.end_of(session, options, seen_at=state.seen[session_id])
    return _over(session, why)


def _set_options(_state: ApplianceState, command: commands.SetSessionOptions, _now: Instant) -> Decision | Refusal:
    problem = users.problem_of_options(command)
    if problem:
        return Refusal("invalid", f"{problem}; nothing was changed")
    return Decision(events=(e.SessionOptionsSet(role=command.role, options=command.options),))


def _options_set(state: ApplianceState, event: e.SessionOptionsSet, at: Instant) -> None:
    state.session_options[event.role] = event.options
    if event.role == commands.USERS_ROLE:
        for session in state.sessions:
            _see(state, session, at)


DECIDERS: Final[Deciders] = {
    commands.SignIn: _sign_in,
    commands.RefuseUser: _refuse_user,
    commands.SignOut: _sign_out,
    commands.SeeUser: _see_user,
    commands.SetSessionOptions: _set_options,
}

EVOLVERS: Final[Evolvers] = {
    e.SignedIn: _signed_in,
    e.SignedOut: _signed_out,
    e.SignInRefused: _sign_in_refused,
    e.UserSeen: _user_seen,
    e.SessionOptionsSet: _options_set,
}
