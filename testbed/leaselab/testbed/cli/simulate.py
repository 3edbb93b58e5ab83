"""`leaselab simulate`."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leaselab.testbed.cli.options import format_option, option, set_option
from leaselab.testbed.errors import CallError

if TYPE_CHECKING:
    from leaselab.appliance.instants import Duration, Instant
    from leaselab.testbed.simulation.run import Figures
    from leaselab.testbed.topology.plan import Plan


def _duration(_context: click.Context, _option: click.Parameter, text: str) -> "Duration":
    from leaselab.appliance.instants import parse_duration

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise CallError(str(error)) from None
    if not found:
        raise CallError(f"{text} is no time at all", hint="write for example 365d or 36h")
    return found


def _optional_duration(context: click.Context, of_option: click.Parameter, text: str | None) -> "Duration | None":
    return None if text is None else _duration(context, of_option, text)


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@option(
    "--for",
    "duration",
    callback=_optional_duration,
    metavar="DURATION",
    envvar="LEASELAB_SIMULATE_FOR",
    help="How long the lab runs (365d, 36h), in its own time; as long as its checks take if left out.",
)
@option("--seed", type=int, default=0, help="Another seed, other users at other times.")
@option(
    "--check-every", default="25h", callback=_duration, metavar="DURATION", help="Between checks of the invariants."
)
@option("--faults/--no-faults", default=True, help="Whether the file's faults befall the lab.")
@option(
    "--story",
    "story",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="STORY",
    help="Instead of a FILE's lab, tell a story again that a test of the fleet has kept.",
)
@option("--checks/--no-checks", default=True, help="Whether the file's checks are carried out.")
@set_option
@format_option
@click.pass_context
def simulate(
    context: click.Context,
    /,
    file: Path | None,
    *,
    story: Path | None,
    duration: "Duration | None",
    seed: int,
    check_every: "Duration",
    values: dict[str, str],
    as_json: bool,
    **parts: bool,
) -> None:
    """Simulate a lab with its load, for as long as a year.

    The same devices live in one process, on simulated time and network. The file's checks are carried out on them
    first, as `leaselab check` does on a lab that is up.

    Nothing is opened and nothing is left. The same file and seed give the same output, byte for byte. The exit code is
    1 if a check failed or an invariant did not hold.
    """
    if (file is None) == (story is None):
        raise CallError("give a FILE, or a story with --story", hint="`leaselab simulate --help` has examples")
    fine = _story_held(story, as_json=as_json) if story is not None else False
    if file is not None:
        plan = _planned(file, values, parts)
        if duration is None and not plan.checks:
            raise CallError("there are no checks, so how long is the lab to run?", hint="say so: --for 365d")
        fine = _lab_held(plan, duration or 0, seed, check_every=check_every, as_json=as_json)
    if not fine:
        context.exit(1)


def _planned(file: Path, values: dict[str, str], parts: dict[str, bool]) -> "Plan":
    """Plan a file's lab, without the parts that are not wanted: ``faults``, ``checks``."""
    import msgspec

    from leaselab.testbed.simulation.run import simulated_plan
    from leaselab.testbed.topology.files import load

    left_out: dict[str, Any] = {part: () for part, wanted in parts.items() if not wanted}
    return msgspec.structs.replace(simulated_plan(load(file, values)), **left_out)


def _lab_held(plan: "Plan", duration: "Duration", seed: int, *, check_every: "Duration", as_json: bool) -> bool:
    """Simulate a lab and print the figures; tell whether all that was to hold did."""
    from leaselab.testbed.simulation.run import simulate as run

    began = time.perf_counter()
    figures = run(plan, duration, seed, check_every=check_every, on_progress=_Progress(plan.clock.start or 0, duration))
    _print_pace(figures, time.perf_counter() - began)
    if as_json:
        _print_json(figures)
    else:
        _print_text(figures)
    return not figures.broken_in_all and all(outcome.passed for outcome in figures.outcomes)


