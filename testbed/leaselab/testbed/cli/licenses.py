"""`leaselab licenses`."""

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option, some_nodes_argument


@click.command()
@some_nodes_argument
@lab_option
@format_option
def licenses(nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Show the licenses installed on the nodes."""
    from leaselab.testbed import shapes
    from leaselab.testbed.cli import tables
    from leaselab.testbed.cli.output import print_json, print_table

    chosen = chosen_lab(lab)
    seen = chosen.reports(nodes)
    if as_json:
        print_json(shapes.licenses(seen))
        return
    print_table(tables.LICENSE_COLUMNS, tables.license_rows(seen), empty="no license is installed")
