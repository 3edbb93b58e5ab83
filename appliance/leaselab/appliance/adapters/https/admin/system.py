"""Ports of the device, its clustering, and Maintenance > System (facts 6.2)."""

import ipaddress
from typing import Any, Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import INVALID, Page, Show, View, message_of
from leaselab.appliance.console import Effect
from leaselab.appliance.licensing.commands import SetNetwork
from leaselab.appliance.licensing.events import NetworkSet
from leaselab.appliance.models.releases import build_of
from leaselab.appliance.models.services import HALTED_ON_LICENSE_SERVER, service_states

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
    cluster = view.state.cluster
    return view.show("clustering.html", cluster=cluster, leader=cluster.leader(view.state.name))


# --- Maintenance > System --------------------------------------------------------------------------------------------

_OPERATIONS: Final = {
    "btnRestart": (Effect.RESTART_SERVICES, "Restart Services", "Services are restarting."),
    "btnReboot": (Effect.REBOOT, "Reboot", "The device is rebooting. It answers again when its boot is through."),
    "btnShutdown": (Effect.SHUTDOWN, "Shut Down", "The device is shutting down. `leaselab start` switches it on."),
}
"""The product's buttons, by field name."""


async def platform(view: View) -> Response:
    """Show model, serial number and version, with the buttons that restart."""
    state = view.state
    services = service_states(license_server=state.is_license_server)
    return view.show(
        "platform.html",
        build=build_of(state.parsed_release),
        booted_at=view.node.chronicle.booted_at(),
        operations=_OPERATIONS,
        asked=_OPERATIONS.get(view.query("op")),
        op=view.query("op"),
        services=[(HALTED_ON_LICENSE_SERVER[key], standing) for key, standing in services.items()],
    )


async def operate(view: View) -> Response:
    """Restart or shut down: asked once more first, and nobody is signed in afterwards."""
    wanted = next((field for field in _OPERATIONS if field in view.form), "")
    if not wanted:
        return view.done("Choose what is to be done by a button of this page.")
    if "sure" not in view.form:
        return view.done("", op=wanted)
    effect, _, said = _OPERATIONS[wanted]
    answer = view.show("farewell.html", said=said)
    view.node.forget()
    view.node.take_effect(effect)
    return answer


async def upgrade(view: View) -> Response:
    """Show the version, and how another one gets onto the device."""
    return view.show("upgrade.html", build=build_of(view.state.parsed_release))


PAGES: Final = (
    Page(("System", "Network", "Overview"), network),
    *(
        Page(("System", "Network", f"{name.capitalize()} Port", "Settings"), *_port(name))
        for name in ("internal", "external", "management")
    ),
    Page(("System", "Clustering"), clustering),
    Page(("Maintenance", "System", "Platform"), platform, operate),
    Page(("Maintenance", "System", "Upgrade/Downgrade"), upgrade),
)
