"""`leaselab logs`."""

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import FollowOption, Format, FormatOption, LabOption, SomeNodesArgument


def logs(
    nodes: SomeNodesArgument = None,
    *,
    follow: FollowOption = False,
    lab: LabOption = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Print the nodes' event logs, merged in order of time.

    Lines are as the product writes them; each starts with its node's name unless only one node is asked for.
    """
    from leaselab.testbed.cli import shapes
    from leaselab.testbed.cli.output import following, print_json, print_line

    chosen = chosen_lab(lab)
    names = chosen.names()
    width = max(map(len, names))
    with following(follow):
        for line in chosen.logs([chosen[name].name for name in nodes or ()], follow=follow):
            if form is Format.JSON:
                print_json(shapes.log_line(line))
            elif nodes and len(nodes) == 1:
                print_line(line.text)
            else:
                print_line(f"{line.node:{width}}  {line.text}")
