"""Ports of the device, and its clustering (facts 6.2)."""

import ipaddress
from typing import Any, Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import INVALID, Page, Show, View, message_of
from leaselab.appliance.licensing.commands import JoinCluster, SetNetwork
from leaselab.appliance.licensing.events import NetworkSet

# --- ports -----------------------------------------------------------------------------------------------------------

_FIELDS: Final = ("address", "netmask", "gateway", "dns", "domains", "wins")


def _port(name: str) -> tuple[Show, Show]:
    """Return what shows a port's settings, and what saves them."""

    async def show(view: View) -> Response:
        """Show the settings."""
        if name not in view.state.platform.ports:
            return _no_port(view, name)
        return _port_page(view, name, _values(view.state.network.get(name)))

    async def act(view: View) -> Response:
        """Save them."""
        if name not in view.state.platform.ports:
            return _no_port(view, name)
        values: dict[str, Any] = {field: view.word(field) for field in _FIELDS} | {"enabled": "enabled" in view.form}
        problem = _problem(values)
        if problem:
            return _port_page(view, name, values, problem)
        dns = tuple(values["dns"].replace(",", " ").split())
        refused = message_of(await view.do(SetNetwork(**(values | {"port": name, "dns": dns}))))
        if refused:
            return _port_page(view, name, values, refused)
        return view.done(f"The settings of the {name} port are saved.")

    return show, act


def _values(port: NetworkSet | None) -> dict[str, Any]:
    if port is None:
        return dict.fromkeys(_FIELDS, "") | {"enabled": False}
    return {field: getattr(port, field) for field in _FIELDS} | {"dns": " ".join(port.dns), "enabled": port.enabled}


def _problem(values: dict[str, Any]) -> str:
    """Say what is wrong with the addresses that were typed, or nothing."""
    try:
        ipaddress.IPv4Interface(f"{values['address']}/{values['netmask']}")
    except ValueError as error:
        return f"IP address and netmask: {error}; nothing was saved."
    for field in ("gateway", "dns", "wins"):
        for text in values[field].replace(",", " ").split():
            try:
                ipaddress.IPv4Address(text)
            except ValueError as error:
                return f"{field}: {error}; nothing was saved."
    return ""


def _no_port(view: View, name: str) -> Response:
    return view.absent(f"A {view.state.platform.name} has no {name} port.")


def _port_page(view: View, name: str, values: dict[str, Any], error: str = "") -> Response:
    return view.show(
        "port.html",
        status=INVALID if error else 200,
        name=name,
        values=values,
        error=error,
        lab_address=view.config.addresses.get(name, ""),
    )


async def network(view: View) -> Response:
    """Show the ports at a glance."""
    return view.show(
        "network.html", ports=view.state.platform.ports, lab_addresses=view.config.addresses, hosts=view.config.hosts
    )


# --- clustering ------------------------------------------------------------------------------------------------------


async def clustering(view: View) -> Response:
    """Show the cluster as this node sees it (CLU)."""
    return _clustering(view)


def _clustering(view: View, error: str = "") -> Response:
    cluster = view.state.cluster
    return view.show(
        "clustering.html",
        status=INVALID if error else 200,
        cluster=cluster,
        leader=cluster.leader(view.state.name),
        typed={name: view.word(name) for name in ("name", "members")},
        error=error,
    )


async def join(view: View) -> Response:
    """Make the device a node of a cluster: every node is told of all of them, in the same order (CLU-01)."""
    name, members = view.word("name"), tuple(view.word("members").replace(",", " ").split())
    problem = message_of(await view.do(JoinCluster(name=name, members=members)))
    return _clustering(view, problem) if problem else view.done(f"This device is a member of cluster {name}.")


PAGES: Final = (
    Page(("System", "Network", "Overview"), network),
    *(
        Page(("System", "Network", f"{name.capitalize()} Port", "Settings"), *_port(name))
        for name in ("internal", "external", "management")
    ),
    Page(("System", "Clustering"), clustering, join),
)
