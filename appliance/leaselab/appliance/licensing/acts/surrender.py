"""Surrender and recall on either side (SUR)."""

from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import commands, surrender, tenancy
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts.keys import recount
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Refusal


def _surrender(state: ApplianceState, command: commands.Surrender, _now: Instant) -> Decision | Refusal:
    return surrender.decide_surrender(
        state.licenses, command.serial, state.holder(), has_server=state.client.settings is not None
    )


def _recall(state: ApplianceState, command: commands.Recall, _now: Instant) -> Decision | Refusal:
    return surrender.decide_recall(state.licenses, command.serial)


def _surrendered(state: ApplianceState, event: e.LicenseSurrendered, at: Instant) -> None:
    surrender.mark(state.licenses, event.serial, surrendered_at=at, recalled_at=None)
    tenancy.tell_surrenders(state.client, surrender.given_away(state.licenses))
    recount(state, at)


def _recalled(state: ApplianceState, event: e.LicenseRecalled, at: Instant) -> None:
    given_at = state.licenses.installed[event.serial].surrendered_at
    surrender.mark(state.licenses, event.serial, surrendered_at=given_at, recalled_at=at)
    tenancy.tell_surrenders(state.client, surrender.given_away(state.licenses))


def _confirmed(state: ApplianceState, event: e.SurrendersConfirmed, at: Instant) -> None:
    state.outbox.pop(event.id, None)
    for serial in event.returned:
        surrender.mark(state.licenses, serial, surrendered_at=None, recalled_at=None)
    tenancy.surrenders_told(state.client, event.serials)
    recount(state, at)


def _counted(state: ApplianceState, event: e.SurrendersCounted, at: Instant) -> None:
    record = state.server.clients[event.id]
    record.surrendered = event.licenses
    record.last_contact_at = at
    recount(state, at)


DECIDERS: Final[Deciders] = {
    commands.Surrender: _surrender,
    commands.Recall: _recall,
}

EVOLVERS: Final[Evolvers] = {
    e.LicenseSurrendered: _surrendered,
    e.LicenseRecalled: _recalled,
    e.SurrendersConfirmed: _confirmed,
    e.SurrendersCounted: _counted,
}
