"""The configuration as a tree of resources, as the product has it: collections of links, and flat leaves (facts 7.2).

What a license server disables is out of the tree there, and says so when it is asked for (GAT-02).
"""

from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote

import msgspec

from leaselab.appliance.adapters.https.api.operations import ROOT, Call, Fault, Operation
from leaselab.appliance.adapters.https.api.shapes import Changed, Message, Request, Secret, Text, Warnings
from leaselab.appliance.adapters.https.api.tree import Branch, Leaf, address_of, tree_of
from leaselab.appliance.instants import MINUTE, Duration
from leaselab.appliance.licensing.commands import (
    ADMINISTRATORS_ROLE,
    USERS_ROLE,
    CreateAdministrator,
    DeleteAdministrator,
    DeleteVlan,
    SaveVlan,
    SessionOptions,
    SetRestAccess,
    SetSessionOptions,
)
from leaselab.appliance.models.windows import DISABLED_ON_LICENSE_SERVER, format_window, is_disabled

_CONFIGURATION: Final = "/configuration"
_IMPLICIT: Final = "The configuration has been implicitly changed"
"""What the product says where a change brings another with it (facts 7.2)."""

Minutes = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,6}$")]
"""A number of minutes as text, as the product has it; ``0`` is without limit."""


class Options(Request, frozen=True):
    """Session options of a role; what is absent stays as it is."""

    idle_timeout: Minutes | None = None
    max_timeout: Minutes | None = None


class NewAdministrator(Request, frozen=True):
    """A local administrator."""

    name: Text
    password: Secret
    allow_rest_api: bool = True


class AdministratorChange(Request, frozen=True):
    """What is to change of an administrator; what is absent stays as it is."""

    password: Secret | None = None
    allow_rest_api: bool | None = None


class Vlan(Request, frozen=True):
    """A VLAN port."""

    vlan_name: Text
    vlan_id: Annotated[int, msgspec.Meta(ge=1, le=4094)]
    ip_address: Text
    netmask: Text
    default_gateway: Annotated[str, msgspec.Meta(max_length=256)] = ""


async def show(call: Call) -> dict[str, Any]:
    """Show a part of the configuration: the links of a collection, or the settings of a leaf."""
    segments = [unquote(segment) for segment in call.address.split("/")[2:]]
    _refuse_disabled(call, segments)
    found: Branch | Leaf | None = tree_of(call.node)
    rest = list(segments)
    while rest and isinstance(found, Branch):
        if found.element and rest[0] == found.element:
            rest.pop(0)
            continue
        found = found.children.get(rest.pop(0))
    if found is None or rest:
        raise Fault(HTTPStatus.NOT_FOUND, "there is no such part of the configuration")
    return _shown(found, call.address)


def _shown(part: Branch | Leaf, path: str) -> dict[str, Any]:
    if isinstance(part, Leaf):
        return dict(part.settings)
    element = part.element
    base = path if not element or path.endswith(f"/{element}") else f"{path}/{element}"
    links = [{"name": name, "href": f"{ROOT}{base}/{_quoted(name)}"} for name in part.children]
    return {element or path.rpartition("/")[2]: links}


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _refuse_disabled(call: Call, segments: list[str]) -> None:
    """Refuse what lies behind a window that a license server does not have (GAT-02)."""
    for window in DISABLED_ON_LICENSE_SERVER:
        place = address_of(window)
        if segments[: len(place)] == place and is_disabled(window, license_server=not call.report.is_gateway):
            raise Fault(HTTPStatus.FORBIDDEN, f"{format_window(window)} is disabled on a license server")


async def set_user_options(call: Call) -> Changed:
    """Set how long end users' sessions last; sessions that are on go by it at once."""
    return await _set_options(call, USERS_ROLE)


async def set_administrator_options(call: Call) -> Changed:
    """Set how long administrators' sessions and api_keys last."""
    return await _set_options(call, ADMINISTRATORS_ROLE)


async def _set_options(call: Call, role: str) -> Changed:
    before, wanted = call.node.device.state.options_of(role), call.body
    options = SessionOptions(
        idle_timeout=before.idle_timeout if wanted.idle_timeout is None else _minutes(wanted.idle_timeout),
        max_timeout=before.max_timeout if wanted.max_timeout is None else _minutes(wanted.max_timeout),
    )
    await call.decide(SetSessionOptions(role=role, options=options))
    return Changed(result=Warnings())