def _story_held(path: Path, *, as_json: bool) -> bool:
    """Tell a story again, step by step; tell whether every invariant held."""
    import msgspec

    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.testing.story import BrokenRuleError, Step, Story, tell

    story, taken, broken = Story.load(path), list[Step](), ""

    def told(step: Step) -> None:
        taken.append(step)
        if not as_json:
            print_line(f"{len(taken):3}  {msgspec.json.encode(step).decode()}")

    try:
        tell(story.steps, on_step=told)
    except BrokenRuleError as error:
        broken = str(error)
    if as_json:
        print_json({"seed": story.seed, "steps": len(taken), "of": len(story.steps), "broken": broken})
    elif broken:
        print_line(f"step {len(taken)} breaks a rule:\n{broken}")
    else:
        print_line(f"{len(taken)} steps, all invariants held")
    return not broken


class _Progress:
    """Shows on a terminal how far a simulation is."""

    def __init__(self, start: "Instant", duration: "Duration") -> None:
        self._start = start
        self._duration = duration

    def __call__(self, now: "Instant") -> None:
        if sys.stderr.isatty():
            part = min(100, 100 * (now - self._start) // max(1, self._duration))
            sys.stderr.write(f"\r{part:3} % ")
            sys.stderr.flush()


def _print_pace(figures: "Figures", seconds: float) -> None:
    """Say how fast it went, where it does not disturb: the output proper is the same on every machine."""
    beginning = "\r" if sys.stderr.isatty() else ""
    pace = f"{figures.events / seconds:,.0f} events a second, {figures.lease_events / seconds:,.0f} lease events"
    sys.stderr.write(f"{beginning}{seconds:.1f} s, {pace}\n")


def _print_json(figures: "Figures") -> None:
    import msgspec

    from leaselab.appliance.instants import format_instant
    from leaselab.testbed.cli.output import print_json

    shown: dict[str, Any] = msgspec.to_builtins(figures)
    shown |= {name: format_instant(shown[name]) for name in ("start", "end")}
    shown["outcomes"] = [
        {"check": one.name, "passed": one.passed, "at": format_instant(one.at), "problems": one.problems}
        for one in figures.outcomes
    ]
    shown["broken"] = [each | {"at": format_instant(each["at"])} for each in shown["broken"]]
    print_json(shown)


def _print_text(figures: "Figures") -> None:
    from leaselab.appliance.instants import format_duration, format_instant
    from leaselab.testbed.cli.check import print_outcome
    from leaselab.testbed.cli.output import print_line, print_table

    lasts = format_duration(figures.end - figures.start)
    span = f"{format_instant(figures.start)} to {format_instant(figures.end)} ({lasts})"
    print_line(f"{figures.lab}, seed {figures.seed}: {figures.nodes} nodes, {span}")
    print_line()
    for outcome in figures.outcomes:
        print_outcome(outcome)
    if figures.outcomes:
        failed = sum(not outcome.passed for outcome in figures.outcomes)
        print_line(f"{len(figures.outcomes) - failed} checks passed, {failed} failed")
        print_line()
    rows = [
        *((name.replace("_", " "), count) for name, count in figures.leasing.items()),
        ("sign-ins", figures.sign_ins),
        ("turned away", figures.turned_away),
        ("most users at once", figures.most_users),
        ("messages", figures.messages),
        ("messages without answer", figures.messages_failed),
        ("faults", sum(figures.faults.values())),
        ("events", figures.events),
        *((f"leases {name.replace('_', ' ')}", count) for name, count in figures.leases.items()),
        ("lease events", figures.lease_events),
    ]
    print_table(["what", "#count"], [(name, f"{count:,}") for name, count in rows], empty="")
    print_line()
    print_table(
        ["server", "feature", "#capacity", "#promised", "#most promised"],
        [(one.server, one.feature, one.capacity, one.promised, one.most_promised) for one in figures.pools],
        empty="no license server has counts",
    )
    print_line()
    for one in figures.broken:
        print_line(f"{format_instant(one.at)} {one.rule} {one.node}: {one.what}")
    if figures.broken_in_all > len(figures.broken):
        print_line(f"and {figures.broken_in_all - len(figures.broken):,} more")
    held = "all invariants held" if not figures.broken_in_all else f"{figures.broken_in_all:,} invariants were broken"
    print_line(f"{held}, at {figures.checks:,} checks; digest {figures.digest}")
