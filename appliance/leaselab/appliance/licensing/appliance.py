"""The appliance as one machine: commands to the room that decides them, events to the room that keeps them."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import autolease, client, commands, download, ledger, server, users
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.installation import (
    LICENSES_KEY,
    decide_add_keys,
    decide_changes,
    decide_delete,
)
from leaselab.appliance.licensing.messages import History, Lease, Register, Renew
from leaselab.appliance.licensing.passwords import hash_password
from leaselab.appliance.licensing.pools import pools_of
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Command, Decision, Due, Event, Refusal, Settle
from leaselab.appliance.models.releases import Release, has_virtual_license_server

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
        _EVOLVERS[type(event)](state, event, at)
        if isinstance(event, _MOVES_A_LIMIT):
            state.judge_doors()


_MOVES_A_LIMIT: Final = (
    e.Booted,
    e.LicenseInstalled,
    e.LicenseRemoved,
    e.LicensesChanged,
    e.SignedIn,
    e.SignedOut,
    e.LeasesTaken,
    e.LeasesEnded,
    e.AutoLeaseTaken,
    e.ServerRemoved,
    e.ServerSet,
    e.ServerSwitched,
    e.ModeChosen,
)
"""After these, sign-in may have to close or open (ENF-08)."""


# --- the device itself -----------------------------------------------------------------------------------------------


def _power_on(_state: ApplianceState, command: commands.PowerOn, _now: Instant) -> Decision:
    return Decision(events=(e.Booted(release=command.release, secret=command.secret),))


def _booted(state: ApplianceState, event: e.Booted, at: Instant) -> None:
    state.release = event.release
    state.secret = state.secret or event.secret
    _recount(state, at)


def _accept(state: ApplianceState, _command: commands.AcceptAgreement, _now: Instant) -> Decision:
    return Decision() if state.agreement_accepted else Decision(events=(e.AgreementAccepted(),))


def _accepted(state: ApplianceState, _event: e.AgreementAccepted, _at: Instant) -> None:
    state.agreement_accepted = True


def _choose_mode(state: ApplianceState, command: commands.ChooseMode, _now: Instant) -> Decision | Refusal:
    if state.first_boot_done:
        return Refusal("first-boot-only", "the mode is chosen at first boot; factory reset the device to choose again")
    possible = state.platform.virtual and has_virtual_license_server(Release.parse(state.release), state.personality)
    if command.virtual_license_server and not possible:
        return Refusal("not-possible", "only a virtual appliance with Connect Secure 8.3R1 or later can be one")
    return Decision(events=(e.ModeChosen(virtual_license_server=command.virtual_license_server),))


def _mode_chosen(state: ApplianceState, event: e.ModeChosen, at: Instant) -> None:
    state.virtual_license_server = event.virtual_license_server
    _recount(state, at)


def _set_network(_state: ApplianceState, command: commands.SetNetwork, _now: Instant) -> Decision | Refusal:
    if command.port not in client.NETWORKS:
        return Refusal("unknown-port", f"there is no port {command.port!r}; ports are {', '.join(client.NETWORKS)}")
    fields = {name: getattr(command, name) for name in e.NetworkSet.__struct_fields__}
    return Decision(events=(e.NetworkSet(**fields),))


def _network_set(state: ApplianceState, event: e.NetworkSet, _at: Instant) -> None:
    state.network[event.port] = event


MIN_ADMIN_PASSWORD: Final = 6
"""Facts 1.2: shorter ones are refused at the console."""


def _create_admin(state: ApplianceState, command: commands.CreateAdministrator, now: Instant) -> Decision | Refusal:
    if not command.name or len(command.password) < MIN_ADMIN_PASSWORD:
        return Refusal("too-short", f"an administrator needs a name, and a password of {MIN_ADMIN_PASSWORD} characters")
    salt = state.derive(f"admin/{command.name}/{now}")
    return Decision(
        events=(e.AdministratorSaved(name=command.name, password_hash=hash_password(command.password, salt)),)
    )


def _admin_saved(state: ApplianceState, event: e.AdministratorSaved, _at: Instant) -> None:
    state.administrators[event.name] = event.password_hash


def _create_certificate(_state: ApplianceState, command: commands.CreateCertificate, _now: Instant) -> Decision:
    return Decision(events=(e.CertificateCreated(common_name=command.common_name, organization=command.organization),))


def _certificate_created(state: ApplianceState, event: e.CertificateCreated, _at: Instant) -> None:
    state.certificate_name = event.common_name


def _finish(state: ApplianceState, _command: commands.FinishFirstBoot, _now: Instant) -> Decision | Refusal:
    if not state.agreement_accepted:
        return Refusal("agreement", "first boot cannot be finished before the license agreement is accepted")
    return Decision() if state.first_boot_done else Decision(events=(e.FirstBootFinished(),))


def _finished(state: ApplianceState, _event: e.FirstBootFinished, _at: Instant) -> None:
    state.first_boot_done = True


# --- license keys ----------------------------------------------------------------------------------------------------


def _add_keys(state: ApplianceState, command: commands.AddKeys, now: Instant) -> Decision | Refusal:
    if not state.agreement_accepted:
        return Refusal("agreement", "accept the license agreement before you add keys (KEY-04)")
    events, outcomes = decide_add_keys(
        state.licenses, command.keys, state.holder(), public_key=bytes.fromhex(state.authority_key), now=now
    )
    return Decision(events=events + _penalty_lifted(state, events), reply=outcomes)


def _penalty_lifted(state: ApplianceState, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """End the penalty when a user-count subscription was added to the server (AUT-10)."""
    if not state.server.auto_lease.penalty_until:
        return ()
    added = [known_sku(event.license.sku) for event in events if isinstance(event, e.LicenseInstalled)]
    lifts = any(sku.feature is not None and not sku.permanent for sku in added)
    return (e.PenaltyEnded(early=True),) if lifts else ()


def _delete_license(state: ApplianceState, command: commands.DeleteLicense, _now: Instant) -> Decision | Refusal:
    return decide_delete(state.licenses, command.serial)


def _installed(state: ApplianceState, event: e.LicenseInstalled, at: Instant) -> None:
    state.licenses.installed[event.license.serial] = event.license
    _recount(state, at)


def _removed(state: ApplianceState, event: e.LicenseRemoved, at: Instant) -> None:
    del state.licenses.installed[event.serial]
    state.licenses.states.pop(event.serial, None)
    _recount(state, at)


def _recount(state: ApplianceState, at: Instant) -> None:
    """Count anew what the licenses give here, and what they give to the pools of a server."""
    holder = state.holder()
    state.licenses.recount(holder, state.agenda, at)
    if state.is_license_server:
        for feature, book in state.server.books.items():
            pools = pools_of(state.licenses.installed.values(), feature, holder=holder, now=at)
            book.set_pools(pools)
            state.server.auto_lease.eligible[feature] = any(not pool.tied for pool in pools)
            ledger.note_available(state.server, feature, at)


def _licenses_changed(state: ApplianceState, _event: e.LicensesChanged, at: Instant) -> None:
    _recount(state, at)


# --- end users -------------------------------------------------------------------------------------------------------


def _sign_in(state: ApplianceState, command: commands.SignIn, now: Instant) -> Decision | Refusal:
    """Admit a user; ask the server first, or help oneself, where the counts do not suffice (LSE-02, AUT-05)."""
    if not state.first_boot_done:
        return Refusal("booting", "the device has not finished its first boot")
    if state.is_license_server:
        return users.refuse(command, "license-server", "a license server admits no end users")
    feature = command.feature
    signed_in = state.signed_in.get(feature, 0)
    demand = signed_in + 1 - state.licenses.usable.get(feature, 0)
    holding = state.client.holdings.get(feature)
    if not command.asked and holding is not None and demand > holding.leased and client.has_room(holding):
        asked = msgspec.structs.replace(command, asked=True)
        if state.client.contact == "down":
            helped = client.decide_auto_lease(state.client, state.identity(), feature, demand, now)
            return Decision(events=(helped,) if helped else (), then=(), after_exchange=asked)
        queued = client.decide_continue(
            state.client, state.identity(), {**state.demand(), feature: demand}, now, ask_again=True
        )
        return Decision(events=queued.events, after_exchange=asked)
    if command.asked and state.client.contact == "down":
        helped = client.decide_auto_lease(state.client, state.identity(), feature, demand, now)
        if helped:  # contact was lost over this very request
            return Decision(events=(helped,), after_exchange=command)
    return users.decide_sign_in(
        command,
        signed_in=signed_in,
        limit=state.limit(feature),
        maximum=state.maximum_users,
        closed=state.closed.get(feature, False),
        secret=state.secret,
        serial=state.counters.get("sign_ins", 0),
        now=now,
    )


def _signed_in(state: ApplianceState, event: e.SignedIn, _at: Instant) -> None:
    session = event.session
    state.sessions[session.id] = session
    state.signed_in[session.feature] = state.signed_in.get(session.feature, 0) + 1
    state.count("sign_ins")


def _sign_out(state: ApplianceState, command: commands.SignOut, _now: Instant) -> Decision | Refusal:
    session = state.sessions.get(command.session)
    if session is None:
        return Refusal("no-session", "there is no such session; it may have ended")
    return Decision(events=(e.SignedOut(session=session.id, user=session.user, feature=session.feature),))


def _signed_out(state: ApplianceState, event: e.SignedOut, _at: Instant) -> None:
    session = state.sessions.pop(event.session)
    state.signed_in[session.feature] -= 1


def _sign_in_refused(state: ApplianceState, event: e.SignInRefused, _at: Instant) -> None:
    state.count("refused_sign_ins")
    state.count(f"refused_sign_ins:{event.reason}")


# --- license server --------------------------------------------------------------------------------------------------


def _set_role(state: ApplianceState, command: commands.SetServerRole, _now: Instant) -> Decision | Refusal:
    if command.enabled:
        problem = state.why_no_server()
        if problem:
            return Refusal("not-possible", problem)
    return server.decide_role(state.server, command)


def _server_switched(state: ApplianceState, event: e.ServerSwitched, at: Instant) -> None:
    state.server.enabled = event.enabled
    state.server.enabled_at = at if event.enabled else None
    _recount(state, at)


def _lease_period(state: ApplianceState, event: e.LeasePeriodSet, _at: Instant) -> None:
    state.server.incremental_lease = event.incremental_lease


def _renewal_interval(state: ApplianceState, event: e.RenewalIntervalSet, _at: Instant) -> None:
    state.server.renewal_interval = event.renewal_interval


def _save_client(state: ApplianceState, command: commands.SaveClient, now: Instant) -> Decision | Refusal:
    if not state.server.enabled:
        return Refusal("not-a-server", "enable the license server before you configure clients")
    return server.decide_save_client(
        state.server,
        command,
        release=Release.parse(state.release),
        virtual=state.virtual_license_server,
        secret=state.secret,
        now=now,
    )


def _client_saved(state: ApplianceState, event: e.ClientSaved, at: Instant) -> None:
    ledger.save_client(state.server, event, state.agenda, at)


def _delete_client(state: ApplianceState, command: commands.DeleteClient, _now: Instant) -> Decision | Refusal:
    record = state.server.clients.get(command.id)
    if record is None or record.deleted:
        return Refusal("no-client", f"there is no license client {command.id!r}")
    return Decision(events=(e.ClientDeleted(id=command.id),))


def _client_deleted(state: ApplianceState, event: e.ClientDeleted, at: Instant) -> None:
    ledger.delete_client(state.server, event.id, state.agenda, at)


def _release_client(state: ApplianceState, command: commands.ReleaseClient, _now: Instant) -> Decision | Refusal:
    record = state.server.clients.get(command.id)
    if record is None or record.deleted:
        return Refusal("no-client", f"there is no license client {command.id!r}")
    return Decision(events=(e.ClientReleased(id=command.id),))


def _client_released(state: ApplianceState, event: e.ClientReleased, _at: Instant) -> None:
    state.server.clients[event.id].released = True


def _register(state: ApplianceState, message: Register, now: Instant) -> Decision | Refusal:
    return _serving(state) or server.decide_register(
        state.server, message, virtual=state.virtual_license_server, secret=state.secret, now=now
    )


def _request(state: ApplianceState, message: Lease | Renew | History, now: Instant) -> Decision | Refusal:
    return _serving(state) or server.decide_request(state.server, message, now=now)


def _serving(state: ApplianceState) -> Refusal | None:
    """Refuse for a device that is no license server, or not yet."""
    if state.server.enabled and state.first_boot_done:
        return None
    return Refusal("not-a-server", f"{state.hostname} is no license server")


def _client_registered(state: ApplianceState, event: e.ClientRegistered, at: Instant) -> None:
    ledger.register(state.server, event, secret=state.secret, at=at)


def _request_refused(state: ApplianceState, event: e.RequestRefused, at: Instant) -> None:
    ledger.note_failure(state.server, event, at)
    state.count(f"denials:{event.reason}")


def _answered(state: ApplianceState, event: e.LeasesAnswered, at: Instant) -> None:
    first = event.verb == "lease" and not event.granted
    state.count("renewals" if event.verb == "renew" else "grants", max(len(event.granted) + len(event.auto), 1))
    if first:
        state.count("first_leases")
    for lease in event.reply.features.values():
        if lease.denied:
            state.count(f"denials:{lease.denied}")
    ledger.take_answer(state.server, event, state.agenda, at)


def _reclaimed(state: ApplianceState, event: e.LeasesReclaimed, at: Instant) -> None:
    state.count("reclaims", len(event.increments) + (1 if event.reserved else 0))
    ledger.reclaim(state.server, event, state.agenda, at)


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


# --- license client --------------------------------------------------------------------------------------------------


def _set_server(state: ApplianceState, command: commands.SetServer, _now: Instant) -> Decision | Refusal:
    if state.is_license_server:
        return Refusal("is-a-server", "a license server leases from no other server")
    return client.decide_set_server(command)


def _remove_server(state: ApplianceState, _command: commands.RemoveServer, _now: Instant) -> Decision | Refusal:
    if state.client.settings is None:
        return Refusal("no-server", "no license server is set")
    return Decision(events=(e.ServerRemoved(server=state.client.settings.server),))


def _server_removed(state: ApplianceState, _event: e.ServerRemoved, _at: Instant) -> None:
    client.forget_server(state.client, state.agenda)
    state.forget_requests()


def _pull_state(state: ApplianceState, _command: commands.PullState, _now: Instant) -> Decision | Refusal:
    if state.client.settings is None:
        return Refusal("no-server", "no license server is set to pull the state from")
    return Decision(events=(e.StatePulled(),), then=(client.Continue(),))


def _continue(state: ApplianceState, command: client.Continue, now: Instant) -> Decision:
    return client.decide_continue(state.client, state.identity(), state.demand(), now, ask_again=command.ask_again)


def _settle(state: ApplianceState, answer: Settle, now: Instant) -> Decision:
    envelope = state.outbox.get(answer.id)
    if envelope is None:
        return Decision()
    if answer.id.startswith(download.PREFIX):
        return download.decide_settle(
            envelope,
            answer,
            state.licenses,
            state.holder(),
            public_key=bytes.fromhex(state.authority_key),
            now=now,
        )
    return client.decide_settle(state.client, state.identity(), answer, now)


def _client_event(state: ApplianceState, event: Any, at: Instant) -> None:
    """Let the client take an event of its own, and drop the message that this answers from the outbox."""
    client.evolve(state.client, event, state.agenda, at)
    counter = _CLIENT_COUNTERS.get(type(event))
    if counter is not None:
        state.count(counter)
    answered = getattr(event, "id", None)
    if answered is not None:
        state.outbox.pop(answered, None)


_CLIENT_COUNTERS: Final[dict[type[Event], str]] = {
    e.LeasesTaken: "leases_taken",
    e.RequestDenied: "requests_denied",
    e.ContactLost: "contacts_lost",
    e.LeasesEnded: "expiries",
    e.AutoLeaseTaken: "auto_leases",
}


def _server_set(state: ApplianceState, event: e.ServerSet, at: Instant) -> None:
    state.forget_requests()
    client.evolve(state.client, event, state.agenda, at)


def _queued(state: ApplianceState, event: e.RequestQueued, at: Instant) -> None:
    state.outbox[event.envelope.id] = event.envelope
    client.evolve(state.client, event, state.agenda, at)


# --- downloads -------------------------------------------------------------------------------------------------------


def _download(state: ApplianceState, command: commands.DownloadKeys, now: Instant) -> Decision | Refusal:
    if not state.agreement_accepted:
        return Refusal("agreement", "accept the license agreement before you download keys (KEY-04)")
    if not state.cloud:
        return Refusal("no-cloud", "this lab has no download center; add a `cloud:` section to its file")
    return download.decide_ask(
        command,
        cloud=state.cloud,
        number=state.downloads_made + 1,
        hardware_id=state.hardware_id,
        kind=state.kind,
        network=state.download_network,
        now=now,
    )


def _download_asked(state: ApplianceState, event: e.DownloadAsked, _at: Instant) -> None:
    state.downloads_made += 1
    state.outbox[event.envelope.id] = event.envelope


def _download_answered(state: ApplianceState, event: e.DownloadAnswered, _at: Instant) -> None:
    state.outbox.pop(event.id, None)
    state.last_download = event


def _report_download(state: ApplianceState, _command: download.ReportDownload, _now: Instant) -> Decision:
    answered = state.last_download
    if answered is None:
        return Decision(reply=commands.DownloadReport(outcomes=(), error="the download center has not answered"))
    return Decision(reply=commands.DownloadReport(outcomes=answered.outcomes, error=answered.error))


def _set_downloads(_state: ApplianceState, command: commands.SetDownloads, _now: Instant) -> Decision | Refusal:
    if command.preferred_network not in client.NETWORKS:
        return Refusal("unknown-network", f"preferred network is one of {', '.join(client.NETWORKS)}")
    return Decision(events=(e.DownloadsSet(enabled=command.enabled, preferred_network=command.preferred_network),))


def _downloads_set(state: ApplianceState, event: e.DownloadsSet, _at: Instant) -> None:
    state.download_network = event.preferred_network
    state.downloads_enabled = event.enabled


# --- the agenda ------------------------------------------------------------------------------------------------------


def _due(state: ApplianceState, command: Due, now: Instant) -> Decision | Refusal:
    """Do what has come due. Every entry's events move or drop it, or it would come due for ever."""
    key = command.key
    if key == client.CONTACT_KEY:
        return Decision(events=(e.ContactDue(),), then=(client.Continue(ask_again=True),))
    if key == client.LEASE_END_KEY:
        return _held_lease_end(state, now)
    if key == LICENSES_KEY:
        return decide_changes(state.licenses, state.holder(), now)
    if key == autolease.PENALTY_KEY:
        return Decision(events=(e.PenaltyEnded(early=False),))
    kind, _, subject = key.partition(":")
    if kind == "lease-end":
        return server.decide_lease_end(state.server, subject, now)
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


