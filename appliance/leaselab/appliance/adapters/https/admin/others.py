"""The windows outside licensing: what the emulation knows of them, and that it does no more."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import Page, View
from leaselab.appliance.instants import format_duration
from leaselab.appliance.licensing.commands import ADMINISTRATORS_ROLE, USERS_ROLE
from leaselab.appliance.models.windows import Window

_Facts: TypeAlias = Iterable[tuple[str, str]]


def _certificates(view: View) -> _Facts:
    yield "Certificate of first boot", view.state.certificate_name or "none"
    yield "Certificate in use", f"the lab's own, for {view.state.name}"


def _realms(name: str, *, who: str) -> Callable[[View], _Facts]:
    def facts(_view: View) -> _Facts:
        yield name, who

    return facts


def _members(view: View) -> _Facts:
    cluster = view.state.cluster
    for name in cluster.order:
        if name == view.state.name:
            yield name, "this node"
        else:
            yield name, "connected" if cluster.members[name].connected else "not connected"


def _routes(view: View) -> _Facts:
    for name, port in view.state.network.items():
        if port.enabled:
            network = ipaddress.IPv4Network((port.address, port.netmask), strict=False)
            yield str(network), f"{name} port" + (f", default gateway {port.gateway}" if port.gateway else "")


def _vlans(view: View) -> _Facts:
    for vlan in view.state.vlans.values():
        yield f"{vlan.name}, VLAN ID {vlan.vlan_id}", f"{vlan.address} {vlan.netmask}"


def _neighbours(view: View) -> _Facts:
    for one in view.node.network.entries():
        yield one.address, one.hardware_address + (" (entered by hand)" if one.by_hand else "")


def _session_options(role: str) -> Callable[[View], _Facts]:
    def facts(view: View) -> _Facts:
        options = view.state.options_of(role)
        for label, limit in (("idle time-out", options.idle_timeout), ("longest session", options.max_timeout)):
            yield f"{role}, {label}", format_duration(limit) if limit else "none"

    return facts


def _hosts(view: View) -> _Facts:
    for name, host in view.config.hosts.items():
        yield name, ", ".join(f"{address} ({network})" for network, address in host.addresses.items())


def _personality(view: View) -> _Facts:
    yield "Personality", view.product


_FACTS: Final[dict[Window, Callable[[View], _Facts]]] = {
    ("System", "Configuration", "Certificates"): _certificates,
    ("System", "Network", "Internal Port", "ARP Cache"): _neighbours,
    ("System", "Network", "VLANs"): _vlans,
    ("System", "Network", "Routes"): _routes,
    ("System", "Network", "Hosts"): _hosts,
    ("Administrators", "Admin Roles"): _session_options(ADMINISTRATORS_ROLE),
    ("Users", "User Roles"): _session_options(USERS_ROLE),
    ("Administrators", "Admin Realms"): _realms("Admin Users", who="the local administrators of this device"),
    ("Users", "User Realms"): _realms("Users", who="any name, with the password that the lab gave this device"),
    ("Maintenance", "System", "Change Personality"): _personality,
    ("Maintenance", "Troubleshooting", "Monitoring", "Cluster"): _members,
}

_ELSEWHERE: Final[dict[Window, str]] = {
    ("System", "Log/Monitoring", "SNMP"): "There is no SNMP agent. The same figures are on the device's metrics page.",
    ("Maintenance", "System", "Change Personality"): "The personality is what the lab's file says: `personality:`.",
}
"""Where the emulation does something else in its place, or where a reader might expect more."""


def page(window: Window) -> Page:
    """Return the page of a window that has none of its own."""

    async def show(view: View) -> Response:
        """Show what is known."""
        facts = _FACTS.get(window)
        return view.show(
            "other.html", facts=list(facts(view)) if facts is not None else [], remark=_ELSEWHERE.get(window, "")
        )

    return Page(window, show)
