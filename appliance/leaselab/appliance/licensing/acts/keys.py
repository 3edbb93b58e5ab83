"""License keys on the device: adding, deleting, downloading, and what they count for (KEY, DLD)."""

from collections.abc import Iterator
from typing import Final

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import (
    client,
    commands,
    download,
    emergency,
    ledger,
    surrender,
    tenancy,
)
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.installation import decide_add_keys, decide_delete
from leaselab.appliance.licensing.pools import Pool, pool_of, pools_of
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Event, Refusal


def _add_keys(state: ApplianceState, command: commands.AddKeys, now: Instant) -> Decision | Refusal:
    if not state.agreement_accepted:
        return Refusal("agreement", "accept the license agreement before you add keys (KEY-04)")
    events, outcomes = decide_add_keys(
        state.licenses, command.keys, state.holder(), public_key=bytes.fromhex(state.authority_key), now=now
    )
    return Decision(events=events + penalty_lifted(state, events), reply=outcomes)


def penalty_lifted(state: ApplianceState, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """End the penalty when a user-count subscription was added to the server (AUT-10)."""
    if not state.server.auto_lease.penalty_until:
        return ()
    added = [known_sku(event.license.sku) for event in events if isinstance(event, e.LicenseInstalled)]
    lifts = any(sku.feature is not None and not sku.permanent for sku in added)
    return (e.PenaltyEnded(early=True),) if lifts else ()


def _delete_license(state: ApplianceState, command: commands.DeleteLicense, _now: Instant) -> Decision | Refusal:
    deleted = decide_delete(state.licenses, command.serial)
    if isinstance(deleted, Refusal):
        return deleted
    return msgspec.structs.replace(deleted, then=(emergency.Review(),))


def _installed(state: ApplianceState, event: e.LicenseInstalled, at: Instant) -> None:
    state.licenses.installed[event.license.serial] = event.license
    if event.license.surrendered_at is not None:  # it was when it was exported
        tenancy.tell_surrenders(state.client, surrender.given_away(state.licenses))
    recount(state, at)


def _removed(state: ApplianceState, event: e.LicenseRemoved, at: Instant) -> None:
    del state.licenses.installed[event.serial]
    state.licenses.states.pop(event.serial, None)
    recount(state, at)


def recount(state: ApplianceState, at: Instant) -> None:
    """Count anew what the licenses give here, and what they give to the pools of a server."""
    holder = state.holder()
    state.licenses.recount(holder, state.agenda, at)
    _plan_query(state, at)
    if state.is_license_server:
        for feature, book in state.server.books.items():
            own = pools_of(state.licenses.installed.values(), feature, holder=holder, now=at)
            pools = (*own, *_given_to(state, feature))
            book.set_pools(pools)
            state.server.auto_lease.eligible[feature] = any(not pool.tied for pool in pools)
            ledger.note_available(state.server, feature, at)


def _licenses_changed(state: ApplianceState, _event: e.LicensesChanged, at: Instant) -> None:
    recount(state, at)


def download_keys(state: ApplianceState, command: commands.DownloadKeys, now: Instant) -> Decision | Refusal:
    """Ask the download center, because an admin wants it or the schedule does (DLD-01, DLD-02)."""
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
        restore=not state.standing.serves,
        now=now,
    )


def _download_asked(state: ApplianceState, event: e.DownloadAsked, at: Instant) -> None:
    state.downloads_made += 1
    if event.scheduled:
        state.last_query_at = at
        _plan_query(state, at)
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


def _downloads_set(state: ApplianceState, event: e.DownloadsSet, at: Instant) -> None:
    state.download_network = event.preferred_network
    if event.enabled and not state.downloads_enabled:
        state.last_query_at = at
    state.downloads_enabled = event.enabled
    _plan_query(state, at)


def _given_to(state: ApplianceState, feature: str) -> Iterator[Pool]:
    """Yield the pools that clients have surrendered to this server (SUR-02); tied ones stay tied (SUR-05)."""
    for record in state.server.clients.values():
        for one in record.surrendered:
            if known_sku(one.sku).feature == feature:
                yield pool_of(one.sku, virtual_license_server=state.virtual_license_server)


def _plan_query(state: ApplianceState, at: Instant) -> None:
    """Set the next automatic query (DLD-01); licenses that come and go move it."""
    if state.downloads_enabled:
        due_at = download.next_query(state.licenses, state.holder(), last=state.last_query_at, now=at)
        state.agenda.set(download.QUERY_KEY, due_at)
    else:
        state.agenda.drop(download.QUERY_KEY)


DECIDERS: Final[Deciders] = {
    download.ReportDownload: _report_download,
    commands.AddKeys: _add_keys,
    commands.DeleteLicense: _delete_license,
    commands.DownloadKeys: download_keys,
    commands.SetDownloads: _set_downloads,
}

EVOLVERS: Final[Evolvers] = {
    e.KeyRefused: lambda state, _event, _at: state.count("keys_refused"),
    e.LicenseInstalled: _installed,
    e.LicenseRemoved: _removed,
    e.LicensesChanged: _licenses_changed,
    e.DownloadsSet: _downloads_set,
    e.DownloadAsked: _download_asked,
    e.DownloadAnswered: _download_answered,
}
