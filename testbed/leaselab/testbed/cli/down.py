"""`leaselab down`."""

from typing import Annotated

import typer

from leaselab.testbed.cli.choice import chosen_name
from leaselab.testbed.cli.options import Format, FormatOption, LabArgument


def down(
    lab: LabArgument = "",
    *,
    every: Annotated[
        bool, typer.Option("--all", envvar="LEASELAB_DOWN_ALL", help="Take down every lab on this machine.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the lab's state on disk, so that `up` goes on where it was.")
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
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
        if form is Format.TEXT:
            print_line(f"{name} is down")
    if form is Format.JSON:
        print_json({"down": gone})
