"""The device's standing with the cloud licensing service (VLS-06 to VLS-09)."""

from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing import standing
from leaselab.appliance.licensing.acts.tables import Evolvers
from leaselab.appliance.licensing.state import ApplianceState


def _heartbeat_sent(state: ApplianceState, event: e.HeartbeatSent, _at: Instant) -> None:
    state.standing.beats += 1
    state.agenda.drop(standing.HEARTBEAT_KEY)
    state.outbox[event.envelope.id] = event.envelope


def _heartbeat_answered(state: ApplianceState, event: e.HeartbeatAnswered, at: Instant) -> None:
    state.outbox.pop(event.id, None)
    standing.answered(state.standing, event, state.agenda, at)


def _heartbeat_missed(state: ApplianceState, event: e.HeartbeatMissed, _at: Instant) -> None:
    state.outbox.pop(event.id, None)
    standing.missed(state.standing, event, state.agenda)


def _licensing_stopped(state: ApplianceState, _event: e.LicensingStopped, _at: Instant) -> None:
    standing.stopped(state.standing, state.agenda)


def _licensing_restored(state: ApplianceState, _event: e.LicensingRestored, at: Instant) -> None:
    standing.restored(state.standing, state.agenda, at)


EVOLVERS: Final[Evolvers] = {
    e.HeartbeatSent: _heartbeat_sent,
    e.HeartbeatAnswered: _heartbeat_answered,
    e.HeartbeatMissed: _heartbeat_missed,
    e.LicensingStopped: _licensing_stopped,
    e.LicensingRestored: _licensing_restored,
}
