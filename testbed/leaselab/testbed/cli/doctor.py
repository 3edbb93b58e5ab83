"""`leaselab doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from leaselab.testbed.cli.options import Format, FormatOption, SetOption, variables
from leaselab.testbed.cli.up import Runtime


def doctor(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A topology that is to fit.")] = None,
    *,
    runtime: Annotated[Runtime, typer.Option("--runtime", help="How its nodes would run.")] = Runtime.EMBEDDED,
    assignments: SetOption = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Say what this machine lacks, and which limits a file would meet.

    Nothing is changed. The exit code is 1 if something is missing.
    """
    from leaselab.testbed import preflight
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.labs import labs_folder

    plan = None
    if file:
        ...
    found = preflight.findings(preflight.look(labs_folder()), plan)
    if form is Format.JSON:
        print_json({"findings": found})
    else:
        width = max(len(finding.subject) for finding in found)
        for finding in found:
            print_line(f"{finding.state:7}  {finding.subject:{width}}  {finding.what}")
            if finding.hint:
                print_line(f"{'':7}  {'':{width}}  hint: {finding.hint}")
    if any(finding.state == "missing" for finding in found):
        raise typer.Exit(1)
