"""`leaselab time`: the lab's clock."""

from typing import TYPE_CHECKING, Annotated

import typer

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import Format, FormatOption, LabOption

if TYPE_CHECKING:
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.views import Advanced, ClockStatus

time = typer.Typer(add_completion=False, rich_markup_mode=None)


@time.callback(invoke_without_command=True)
def show(context: typer.Context, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Show the lab's clock, or move it.

    The clock stands still until it is advanced or given a rate, unless the file says `mode: real`.
    """
    context.obj = lab
    if context.invoked_subcommand is None:
        _print_clock(chosen_lab(lab).status().clock, form)


@time.command()
def advance(
    context: typer.Context,
    duration: Annotated[str, typer.Argument(help="How far: 10d, 36h, 1h30m or 45s.")],
    *,
    lab: LabOption = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Let the lab live for a while, and return when it has."""
    _print_advance(_meant(context, lab).clock.advance(duration), form)


@time.command()
def to(
    context: typer.Context,
    instant: Annotated[str, typer.Argument(help="When: 2018-01-11, or 2018-01-11T06:00:00Z.")],
    *,
    lab: LabOption = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Let the lab live until an instant, and return when it has."""
    _print_advance(_meant(context, lab).clock.to(instant), form)


@time.command()
def rate(
    context: typer.Context,
    factor: Annotated[float, typer.Argument(help="Lab seconds a second, e.g. 60.")],
    *,
    lab: LabOption = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Let the clock run by itself, that many lab seconds a second."""
    meant = _meant(context, lab)
    meant.clock.rate(factor)
    _print_clock(meant.clock.status(), form)


@time.command()
def pause(context: typer.Context, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Stop the clock where it is."""
    meant = _meant(context, lab)
    meant.clock.pause()
    _print_clock(meant.clock.status(), form)


def _meant(context: typer.Context, lab: str) -> "Lab":
    """Return the lab meant: ``--lab`` may stand before or after the word that says what to do."""
    return chosen_lab(lab or context.obj)


def _print_clock(clock: "ClockStatus", form: Format) -> None:
    from leaselab.testbed.cli import shapes
    from leaselab.testbed.cli.output import print_json, print_line

    if form is Format.JSON:
        print_json(shapes.clock(clock))
    else:
        print_line(clock_line(clock))


def clock_line(clock: "ClockStatus") -> str:
    """Return the clock as one line: how late it is, how it goes, and what comes next."""
    from leaselab.appliance.instants import NEVER, format_instant

    pace = f"runs at {clock.rate:g}" if clock.rate else "stands"
    due = "nothing is due" if clock.next_due >= NEVER else f"next due {format_instant(clock.next_due)}"
    return f"{format_instant(clock.now)}  ({clock.mode}, {pace}; {due})"


def _print_advance(advanced: "Advanced", form: Format) -> None:
    from leaselab.testbed.cli import shapes
    from leaselab.testbed.cli.output import print_json, print_line

    if form is Format.JSON:
        print_json(shapes.advance(advanced))
    else:
        print_line(advance_line(advanced))


def advance_line(advanced: "Advanced") -> str:
    """Return an advance as one line: how late it is now, and what it took."""
    from leaselab.appliance.instants import format_duration, format_instant

    lived = format_duration(advanced.now - advanced.start)
    short = "" if advanced.now == advanced.to else f"; stopped before {format_instant(advanced.to)}"
    return f"{format_instant(advanced.now)}  ({lived} later; nodes woke {advanced.grants} times{short})"
