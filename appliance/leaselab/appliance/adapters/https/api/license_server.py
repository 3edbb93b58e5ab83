"""The license server's settings and its clients (SRV)."""

from http import HTTPStatus
from typing import Annotated, Final

import msgspec

from leaselab.appliance.adapters.https.api.operations import Call, Fault, Operation
from leaselab.appliance.adapters.https.api.shapes import Request, Seconds, Shape, Text, Units, moment, seconds
from leaselab.appliance.instants import SECOND, Instant, parse_instant
from leaselab.appliance.licensing.commands import Allocation, DeleteClient, ReleaseClient, SaveClient, SetServerRole
from leaselab.appliance.licensing.views import ClientRow, Report


class Server(Shape, frozen=True):
    """The license server's side of the device."""

    enabled: bool
    can_enable: bool
    incremental_lease_seconds: int
    renewal_interval_seconds: int


class ServerSettings(Request, frozen=True):
    """Enable Licensing server and its Advanced Settings (SRV-01, SRV-02); what is absent stays as it is."""

    enabled: bool | None = None
    incremental_lease_seconds: Seconds | None = None
    renewal_interval_seconds: Seconds | None = None


class Allotment(Request, frozen=True):
    """What a client may have of a feature: reserved, at once when it needs more, and at most (SRV-04)."""

    reserved: Units = 0
    increment: Units = 0
    maximum: Units = 0


class ClientSettings(Request, frozen=True):
    """A license client as it is to be (SRV-03). Without a password a known client keeps its own."""

    platform: Text
    product: Text
    features: dict[str, Allotment]
    password: Annotated[str, msgspec.Meta(max_length=1_024)] = ""
    expires_at: Text | None = None
    """A date or time as in the topology file, in UTC."""


class NewClient(ClientSettings, frozen=True, kw_only=True):
    """A license client to be added; it needs a password."""

    client_id: Text


class ClientCounts(Shape, frozen=True):
    """The counts of one feature of a client, in units."""

    reserved: int
    increment: int
    maximum: int
    leased: int
    available: int


class Client(Shape, frozen=True):
    """A license client as the server sees it; ``machine-id`` is the hardware ID that has registered."""

    client_id: str
    platform: str
    product: str
    machine_id: str
    cluster: str
    expires_at: str | None
    last_contact_at: str | None
    features: dict[str, ClientCounts]


class Clients(Shape, frozen=True):
    """The license clients."""

    clients: tuple[Client, ...]


async def settings(call: Call) -> Server:
    """Tell how the license server is set."""
    return _server(call.report)


def _server(report: Report) -> Server:
    server = report.server
    return Server(
        enabled=server.enabled,
        can_enable=server.can_enable,
        incremental_lease_seconds=seconds(server.incremental_lease),
        renewal_interval_seconds=seconds(server.renewal_interval),
    )


async def change_settings(call: Call) -> Server:
    """Enable or disable the license server, and set its lease times (SRV-01, SRV-02)."""
    wanted = call.body
    lease, interval = wanted.incremental_lease_seconds, wanted.renewal_interval_seconds
    await call.decide(
        SetServerRole(
            enabled=wanted.enabled,
            incremental_lease=None if lease is None else lease * SECOND,
            renewal_interval=None if interval is None else interval * SECOND,
        )
    )
    return _server(call.report)


async def list_clients(call: Call) -> Clients:
    """List the license clients, with what each holds."""
    return Clients(clients=tuple(map(_client, call.report.server.clients)))


def _client(row: ClientRow) -> Client:
    return Client(
        client_id=row.id,
        platform=row.platform,
        product=row.product,
        machine_id=row.hardware_id,
        cluster=row.cluster,
        expires_at=moment(row.expires_at),
        last_contact_at=moment(row.last_contact_at),
        features={
            feature: ClientCounts(
                reserved=one.reserved,
                increment=one.increment,
                maximum=one.maximum,
                leased=one.leased,
                available=one.available,
            )
            for feature, one in row.features.items()
        },
    )


def _found(call: Call, client_id: str) -> Client:
    for row in call.report.server.clients:
        if row.id == client_id:
            return _client(row)
    raise Fault(HTTPStatus.NOT_FOUND, f"there is no license client {client_id!r}")


async def show_client(call: Call) -> Client:
    """Show a license client."""
    return _found(call, call.path["client-id"])


async def add_client(call: Call) -> Client:
    """Add a license client (SRV-03)."""
    return await _save(call, call.body.client_id, new=True)


async def change_client(call: Call) -> Client:
    """Change a license client; it hears of it at its next renewal (CFG-01)."""
    client_id = call.path["client-id"]
    _found(call, client_id)
    return await _save(call, client_id, new=False)


async def _save(call: Call, client_id: str, *, new: bool) -> Client:
    wanted = call.body
    await call.decide(
        SaveClient(
            id=client_id,
            password=wanted.password,
            password_again=wanted.password,
            platform=wanted.platform,
            product=wanted.product,
            allocations={
                feature: Allocation(reserved=one.reserved, increment=one.increment, maximum=one.maximum)
                for feature, one in wanted.features.items()
            },
            expires_at=_expiry(wanted.expires_at),
            new=new,
        )
    )
    return _found(call, client_id)


def _expiry(text: str | None) -> Instant | None:
    try:
        return None if text is None else parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise Fault(HTTPStatus.UNPROCESSABLE_ENTITY, f"expires-at: {error}; nothing was saved") from error


async def delete_client(call: Call) -> None:
    """Remove a license client; its leases run out (SRV-08)."""
    await call.decide(DeleteClient(id=call.path["client-id"]))


async def release_client(call: Call) -> None:
    """Let another device register under a client's ID (SRV-11)."""
    await call.decide(ReleaseClient(id=call.path["client-id"]))


_CLIENT: Final = "/license/clients/{client-id}"

OPERATIONS: Final = (
    Operation("GET", "/license/server", settings, Server),
    Operation("PUT", "/license/server", change_settings, Server, ServerSettings),
    Operation("GET", "/license/clients", list_clients, Clients),
    Operation("POST", "/license/clients", add_client, Client, NewClient, created=True),
    Operation("GET", _CLIENT, show_client, Client),
    Operation("PUT", _CLIENT, change_client, Client, ClientSettings),
    Operation("DELETE", _CLIENT, delete_client),
    Operation("POST", f"{_CLIENT}/release", release_client),
)
