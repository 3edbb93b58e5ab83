"""What network tools print, on the console and on the admin console's page of commands."""

import ipaddress
from typing import Final

from leaselab.appliance.console import checks
from leaselab.appliance.console.facts import Facts
from leaselab.appliance.console.tools import Echo

PINGS: Final = 6
"""As the product sends (facts 1.4)."""

TRACES: Final = 3
"""Probes a hop, as everywhere."""


def routes(facts: Facts) -> str:
    """Print the routing table: a network for each enabled port, and the gateways."""
    rows = [("Destination", "Gateway", "Genmask", "Iface")]
    for name, port in sorted(facts.ports.items()):
        if not port.enabled:
            continue
        network = ipaddress.IPv4Network((port.address, port.netmask), strict=False)
        rows.append((str(network.network_address), "0.0.0.0", port.netmask, name))
        if port.gateway:
            rows.append(("0.0.0.0", port.gateway, "0.0.0.0", name))
    table = "".join(f"{to:<16}{via:<16}{mask:<16}{port}\n" for to, via, mask, port in rows)
    return f"\n{table}"


def cache(facts: Facts) -> str:
    """Print the hardware addresses that were learned or entered."""
    if not facts.neighbours:
        return "\nThe ARP cache is empty.\n"
    rows = [("Address", "HWtype", "HWaddress", "Flags", "Iface")]
    rows += [
        (one.address, "ether", one.hardware_address, "CM" if one.by_hand else "C", one.port) for one in facts.neighbours
    ]
    return "\n" + "".join(f"{to:<16}{kind:<8}{mac:<19}{flags:<6}{port}\n" for to, kind, mac, flags, port in rows)


def found(facts: Facts, wanted: str) -> str:
    """Return the address meant, by the lab's names; an unknown name has none."""
    return facts.peers.get(wanted) or ("" if checks.address(wanted) else wanted)


def looked_up(facts: Facts, wanted: str) -> str:
    """Print what a name server of the lab says of a name, or of an address; it knows the device's peers."""
    internal = facts.ports.get("internal")
    servers = internal.dns if internal is not None else ()
    heading = f"Server: {servers[0]}\n\n" if servers else ""
    names = [name for name, address in facts.peers.items() if wanted in {name, address}]
    if not names:
        return f"{heading}** server can't find {wanted}: NXDOMAIN\n"
    return heading + "".join(f"Name: {name}\nAddress: {facts.peers[name]}\n" for name in names)


def pinging(facts: Facts, wanted: str, address: str, *, hint: str = "") -> str:
    """Print what stands before the answers to a ping; ``hint`` says how to stop it, where that can be done."""
    internal = facts.ports.get("internal")
    return (
        f"Sending six ping packets to {address} via internal ({internal.address if internal else 'no address'}) port\n"
        f"{hint}"
        f"PING {wanted} ({address}) 56(84) bytes of data.\n"
    )


def reply(address: str, number: int, echo: Echo) -> str:
    """Print the answer to one packet; one that was lost prints nothing."""
    if echo.milliseconds is None:
        return ""
    return f"64 bytes from {address}: icmp_seq={number} ttl=64 time={echo.milliseconds:.3g} ms\n"


def pinged(wanted: str, heard: tuple[Echo, ...]) -> str:
    """Print what a ping came to."""
    times = [echo.milliseconds for echo in heard if echo.milliseconds is not None]
    lost = 100 * (len(heard) - len(times)) // len(heard)
    summary = f"{len(heard)} packets transmitted, {len(times)} received, {lost}% packet loss\n"
    if times:
        summary += f"rtt min/avg/max = {min(times):.3f}/{sum(times) / len(times):.3f}/{max(times):.3f} ms\n"
    return f"\n--- {wanted} ping statistics ---\n{summary}"


def tracing(wanted: str, address: str) -> str:
    """Print what stands before the hops of a route."""
    return f"traceroute to {wanted} ({address}), 1 hops max\n"


def traced(facts: Facts, address: str, heard: tuple[Echo, ...]) -> str:
    """Print the one hop that a route of the lab has."""
    if all(echo.milliseconds is None for echo in heard):
        return f" 1  {' '.join('*' for _ in heard)}\n"
    times = "  ".join("*" if echo.milliseconds is None else f"{echo.milliseconds:.3f} ms" for echo in heard)
    name = next((name for name, own in facts.peers.items() if own == address), address)
    return f" 1  {name} ({address})  {times}\n"
