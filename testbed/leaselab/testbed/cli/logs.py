"""`leaselab logs`."""

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import follow_option, format_option, lab_option, some_nodes_argument


@click.command()
@some_nodes_argument
@follow_option
@lab_option
@format_option
def logs(nodes: tuple[str, ...], *, follow: bool, lab: str, as_json: bool) -> None:
    """Print the nodes' event logs, merged in order of time.

    Lines are as the product writes them; each starts with its node's name unless only one node is asked for.
    """
    from leaselab.testbed import shapes
    from leaselab.testbed.cli.output import following, print_json, print_line

    chosen = chosen_lab(lab)
    width = max(map(len, chosen.names()))
    with following(follow):
        for line in chosen.logs([chosen[name].name for name in nodes], follow=follow):
            if as_json:
                print_json(shapes.log_line(line))
            elif len(nodes) == 1:
                print_line(line.text)
            else:
                print_line(f"{line.node:{width}}  {line.text}")
