"""Network Settings and Tools (facts 1.4): addresses, routes, and reaching the lab's other devices."""

from collections.abc import Callable
from typing import Final

from leaselab.appliance.console import checks, transcripts
from leaselab.appliance.console.dialogue import Ask, Moment, Turn, again, confirmed
from leaselab.appliance.console.facts import PortFacts
from leaselab.appliance.console.menu import MENU, invalid
from leaselab.appliance.console.network import described, network_asks, present
from leaselab.appliance.console.tools import AddNeighbour, ClearNeighbours, Echo, Probe
from leaselab.appliance.licensing.commands import SetNetwork
from leaselab.appliance.models.phases import Phase

_MENU: Final = "network-menu"
_CHANGE: Final = "settings-change"
_PING: Final = "ping"
_TRACE: Final = "trace"
_ROUTE: Final = "remove-route"
_ARP: Final = "arp-address"
_ARP_HARDWARE: Final = "arp-hardware-address"
_LOOK_UP: Final = "look-up"
_DEFAULT_ROUTE: Final = ("0.0.0.0", "default")

_TEXT: Final = """\
Please choose from among the following options:
 1. View/Set IP/Netmask/Gateway/DNS/WINS Settings
 2. Print Routing Table
 3. Print ARP Cache
 4. Clear ARP Cache
 5. Ping to a Server
 6. Trace route to a Server
 7. Remove Routes
 8. Add ARP entry
"""


def _text(moment: Moment) -> str:
    """Return the menu; the published one, of 7.1, ends with item 8."""
    look_up = "" if moment.facts.first_generation else " 9. Look up a name\n"
    return f"{_TEXT}{look_up} <return to go back to main menu>\n"


_LEADS_TO: Final = {"": MENU, "1": _CHANGE, "5": _PING, "6": _TRACE, "8": _ARP}
"""By choice; the others do something at once."""


def _choose(moment: Moment, answer: str) -> Turn:
    choice = answer.strip()
    if choice in _LEADS_TO:
        return Turn(goto=_LEADS_TO[choice])
    match choice:
        case "2":
            return Turn(goto=_MENU, say=transcripts.routes(moment.facts))
        case "3":
            return Turn(goto=_MENU, say=transcripts.cache(moment.facts))
        case "4":
            return Turn(goto=_MENU, commands=(ClearNeighbours(),), refused=_MENU, done="The ARP cache was cleared.\n")
        case "7":
            return Turn(goto=_ROUTE, say=transcripts.routes(moment.facts))
        case "9" if not moment.facts.first_generation:
            return Turn(goto=_LOOK_UP)
    return Turn(goto=_MENU, say=invalid(choice))


def _settings(moment: Moment) -> str:
    shown = [
        f"\n{name.capitalize()} port{'' if port.enabled else ' (disabled)'}:\n{described(present(port))}"
        for name, port in sorted(moment.facts.ports.items())
    ]
    return "".join(shown) or "\nNo port has been set up.\n"


_change: Final = confirmed(
    _CHANGE,
    Turn(goto="settings-address", say="\nPress Enter to keep a value in brackets, - to clear it.\n"),
    Turn(goto=_MENU),
    empty="n",
)


def _remove_route(moment: Moment, answer: str) -> Turn:
    """Take away a port's gateway: the only routes that do not belong to a port's own network."""
    wanted = answer.strip().lower()
    internal = moment.facts.ports.get("internal")
    if not wanted:
        return Turn(goto=_MENU)
    if wanted not in _DEFAULT_ROUTE or internal is None or not internal.gateway:
        return Turn(goto=_MENU, say=f"There is no route to {wanted} that could be removed.\n")
    fields = {name: getattr(internal, name) for name in PortFacts.__struct_fields__}
    command = SetNetwork(port="internal", **(fields | {"gateway": ""}))
    return Turn(goto=_MENU, commands=(command,), refused=_MENU, done="The route was removed.\n")


def _arp_address(_moment: Moment, answer: str) -> Turn:
    wanted = answer.strip()
    if not wanted:
        return Turn(goto=_MENU)
    if reason := checks.address(wanted):
        return again(_ARP, reason)
    return Turn(goto=_ARP_HARDWARE, keep={"address": wanted})


def _arp_hardware(moment: Moment, answer: str) -> Turn:
    wanted = answer.strip().lower()
    if reason := checks.hardware_address(wanted):
        return again(_ARP_HARDWARE, reason)
    added = AddNeighbour(address=moment.entered["address"], hardware_address=wanted)
    return Turn(goto=_MENU, commands=(added,), refused=_MENU, done="The entry was added.\n")


def _ping(moment: Moment, answer: str) -> Turn:
    wanted = answer.strip()
    if not wanted:
        return Turn(goto=_MENU)
    address = transcripts.found(moment.facts, wanted)
    if not address:
        return Turn(goto=_MENU, say=f"ping: unknown host {wanted}\n")
    said = transcripts.pinging(moment.facts, wanted, address, hint="press ctrl-c to stop the ping\n")
    return _send(
        address, said, transcripts.PINGS, lambda heard: transcripts.pinged(wanted, heard), say_each=transcripts.reply
    )


def _trace(moment: Moment, answer: str) -> Turn:
    wanted = answer.strip()
    if not wanted:
        return Turn(goto=_MENU)
    address = transcripts.found(moment.facts, wanted)
    if not address:
        return Turn(goto=_MENU, say=f"traceroute: unknown host {wanted}\n")
    said = transcripts.tracing(wanted, address)
    return _send(address, said, transcripts.TRACES, lambda heard: transcripts.traced(moment.facts, address, heard))


def _look_up(moment: Moment, answer: str) -> Turn:
    wanted = answer.strip()
    return Turn(goto=_MENU, say=f"\n{transcripts.looked_up(moment.facts, wanted)}" if wanted else "")


def _send(
    address: str,
    said: str,
    count: int,
    summary: Callable[[tuple[Echo, ...]], str],
    *,
    say_each: Callable[[str, int, Echo], str] = lambda _address, _number, _echo: "",
    heard: tuple[Echo, ...] = (),
) -> Turn:
    """Send one probe after the other until all are answered or lost, or Ctrl-C is pressed; then sum up."""

    def follow(_moment: Moment, echo: Echo, stopped: bool) -> Turn:
        now_heard = (*heard, echo)
        line = say_each(address, len(now_heard), echo)
        if stopped or len(now_heard) == count:
            return Turn(goto=_MENU, say=line + summary(now_heard))
        return _send(address, line, count, summary, say_each=say_each, heard=now_heard)

    return Turn(goto=_MENU, say=said, commands=(Probe(address=address),), refused=_MENU, then=follow)


ASKS: Final = (
    Ask(
        name=_MENU,
        heading=_text,
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
    Ask(
        name=_ROUTE,
        words="Destination of the route to remove (Enter for none): ",
        judge=_remove_route,
        phase=Phase.READY,
        escape=_MENU,
    ),
    Ask(name=_ARP, words="Enter IP address: ", judge=_arp_address, phase=Phase.READY, escape=_MENU),
    Ask(name=_ARP_HARDWARE, words="Enter MAC address: ", judge=_arp_hardware, phase=Phase.READY, escape=_MENU),
    Ask(name=_LOOK_UP, words="Enter hostname/IP address: ", judge=_look_up, phase=Phase.READY, escape=_MENU),
    Ask(name=_TRACE, words="Enter hostname/IP address: ", judge=_trace, phase=Phase.READY, escape=_MENU),
    *network_asks(prefix="settings-", phase=Phase.READY, after=_MENU, done="The settings were saved.\n", escape=_MENU),
)
