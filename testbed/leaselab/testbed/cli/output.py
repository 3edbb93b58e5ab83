"""How verbs print: JSON for programs; tables drawn on a terminal, aligned columns in a pipe."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.testbed.files import explained

ANY_WIDTH: Final = 10_000
"""Columns enough for every table: how wide one is, where nothing makes it narrower."""


def print_json(data: Any) -> None:
    """Print anything made of dicts, lists, structs and scalars as one line of JSON."""
    print_line(msgspec.json.encode(data).decode())


def print_line(text: str = "") -> None:
    """Print one line, and at once: whoever follows a stream in a pipe waits for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_or_write(text: str, path: Path | None) -> None:
    """Write a drawing to a file, or to the terminal where none is named."""
    if path is None:
        sys.stdout.write(text)
        return
    with explained("write the drawing"):
        path.write_text(text, encoding="utf-8")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Print a table.

    Args:
        columns: the headings; one that starts with ``#`` (not printed) aligns its numbers to the right.
        rows: as many cells as columns each; ``None`` prints as ``-``.
        empty: the line printed when there is no row.
    """
    if not rows:
        print_line(empty)
        return
    cells = [["-" if cell is None or cell == "" else str(cell) for cell in row] for row in rows]
    if not (sys.stdout.isatty() and _draw(columns, cells)):
        _align(columns, cells)


def _draw(columns: Sequence[str], cells: list[list[str]]) -> bool:
    """Draw a table, unless the terminal is too narrow for it: an address in pieces can be neither read nor copied."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.removeprefix("#"), justify="right" if column.startswith("#") else "left", no_wrap=True)
    for row in cells:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    console = Console()
    if console.measure(table, options=console.options.update(max_width=ANY_WIDTH)).maximum > console.width:
        return False
    console.print(table)
    return True


_STYLES: Mapping[str, str] = {"ready": "green", "off": "dim", "halted": "red", "wizard": "yellow", "booting": "yellow"}


def _align(columns: Sequence[str], cells: list[list[str]]) -> None:
    headings = [column.removeprefix("#").upper() for column in columns]
    widths = [max(len(row[index]) for row in [headings, *cells]) for index in range(len(columns))]
    for row in [headings, *cells]:
        padded = [
            cell.rjust(width) if column.startswith("#") else cell.ljust(width)
            for column, cell, width in zip(columns, row, widths, strict=True)
        ]
        print_line("  ".join(padded).rstrip())


@contextmanager
def following(follow: bool) -> Iterator[None]:
    """Let Ctrl-C end a stream that is followed: it is how one stops reading, and no error."""
    try:
        yield
    except KeyboardInterrupt:
        if not follow:
            raise