# --- who decides and keeps what --------------------------------------------------------------------------------------

_DECIDERS: Final[dict[type[Command], Callable[[ApplianceState, Any, Instant], Decision | Refusal]]] = {
    Due: _due,
    Settle: _settle,
    Lease: _request,
    Renew: _request,
    History: _request,
    Register: _register,
    client.Continue: _continue,
    HelpYourself: _help_yourself,
    download.ReportDownload: _report_download,
    commands.PowerOn: _power_on,
    commands.AcceptAgreement: _accept,
    commands.ChooseMode: _choose_mode,
    commands.SetNetwork: _set_network,
    commands.CreateAdministrator: _create_admin,
    commands.CreateCertificate: _create_certificate,
    commands.FinishFirstBoot: _finish,
    commands.AddKeys: _add_keys,
    commands.DeleteLicense: _delete_license,
    commands.DownloadKeys: _download,
    commands.SetDownloads: _set_downloads,
    commands.SetServerRole: _set_role,
    commands.SaveClient: _save_client,
    commands.DeleteClient: _delete_client,
    commands.ReleaseClient: _release_client,
    commands.SetServer: _set_server,
    commands.RemoveServer: _remove_server,
    commands.PullState: _pull_state,
    commands.SignIn: _sign_in,
    commands.SignOut: _sign_out,
}

