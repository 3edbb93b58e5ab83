"""The lab's clock as a service: it grants one instant to one node at a time, and tells how far it has come.

Why one at a time: everything that a grant causes at other nodes has happened, and is known here, before the next
grant; so the order of events is a property of the file and the commands, not of the machine. The loop does little
else: ten days of a lab are thousands of grants, and each is one call and its answer.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from leaselab.appliance.instants import LAST, SECOND, Instant, format_instant
from leaselab.testbed.eventkinds import EventKind
from leaselab.testbed.timekeeper.scheduler import Scheduler, SchedulerError, Turn

GRANT_LIMIT_SECONDS: Final = 10.0
"""Wall time for one grant. Every exchange ends within one instant, so a grant that takes this long never will."""

TICK_SECONDS: Final = 0.05
"""Wall time between the steps of a running clock."""

SHOW_SECONDS: Final = 1.0
"""Wall time after which a running clock also tells nodes that have nothing to do how late it is."""

BREATHE_EVERY: Final = 64
"""Grants between two turns for everybody else in the event loop: consoles and sockets stay alive in a long advance."""

MAX_RATE: Final = 1_000_000.0
"""Lab seconds a second; faster than that no machine follows."""


class Grantee(Protocol):
    """A node as the timekeeper sees it."""

    async def grant(self, to: Instant) -> Instant:
        """Let the node do all that is due by ``to``; return when it wants to wake next."""
        ...

    async def observe(self, at: Instant) -> None:
        """Show the node an instant at which it has nothing to do."""
        ...


class ClockError(RuntimeError):
    """The clock cannot do what is asked, or stands still where it should not. One line: what, where, what to do."""


class StalledError(ClockError):
    """A node did not finish a grant; time stands at that instant until the node is restarted or killed."""

    def __init__(self, node: str, at: Instant, why: str) -> None:
        super().__init__(
            f"time stands at {format_instant(at)}: {node} {why}; "
            f"look at `leaselab logs {node}`, then `leaselab restart {node}` and advance again"
        )
        self.node = node
        self.at = at


@dataclass(slots=True)
class Advance:
    """One advance as a resource: where it started, where it goes, how far it is.

    Attributes:
        start: instant at which it began.
        to: instant it goes to.
        now: how far it is.
        grants: given so far.
        state: ``advancing``, ``ready`` (arrived, or stopped by a pause) or ``stalled``.
        failure: why it stalled, or empty.
    """

    start: Instant
    to: Instant
    now: Instant
    grants: int = 0
    state: Literal["advancing", "ready", "stalled"] = "advancing"
    failure: str = ""


OnEvent = Callable[[EventKind, dict[str, object]], None]
OnProgress = Callable[[Advance], None]
Keep = Callable[[], Awaitable[None]]


async def _nothing_to_keep() -> None:
    """Nodes that keep what they do by themselves need no help."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A clock that runs by itself: lab time as a straight line over wall time."""

    rate: float
    from_wall: float
    from_now: Instant


