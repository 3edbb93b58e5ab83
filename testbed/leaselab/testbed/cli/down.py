"""`leaselab down`."""

from typing import Annotated

import typer

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import Format, FormatOption, LabArgument


def down(
    lab: LabArgument = "",
    *,
    every: Annotated[bool, typer.Option("--all", help="Take down every lab on this machine.")] = False,
    format: FormatOption = Format.TEXT,
) -> None:
    """Take a lab down, and leave nothing of it.

    Its processes end, its folder goes; a lab whose host has died is cleared away the same.
    """
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.lab import Lab

    names = [info.name for info in Lab.list()] if every else [_meant(lab)]
    for name in names:
        Lab.attach(name).down()
        if format is Format.TEXT:
            print_line(f"{name} is down")
    if format is Format.JSON:
        print_json({"down": names})
