"""The device as license client: its server's settings, and every answer that comes in (CLT, LSE)."""

from typing import Any, Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import (
    client,
    cluster,
    commands,
    download,
    standing,
    surrender,
    tenancy,
)
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts import emergency as emergency_acts
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.messages import RELAY_PATH
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Event, Refusal, Settle


def _set_server(state: ApplianceState, command: commands.SetServer, _now: Instant) -> Decision | Refusal:
    if state.is_license_server:
        return Refusal("is-a-server", "a license server leases from no other server")
    return _has_given(state, command.server) or client.decide_set_server(command)


def _has_given(state: ApplianceState, server: str = "") -> Refusal | None:
    """Refuse to leave a server that has licenses of ours: nobody could give them back (SUR-04)."""
    settings = state.client.settings
    if settings is None or settings.server == server:
        return None
    given = [one.serial for one in state.licenses.installed.values() if one.surrendered_at is not None]
    if not given:
        return None
    return Refusal("surrendered", f"recall what {settings.server} was given first: {', '.join(given)}")


def _remove_server(state: ApplianceState, _command: commands.RemoveServer, _now: Instant) -> Decision | Refusal:
    if state.client.settings is None:
        return Refusal("no-server", "no license server is set")
    refusal = _has_given(state)
    if refusal is not None:
        return refusal
    return Decision(events=(e.ServerRemoved(server=state.client.settings.server),))


def _server_removed(state: ApplianceState, _event: e.ServerRemoved, _at: Instant) -> None:
    tenancy.forget_server(state.client, state.agenda)
    state.forget_requests()


def _pull_state(state: ApplianceState, _command: commands.PullState, _now: Instant) -> Decision | Refusal:
    if state.client.settings is None:
        return Refusal("no-server", "no license server is set to pull the state from")
    return Decision(events=(e.StatePulled(),), then=(client.Continue(),))


def _continue(state: ApplianceState, command: client.Continue, now: Instant) -> Decision:
    if state.client.settings is None:
        return client.NOTHING
    return client.decide_continue(state.client, state.identity, state.demand(), now, ask_again=command.ask_again)


def _settle(state: ApplianceState, answer: Settle, now: Instant) -> Decision:
    envelope = state.outbox.get(answer.id)
    if envelope is None:
        return Decision()
    if answer.id.startswith(client.PREFIX) and (answer.status or envelope.path != RELAY_PATH):
        return client.decide_settle(state.client, state.identity, state.licenses, answer, now)
    if answer.id.startswith(cluster.PREFIX):
        return cluster.decide_settle(state.cluster, envelope, answer, state.beat(), now)
    if answer.id.startswith(standing.PREFIX):
        return standing.decide_settle(envelope, answer, now)
    if answer.id.startswith(download.PREFIX):
        return download.decide_settle(
            envelope,
            answer,
            state.licenses,
            state.holder(),
            public_key=bytes.fromhex(state.authority_key),
            now=now,
        )
    # The leader itself is lost: another leads at once (CLU-03).
    lost = cluster.lost(state.cluster, envelope.to, answer.failure, envelope=envelope.id, now=now)
    return Decision(events=(lost, e.RequestDropped(id=envelope.id)), then=(client.Continue(ask_again=True),))


def _client_event(state: ApplianceState, event: Any, at: Instant) -> None:
    """Let the client take an event of its own, and drop the message that this answers from the outbox."""
    tenancy.evolve(state.client, event, state.agenda, at)
    kind = type(event)
    if kind in _CLIENT_COUNTERS:
        state.count(_CLIENT_COUNTERS[kind])
    if kind in _ANSWERS:
        state.outbox.pop(event.id, None)


_ANSWERS: Final = frozenset(
    {
        e.RegistrationTaken,
        e.RegistrationLost,
        e.RequestDropped,
        e.ConfirmationTaken,
        e.RequestDenied,
        e.ContactLost,
    }
)
"""Events that bear the ID of the message they answer."""

_CLIENT_COUNTERS: Final[dict[type[Event], str]] = {
    e.RequestDenied: "requests_denied",
    e.ContactLost: "contacts_lost",
    e.LeasesEnded: "expiries",
    e.AutoLeaseTaken: "auto_leases",
}


def _leases_taken(state: ApplianceState, event: e.LeasesTaken, at: Instant) -> None:
    """Hold what the server says; nearly every renewal leaves the limit where it was."""
    state.outbox.pop(event.id, None)
    state.count("leases_taken")
    leased = state.client.leased
    tenancy.take(state.client, event, state.agenda, at)
    if state.client.leased != leased:
        emergency_acts.limits_moved(state, at)


def _server_set(state: ApplianceState, event: e.ServerSet, at: Instant) -> None:
    state.forget_requests()
    tenancy.evolve(state.client, event, state.agenda, at)
    given = surrender.given_away(state.licenses)
    if given:  # the same server, set anew, is told anew
        tenancy.tell_surrenders(state.client, given)


def _queued(state: ApplianceState, event: e.RequestQueued, at: Instant) -> None:
    state.outbox[event.envelope.id] = event.envelope
    tenancy.evolve(state.client, event, state.agenda, at)


DECIDERS: Final[Deciders] = {
    Settle: _settle,
    client.Continue: _continue,
    commands.SetServer: _set_server,
    commands.RemoveServer: _remove_server,
    commands.PullState: _pull_state,
}

EVOLVERS: Final[Evolvers] = {
    e.ServerSet: _server_set,
    e.ServerRemoved: _server_removed,
    e.RequestQueued: _queued,
    e.StatePulled: _client_event,
    e.ContactDue: _client_event,
    e.RegistrationTaken: _client_event,
    e.RegistrationLost: _client_event,
    e.RequestDropped: _client_event,
    e.LeasesTaken: _leases_taken,
    e.ConfirmationTaken: _client_event,
    e.RequestDenied: _client_event,
    e.ContactLost: _client_event,
    e.LeasesEnded: _client_event,
    e.AutoLeaseTaken: _client_event,
}
