"""The device as license server: its role, its client records, and the requests it answers (SRV, LSE)."""

from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import autolease, commands, doubt, ledger, records, server
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts.keys import recount
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.messages import Confirm, History, Lease, Register, Renew, Surrenders
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Refusal
from leaselab.appliance.models.releases import Release


def _set_role(state: ApplianceState, command: commands.SetServerRole, _now: Instant) -> Decision | Refusal:
    if command.enabled:
        problem = state.why_no_server()
        if problem:
            return Refusal("not-possible", problem)
    return records.decide_role(state.server, command)


def _server_switched(state: ApplianceState, event: e.ServerSwitched, at: Instant) -> None:
    state.server.enabled = event.enabled
    state.server.enabled_at = at if event.enabled else None
    recount(state, at)


def _lease_period(state: ApplianceState, event: e.LeasePeriodSet, _at: Instant) -> None:
    state.server.incremental_lease = event.incremental_lease


def _renewal_interval(state: ApplianceState, event: e.RenewalIntervalSet, _at: Instant) -> None:
    state.server.renewal_interval = event.renewal_interval


def _save_client(state: ApplianceState, command: commands.SaveClient, now: Instant) -> Decision | Refusal:
    if not state.server.enabled:
        return Refusal("not-a-server", "enable the license server before you configure clients")
    return records.decide_save_client(
        state.server,
        command,
        release=Release.parse(state.release),
        virtual=state.virtual_license_server,
        secret=state.secret,
        password_cost_log2=state.password_cost_log2,
        now=now,
    )


def _client_saved(state: ApplianceState, event: e.ClientSaved, at: Instant) -> None:
    ledger.save_client(state.server, event, state.agenda, at)


def _no_client(state: ApplianceState, client_id: str) -> Refusal | None:
    record = state.server.clients.get(client_id)
    if record is None or record.deleted:
        return Refusal("no-client", f"there is no license client {client_id!r}")
    return None


def _delete_client(state: ApplianceState, command: commands.DeleteClient, _now: Instant) -> Decision | Refusal:
    return _no_client(state, command.id) or Decision(events=(e.ClientDeleted(id=command.id),))


def _client_deleted(state: ApplianceState, event: e.ClientDeleted, at: Instant) -> None:
    ledger.delete_client(state.server, event.id, state.agenda, at)


def _release_client(state: ApplianceState, command: commands.ReleaseClient, _now: Instant) -> Decision | Refusal:
    return _no_client(state, command.id) or Decision(events=(e.ClientReleased(id=command.id),))


def _client_released(state: ApplianceState, event: e.ClientReleased, _at: Instant) -> None:
    state.server.clients[event.id].released = True


def _register(state: ApplianceState, message: Register, now: Instant) -> Decision | Refusal:
    return _serving(state) or server.decide_register(
        state.server, message, virtual=state.virtual_license_server, secret=state.secret, now=now
    )


def _request(
    state: ApplianceState, message: Lease | Renew | History | Surrenders | Confirm, now: Instant
) -> Decision | Refusal:
    return _serving(state) or server.decide_request(state.server, message, now=now)


def _serving(state: ApplianceState) -> Refusal | None:
    """Refuse for a device that is no license server, or not yet."""
    if state.server.enabled and state.first_boot_done:
        if state.standing.serves:
            return None
        return Refusal("stopped", f"licensing has stopped on {state.hostname}: {state.standing.why or 'no heartbeat'}")
    return Refusal("not-a-server", f"{state.hostname} is no license server")


def _client_registered(state: ApplianceState, event: e.ClientRegistered, at: Instant) -> None:
    ledger.register(state.server, event, secret=state.secret, at=at)


def _request_refused(state: ApplianceState, event: e.RequestRefused, at: Instant) -> None:
    ledger.note_failure(state.server, event, at)
    state.count(f"denials:{event.reason}")


def _answered(state: ApplianceState, event: e.LeasesAnswered, at: Instant) -> None:
    if event.verb == "renew":
        state.count("renewals")
    else:
        state.count("grants", max(len(event.granted) + len(event.auto), 1))
        if event.verb == "lease" and not event.granted:
            state.count("first_leases")
    for lease in event.reply.features.values():
        if lease.denied:
            state.count(f"denials:{lease.denied}")
    ledger.take_answer(state.server, event, state.agenda, at)


def _reclaimed(state: ApplianceState, event: e.LeasesReclaimed, at: Instant) -> None:
    state.count("reclaims", len(event.increments) + (1 if event.reserved else 0))
    ledger.reclaim(state.server, event, state.agenda, at)


def _confirmed(state: ApplianceState, event: e.AnswerConfirmed, at: Instant) -> None:
    ledger.settle_doubts(state.server, event.id, {}, state.agenda, at)


def _doubt_ended(state: ApplianceState, event: e.DoubtEnded, at: Instant) -> None:
    left = doubt.still(state.server.clients[event.id].doubts, at)
    ledger.settle_doubts(state.server, event.id, left, state.agenda, at)


def _configuration_expired(state: ApplianceState, event: e.ClientConfigurationExpired, at: Instant) -> None:
    state.agenda.drop(ledger.expiry_key(event.id))
    ledger.charge(state.server, state.server.clients[event.id], at)


def _penalty_began(state: ApplianceState, event: e.PenaltyBegan, _at: Instant) -> None:
    state.server.auto_lease.penalty_until = event.until
    state.agenda.set(autolease.PENALTY_KEY, event.until)
    state.count("penalties")


def _penalty_ended(state: ApplianceState, _event: e.PenaltyEnded, _at: Instant) -> None:
    state.server.auto_lease.penalty_until = 0
    state.agenda.drop(autolease.PENALTY_KEY)


def _auto_lease_switched(state: ApplianceState, event: e.AutoLeaseSwitched, _at: Instant) -> None:
    state.server.auto_lease.told[event.feature] = event.enabled


DECIDERS: Final[Deciders] = {
    Lease: _request,
    Renew: _request,
    History: _request,
    Register: _register,
    Surrenders: _request,
    Confirm: _request,
    commands.SetServerRole: _set_role,
    commands.SaveClient: _save_client,
    commands.DeleteClient: _delete_client,
    commands.ReleaseClient: _release_client,
}

EVOLVERS: Final[Evolvers] = {
    e.ServerSwitched: _server_switched,
    e.LeasePeriodSet: _lease_period,
    e.RenewalIntervalSet: _renewal_interval,
    e.ClientSaved: _client_saved,
    e.ClientDeleted: _client_deleted,
    e.ClientReleased: _client_released,
    e.ClientRegistered: _client_registered,
    e.RequestRefused: _request_refused,
    e.LeasesAnswered: _answered,
    e.LeasesReclaimed: _reclaimed,
    e.AnswerConfirmed: _confirmed,
    e.DoubtEnded: _doubt_ended,
    e.ClientConfigurationExpired: _configuration_expired,
    e.PenaltyBegan: _penalty_began,
    e.PenaltyEnded: _penalty_ended,
    e.AutoLeaseSwitched: _auto_lease_switched,
}