class Timekeeper:
    """Grants time to the nodes of one lab.

    Args:
        now: the lab's instant.
        real: the clock follows wall time at rate 1 and cannot be advanced (``mode: real`` in the file).
        grant_limit: wall seconds after which a grant counts as hung.
        on_event: told of stalls and overdue entries, for the lab's event log.
        keep: puts on disk what the nodes have done; called now and then in a long advance, and at its end.
    """

    def __init__(
        self,
        now: Instant,
        *,
        real: bool = False,
        grant_limit: float = GRANT_LIMIT_SECONDS,
        on_event: OnEvent = lambda _kind, _fields: None,
        keep: Keep = _nothing_to_keep,
    ) -> None:
        self.scheduler = Scheduler(now=now)
        self.real = real
        self.grants = 0
        self.last: Advance | None = None
        self._grantees: dict[str, Grantee] = {}
        self._grant_limit = grant_limit
        self._on_event = on_event
        self._keep = keep
        self._one_advance = asyncio.Lock()
        self._line: _Line | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._stopping = False
        self._turn: Turn | None = None
        self._turn_began = 0.0
        self._granting: asyncio.Task[None] | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._broken: StalledError | None = None

    @property
    def now(self) -> Instant:
        """The lab's present instant."""
        return self.scheduler.now

    @property
    def rate(self) -> float:
        """Lab seconds a wall second; 0 while the clock stands."""
        return self._line.rate if self._line else 0.0

    def register(self, node: str, grantee: Grantee, next_due: Instant, *, priority: int = 0) -> None:
        """Take a node in, or in again after it was off; of two due at one instant the lower priority goes first."""
        self._grantees[node] = grantee
        self.scheduler.register(node, next_due, priority=priority)

    def hold(self, node: str) -> None:
        """Give a node no turns until it is registered again; one that it has just now it may finish."""
        self.scheduler.forget(node)

    def forget(self, node: str, *, why: str = "was switched off within its grant") -> None:
        """Take a node out; time goes on without it. An advance that waits for it just then stalls: never skipped."""
        self._grantees.pop(node, None)
        self.scheduler.forget(node)
        self._break_off(node, why)

    def wakes(self, node: str, next_due: Instant) -> None:
        """Note that a node now wants to wake at ``next_due``. Once this returns the timekeeper knows."""
        self.scheduler.wakes(node, next_due)

    async def advance(self, to: Instant, *, on_progress: OnProgress | None = None) -> Advance:
        """Let the lab live until ``to``, or until a pause.

        Raises:
            ClockError: the clock is real, ``to`` is past or too late, or a limit was reached.
            StalledError: a node hung, failed or died within its grant.
        """
        self._must_be_virtual("be advanced")
        if to < self.now:
            raise ClockError(
                f"the lab is at {format_instant(self.now)} already; time does not go back to {format_instant(to)}"
            )
        if to > LAST:
            raise ClockError(
                f"a lab's clock goes up to {format_instant(LAST)}; it is {format_instant(self.now)} and stays so"
            )
        reached = await self._run(to, on_progress=on_progress)
        if self._line:
            self._draw_line(self._line.rate)
        return reached

    async def settle(self) -> None:
        """Let all happen that is due at the present instant; a node that was off may have overdue entries."""
        if self.scheduler.next_due() <= self.now:
            await self._run(self.now)

    def set_rate(self, rate: float) -> None:
        """Let the clock run by itself, ``rate`` lab seconds a wall second.

        Raises:
            ClockError: the rate is out of range, or the clock is real.
        """
        self._must_be_virtual("be given a rate")
        if not (math.isfinite(rate) and 0 < rate <= MAX_RATE):
            raise ClockError(
                f"a rate of {rate:g} is not above 0 and up to {MAX_RATE:,.0f}; `time pause` stops the clock"
            )
        self._draw_line(rate)

    def start(self) -> None:
        """Start a real clock; a virtual one stands until it is told otherwise."""
        if self.real:
            self._draw_line(1.0)

    async def pause(self) -> None:
        """Stop the clock where it is, and an advance under way with it.

        Raises:
            ClockError: the clock is real.
        """
        self._must_be_virtual("be paused")
        await self._stop()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Let time stand meanwhile; an advance under way is seen through first."""
        async with self._one_advance:
            yield

    async def close(self) -> None:
        """Stop for good."""
        await self._stop()

    def _must_be_virtual(self, what: str) -> None:
        if self.real:
            raise ClockError(
                f"this lab's clock is real time and cannot {what}; set `clock: {{mode: virtual}}` in the file"
            )

    async def _run(self, to: Instant, *, on_progress: OnProgress | None = None, show: bool = True) -> Advance:
        """Grant all up to ``to`` in a task of its own, which the watch can end."""
        async with self._one_advance:
            run = Advance(start=self.now, to=to, now=self.now)
            self.last = run
            self._stopping, self._broken = False, None
            self.scheduler.begin()
            self._granting = asyncio.create_task(self._grant_all(run, on_progress, show=show))
            watch = asyncio.get_running_loop().call_later(self._grant_limit / 4, self._watch)
            self._watching = watch
            try:
                await self._granting
            except ClockError as error:
                run.state, run.failure = "stalled", str(error)
                self._on_event("stalled", {"why": run.failure})
                raise
            except asyncio.CancelledError:
                run.state = "ready"  # whoever asked for it has gone; what was granted stays granted
                raise
            finally:
                self._watching.cancel()
                self._granting = None
                run.now = self.now
            run.state = "ready"
            return run

    async def _grant_all(self, run: Advance, on_progress: OnProgress | None, *, show: bool) -> None:
        scheduler, wall = self.scheduler, asyncio.get_running_loop().time
        while not self._stopping:
            try:
                turn = scheduler.take(run.to)
            except SchedulerError as error:
                raise ClockError(str(error)) from error
            if turn is None:
                scheduler.reach(run.to)
                break
            if turn.due_at < turn.at:
                self._on_event("overdue", {"node": turn.node, "due_at": turn.due_at})
            self._turn, self._turn_began = turn, wall()
            await self._grant(turn)
            run.grants += 1
            self.grants += 1
            run.now = turn.at
            if run.grants % BREATHE_EVERY == 0:
                if on_progress:
                    on_progress(run)
                await self._keep()
                await asyncio.sleep(0)
        if run.grants:
            await self._keep()
        if show:
            await self._show()

    async def _grant(self, turn: Turn) -> None:
        """Let one node have its turn. One that does not finish keeps its wish, so that nothing is ever skipped."""
        try:
            wakes_at = await self._grantees[turn.node].grant(turn.at)
        except asyncio.CancelledError:
            self.scheduler.wakes(turn.node, turn.due_at)
            if self._broken:
                raise self._broken from None
            raise
        except Exception as error:
            self.scheduler.wakes(turn.node, turn.due_at)
            raise StalledError(turn.node, turn.at, f"failed: {error}") from error
        finally:
            self._turn = None
        self.scheduler.wakes(turn.node, wakes_at)

    async def _show(self) -> None:
        """Set every node's clock to the present instant. Whoever does not take that in is as stuck as in a grant."""
        at = self.now
        for node, grantee in tuple(self._grantees.items()):
            with suppress(ConnectionError):  # lost just now: whoever runs it reports that
                try:
                    async with asyncio.timeout(self._grant_limit):
                        await grantee.observe(at)
                except TimeoutError:
                    raise StalledError(node, at, f"did not take the time in within {self._grant_limit:g} s") from None

    def _watch(self) -> None:
        """Look every quarter of the limit whether a grant hangs."""
        loop = asyncio.get_running_loop()
        if self._turn and loop.time() - self._turn_began > self._grant_limit:
            self._break_off(self._turn.node, f"did not finish its grant within {self._grant_limit:g} s")
        self._watching = loop.call_later(self._grant_limit / 4, self._watch)

    def _break_off(self, node: str, why: str) -> None:
        if self._turn and self._turn.node == node and self._granting:
            self._broken = StalledError(node, self._turn.at, why)
            self._granting.cancel()

    def _draw_line(self, rate: float) -> None:
        self._line = _Line(rate=rate, from_wall=asyncio.get_running_loop().time(), from_now=self.now)
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        """Follow the line in small steps. A machine that cannot keep up falls behind; nothing is left out."""
        wall = asyncio.get_running_loop().time
        shown = wall()
        while line := self._line:
            await asyncio.sleep(TICK_SECONDS)
            if line is not self._line:
                continue
            target = line.from_now + int((wall() - line.from_wall) * line.rate * SECOND)
            show = wall() - shown >= SHOW_SECONDS
            shown = wall() if show else shown
            if target > self.now:
                try:
                    await self._run(target, show=show)
                except ClockError:
                    self._line = None  # the event log says why; `time rate` starts it again
                    return

    async def _stop(self) -> None:
        self._line = None
        self._stopping = True
        ticker, self._ticker = self._ticker, None
        if ticker and not ticker.done():
            await asyncio.wait([ticker])
        async with self._one_advance:
            self._stopping = False
