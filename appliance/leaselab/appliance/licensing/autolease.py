"""Auto-leasing: when a server lets clients help themselves, and how far they may go (AUT-01 to AUT-10).

The guide's rule: on for a feature when the average of available over the last 24 hours is greater than 30 % of the
unallocated maximum, the sum over clients of maximum - leased. All of it is exact integer arithmetic, so that the
guide's two examples hold to the unit.
"""

from typing import Final

import msgspec

from leaselab.appliance.instants import DAY, HOUR, NEVER, Duration, Instant
from leaselab.appliance.licensing.events import AutoLeaseSwitched

WINDOW: Final[Duration] = 24 * HOUR
THRESHOLD_PERCENT: Final = 30
"""AUT-02; the guide, "Auto-Leasing"."""

PENALTY: Final[Duration] = 5 * DAY
"""AUT-09."""

LONGEST_DISCONNECTION: Final[Duration] = 10 * DAY
"""AUT-06, AUT-07."""

PENALTY_KEY: Final = "penalty-end"
"""The agenda key of the penalty's end."""


class Average(msgspec.Struct):
    """A step function of time over the last 24 hours, and its integral; it has one from its first :meth:`note` on.

    ``steps`` holds ``(since, value)``, oldest first, ``passed`` of them ended before the window began; ``area`` is the
    integral from the first of the others to the last one's beginning, so that a change costs the same however long the
    history.
    """

    steps: list[tuple[Instant, int]] = []
    area: int = 0
    passed: int = 0

    def note(self, value: int, at: Instant) -> None:
        """The value is this from now on."""
        if self.steps:
            since, last = self.steps[-1]
            if value == last:
                return
            self.area += last * (at - since)
            if since == at:
                self.steps.pop()
        self.steps.append((at, value))
        self._forget(at)

    def over_window(self, now: Instant) -> tuple[int, Duration]:
        """Return the integral over the last 24 hours (or since the first step) and the length of that time (AUT-03)."""
        self._forget(now)
        since, value = self.steps[-1]
        first_since, first_value = self.steps[self.passed]
        begin = max(first_since, now - WINDOW)
        if since == first_since:
            return value * (now - begin), now - begin
        return self.area - first_value * (begin - first_since) + value * (now - since), now - begin

    def _forget(self, now: Instant) -> None:
        """Pass over steps that ended before the window began, and drop them once they are the most."""
        steps, edge, first = self.steps, now - WINDOW, self.passed
        while first + 1 < len(steps) and steps[first + 1][0] <= edge:
            self.area -= steps[first][1] * (steps[first + 1][0] - steps[first][0])
            first += 1
        if first > len(steps) // 2:
            del steps[:first]
            first = 0
        self.passed = first


class AutoLeaseState(msgspec.Struct):
    """What a server keeps to judge auto-leasing, by feature.

    ``eligible`` is false for a feature none of whose counts is free of a platform (AUT-01); ``unallocated`` sums the
    clients' ``maximum - leased``.
    """

    averages: dict[str, Average] = {}
    unallocated: dict[str, int] = {}
    unallocated_by_client: dict[str, dict[str, int]] = {}
    eligible: dict[str, bool] = {}
    told: dict[str, bool] = {}
    penalty_until: Instant = 0


def note_available(state: AutoLeaseState, feature: str, available: int, at: Instant) -> None:
    """Record what is available of the counts that no platform is tied to."""
    average = state.averages.get(feature)
    if average is None:
        average = state.averages[feature] = Average()
    average.note(available, at)


def note_client(state: AutoLeaseState, feature: str, client_id: str, *, unallocated: int) -> None:
    """Record what a client could still get."""
    clients = state.unallocated_by_client.setdefault(feature, {})
    change = unallocated - clients.get(client_id, 0)
    if change:
        clients[client_id] = unallocated
        state.unallocated[feature] = state.unallocated.get(feature, 0) + change


def average_available(state: AutoLeaseState, feature: str, now: Instant) -> float:
    """Return the average of available over the last 24 hours, for people to read."""
    average = state.averages.get(feature)
    if average is None:
        return 0.0
    area, length = average.over_window(now)
    return area / length if length else float(average.steps[-1][1])


def is_on(state: AutoLeaseState, feature: str, now: Instant) -> bool:
    """Judge the guide's rule at ``now`` (AUT-02), the penalty included (AUT-09)."""
    average = state.averages.get(feature)
    if average is None or now < state.penalty_until or not state.eligible.get(feature, False):
        return False
    area, length = average.over_window(now)
    if not length:  # no time has passed yet: what is available now is the average
        area, length = average.steps[-1][1], 1
    return area * 100 > THRESHOLD_PERCENT * state.unallocated.get(feature, 0) * length


def switched(feature: str, *, enabled: bool) -> AutoLeaseSwitched:
    """Return the event of a feature's auto-leasing having changed (LIC30846)."""
    return AutoLeaseSwitched(feature=feature, enabled=enabled)


def usable_until(disconnected_since: Instant, reserved_ends_at: Instant) -> Instant:
    """Return until when auto-leased counts may be used in one unbroken disconnected state (AUT-06, AUT-07)."""
    return min(disconnected_since + LONGEST_DISCONNECTION, reserved_ends_at, NEVER)
