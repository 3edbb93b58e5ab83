"""`leaselab doctor`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.options import format_option, runtime_option, set_option

if TYPE_CHECKING:
    from leaselab.testbed.capacity.preflight import Finding


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
@runtime_option
@set_option
@format_option
@click.pass_context
def doctor(context: click.Context, file: Path | None, *, runtime: str, values: dict[str, str], as_json: bool) -> None:
    """Say what this machine lacks, and which limits a file would meet.

    Nothing is changed. The exit code is 1 if something is missing that a lab, or the lab of the file, needs.
    """
    from leaselab.testbed.capacity import preflight, survey
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.labs import labs_folder

    plan = None
    if file:
        from leaselab.testbed.bringup import dry_run

        plan, _ = dry_run(file, name=None, runtime=runtime, variables=values)
    found = preflight.findings(survey.look(labs_folder(), runtime=runtime, plan=plan), plan)
    if as_json:
        print_json({"findings": found})
    else:
        print_line("\n".join(finding_lines(found)))
    if any(finding.state == "missing" for finding in found):
        context.exit(1)


def finding_lines(found: "list[Finding]") -> list[str]:
    """Return a line for each finding, and one for what to do about it."""
    width = max(len(finding.subject) for finding in found)
    lines = []
    for finding in found:
        lines.append(f"{finding.state:7}  {finding.subject:{width}}  {finding.what}")
        if finding.hint:
            lines.append(f"{'':7}  {'':{width}}  hint: {finding.hint}")
    return lines
