"""The tree of configuration resources of one device, made from its state."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.door import ADMIN_REALM, USERS_REALM
from leaselab.appliance.instants import MINUTE, Duration
from leaselab.appliance.licensing.commands import ADMINISTRATORS_ROLE, USERS_ROLE, SessionOptions
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.models.windows import DISABLED_ON_LICENSE_SERVER, Window, format_window, is_disabled


class Leaf(NamedTuple):
    """Settings by name; all values are text, as the product has them."""

    settings: Mapping[str, str]


class Branch(NamedTuple):
    """Parts by name. Where all are of one kind, ``element`` names it and stands between the branch and each part."""

    children: dict[str, "Branch | Leaf"]
    element: str = ""


Tree: TypeAlias = dict[str, Any]
"""Names to settings or to a tree below, before it is a :class:`Branch`."""


def tree_of(node: NodeContext) -> Branch:
    """Return the whole configuration of a device."""
    state: ApplianceState = node.device.state
    tree: Tree = {
        "system": {"network": _network(state), "clustering": _cluster(state)},
        "authentication": {"auth-servers": _auth_servers(state), "signing-in": {"access-urls": _ACCESS_URLS}},
        "administrators": {
            "admin-realms": _elements("admin-realm", {ADMIN_REALM: {"authentication-server": "Administrators"}}),
            "admin-roles": _elements("admin-role", {ADMINISTRATORS_ROLE: _role(state, ADMINISTRATORS_ROLE)}),
        },
        "users": {
            "user-realms": _elements("user-realm", {USERS_REALM: {"authentication-server": "System Local"}}),
            "user-roles": _elements("user-role", {USERS_ROLE: _role(state, USERS_ROLE)}),
        },
        "maintenance": {},
    }
    for window in DISABLED_ON_LICENSE_SERVER:
        _place(tree, window, disabled=is_disabled(window, license_server=state.is_license_server))
    return _branch(tree)


def address_of(window: Window) -> list[str]:
    """Return where a window of the admin console is in the tree, e.g. ``system/log-monitoring/user-access``."""
    return [re.sub(r"[^a-z0-9]+", "-", part.lower()) for part in window]


def _place(tree: Tree, window: Window, *, disabled: bool) -> None:
    """Put a window of the admin console into the tree, or take it out where it is disabled."""
    *above, last = address_of(window)
    for part in above:
        tree = tree.setdefault(part, {})
    if disabled:
        tree.pop(last, None)
    else:
        tree.setdefault(last, Leaf({"window": format_window(window), "emulated": "false"}))


def _branch(tree: Tree) -> Branch:
    return Branch({name: _branch(part) if isinstance(part, dict) else part for name, part in tree.items()})


def _elements(element: str, settings: Mapping[str, Any]) -> Branch:
    return Branch(
        {name: part if isinstance(part, Branch) else Leaf(part) for name, part in settings.items()}, element=element
    )


def _network(state: ApplianceState) -> Tree:
    ports: Tree = {
        f"{name}-port": Leaf(
            {
                "ip-address": port.address,
                "netmask": port.netmask,
                "default-gateway": port.gateway,
                "enabled": _truth(port.enabled),
            }
        )
        for name, port in state.network.items()
    }
    vlans = {
        vlan.name: {
            "vlan-name": vlan.name,
            "vlan-id": str(vlan.vlan_id),
            "ip-address": vlan.address,
            "netmask": vlan.netmask,
            "default-gateway": vlan.gateway,
        }
        for vlan in state.vlans.values()
    }
    return {
        "overview": Leaf({"node-name": state.hostname}),
        **ports,
        "vlans": Branch({state.hostname: _elements("vlan", vlans)}),
    }


def _cluster(state: ApplianceState) -> Leaf:
    return Leaf({"cluster-name": state.cluster.name, "members": ", ".join(state.cluster.members)})


def _auth_servers(state: ApplianceState) -> Branch:
    users = {name: {"name": name, "allow-rest-api": _truth(name not in state.no_rest)} for name in state.administrators}
    local = Branch({"users": _elements("user", users)})
    return _elements("auth-server", {"Administrators": Branch({"local": local}), "System Local": {"type": "local"}})


_ACCESS_URLS = Branch(
    {
        "*/": Leaf({"url-pattern": "*/", "user-type": "user", "realm": USERS_REALM}),
        "*/admin/": Leaf({"url-pattern": "*/admin/", "user-type": "admin", "realm": ADMIN_REALM}),
    },
    element="access-url",
)


def _role(state: ApplianceState, role: str) -> Branch:
    options: SessionOptions = state.options_of(role)
    settings = {"idle-timeout": _minutes(options.idle_timeout), "max-timeout": _minutes(options.max_timeout)}
    return Branch({"general": Branch({"session-options": Leaf(settings)})})


def _minutes(duration: Duration | None) -> str:
    return str((duration or 0) // MINUTE)


def _truth(value: bool) -> str:
    return "true" if value else "false"
