"""Long work, shown per node: a picture that changes on a terminal, a line a change elsewhere."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.table import Table

    from leaselab.testbed.views import Advanced, Progress

MOST_NODES: Final = 16
"""More than this are counted by phase, not listed: the picture must fit the screen."""

DONE: Final = ("provisioned", "halted", "off")
"""Phases in which a node has come as far as it comes."""

PICTURE_SECONDS: Final = 0.1
LINE_SECONDS: Final = 10.0
"""Wall time between two words of a long advance: on a terminal, where one takes the other's place, and elsewhere."""

Report = Callable[["Progress"], None]


@contextmanager
def shown(*, quiet: bool) -> Iterator[Report]:
    """Give a function to call with each step, and show the steps until the context is left."""
    if quiet:
        yield lambda _progress: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live

        board = Board()
        with Live(board, console=Console(stderr=True), refresh_per_second=12, transient=True):
            yield board.note
    else:
        yield _write


@contextmanager
def moving(*, quiet: bool) -> Iterator[Callable[["Advanced"], None]]:
    """Give a function to call as an advance gets on, and show how far it is until the context is left."""
    on_terminal = sys.stderr.isatty()
    said_at = monotonic()

    def say(run: "Advanced") -> None:
        nonlocal said_at
        if not quiet and monotonic() - said_at >= (PICTURE_SECONDS if on_terminal else LINE_SECONDS):
            said_at = monotonic()
            sys.stderr.write(f"{_ERASE}{way(run)}" if on_terminal else f"{way(run)}\n")
            sys.stderr.flush()

    try:
        yield say
    finally:
        if on_terminal and not quiet:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()


_ERASE: Final = "\r\33[K"


def way(run: "Advanced") -> str:
    """Return in a line how far an advance is."""
    from leaselab.appliance.instants import format_instant

    part = (run.now - run.start) * 100 // max(1, run.to - run.start)
    return f"{format_instant(run.now)}, {part} % of the way to {format_instant(run.to)}"


def _write(progress: "Progress") -> None:
    sys.stderr.write(line(progress) + "\n")
    sys.stderr.flush()


def line(progress: "Progress") -> str:
    """Return one step as a line."""
    text = f" ({progress.text})" if progress.text else ""
    return f"{progress.node or 'lab'}: {progress.phase}{text}"


class Board:
    """Where each node is just now."""

    def __init__(self) -> None:
        self.phases: dict[str, str] = {}

    def note(self, progress: "Progress") -> None:
        """Take in a step."""
        self.phases[progress.node or "lab"] = f"{progress.phase}  {progress.text}".rstrip()

    def rows(self) -> list[tuple[str, str]]:
        """Return what to show: each node, or when they are many how many are in which phase."""
        if len(self.phases) <= MOST_NODES:
            return list(self.phases.items())
        counts = Counter(phase.split("  ")[0] for phase in self.phases.values())
        return [(f"{count} nodes", phase) for phase, count in counts.most_common()]

    def __rich__(self) -> "Table":
        """Draw it."""
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for name, phase in self.rows():
            done = phase.startswith(DONE)
            table.add_row(Text("✓", style="green") if done else Spinner("dots"), name, Text(phase, style="dim"))
        return table
