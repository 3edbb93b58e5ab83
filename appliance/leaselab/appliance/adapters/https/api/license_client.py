"""The license server that the device leases from (CLT)."""

from typing import Final

from leaselab.appliance.adapters.https.api.operations import Call, Operation
from leaselab.appliance.adapters.https.api.shapes import Request, Secret, Shape, Text, moment, seconds
from leaselab.appliance.licensing.commands import PullState, RemoveServer, SetServer


class ServerOfClient(Shape, frozen=True):
    """The license server and how the contact with it is: ``none``, ``never``, ``up`` or ``down`` and why."""

    server: str
    client_id: str
    preferred_network: str
    verify_certificate: bool
    contact: str
    why: str
    last_contact_at: str | None
    next_contact_at: str | None
    renewal_interval_seconds: int


class WantedServer(Request, frozen=True):
    """Configure Server (CLT-01)."""

    server: Text
    client_id: Text
    password: Secret
    preferred_network: Text = "internal"
    verify_certificate: bool = True


async def show(call: Call) -> ServerOfClient:
    """Show the license server that the device leases from."""
    client = call.report.client
    return ServerOfClient(
        server=client.server,
        client_id=client.client_id,
        preferred_network=client.preferred_network,
        verify_certificate=client.verify_certificate,
        contact=client.contact,
        why=client.why,
        last_contact_at=moment(client.last_contact_at),
        next_contact_at=moment(client.next_contact_at),
        renewal_interval_seconds=seconds(client.renewal_interval),
    )


async def change(call: Call) -> ServerOfClient:
    """Set the license server (CLT-01); the device contacts it at once."""
    wanted = call.body
    await call.decide(
        SetServer(
            server=wanted.server,
            client_id=wanted.client_id,
            password=wanted.password,
            password_again=wanted.password,
            preferred_network=wanted.preferred_network,
            verify_certificate=wanted.verify_certificate,
        )
    )
    return await show(call)


async def remove(call: Call) -> None:
    """Lease from no server any more."""
    await call.decide(RemoveServer())


async def pull(call: Call) -> ServerOfClient:
    """Pull State from Server: contact it now (CFG-01)."""
    await call.decide(PullState())
    return await show(call)


OPERATIONS: Final = (
    Operation("GET", "/license/client", show, ServerOfClient),
    Operation("PUT", "/license/client", change, ServerOfClient, WantedServer),
    Operation("DELETE", "/license/client", remove),
    Operation("POST", "/license/client/pull-state", pull, ServerOfClient),
)
