"""`leaselab license`: keys, and licenses that are handed over to a server and back."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option, node_argument, option
from leaselab.testbed.errors import CallError, RefusedError

if TYPE_CHECKING:
    from leaselab.appliance.licensing.commands import DeleteLicense, Recall, Surrender
    from leaselab.testbed.node import Node

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("license")
def keys() -> None:
    """Handle license keys; surrender, recall and remove licenses."""


@keys.command()
@node_argument
@click.argument("skus", nargs=-1, required=True, metavar="SKU...")
@option("--start", type=DAY, metavar="DATE", help="First day of the term; the day it is added if left out.")
@option("--end", type=DAY, metavar="DATE", help="Last day of the term; as long as the SKU says if left out.")
@lab_option
@format_option
def mint(
    node: str, skus: tuple[str, ...], *, start: datetime | None, end: datetime | None, lab: str, as_json: bool
) -> None:
    """Mint a key for a node, one for each SKU.

    A key works on that node alone, and only in this lab. `leaselab license mint gw1 ACCESS-100U-1YR | leaselab
    license add gw1 -` adds it at once.
    """
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.minting import minted

    chosen = chosen_lab(lab)
    hardware_id = chosen[node].report().hardware_id
    made = [{"sku": sku, "key": minted(chosen.plan, sku, hardware_id, start=start, end=end)} for sku in skus]
    if as_json:
        print_json({"node": node, "hardware_id": hardware_id, "keys": made})
    else:
        print_line("\n".join(each["key"] for each in made))


@keys.command()
@node_argument
@click.argument("texts", nargs=-1, required=True, metavar="KEY...")
@lab_option
@format_option
@click.pass_context
def add(context: click.Context, node: str, texts: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Add keys to a node, as an admin would on its licensing page; `-` reads them from the input, one a line.

    Each is judged on its own. The exit code is 1 if one was refused.
    """
    from leaselab.appliance.licensing.commands import AddKeys
    from leaselab.appliance.licensing.keys import split_keys

    wanted = [key for text in texts for key in (split_keys(sys.stdin.read()) if text == "-" else [text])]
    if not wanted:
        raise CallError("the input has no license key", hint="one a line, as `leaselab license mint` prints them")
    outcomes: list[dict[str, Any]] = chosen_lab(lab)[node].command(AddKeys(keys=tuple(wanted)))
    if not _print_outcomes(node, outcomes, as_json=as_json):
        context.exit(1)


@keys.command()
@node_argument
@click.argument("serials", nargs=-1, required=True, metavar="SERIAL...")
@lab_option
@format_option
def surrender(node: str, serials: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Surrender permanent licenses of a client to its license server.

    The client stops counting them at once; the server has them from the next contact on.
    """
    from leaselab.appliance.licensing.commands import Surrender

    gateway = chosen_lab(lab)[node]
    _in_turn(gateway, Surrender, serials)
    _print_states(gateway, serials, as_json=as_json)


@keys.command()
@node_argument
@click.argument("serials", nargs=-1, required=True, metavar="SERIAL...")
@lab_option
@format_option
def recall(node: str, serials: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Recall surrendered licenses.

    The client counts them again once the server has given them up, at the next contact.
    """
    from leaselab.appliance.licensing.commands import Recall

    gateway = chosen_lab(lab)[node]
    _in_turn(gateway, Recall, serials)
    _print_states(gateway, serials, as_json=as_json)


@keys.command()
@node_argument
@click.argument("serials", nargs=-1, required=True, metavar="SERIAL...")
@lab_option
@format_option
def remove(node: str, serials: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Remove licenses from a node; leases from them run on until they end (SRV-09)."""
    from leaselab.appliance.licensing.commands import DeleteLicense
    from leaselab.testbed.cli.output import print_json, print_line

    chosen = chosen_lab(lab)[node]
    _in_turn(chosen, DeleteLicense, serials)
    if as_json:
        print_json({"node": node, "removed": list(serials)})
    else:
        print_line("\n".join(f"{serial}: removed" for serial in serials))


@keys.command()
@node_argument
@click.argument("code", default="")
@lab_option
@format_option
@click.pass_context
def download(context: click.Context, node: str, code: str, *, lab: str, as_json: bool) -> None:
    """Ask the download center at once, with an authentication CODE or without (DLD-02).

    The exit code is 1 if the center gave an error, which is printed as it came, or if a key was refused.
    """
    from leaselab.appliance.licensing.commands import DownloadKeys

    report: dict[str, Any] = chosen_lab(lab)[node].command(DownloadKeys(code=code))
    if report["error"] and not as_json:
        raise RefusedError(f"{node}: {report['error']}")
    fine = _print_outcomes(node, report["outcomes"], error=report["error"], as_json=as_json)
    if report["error"] or not fine:
        context.exit(1)


def _in_turn(node: "Node", command: "type[Surrender | Recall | DeleteLicense]", serials: tuple[str, ...]) -> None:
    """Give a command for each license; a refusal ends it, and says for which it was done before."""
    for number, serial in enumerate(serials):
        try:
            node.command(command(serial=serial))
        except RefusedError as error:
            done = f"done before that: {', '.join(serials[:number])}" if number else ""
            raise RefusedError(error.message, hint=error.hint or done) from error


def _print_outcomes(node: str, outcomes: list[dict[str, Any]], *, as_json: bool, **more: Any) -> bool:
    """Print what became of each key; tell whether all are installed."""
    from leaselab.appliance.licensing.commands import TAKEN
    from leaselab.testbed.cli.output import print_json, print_line

    shown = [{name: outcome[name] for name in ("key", "result", "message")} for outcome in outcomes]
    if as_json:
        print_json({"node": node, "keys": shown, **more})
    else:
        for outcome in shown:
            print_line(f"{outcome['result']}: {outcome['message']}")
        if not shown:
            print_line(f"{node}: the download center has no key for it")
    return all(outcome["result"] in TAKEN for outcome in shown)


def _print_states(node: "Node", serials: tuple[str, ...], *, as_json: bool) -> None:
    from leaselab.testbed.cli.output import print_json, print_line

    states = {row.serial: row.state for row in node.licenses if row.serial in serials}
    if as_json:
        print_json(
            {"node": node.name, "licenses": [{"serial": name, "state": state} for name, state in states.items()]}
        )
    else:
        for serial, state in states.items():
            print_line(f"{serial}: {state}")
