"""`leaselab time`: the lab's clock."""

from functools import partial
from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaselab.testbed.clock import Clock
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.views import Advanced, ClockStatus


@click.group(invoke_without_command=True)
@lab_option
@format_option
@click.pass_context
def time(context: click.Context, *, lab: str, as_json: bool) -> None:
    """Show the lab's clock, or move it.

    The clock stands still until it is advanced or given a rate, unless the file says `mode: real`.
    """
    context.obj = (lab, as_json)
    if context.invoked_subcommand is None:
        _print_clock(chosen_lab(lab).clock.status(), as_json=as_json)


@time.command()
@click.argument("duration")
@lab_option
@format_option
@click.pass_obj
def advance(given: tuple[str, bool], duration: str, *, lab: str, as_json: bool) -> None:
    """Let the lab live for a while (10d, 36h, 1h30m, 45s), and return when it has."""
    clock = _meant(given, lab).clock
    _move(clock, partial(clock.advance, duration), as_json=as_json or given[1])


@time.command()
@click.argument("instant")
@lab_option
@format_option
@click.pass_obj
def to(given: tuple[str, bool], instant: str, *, lab: str, as_json: bool) -> None:
    """Let the lab live until an instant (2018-01-11T06:00:00Z), and return when it has."""
    clock = _meant(given, lab).clock
    _move(clock, partial(clock.to, instant), as_json=as_json or given[1])


@time.command()
@click.argument("factor", type=float)
@lab_option
@format_option
@click.pass_obj
def rate(given: tuple[str, bool], factor: float, *, lab: str, as_json: bool) -> None:
    """Let the clock run by itself, that many lab seconds a second."""
    meant = _meant(given, lab)
    meant.clock.rate(factor)
    _print_clock(meant.clock.status(), as_json=as_json or given[1])


@time.command()
@lab_option
@format_option
@click.pass_obj
def pause(given: tuple[str, bool], *, lab: str, as_json: bool) -> None:
    """Stop the clock where it is."""
    meant = _meant(given, lab)
    meant.clock.pause()
    _print_clock(meant.clock.status(), as_json=as_json or given[1])


def _meant(given: tuple[str, bool], lab: str) -> "Lab":
    """Return the lab meant: ``--lab`` may stand before or after the word that says what to do."""
    return chosen_lab(lab or given[0])


def _print_clock(clock: "ClockStatus", *, as_json: bool) -> None:
    from leaselab.testbed import shapes
    from leaselab.testbed.cli.output import print_json, print_line

    if as_json:
        print_json(shapes.clock(clock))
    else:
        print_line(clock_line(clock))


def clock_line(clock: "ClockStatus") -> str:
    """Return the clock as one line: how late it is, how it goes, and what comes next."""
    from leaselab.appliance.instants import NEVER, format_instant

    pace = f"runs at {clock.rate:g}" if clock.rate else "stands"
    due = "nothing is due" if clock.next_due >= NEVER else f"next due {format_instant(clock.next_due)}"
    return f"{format_instant(clock.now)}  ({clock.mode}, {pace}; {due})"


def _move(clock: "Clock", move: "Callable[..., Advanced]", *, as_json: bool) -> None:
    """Move the clock and print what that came to. Ctrl-C stops it on its way; the call then says where."""
    from leaselab.testbed import shapes
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.cli.progress import moving

    try:
        with moving(quiet=as_json) as on_progress:
            advanced = move(on_progress=on_progress)
    except KeyboardInterrupt:
        click.echo(f"stopped at {clock}", err=True)
        raise click.Abort from None
    if as_json:
        print_json(shapes.advance(advanced))
    else:
        print_line(advance_line(advanced))


def advance_line(advanced: "Advanced") -> str:
    """Return an advance as one line: how late it is now, and what it took."""
    from leaselab.appliance.instants import format_duration, format_instant

    lived = format_duration(advanced.now - advanced.start)
    short = "" if advanced.now == advanced.to else f"; stopped before {format_instant(advanced.to)}"
    return f"{format_instant(advanced.now)}  ({lived} later; nodes woke {advanced.grants} times{short})"
