"""A disk that was copied to another machine: what the copy may keep of what it finds on it (PLT-07, SRV-11).

The copy has a hardware ID of its own, so it is another device: the first one's license keys are bound to that, its
leases are not the copy's, and to the cloud service and the license server the copy is a stranger.
"""

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing import standing, tenancy
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Event


def changed(state: ApplianceState, hardware_id: str) -> tuple[Event, ...]:
    """Return what follows from waking on another machine: no license and no server's role goes along."""
    removed = [e.LicenseRemoved(serial=one.serial, sku=one.sku) for one in state.licenses.installed.values()]
    no_server = [e.ServerSwitched(enabled=False)] if state.virtual_license_server and state.server.enabled else []
    return (e.IdentityChanged(hardware_id=hardware_id, before=state.hardware_id), *removed, *no_server)


def evolve(state: ApplianceState, event: e.IdentityChanged, at: Instant) -> None:
    """Be another device: what was asked under the other hardware ID is forgotten, and what was leased under it."""
    state.hardware_id = event.hardware_id
    state.outbox.clear()
    tenancy.start_anew(state.client, state.agenda)
    if state.standing.state != "none":
        state.standing = standing.Standing()
        standing.begin(state.standing, state.agenda, at)
