"""`leaselab down`."""

import click

from leaselab.testbed.cli.choice import chosen_name
from leaselab.testbed.cli.options import format_option, lab_argument, option


@click.command()
@lab_argument
@option(
    "--all", "every", is_flag=True, envvar="LEASELAB_DOWN_ALL", help="Take down every lab of yours on this machine."
)
@option("--keep", is_flag=True, help="Leave the lab's state on disk, so that `up` goes on where it was.")
@format_option
def down(lab: str, *, every: bool, keep: bool, as_json: bool) -> None:
    """Take a lab down, and leave nothing of it.

    Its processes end and its folder goes. A lab whose host has died is cleared away the same.
    """
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.labs import all_labs

    there = [info.name for info in all_labs()]
    gone = there if every else [chosen_name(lab, there)]
    for name in gone:
        Lab.attach(name).down(keep=keep)
        if not as_json:
            print_line(f"{name} is down")
    if as_json:
        print_json({"down": gone})