_EVOLVERS: Final[dict[type[Event], Callable[[ApplianceState, Any, Instant], None]]] = {
    e.Booted: _booted,
    e.AgreementAccepted: _accepted,
    e.ModeChosen: _mode_chosen,
    e.NetworkSet: _network_set,
    e.AdministratorSaved: _admin_saved,
    e.CertificateCreated: _certificate_created,
    e.FirstBootFinished: _finished,
    e.LicenseInstalled: _installed,
    e.LicenseRemoved: _removed,
    e.KeyRefused: lambda state, _event, _at: state.count("keys_refused"),
    e.LicensesChanged: _licenses_changed,
    e.DownloadsSet: _downloads_set,
    e.DownloadAsked: _download_asked,
    e.DownloadAnswered: _download_answered,
    e.SignedIn: _signed_in,
    e.SignedOut: _signed_out,
    e.SignInRefused: _sign_in_refused,
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
    e.ClientConfigurationExpired: _configuration_expired,
    e.PenaltyBegan: _penalty_began,
    e.PenaltyEnded: _penalty_ended,
    e.AutoLeaseSwitched: _auto_lease_switched,
    e.ServerSet: _server_set,
    e.ServerRemoved: _server_removed,
    e.RequestQueued: _queued,
    e.StatePulled: _client_event,
    e.ContactDue: _client_event,
    e.RegistrationTaken: _client_event,
    e.RegistrationLost: _client_event,
    e.LeasesTaken: _client_event,
    e.RequestDenied: _client_event,
    e.ContactLost: _client_event,
    e.LeasesEnded: _client_event,
    e.AutoLeaseTaken: _client_event,
}
