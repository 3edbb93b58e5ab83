"""What the testbed did and saw: one JSON object a line in ``events.jsonl``, with the lab's time and the host's."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from leaselab.appliance.instants import Instant
from leaselab.testbed.eventkinds import EventKind
from leaselab.testbed.views import LabEvent


class EventLog:
    """The lab's events, appended and read in one process.

    Args:
        folder: the lab's.
        now: tells the lab's instant.
    """

    def __init__(self, folder: Path, *, now: Callable[[], Instant]) -> None:
        self._path = folder / "events.jsonl"
        self._now = now
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(LabEvent).decode
        self._last = 0
        self.counts: Counter[str] = Counter()
        for event, _end in self._read(0):
            self._last = event.n
        self._file = self._path.open("ab", buffering=0)
        self._grown = asyncio.Event()
        self._closed = False

    def add(self, kind: EventKind, node: str = "", **fields: Any) -> None:
        """Append an event; a full disk loses it rather than stop the lab."""
        self._last += 1
        self.counts[kind] += 1
        wall = datetime.now(UTC).isoformat(timespec="milliseconds")
        event = LabEvent(n=self._last, at=self._now(), wall=wall, kind=kind, node=node, fields=fields)
        try:
            self._file.write(self._encode(event) + b"\n")
        except OSError:
            return
        self._grown.set()

    async def read(self, after: int, *, follow: bool) -> AsyncIterator[LabEvent]:
        """Yield the events after number ``after``; with ``follow`` go on until the log is closed."""
        offset = 0
        while True:
            self._grown.clear()
            for event, end in self._read(offset):
                offset = end
                if event.n > after:
                    yield event
            if not follow or self._closed:
                return
            await self._grown.wait()

    def close(self) -> None:
        """Close the file; whoever follows it hears no more."""
        self._file.close()
        self._closed = True
        self._grown.set()

    def _read(self, offset: int) -> Iterator[tuple[LabEvent, int]]:
        """Yield each whole line from an offset on, with the offset of the next. A torn line (a crash) is left out."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(offset)
            for line in file:
                offset += len(line)
                if line.endswith(b"}\n"):
                    yield self._decode(line), offset
