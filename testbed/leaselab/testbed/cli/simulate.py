"""`leaselab simulate`."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leaselab.testbed.cli.options import file_argument, format_option, option, set_option
from leaselab.testbed.errors import CallError

if TYPE_CHECKING:
    from leaselab.appliance.instants import Duration, Instant
    from leaselab.testbed.simulation.run import Figures


def _duration(_context: click.Context, _option: click.Parameter, text: str) -> "Duration":
    from leaselab.appliance.instants import parse_duration

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise CallError(str(error)) from None
    if not found:
        raise CallError(f"{text} is no time at all", hint="write for example 365d or 36h")
    return found


@click.command()
@file_argument
@option(
    "--for",
    "duration",
    required=True,
    callback=_duration,
    metavar="DURATION",
    envvar="LEASELAB_SIMULATE_FOR",
    help="How long the lab runs (365d, 36h), in its own time.",
)
@option("--seed", type=int, default=0, help="Another seed, other users at other times.")
@option(
    "--check-every", default="25h", callback=_duration, metavar="DURATION", help="Between checks of the invariants."
)
@option("--faults/--no-faults", default=True, help="Whether the file's faults befall the lab.")
@set_option
@format_option
@click.pass_context
def simulate(
    context: click.Context,
    file: Path,
    *,
    duration: "Duration",
    seed: int,
    check_every: "Duration",
    faults: bool,
    values: dict[str, str],
    as_json: bool,
) -> None:
    """Simulate a lab with its load, for as long as a year.

    The same devices live in one process, on simulated time and network.

    Nothing is opened and nothing is left. The same file and seed give the same output, byte for byte. The exit code is
    1 if an invariant did not hold.
    """
    import msgspec

    from leaselab.testbed.simulation.run import simulate as run
    from leaselab.testbed.simulation.run import simulated_plan
    from leaselab.testbed.topology.files import load

    plan = simulated_plan(load(file, values))
    if not faults:
        plan = msgspec.structs.replace(plan, faults=())
    began = time.perf_counter()
    figures = run(plan, duration, seed, check_every=check_every, on_progress=_Progress(plan.clock.start or 0, duration))
    _print_pace(figures, time.perf_counter() - began)
    if as_json:
        _print_json(figures)
    else:
        _print_text(figures, duration)
    if figures.broken_in_all:
        context.exit(1)


class _Progress:
    """Shows on a terminal how far a simulation is."""

    def __init__(self, start: "Instant", duration: "Duration") -> None:
        self._start = start
        self._duration = duration

    def __call__(self, now: "Instant") -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{100 * (now - self._start) // self._duration:3} % ")
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
    shown["broken"] = [each | {"at": format_instant(each["at"])} for each in shown["broken"]]
    print_json(shown)


def _print_text(figures: "Figures", duration: "Duration") -> None:
    from leaselab.appliance.instants import format_duration, format_instant
    from leaselab.testbed.cli.output import print_line, print_table

    span = f"{format_instant(figures.start)} to {format_instant(figures.end)} ({format_duration(duration)})"
    print_line(f"{figures.lab}, seed {figures.seed}: {figures.nodes} nodes, {span}")
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
