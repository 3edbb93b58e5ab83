"""`leaselab check`."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, option, runtime_option, set_option

if TYPE_CHECKING:
    from leaselab.testbed.checking.plan import Outcome
    from leaselab.testbed.lab import Lab


@click.command()
@click.argument("lab", default="", metavar="[LAB|FILE]", envvar="LEASELAB_LAB")
@option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the outcomes as JUnit XML to this file."
)
@runtime_option
@set_option
@format_option
@click.pass_context
def check(
    context: click.Context, lab: str, *, junit: Path | None, runtime: str, values: dict[str, str], as_json: bool
) -> None:
    """Carry out a file's checks on its lab, and say what did not hold.

    Given a FILE, its lab is brought up for the checks and taken down after them; otherwise a running lab is checked,
    whose clock moves on. The exit code is 1 if a check failed.
    """
    from leaselab.testbed.lab import Lab

    if not lab.endswith((".yml", ".yaml")):
        outcomes = _checked(chosen_lab(lab), junit, as_json=as_json)
    else:
        name = f"check-{secrets.token_hex(4)}"
        with Lab.up(lab, name=name, runtime=runtime, variables=values) as chosen:
            outcomes = _checked(chosen, junit, as_json=as_json)
    if not all(outcome.passed for outcome in outcomes):
        context.exit(1)


def _checked(lab: "Lab", junit: Path | None, *, as_json: bool) -> "tuple[Outcome, ...]":
    from leaselab.testbed import shapes
    from leaselab.testbed.checking.junit import junit as report
    from leaselab.testbed.cli.output import print_json, print_line

    outcomes = lab.check(on_outcome=(lambda _outcome: None) if as_json else print_outcome)
    if junit is not None:
        junit.write_bytes(report(lab.name, outcomes))
    failed = sum(not outcome.passed for outcome in outcomes)
    if as_json:
        print_json({"lab": lab.name, "passed": not failed, "checks": [shapes.outcome(each) for each in outcomes]})
    else:
        print_line(f"{len(outcomes) - failed} passed, {failed} failed")
    return outcomes


def print_outcome(outcome: "Outcome") -> None:
    """Print what became of a check, as it happens."""
    from leaselab.appliance.instants import format_instant
    from leaselab.testbed.cli.output import print_line

    print_line(f"{'passed' if outcome.passed else 'FAILED'}  {format_instant(outcome.at)}  {outcome.name}")
    for problem in outcome.problems:
        print_line(f"        {problem}")
