"""Export and import of the device's configuration and licenses (CFG-02 to CFG-04).

An import is rehearsed on a copy of the whole appliance, step by step as an admin would enter it, each step under the
rules it always has. The first refusal is the import's, and nothing has happened; else the events of all steps are one
decision.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import client, commands, emergency, records, transfer
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts import client as client_acts
from leaselab.appliance.licensing.acts import device as device_acts
from leaselab.appliance.licensing.acts import keys as key_acts
from leaselab.appliance.licensing.acts import server as server_acts
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Command, Decision, Event, Refusal
from leaselab.appliance.models.platforms import PCS
from leaselab.appliance.models.releases import matching_release

_Steps: TypeAlias = Iterator[Decision | Refusal]
"""Each is taken on the copy before the next is asked for."""


def _export(state: ApplianceState, command: commands.ExportConfiguration, _now: Instant) -> Decision | Refusal:
    document = transfer.export_configuration(state, command.password)
    return document if isinstance(document, Refusal) else Decision(reply=document)


def _import(state: ApplianceState, command: commands.ImportConfiguration, now: Instant) -> Decision | Refusal:
    """Take sections over, all or none of them (CFG-04)."""
    if not state.first_boot_done:
        return Refusal("booting", "the device has not finished its first boot; nothing was imported")
    unknown = [section for section in command.sections if section not in commands.SECTIONS]
    if unknown:
        known = ", ".join(commands.SECTIONS)
        return Refusal("unknown-section", f"there is no section {unknown[0]!r}, but {known}; nothing was imported")
    opened = transfer.unseal(command.document, command.password)
    if isinstance(opened, Refusal):
        return Refusal(opened.reason, f"{opened.message}; nothing was imported")
    if opened.personality != state.personality:
        return Refusal(
            "personality",
            f"the file is of a {opened.personality} device, this is a {state.personality} one; nothing was imported",
        )
    events = _rehearse(state, command.sections, opened, now)
    if isinstance(events, Refusal):
        return events
    ignored = "" if "licenses" not in command.sections or _takes_licenses(state, opened) else _IGNORED
    taken = tuple(section for section in command.sections if section != "licenses" or not ignored)
    report = commands.ImportReport(sections=taken, changes=len(events), ignored=ignored)
    return Decision(events=events, reply=report, then=(client.Continue(), emergency.Review()))


_IGNORED: Final = (
    "the licenses in the file are of the scheme of 8.0 and later, which this release does not know; "
    "the device keeps its own"
)


def _rehearse(
    state: ApplianceState, sections: tuple[str, ...], opened: transfer.Opened, now: Instant
) -> tuple[Event, ...] | Refusal:
    """Return the events of an import, or the refusal of its first step that cannot be taken."""
    copy = msgspec.json.decode(msgspec.json.encode(state), type=ApplianceState)
    events: list[Event] = []
    for section, steps in _ORDER:
        if section not in sections:
            continue
        for outcome in steps(copy, opened, now):
            if isinstance(outcome, Refusal):
                return Refusal(outcome.reason, f"nothing was imported; {section}: {outcome.message}")
            for event in outcome.events:
                _EVOLVERS[type(event)](copy, event, now)
            events += outcome.events
    return tuple(events)


def _decide(copy: ApplianceState, command: Command, now: Instant) -> Decision | Refusal:
    return _DECIDERS[type(command)](copy, command, now)


def _role_off(copy: ApplianceState, opened: transfer.Opened, now: Instant) -> _Steps:
    """Give the role up before a license server is set: a server leases from no other."""
    if not opened.configuration.role.enabled:
        yield _decide(copy, commands.SetServerRole(enabled=False), now)


def _client(copy: ApplianceState, opened: transfer.Opened, now: Instant) -> _Steps:
    """Set the license server; the same one again would end the leases held from it."""
    wanted = opened.configuration.server
    if wanted != transfer.server_of(copy):
        yield _decide(copy, wanted or commands.RemoveServer(), now)


def _takes_licenses(state: ApplianceState, opened: transfer.Opened) -> bool:
    return transfer.takes_licenses(matching_release(state.parsed_release, PCS), opened.written_by)


def _licenses(copy: ApplianceState, opened: transfer.Opened, now: Instant) -> _Steps:
    if not _takes_licenses(copy, opened):
        return
    events = transfer.decide_licenses(
        copy.licenses,
        opened.configuration.licenses,
        copy.holder(),
        public_key=bytes.fromhex(copy.authority_key),
        now=now,
    )
    if isinstance(events, Refusal):
        yield events
    else:
        yield Decision(events=events + key_acts.penalty_lifted(copy, events))


def _server(copy: ApplianceState, opened: transfer.Opened, now: Instant) -> _Steps:
    """Set role and Advanced Settings, and make the client records those of the document.

    Where it is no server's, the records here stay, as they do when the role is given up by hand (GAT-04). Counts are
    judged with all records in force, so that it does not matter which comes first.
    """
    wanted = opened.configuration
    yield _decide(copy, wanted.role, now)
    if not wanted.role.enabled:
        return
    entries = {entry.id: entry for entry in wanted.clients}
    known = {record.id: record for record in copy.server.clients.values() if not record.deleted}
    yield Decision(events=tuple(e.ClientDeleted(id=one) for one in known if one not in entries))
    saved = []
    for entry in entries.values():
        record = known.get(entry.id)
        if record is not None and transfer.ClientEntry.of(record) == entry:
            continue
        save = _save(entry, new=record is None)
        problem = records.problem_of_identity(save, record) or records.problem_of_platform(
            save, virtual=copy.virtual_license_server
        )
        if problem:
            yield _refused(entry, problem)
        yield Decision(events=(e.ClientSaved(**msgspec.structs.asdict(entry), new=save.new),))
        saved.append((entry, save))
    for entry, save in saved:
        problem = records.problem_of_counts(
            copy.server, save, copy.server.clients[entry.id], release=copy.parsed_release
        )
        if problem:
            yield _refused(entry, f"{problem}, with all records of the file in force")


def _save(entry: transfer.ClientEntry, *, new: bool) -> commands.SaveClient:
    """Return what an admin would give for this record; the hash stands in for the password, which nobody knows."""
    return commands.SaveClient(
        id=entry.id,
        password=entry.password_hash,
        password_again=entry.password_hash,
        platform=entry.platform,
        product=entry.product,
        allocations=entry.allocations,
        expires_at=entry.expires_at,
        new=new,
    )


def _refused(entry: transfer.ClientEntry, problem: str) -> Refusal:
    return Refusal("invalid-client", f"client {entry.id!r}: {problem}")


def _network(copy: ApplianceState, opened: transfer.Opened, now: Instant) -> _Steps:
    for wanted in opened.configuration.network:
        if wanted != transfer.network_of(copy).get(wanted.port):
            yield _decide(copy, wanted, now)


def _downloads(copy: ApplianceState, opened: transfer.Opened, now: Instant) -> _Steps:
    wanted = opened.configuration.downloads
    if wanted != transfer.downloads_of(copy):
        yield _decide(copy, wanted, now)


_ORDER: Final[tuple[tuple[str, Callable[[ApplianceState, transfer.Opened, Instant], _Steps]], ...]] = (
    ("license-server", _role_off),
    ("license-client", _client),
    ("licenses", _licenses),  # after the client: a new license server is told what is surrendered (SUR-02)
    ("license-server", _server),  # after the licenses: its pools are theirs
    ("network", _network),
    ("downloads", _downloads),
)

_DECIDERS: Final[Deciders] = {
    **device_acts.DECIDERS,
    **key_acts.DECIDERS,
    **server_acts.DECIDERS,
    **client_acts.DECIDERS,
}

_EVOLVERS: Final[Evolvers] = {
    **device_acts.EVOLVERS,
    **key_acts.EVOLVERS,
    **server_acts.EVOLVERS,
    **client_acts.EVOLVERS,
}
"""What a rehearsal is made of."""

DECIDERS: Final[Deciders] = {
    commands.ExportConfiguration: _export,
    commands.ImportConfiguration: _import,
}
