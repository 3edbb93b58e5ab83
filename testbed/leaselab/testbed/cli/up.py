"""`leaselab up`."""

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.options import file_argument, format_option, option, runtime_option, set_option

if TYPE_CHECKING:
    from leaselab.appliance.licensing.views import Report
    from leaselab.testbed.topology.plan import Plan
    from leaselab.testbed.views import LabStatus, Step, UpOutcome


@click.command()
@file_argument
@option("--name", "-n", metavar="NAME", help="The lab's name; the file's own if left out.")
@runtime_option
@option("--dry-run", is_flag=True, help="Print what would be done, with the reason for each step, and do nothing.")
@set_option
@option("--timeout", type=click.FloatRange(min=0.1), default=60.0, metavar="SECONDS", help="For all of it.")
@format_option
def up(
    file: Path,
    *,
    name: str | None,
    runtime: str,
    dry_run: bool,
    values: dict[str, str],
    timeout: float,
    as_json: bool,
) -> None:
    """Bring a lab to what its file says.

    What is not there is created, what differs is changed or restarted, what the file no longer has is removed; a
    second call changes nothing. Interrupted, it takes back what it made. The lab then lives by itself until it is
    taken down.
    """
    from leaselab.testbed import bringup, shapes
    from leaselab.testbed.cli.output import print_json
    from leaselab.testbed.cli.progress import shown
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.labs import all_labs

    if dry_run:
        print_steps(*bringup.dry_run(file, name=name, runtime=runtime, variables=values), as_json=as_json)
        return
    with shown(quiet=as_json) as on_progress:
        lab = Lab.up(
            file,
            name=name,
            runtime=runtime,
            variables=values,
            timeout=timeout,
            background=True,
            on_progress=on_progress,
        )
    status = lab.status()
    counted = lab.reports(status=status)
    if as_json:
        print_json({**shapes.lab(status, counted), **outcome_shape(lab.outcome)})
        return
    alone = [info.name for info in all_labs() if info.state == "up"] == [lab.name]
    print_lab(status, counted, lab.outcome, alone=alone)


def print_steps(plan: "Plan", steps: "Sequence[Step]", *, as_json: bool) -> None:
    """Print what would be done and why."""
    from leaselab.testbed.cli.output import print_json, print_table

    if as_json:
        print_json({"lab": plan.lab, "steps": steps})
        return
    rows = [(step.node, step.action, step.reason) for step in steps]
    print_table(["node", "step", "reason"], rows, empty="nothing to do")


def outcome_shape(outcome: "UpOutcome") -> dict[str, object]:
    """Shape what `up` came to."""
    return {"steps": outcome.steps, "waiting": outcome.waiting, "refused": outcome.refused}


def steps_summary(steps: "Iterable[Step]") -> str:
    """Count what was done: ``3 created, 1 kept``."""
    counts: dict[str, int] = {}
    for step in steps:
        counts[step.action] = counts.get(step.action, 0) + 1
    done = {"create": "created", "change": "changed", "restart": "restarted", "remove": "removed", "keep": "unchanged"}
    return ", ".join(f"{count} {done.get(action, action)}" for action, count in counts.items()) or "nothing to do"


def print_lab(status: "LabStatus", reports: "Mapping[str, Report]", outcome: "UpOutcome", *, alone: bool) -> None:
    """Print what is up, what is leased, who could not sign in, and what to try next."""
    from leaselab.testbed.cli import tables
    from leaselab.testbed.cli.output import print_line, print_table
    from leaselab.testbed.cli.status import headline
    from leaselab.testbed.cli.users import refusals

    print_line(f"{headline(status)} ({steps_summary(outcome.steps)})")
    print_table(tables.NODE_COLUMNS, tables.node_rows(status, reports), empty="the lab has no nodes")
    leases = tables.lease_rows({name: report for name, report in reports.items() if report.is_gateway})
    if leases:
        print_line()
        print_table(tables.LEASE_COLUMNS, leases, empty="")
    for node, refused in outcome.refused.items():
        for line in refusals(refused):
            print_line(f"{node}: {line}")
    for node, prompt in outcome.waiting.items():
        print_line(f"{node} waits at its console: {prompt}")
    print_line("\nTry next:")
    for line in next_calls(status, reports, outcome, alone=alone):
        print_line(f"  {as_called(line)}")


def as_called(call: str, program: str | None = None) -> str:
    """Write a call so that it works as typed here: with the program's path where a shell would not find it.

    Args:
        call: begins with ``leaselab``.
        program: what this program was called as; by default what the system says.
    """
    own = Path(program or sys.argv[0]).absolute()
    found = shutil.which("leaselab")
    if own.name != "leaselab" or (found is not None and Path(found).absolute() == own):
        return call
    shown = own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own
    return call.replace("leaselab", str(shown), 1)


def next_calls(status: "LabStatus", reports: "Mapping[str, Report]", outcome: "UpOutcome", *, alone: bool) -> list[str]:
    """Return calls that work on this lab as they stand; they name it where it is not the only one."""
    from leaselab.appliance.licensing.commands import CONCURRENT_USERS

    lab = "" if alone else f" --lab {status.name}"
    calls = [f"leaselab console {node}{lab}" for node in list(outcome.waiting)[:1]]
    for name, report in reports.items():
        counts = report.features.get(CONCURRENT_USERS)
        if report.is_gateway and report.first_boot_done and counts:
            calls.append(f"leaselab users {name} {counts.limit + 1}{lab}")
            if not outcome.waiting:
                calls.append(f"leaselab console {name}{lab}")
            break
    calls.append(f"leaselab leases{lab}")
    if status.clock.mode == "virtual":
        calls.append(f"leaselab time advance 10d{lab}")
    return [*calls, f"leaselab down {status.name}"]
