"""Network Settings and Tools (facts 1.4): addresses, routes, and reaching the lab's other devices."""

import ipaddress
from typing import Final

from leaselab.appliance.console import checks
from leaselab.appliance.console.dialogue import Ask, Moment, Phase, Turn, again, yes_or_no
from leaselab.appliance.console.facts import Facts
from leaselab.appliance.console.menu import MENU, invalid
from leaselab.appliance.console.network import described, network_asks, present

_MENU: Final = "network-menu"
_CHANGE: Final = "settings-change"
_PING: Final = "ping"
_TRACE: Final = "trace"
_PINGS: Final = 6
"""As the product sends (facts 1.4)."""

_TEXT: Final = """
Please choose from among the following options:
 1. View/Set IP/Netmask/Gateway/DNS/WINS Settings
 2. Print Routing Table
 3. Print ARP Cache
 4. Clear ARP Cache
 5. Ping to a Server
 6. Trace route to a Server
 7. Remove Routes
 8. Add ARP entry
 <return to go back to main menu>
"""


def _choose(moment: Moment, answer: str) -> Turn:
    match choice := answer.strip():
        case "":
            return Turn(goto=MENU)
        case "1":
            return Turn(goto=_CHANGE)
        case "2":
            return Turn(goto=_MENU, say=_routes(moment.facts))
        case "5":
            return Turn(goto=_PING)
        case "6":
            return Turn(goto=_TRACE)
        case "3" | "4" | "8":
            return Turn(goto=_MENU, say="ARP is not emulated: the lab's network has no Ethernet below its addresses.\n")
        case "7":
            return Turn(
                goto=_MENU, say="Removing routes is not emulated: cut a link of the lab with a fault instead.\n"
            )
    return Turn(goto=_MENU, say=invalid(choice))


def _settings(moment: Moment) -> str:
    shown = [
        f"\n{name.capitalize()} port{'' if port.enabled else ' (disabled)'}:\n{described(present(port))}"
        for name, port in sorted(moment.facts.ports.items())
    ]
    return "".join(shown) or "\nNo port has been set up.\n"


def _change(_moment: Moment, answer: str) -> Turn:
    match yes_or_no(answer or "n"):
        case True:
            said = "\nPress Enter to keep a value in brackets, - to clear it.\n"
            return Turn(goto="settings-address", say=said)
        case False:
            return Turn(goto=_MENU)
    return again(_CHANGE, "Please answer y or n.")


def _routes(facts: Facts) -> str:
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


def _found(facts: Facts, wanted: str) -> tuple[str, str]:
    """Return address and name of the peer meant; an unknown address is its own name, an unknown name has none."""
    if wanted in facts.peers:
        return facts.peers[wanted], wanted
    for name, address in facts.peers.items():
        if address == wanted:
            return address, name
    return ("", wanted) if checks.address(wanted) else (wanted, wanted)


def _reached(facts: Facts, name: str) -> bool:
    return name in facts.peers and name not in facts.unreachable


def _ping(moment: Moment, answer: str) -> Turn:
    facts, wanted = moment.facts, answer.strip()
    if not wanted:
        return Turn(goto=_MENU)
    address, name = _found(facts, wanted)
    if not address:
        return Turn(goto=_MENU, say=f"ping: unknown host {wanted}\n")
    internal = facts.ports.get("internal")
    own = internal.address if internal else "no address"
    received = _PINGS if _reached(facts, name) else 0
    replies = "".join(f"64 bytes from {address}: icmp_seq={number} ttl=64\n" for number in range(1, received + 1))
    lost = 100 * (_PINGS - received) // _PINGS
    said = (
        f"Sending six ping packets to {address} via internal ({own}) port\n"
        "press ctrl-c to stop the ping\n"
        f"PING {wanted} ({address}) 56(84) bytes of data.\n"
        f"{replies}\n"
        f"--- {wanted} ping statistics ---\n"
        f"{_PINGS} packets transmitted, {received} received, {lost}% packet loss\n"
        "(reported from the state of the lab's network; no packet was sent)\n"
    )
    return Turn(goto=_MENU, say=said)


def _trace(moment: Moment, answer: str) -> Turn:
    facts, wanted = moment.facts, answer.strip()
    if not wanted:
        return Turn(goto=_MENU)
    address, name = _found(facts, wanted)
    if not address:
        return Turn(goto=_MENU, say=f"traceroute: unknown host {wanted}\n")
    hop = f" 1  {name} ({address})\n" if _reached(facts, name) else " 1  * * *\n"
    said = (
        f"traceroute to {wanted} ({address})\n{hop}(reported from the state of the lab's network; no packet was sent)\n"
    )
    return Turn(goto=_MENU, say=said)


ASKS: Final = (
    Ask(
        name=_MENU,
        heading=_TEXT,
        words="Choice: ",
        judge=_choose,
        phase=Phase.READY,
        escape=MENU,
        forgets=True,
    ),
    Ask(
        name=_CHANGE,
        heading=_settings,
        words="Do you want to change the internal port's settings (y/n)? ",
        judge=_change,
        phase=Phase.READY,
        escape=MENU,
    ),
    Ask(name=_PING, words="Enter hostname/IP address: ", judge=_ping, phase=Phase.READY, escape=_MENU),
    Ask(name=_TRACE, words="Enter hostname/IP address: ", judge=_trace, phase=Phase.READY, escape=_MENU),
    *network_asks(prefix="settings-", phase=Phase.READY, after=_MENU, done="The settings were saved.\n", escape=_MENU),
)
