"""`leaselab admin`: what an administrator does at an appliance, from here."""

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option, node_argument, nodes_argument, option
from leaselab.testbed.errors import CallError, RefusedError

if TYPE_CHECKING:
    from leaselab.appliance.machine import Command

password_option = option("--password", required=True, metavar="TEXT", help="What the document is sealed with.")
on_or_off = click.argument("state", type=click.Choice(["on", "off"]))


@click.group()
def admin() -> None:
    """Pull state, upgrade, export, import, as an administrator.

    Emergency mode, the console's protection, records of clients and clusters as well.
    """


@admin.command()
@nodes_argument
@lab_option
@format_option
def pull(nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Pull State from Server: contact it now, not at the next renewal (CFG-01)."""
    from leaselab.appliance.licensing.commands import PullState
    from leaselab.testbed.cli.output import print_json, print_line

    chosen, done = chosen_lab(lab), []
    for node in [chosen[name] for name in nodes]:
        node.command(PullState())
        client = node.report().client
        done.append({"node": node.name, "contact": client.contact, "why": client.why})
        if not as_json:
            print_line(f"{node.name}: contact {client.contact}{f' ({client.why})' if client.why else ''}")
    if as_json:
        print_json({"pull": done})


@admin.command()
@node_argument
@click.argument("release")
@lab_option
@format_option
def upgrade(node: str, release: str, *, lab: str, as_json: bool) -> None:
    """Restart a node with another release (ENF-07); the next `up` goes by the file again."""
    chosen = chosen_lab(lab)[node]
    chosen.upgrade(release)
    _print({"node": node, "release": chosen.report().release}, as_json=as_json)


@admin.command()
@node_argument
@on_or_off
@lab_option
@format_option
def emergency(node: str, state: str, *, lab: str, as_json: bool) -> None:
    """Switch emergency mode on or off, as an ICE license allows (ICE-01)."""
    from leaselab.appliance.licensing.commands import SetEmergency

    _do(lab, node, SetEmergency(enabled=state == "on"), {"emergency": state}, as_json=as_json)


@admin.command()
@node_argument
@on_or_off
@lab_option
@format_option
def protect(node: str, state: str, *, lab: str, as_json: bool) -> None:
    """Have the console's menu ask for an administrator's sign-in, or let everybody in."""
    from leaselab.appliance.licensing.commands import ProtectConsole

    _do(lab, node, ProtectConsole(enabled=state == "on"), {"protection": state}, as_json=as_json)


@admin.command(name="delete-client")
@click.argument("server")
@click.argument("client")
@lab_option
@format_option
def delete_client(server: str, client: str, *, lab: str, as_json: bool) -> None:
    """Delete a client's record on a license server; its leases run out (SRV-08)."""
    from leaselab.appliance.licensing.commands import DeleteClient

    _do(lab, server, DeleteClient(id=client), {"deleted": client}, as_json=as_json)


@admin.command(name="release-client")
@click.argument("server")
@click.argument("client")
@lab_option
@format_option
def release_client(server: str, client: str, *, lab: str, as_json: bool) -> None:
    """Let another device register under a client ID (SRV-11)."""
    from leaselab.appliance.licensing.commands import ReleaseClient

    _do(lab, server, ReleaseClient(id=client), {"released": client}, as_json=as_json)


@admin.command(name="join-cluster")
@click.argument("cluster")
@nodes_argument
@lab_option
@format_option
def join_cluster(cluster: str, nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Make appliances the nodes of a cluster, the first of them its leader (CLU-01)."""
    from leaselab.appliance.licensing.commands import JoinCluster

    chosen = chosen_lab(lab)
    reports = chosen.reports(nodes)
    serving = [name for name, report in reports.items() if report.role != "gateway"]
    if serving:  # before the first node has joined, not after: what is refused changes nothing
        raise RefusedError(f"{serving[0]} is a license server, and those are no nodes of a cluster")
    found = {(report.personality, report.release) for report in reports.values()}
    if len(found) > 1:  # a device does not know what its fellows run
        kinds = ", ".join(" ".join(each) for each in sorted(found))
        raise RefusedError(f"the nodes of a cluster have one personality and release, these have {kinds} (CLU-01)")
    for node in [chosen[name] for name in nodes]:
        node.command(JoinCluster(name=cluster, members=nodes))
    _print({"cluster": cluster, "nodes": list(nodes)}, as_json=as_json)


@admin.command(name="export")
@node_argument
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@password_option
@lab_option
@format_option
def export_(node: str, file: Path, *, password: str, lab: str, as_json: bool) -> None:
    """Write a node's configuration and licenses into FILE, sealed with a password (CFG-02); `-` is the output."""
    from leaselab.appliance.licensing.commands import ExportConfiguration
    from leaselab.testbed.files import write_whole

    document = base64.b64decode(chosen_lab(lab)[node].command(ExportConfiguration(password=password)))
    if str(file) == "-":
        sys.stdout.buffer.write(document)
        return
    write_whole(file, document)
    _print({"node": node, "file": str(file), "bytes": len(document)}, as_json=as_json)


@admin.command(name="import")
@node_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@option("--section", multiple=True, metavar="NAME", help="Only this section; may be repeated. All if left out.")
@password_option
@lab_option
@format_option
def import_(node: str, file: Path, *, section: tuple[str, ...], password: str, lab: str, as_json: bool) -> None:
    """Take an exported configuration over, all or none of it (CFG-02 to CFG-04)."""
    from leaselab.appliance.licensing.commands import SECTIONS, ImportConfiguration

    unknown = [name for name in section if name not in SECTIONS]
    if unknown:
        raise CallError(f"there is no section {unknown[0]!r}", hint=f"there are {', '.join(SECTIONS)}")
    command = ImportConfiguration(document=file.read_bytes(), password=password, sections=section or SECTIONS)
    taken: dict[str, Any] = chosen_lab(lab)[node].command(command)
    _print({"node": node, **taken}, as_json=as_json)


def _do(lab: str, node: str, command: "Command", done: dict[str, Any], *, as_json: bool) -> None:
    chosen_lab(lab)[node].command(command)
    _print({"node": node, **done}, as_json=as_json)


def _print(done: dict[str, Any], *, as_json: bool) -> None:
    from leaselab.testbed.cli.output import print_json, print_line

    if as_json:
        print_json(done)
    else:
        (_, subject), *rest = done.items()
        words = (
            f"{name} {', '.join(value) if isinstance(value, list) else value}"
            for name, value in rest
            if value not in ("", [])
        )
        print_line(f"{subject}: {', '.join(words)}")
