"""`leaselab up`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from leaselab.testbed.cli.options import FileArgument, Format, FormatOption, SetOption, variables

if TYPE_CHECKING:
    from leaselab.appliance.licensing.views import Report
    from leaselab.testbed.views import LabStatus, Step, UpOutcome


class Runtime(StrEnum):
    """How nodes run."""

    EMBEDDED = "embedded"
    PROCESS = "process"


def up(
    file: FileArgument,
    *,
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="The lab's name; the file's own if left out.")
    ] = None,
    runtime: Annotated[
        Runtime, typer.Option("--runtime", help="embedded: all nodes in one process; process: one each.")
    ] = Runtime.EMBEDDED,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done, with the reason for each step, and do nothing.")
    ] = False,
    assignments: SetOption = None,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="For all of it.")] = 60.0,
    form: FormatOption = Format.TEXT,
) -> None:
    """Bring a lab to what its file says.

    What is not there is created, what differs is changed or restarted, what the file no longer has is removed; a
    second call changes nothing. Interrupted, it takes back what it made. The lab runs on by itself until it is
    taken down.
    """
    from leaselab.testbed.cli import shapes
    from leaselab.testbed.cli.output import print_json
    from leaselab.testbed.cli.progress import shown
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.labs import all_labs

    if dry_run:
        _dry_run(str(file), name, runtime, variables(assignments), form)
        return
    with shown(quiet=form is Format.JSON) as on_progress:
        lab = Lab.up(
            file,
            name=name,
            runtime=runtime,
            variables=variables(assignments),
            timeout=timeout,
            background=True,
            on_progress=on_progress,
        )
    status = lab.status()
    reports = shapes.reports_of(list(lab))
    if form is Format.JSON:
        print_json({**shapes.lab(status, reports), **outcome_shape(lab.outcome)})
        return
    alone = [info.name for info in all_labs() if info.state == "up"] == [lab.name]
    _print_lab(status, reports, lab.outcome, alone=alone)


def outcome_shape(outcome: "UpOutcome") -> dict[str, object]:
    """Shape what `up` came to."""
    return {"steps": outcome.steps, "waiting": outcome.waiting, "refused": outcome.refused}
