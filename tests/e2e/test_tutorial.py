"""The tutorial, typed: every command of docs/tutorial.md is run in order, and must print what the page shows.

In a fenced block ``console`` a line that begins with ``$`` is typed; what follows is all that it prints, where ``...``
stands for any text, and a line of ``...`` for any lines. A block whose first words name a file (``yaml branch.yml``) is
written to it.
"""

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
SECONDS = 90


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after its fence, and its lines."""

    words: tuple[str, ...]
    lines: tuple[str, ...]


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    for found in re.finditer(r"^```(\S[^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(words=tuple(found.group(1).split()), lines=tuple(found.group(2).splitlines()))


def typed(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a console block with the lines it is to print."""
    shown: list[str] = []
    command = ""
    for line in block.lines:
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    if command:
        yield command, shown


def is_shown(printed: list[str], shown: list[str]) -> bool:
    """Tell whether what was printed is what the page shows."""
    parts = [
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()).replace(r"\.\.\.", ".*") + r"\n"
        for line in shown
    ]
    return re.fullmatch("".join(parts), "".join(f"{line.rstrip()}\n" for line in printed)) is not None


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the reader sits: the topologies are there, and nothing else; labs are taken down afterwards."""
    (tmp_path / "topologies").symlink_to(ROOT / "topologies")
    yield tmp_path
    call("leaselab down --all", tmp_path)


def call(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type a command as the reader does, with the tools of this environment on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LEASELAB_", "PYTEST_"))}
    tools = str(Path(sys.executable).parent)
    environment = {
        **kept,
        "PATH": os.pathsep.join([tools, kept["PATH"]]),
        "LEASELAB_HOME": str(folder / "home"),
        "COLUMNS": "160",
    }
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.timeout(300)
def test_every_command_of_the_tutorial_prints_what_the_page_shows(folder: Path) -> None:
    count = 0
    for block in blocks(PAGE.read_text()):
        if block.words[0] == "console":
            for command, shown in typed(block):
                printed = call(command, folder).stdout.splitlines()
                difference = "\n".join(difflib.ndiff(shown, printed))
                assert is_shown(printed, shown), f"$ {command}\n{difference}"
                count += 1
        elif len(block.words) > 1:
            (folder / block.words[1]).write_text("\n".join(block.lines) + "\n")

    assert count > 15


def test_what_differs_from_the_page_is_seen() -> None:
    assert is_shown(["a 1 b", "x", "y"], ["a ... b", "..."])
    assert not is_shown(["a 1 c", "x"], ["a ... b", "..."])
    assert not is_shown(["a 1 b", "x"], ["a ... b"])
    assert not is_shown([], ["a"])
