"""`leaselab fault`."""

from typing import TYPE_CHECKING, Any

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option, nodes_there, option
from leaselab.testbed.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaselab.testbed.views import FaultRow


@click.group()
def fault() -> None:
    """Inject faults, list them, and take them back."""


@fault.command()
@click.argument("kind")
@click.argument("nodes", nargs=-1, metavar="[NODE [NODE]]", shell_complete=nodes_there)
@option("--network", default="", metavar="NAME", help="All that goes over a network, instead of between two nodes.")
@option("--at", default="", metavar="INSTANT", help="When it begins, on the lab's clock; at once if left out.")
@option(
    "--for",
    "lasts",
    default="",
    metavar="DURATION",
    envvar="LEASELAB_FAULT_INJECT_FOR",
    help="How long it lasts; until it is cleared if left out.",
)
@option("--every", default="", metavar="DURATION", help="From one beginning to the next; once if left out.")
@option("--probability", type=float, default=1.0, help="That it happens, drawn anew for each time.")
@option("--seed", type=int, default=0, help="Of what is drawn.")
@option("--one-way", is_flag=True, help="cut: only from the first node to the second.")
@option("--delay", default="", metavar="DURATION", help="delay, slow: how much later.")
@option("--loss", type=float, default=0.0, help="loss: the part that is lost, 0 to 1.")
@option("--bytes-per-second", type=int, default=0, help="throttle: what gets through.")
@option("--skew", default="", metavar="DURATION", help="skew: how far ahead; -5m for a clock that is behind.")
@option("--identity", default="", metavar="same|new", help="clone: whose hardware ID it has; the same by default.")
@lab_option
@format_option
def inject(
    kind: str,
    nodes: "Sequence[str]",
    *,
    lab: str,
    as_json: bool,
    at: str,
    **more: Any,
) -> None:
    """Inject a fault: `inject cut gw1 vls1 --for 10d`, `inject kill gw1`.

    Kinds that befall a link take two nodes or --network; kinds that befall a node take one.
    """
    from leaselab.appliance.instants import parse_instant
    from leaselab.testbed.faults.kinds import KINDS, LINK

    on_links = kind in KINDS and KINDS[kind].target == LINK
    if on_links or len(nodes) > 1:
        more["between"] = tuple(nodes)
    else:
        more["node"] = "".join(nodes)
    try:
        more["at"] = parse_instant(at) if at else None
    except ValueError as error:
        raise CallError(str(error)) from None
    given = {name: value for name, value in more.items() if value not in ("", None)}
    _print([chosen_lab(lab).faults.inject(kind, **given)], as_json=as_json)


@fault.command(name="list")
@lab_option
@format_option
def list_(*, lab: str, as_json: bool) -> None:
    """List the faults in force and those to come."""
    _print(chosen_lab(lab).faults.list(), as_json=as_json)


@fault.command()
@click.argument("numbers", nargs=-1, type=int, metavar="[NUMBER...]")
@lab_option
@format_option
def clear(numbers: "Sequence[int]", *, lab: str, as_json: bool) -> None:
    """Take faults back by number, or all of them; those to come are dropped."""
    _print(chosen_lab(lab).faults.clear(*numbers), as_json=as_json)


def _print(rows: "Sequence[FaultRow]", *, as_json: bool) -> None:
    from leaselab.appliance.instants import NEVER, format_instant
    from leaselab.testbed import shapes
    from leaselab.testbed.cli.output import print_json, print_table

    if as_json:
        print_json({"faults": [shapes.fault(row) for row in rows]})
        return
    print_table(
        ["#n", "kind", "target", "state", "begins", "ends", "how"],
        [
            (
                row.n,
                row.kind,
                row.target,
                row.state,
                None if row.starts_at >= NEVER else format_instant(row.starts_at),
                None if row.ends_at >= NEVER else format_instant(row.ends_at),
                " ".join(f"{name}={value}" for name, value in row.fields.items()),
            )
            for row in rows
        ],
        empty="no faults",
    )
