"""From a serial line to those who look at it: at once, or as badly as a test wants.

Console drivers race with consoles: a prompt that does not come, a reply in pieces, a banner after the first key, an
echo that takes its time. Each of these can be had on request, so that a driver can be tested against it.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

from leaselab.appliance.config import ConsoleFaults

PIECE_SECONDS: Final = 0.000_2
"""Between single bytes: each is a packet of its own, and a whole menu takes no second."""

MAX_LATE_PIECES: Final = 64 * 1024
"""What may wait; a line that is this far behind loses the rest, as one without flow control does."""


class Taker(Protocol):
    """Whoever takes output."""

    def write(self, data: bytes) -> None:
        """Take output; never blocks."""
        ...


class Delivery:
    """Passes a line's output on.

    Args:
        faults: what goes wrong on the way.
    """

    def __init__(self, faults: ConsoleFaults) -> None:
        self._faults = faults
        self._ways: dict[Taker, _Way] = {}

    @property
    def faults(self) -> ConsoleFaults:
        """What goes wrong; what was late until now comes at once when that is changed."""
        return self._faults

    @faults.setter
    def faults(self, faults: ConsoleFaults) -> None:
        self._faults = faults
        for way in self._ways.values():
            way.hurry()

    def without_lost_prompt(self, output: str, prompt: str) -> str:
        """Return output without the prompt at its end, as often as prompts are to be lost."""
        text = output.rstrip()
        if not prompt or not self._faults.lost_prompts or not text.endswith(prompt):
            return output
        self._faults = self._faults.with_prompt_lost()
        return text[: -len(prompt)]

    def greet(self, taker: Taker, data: bytes) -> None:
        """Pass the recent output on to a newcomer."""
        self._pass(taker, data, self._faults.banner_delay_milliseconds / 1_000)

    def pass_on(self, taker: Taker, data: bytes) -> None:
        """Pass output on to somebody who is attached."""
        self._pass(taker, data, self._faults.echo_delay_milliseconds / 1_000)

    def forget(self, taker: Taker) -> None:
        """Drop what was on its way to somebody who has left."""
        way = self._ways.pop(taker, None)
        if way is not None:
            way.close()

    def close(self) -> None:
        """Drop all that is on its way."""
        for taker in tuple(self._ways):
            self.forget(taker)

    def _pass(self, taker: Taker, data: bytes, delay_seconds: float) -> None:
        way = self._ways.get(taker)
        if way is None:
            if not delay_seconds and not self._faults.split_bytes:
                taker.write(data)
                return
            way = self._ways[taker] = _Way(taker)
        way.add(data, delay_seconds, split=self._faults.split_bytes)


class _Way:
    """The bad way to one of those who look: pieces that wait for their time, and keep their order.

    Args:
        taker: at its end.
    """

    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._late: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, data: bytes, delay_seconds: float, *, split: bool) -> None:
        """Send something on its way."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay_seconds
        pieces = [data[at : at + 1] for at in range(len(data))] if split else [data]
        self._late.extend((due, piece) for piece in pieces[: MAX_LATE_PIECES - len(self._late)])
        if self._timer is None and self._late:
            self._timer = loop.call_at(self._late[0][0], self._write_next)

    def hurry(self) -> None:
        """Deliver at once whatever is under way."""
        late = b"".join(piece for _, piece in self._late)
        self.close()
        if late:
            self._taker.write(late)

    def close(self) -> None:
        """Drop what is under way."""
        self._late.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write_next(self) -> None:
        """Write what is due, in its order: nothing overtakes on a serial line."""
        self._timer = None
        _, piece = self._late.popleft()
        self._taker.write(piece)
        if self._late:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._late[0][0], loop.time() + PIECE_SECONDS), self._write_next)
