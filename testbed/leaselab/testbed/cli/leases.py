"""`leaselab leases`."""

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option, some_nodes_argument


@click.command()
@some_nodes_argument
@lab_option
@format_option
def leases(nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Show what is leased, by node and feature.

    A server shows what it gave, a client what it holds. Counts are units of the feature.
    """
    from leaselab.testbed import shapes
    from leaselab.testbed.cli import tables
    from leaselab.testbed.cli.output import print_json, print_line, print_table

    chosen = chosen_lab(lab)
    seen = chosen.reports(nodes)
    if as_json:
        print_json(shapes.leases(seen))
        return
    print_table(tables.COUNT_COLUMNS, tables.count_rows(seen), empty="nothing is counted here")
    print_line()
    print_table(tables.LEASE_COLUMNS, tables.lease_rows(seen), empty="nothing is leased")
