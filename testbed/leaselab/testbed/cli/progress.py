"""Long work, shown per node: a picture that changes on a terminal, a line a change elsewhere."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.table import Table

    from leaselab.testbed.views import Progress

MOST_NODES: Final = 16
"""More than this are counted by phase, not listed: the picture must fit the screen."""

DONE: Final = ("provisioned", "halted", "off")
"""Phases in which a node has come as far as it comes."""

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