def _minutes(text: str) -> Duration | None:
    return int(text) * MINUTE or None


async def create_administrator(call: Call) -> Changed:
    """Create a local administrator."""
    wanted = call.body
    if wanted.name in call.node.device.state.administrators:
        raise Fault(HTTPStatus.CONFLICT, f"there is an administrator {wanted.name!r} already")
    await call.decide(CreateAdministrator(name=wanted.name, password=wanted.password))
    await call.decide(SetRestAccess(name=wanted.name, allowed=wanted.allow_rest_api))
    return Changed(result=Warnings())


async def change_administrator(call: Call) -> Changed:
    """Change an administrator's password or right to this API; sessions and api_keys of the account end."""
    name, wanted = call.path["name"], call.body
    if name not in call.node.device.state.administrators:
        raise Fault(HTTPStatus.NOT_FOUND, f"there is no administrator {name!r}")
    if wanted.password is not None:
        await call.decide(CreateAdministrator(name=name, password=wanted.password))
    if wanted.allow_rest_api is not None:
        await call.decide(SetRestAccess(name=name, allowed=wanted.allow_rest_api))
    return Changed(result=Warnings())


async def delete_administrator(call: Call) -> None:
    """Remove a local administrator; the last one stays."""
    await call.decide(DeleteAdministrator(name=call.path["name"]))


async def create_vlan(call: Call) -> Changed:
    """Create a VLAN port; it is kept and shown, traffic over it is not emulated."""
    _own_node(call)
    wanted = call.body
    await call.decide(
        SaveVlan(
            name=wanted.vlan_name,
            vlan_id=wanted.vlan_id,
            address=wanted.ip_address,
            netmask=wanted.netmask,
            gateway=wanted.default_gateway,
        )
    )
    return Changed(result=Warnings(warnings=(Message(message=_IMPLICIT),)))


async def delete_vlan(call: Call) -> None:
    """Remove a VLAN port."""
    _own_node(call)
    await call.decide(DeleteVlan(name=call.path["vlan-name"]))


def _own_node(call: Call) -> None:
    hostname, node = call.report.hostname, call.path["node"]
    if node != hostname:
        raise Fault(HTTPStatus.NOT_FOUND, f"this is {hostname}; ask {node} itself")


_USERS: Final = f"{_CONFIGURATION}/users/user-roles/user-role/{USERS_ROLE}/general/session-options"
_ADMINISTRATORS: Final = (
    f"{_CONFIGURATION}/administrators/admin-roles/admin-role/{ADMINISTRATORS_ROLE}/general/session-options"
)
_ACCOUNTS: Final = f"{_CONFIGURATION}/authentication/auth-servers/auth-server/Administrators/local/users/user"
_VLANS: Final = f"{_CONFIGURATION}/system/network/vlans/{{node}}/vlan"

OPERATIONS: Final = (
    Operation("GET", _USERS, show, dict[str, Any]),
    Operation("GET", _ADMINISTRATORS, show, dict[str, Any]),
    Operation("GET", _ACCOUNTS, show, dict[str, Any]),
    Operation("GET", f"{_ACCOUNTS}/{{name}}", show, dict[str, Any]),
    Operation("GET", _VLANS, show, dict[str, Any]),
    Operation("GET", f"{_VLANS}/{{vlan-name}}", show, dict[str, Any]),
    Operation("PUT", _USERS, set_user_options, Changed, Options),
    Operation("PUT", _ADMINISTRATORS, set_administrator_options, Changed, Options),
    Operation("POST", _ACCOUNTS, create_administrator, Changed, NewAdministrator, created=True),
    Operation("PUT", f"{_ACCOUNTS}/{{name}}", change_administrator, Changed, AdministratorChange),
    Operation("DELETE", f"{_ACCOUNTS}/{{name}}", delete_administrator),
    Operation("POST", _VLANS, create_vlan, Changed, Vlan, created=True),
    Operation("DELETE", f"{_VLANS}/{{vlan-name}}", delete_vlan),
    Operation("GET", _CONFIGURATION, show, dict[str, Any]),
    Operation("GET", f"{_CONFIGURATION}/{{path...}}", show, dict[str, Any]),
)
