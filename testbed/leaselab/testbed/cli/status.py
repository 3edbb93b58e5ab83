"""`leaselab status`."""

from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_argument

if TYPE_CHECKING:
    from leaselab.testbed.views import LabStatus


@click.command()
@lab_argument
@format_option
def status(lab: str, *, as_json: bool) -> None:
    """Show a lab's nodes: phase, users, leases, addresses."""
    from leaselab.testbed import shapes
    from leaselab.testbed.cli import tables
    from leaselab.testbed.cli.output import print_json, print_line, print_table

    chosen = chosen_lab(lab)
    seen = chosen.status()
    counted = chosen.reports(status=seen)
    if as_json:
        print_json(shapes.lab(seen, counted))
        return
    print_line(headline(seen))
    print_table(tables.NODE_COLUMNS, tables.node_rows(seen, counted), empty="the lab has no nodes")
    for node in seen.nodes:
        where, waits = node.machine and f"on {node.machine}", node.waits_for and f"waits for {node.waits_for}"
        for note in filter(None, (where, node.failure, waits)):
            print_line(f"{node.name}: {note}")


def headline(seen: "LabStatus") -> str:
    """Say in one line which lab this is, how it is, and how late."""
    from leaselab.appliance.instants import format_instant

    pace = f"runs at {seen.clock.rate:g}" if seen.clock.rate else "stands"
    return f"{seen.name}: {seen.state}, {seen.runtime}, {format_instant(seen.clock.now)}, the clock {pace}"
