"""What a lab has made, written down and on disk before it is made.

One JSON object a line, only ever appended. After a crash at any moment the journal names everything that may exist;
cleaning up trusts it and the lab's own folder alone, never a name pattern. A torn last line is the entry that was
being written when the power went: what it would have announced was not made.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import msgspec

from leaselab.testbed import processes
from leaselab.testbed.files import explained
from leaselab.testbed.processes import ProcessId

JOURNAL: Final = "journal.jsonl"

Thing = Literal["container", "network", "service", "secret"]
"""What a lab makes in a container engine. Services and secrets are a swarm's."""

Kind = Literal["process", "path", "engine"] | Thing


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line.

    Attributes:
        act: ``will`` make it, have ``made`` it, or it is ``gone``.
        kind: what sort of thing.
        name: of the thing: a path inside the lab's folder, what the process is, e.g. ``node gw1``, the address of the
            container engine that the lab uses, or what a container, network, service or secret is called there.
        process: its identity, once it has one.
    """

    act: Literal["will", "made", "gone"]
    kind: Kind
    name: str
    process: ProcessId | None = None


class Journal:
    """The journal of one lab, open for appending.

    Args:
        folder: the lab's folder.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / JOURNAL
        _drop_torn_line(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._encode = msgspec.json.Encoder().encode

    def will_make(self, kind: Kind, names: Iterable[str]) -> None:
        """Announce things; returns once that is on disk."""
        self._write([Entry(act="will", kind=kind, name=name) for name in names], sync=True)

    def made_process(self, name: str, process: ProcessId) -> None:
        """Add the identity of a process announced before. Not synced: what loses it ends the process too."""
        self._write([Entry(act="made", kind="process", name=name, process=process)], sync=False)

    def gone(self, kind: Kind, names: Iterable[str]) -> None:
        """Note that things are no more. Not synced: looking for them once more does no harm."""
        self._write([Entry(act="gone", kind=kind, name=name) for name in names], sync=False)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, entries: list[Entry], *, sync: bool) -> None:
        if not entries:
            return
        with explained("write the lab's journal"):
            os.write(self._file, b"".join(self._encode(entry) + b"\n" for entry in entries))
            if sync:
                os.fdatasync(self._file)


def _drop_torn_line(path: Path) -> None:
    """Cut off what a crash left of a last line, so that the next one starts on its own."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


def read(folder: Path) -> list[Entry]:
    """Return the entries of a lab's journal, oldest first."""
    try:
        lines = (folder / JOURNAL).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    decoder = msgspec.json.Decoder(Entry)
    return [decoder.decode(line) for line in lines[:-1] if line]  # after the last newline: nothing, or a torn line


def standing(entries: Iterable[Entry]) -> dict[tuple[Kind, str], Entry]:
    """Return what may exist by now: announced or made, and not gone."""
    things: dict[tuple[Kind, str], Entry] = {}
    for entry in entries:
        if entry.act == "gone":
            things.pop((entry.kind, entry.name), None)
        else:
            things[entry.kind, entry.name] = entry
    return things


def end_processes(folder: Path) -> list[str]:
    """End the processes that the journal names, the latest first; return those that still ran.

    A process that was announced and has no identity yet watches its parent from its first instant on and ends with
    it, so there is nothing to look for.
    """
    ended: list[str] = []
    for (kind, name), entry in reversed(standing(read(folder)).items()):
        if kind == "process" and entry.process and processes.lives(entry.process):
            processes.end(entry.process)
            ended.append(name)
    return ended
