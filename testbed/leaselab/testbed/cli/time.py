"""`leaselab time`: the lab's clock."""

from typing import TYPE_CHECKING, Annotated

import typer

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import Format, FormatOption, LabOption

if TYPE_CHECKING:
    from leaselab.testbed.lab import Lab
    from leaselab.testbed.views import Advanced

time = typer.Typer(add_completion=False, rich_markup_mode=None, help="Show the lab's clock, or move it.")


@time.callback(invoke_without_command=True)
def show(context: typer.Context, *, lab: LabOption = "", format: FormatOption = Format.TEXT) -> None:
    """Show the lab's clock, or move it.

    The clock stands still until it is advanced or given a rate, unless the file says `mode: real`.
    """
    if context.invoked_subcommand is None:
        _print_clock(chosen_lab(lab), format)


@time.command()
def advance(
    duration: Annotated[str, typer.Argument(help="How far: 10d, 36h, 1h30m or 45s.")],
    *,
    lab: LabOption = "",
    format: FormatOption = Format.TEXT,
) -> None:
    """Let the lab live for a while, and return when it has."""
    _print_advance(chosen_lab(lab).clock.advance(duration), format)


@time.command()
def to(
    instant: Annotated[str, typer.Argument(help="When: 2018-01-11, or 2018-01-11T06:00:00Z.")],
    *,
    lab: LabOption = "",
    format: FormatOption = Format.TEXT,
) -> None:
    """Let the lab live until an instant, and return when it has."""
    _print_advance(chosen_lab(lab).clock.to(instant), format)


@time.command()
def rate(
    factor: Annotated[float, typer.Argument(help="Lab seconds a second, e.g. 60.")],
    *,
    lab: LabOption = "",
    format: FormatOption = Format.TEXT,
) -> None:
    """Let the clock run by itself, that many times as fast as the one on the wall."""
    chosen = chosen_lab(lab)
    chosen.clock.rate(factor)
    _print_clock(chosen, format)


@time.command()
def pause(*, lab: LabOption = "", format: FormatOption = Format.TEXT) -> None:
    """Stop the clock where it is."""
    chosen = chosen_lab(lab)
    chosen.clock.pause()
    _print_clock(chosen, format)


def _print_clock(lab: "Lab", format: Format) -> None:
    from leaselab.appliance.instants import NEVER, format_instant
    from leaselab.testbed.cli import shapes
    from leaselab.testbed.cli.output import print_json, print_line

    clock = lab.status().clock
    if format is Format.JSON:
        print_json(shapes.clock(clock))
        return
    pace = f"{clock.mode}, runs at {clock.rate:g}" if clock.rate else f"{clock.mode}, stands"
    due = "nothing is due" if clock.next_due >= NEVER else f"next due {format_instant(clock.next_due)}"
    print_line(f"{format_instant(clock.now)}  ({pace}; {due})")


def _print_advance(advanced: "Advanced", format: Format) -> None:
    from leaselab.appliance.instants import format_duration, format_instant
    from leaselab.testbed.cli import shapes
    from leaselab.testbed.cli.output import print_json, print_line

    if format is Format.JSON:
        print_json(
            {
                "start": shapes.instant(advanced.start),
                "to": shapes.instant(advanced.to),
                "now": shapes.instant(advanced.now),
                "grants": advanced.grants,
                "state": advanced.state,
            }
        )
        return
    lived = format_duration(advanced.now - advanced.start)
    print_line(f"{format_instant(advanced.now)}  ({lived} on; nodes woke {advanced.grants} times)")
