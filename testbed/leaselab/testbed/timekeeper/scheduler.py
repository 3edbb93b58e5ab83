"""Who is granted which instant next. Pure: a heap and three limits, no clock and no waiting.

Order is by (due instant, priority, node name), which no run can change; a node that is due in the past (it was off,
or its disk was slow) fires at the present instant, never before it.
"""

import heapq
from dataclasses import dataclass, field
from typing import Final

from leaselab.appliance.instants import NEVER, Instant, format_instant

MAX_GRANTS: Final = 1_000_000
"""In one advance. A year of 5-minute heartbeats of ten gateways; more than that is a loop or a case for two calls."""

MAX_GRANTS_AN_INSTANT: Final = 1_000
"""To one node. A timer that keeps re-arming at the instant it fires would otherwise hold time for ever."""


class SchedulerError(RuntimeError):
    """Time cannot go on: a limit was reached. The message names node, timer and instant."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One grant: this node may act at this instant. ``due_at`` is earlier than ``at`` where it is overdue."""

    node: str
    at: Instant
    due_at: Instant


@dataclass(slots=True)
class _Entry:
    """A registered node: when it wants to wake, and how often it has been served at one instant."""

    priority: int
    due_at: Instant = NEVER
    seq: int = 0
    served_at: Instant = -1
    served: int = 0


@dataclass(slots=True)
class Scheduler:
    """The agenda of a lab: one row a node, the node's own next wish.

    Attributes:
        now: the lab's present instant.
        max_grants: in one advance.
        max_grants_an_instant: to one node.
    """

    now: Instant
    max_grants: int = MAX_GRANTS
    max_grants_an_instant: int = MAX_GRANTS_AN_INSTANT
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _heap: list[tuple[Instant, int, str, int]] = field(default_factory=list)
    _seq: int = 0
    _granted: int = 0

    def register(self, node: str, next_due: Instant, *, priority: int = 0) -> None:
        """Take a node in, or take it in anew after a restart; among equals the lower priority goes first."""
        self._entries[node] = _Entry(priority=priority)
        self.wakes(node, next_due)

    def forget(self, node: str) -> None:
        """Take a node out: it is off, and time goes on without it."""
        self._entries.pop(node, None)

    def wakes(self, node: str, next_due: Instant) -> None:
        """Note when a node next wants to wake. A node that is not registered (any more) wants nothing."""
        entry = self._entries.get(node)
        if entry is None or entry.due_at == next_due:
            return
        entry.due_at = next_due
        self._seq += 1
        entry.seq = self._seq  # rows of former wishes no longer match
        if next_due < NEVER:
            heapq.heappush(self._heap, (next_due, entry.priority, node, entry.seq))

    def next_due(self) -> Instant:
        """Return when the first of all wants to wake, or ``NEVER``."""
        while self._heap:
            due_at, _, node, seq = self._heap[0]
            entry = self._entries.get(node)
            if entry is not None and entry.seq == seq:
                return due_at
            heapq.heappop(self._heap)  # a wish that was since changed
        return NEVER

    def begin(self) -> None:
        """Start counting the grants of a new advance."""
        self._granted = 0

    def take(self, until: Instant) -> Turn | None:
        """Give out the next turn due by ``until`` and move on to its instant; ``None`` where there is none.

        Raises:
            SchedulerError: a limit is reached: of this advance, or of the node at this one instant.
        """
        due_at = self.next_due()
        if due_at > until:
            return None
        if self._granted >= self.max_grants:
            raise SchedulerError(
                f"{self._granted} grants in one advance, at {format_instant(self.now)}; "
                "advance in shorter steps, or look for a timer that fires far too often"
            )
        self._granted += 1
        node = heapq.heappop(self._heap)[2]
        entry = self._entries[node]
        entry.due_at = NEVER
        self.now = max(self.now, due_at)
        if entry.served_at == self.now:
            entry.served += 1
            if entry.served >= self.max_grants_an_instant:
                raise SchedulerError(
                    f"{node}: woke {entry.served} times at {format_instant(self.now)} without time passing; "
                    "one of its timers re-arms itself for the instant at which it fires"
                )
        else:
            entry.served_at, entry.served = self.now, 1
        return Turn(node=node, at=self.now, due_at=due_at)

    def reach(self, instant: Instant) -> None:
        """Move on to an instant up to which nothing is due any more; an earlier one changes nothing."""
        self.now = max(self.now, instant)
