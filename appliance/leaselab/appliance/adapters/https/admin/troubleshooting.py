"""Maintenance > Troubleshooting: network commands, and system snapshots to download."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View
from leaselab.appliance.console import Facts, transcripts
from leaselab.appliance.console.facts import facts_of
from leaselab.appliance.console.tools import Echo, Probe

_TROUBLESHOOTING: Final = ("Maintenance", "Troubleshooting")
_MAX_TARGET: Final = 255
"""Characters; no name is longer."""


# --- Tools > Commands ------------------------------------------------------------------------------------------------


async def _ping(view: View, facts: Facts, wanted: str, address: str) -> str:
    echoes = await _probe(view, address, transcripts.PINGS)
    answers = "".join(transcripts.reply(address, number, echo) for number, echo in enumerate(echoes, start=1))
    return transcripts.pinging(facts, wanted, address) + answers + transcripts.pinged(wanted, echoes)


async def _trace(view: View, facts: Facts, wanted: str, address: str) -> str:
    echoes = await _probe(view, address, transcripts.TRACES)
    return transcripts.tracing(wanted, address) + transcripts.traced(facts, address, echoes)


async def _probe(view: View, address: str, count: int) -> tuple[Echo, ...]:
    return tuple([await view.node.act(Probe(address=address)) for _ in range(count)])


_REACHING: Final[dict[str, Callable[[View, Facts, str, str], Awaitable[str]]]] = {
    "Ping": _ping,
    "Traceroute": _trace,
}
_LOOK_UP: Final = "NSLookup"
_CACHE: Final = "ARP"
_COMMANDS: Final = (*_REACHING, _LOOK_UP, _CACHE)


async def commands(view: View) -> Response:
    """Show the form."""
    return _commands(view)


def _commands(view: View, *, output: str = "", error: str = "") -> Response:
    return view.show(
        "commands.html",
        status=INVALID if error else 200,
        commands=_COMMANDS,
        chosen=view.word("command"),
        target=view.word("target"),
        output=output,
        error=error,
    )


async def run(view: View) -> Response:
    """Run a command and show what it prints; it reaches what the console's own tools reach."""
    command, wanted = view.word("command"), view.word("target")[:_MAX_TARGET]
    facts = facts_of(view.state, view.config, neighbours=view.node.network.entries())
    if command == _CACHE:
        return _commands(view, output=transcripts.cache(facts))
    if command not in _COMMANDS:
        return _commands(view, error="Choose a command.")
    if not wanted:
        return _commands(view, error="Type a host name or an IP address.")
    if command == _LOOK_UP:
        return _commands(view, output=transcripts.looked_up(facts, wanted))
    address = transcripts.found(facts, wanted)
    if not address:
        return _commands(view, output=f"{command.lower()}: unknown host {wanted}\n")
    return _commands(view, output=await _REACHING[command](view, facts, wanted, address))


# --- System Snapshot -------------------------------------------------------------------------------------------------


async def snapshots(view: View) -> Response:
    """List the snapshots, or answer with the one that is named."""
    name = view.query("name")
    if not name:
        return view.show("snapshots.html", snapshots=view.node.snapshots.all()[::-1])
    snapshot = view.node.snapshots.find(name)
    if snapshot is None:
        return view.done("There is no such snapshot any more.")
    return Response(
        snapshot.content,
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{snapshot.name}"'},
    )


async def take(view: View) -> Response:
    """Take one."""
    return view.done(f"The snapshot {view.node.take_snapshot()} was taken.")


PAGES: Final = (
    Page((*_TROUBLESHOOTING, "Tools", "Commands"), commands, run),
    Page((*_TROUBLESHOOTING, "System Snapshot"), snapshots, take),
)
