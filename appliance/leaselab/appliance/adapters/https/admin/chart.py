"""A line of counts over time as SVG: how many users were on, and how many may be."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from leaselab.appliance.instants import Duration, Instant

WIDTH: Final = 720
HEIGHT: Final = 180
LEFT: Final = 44
BOTTOM: Final = 24
"""Of the drawing, in its own units; the left and lower margins hold the labels."""

_TOP: Final = 10
_STEPS: Final = 4
_POINTS: Final = 240
"""Of the line at most: more than a screen can show would only make the page heavy."""


class Tick(NamedTuple):
    """A label at an axis, and where."""

    at: float
    value: int


class Chart(NamedTuple):
    """What a template draws.

    Attributes:
        line: the counts as an SVG path, a step at each change.
        limit_y: where the limit is.
        counts: labels of the upright axis.
        instants: labels of the other one.
    """

    line: str
    limit_y: float
    counts: tuple[Tick, ...]
    instants: tuple[Tick, ...]


def draw(changes: Sequence[tuple[Instant, int]], *, now: Instant, span: Duration, limit: int) -> Chart:
    """Return the chart of the last ``span`` before ``now``.

    Args:
        changes: since when how many were on, oldest first.
        now: its right edge.
        span: its length.
        limit: drawn as a line of its own.
    """
    since = now - span
    top = _round_up(max([limit, 4, *(count for _, count in changes)]))

    def x(at: Instant) -> float:
        return round(LEFT + (WIDTH - LEFT) * (at - since) / span, 1)

    def y(count: int) -> float:
        return round(_TOP + (HEIGHT - _TOP - BOTTOM) * (1 - count / top), 1)

    before = [count for at, count in changes if at <= since]
    count = before[-1] if before else 0
    path = [f"M{x(since)} {y(count)}"]
    for at, next_count in _thinned([change for change in changes if since < change[0] <= now]):
        path += [f"H{x(at)}", f"V{y(next_count)}"]
    path.append(f"H{WIDTH}")
    steps = range(_STEPS + 1)
    return Chart(
        line="".join(path),
        limit_y=y(limit),
        counts=tuple(Tick(y(top * step // _STEPS), top * step // _STEPS) for step in steps),
        instants=tuple(Tick(x(since + span * step // _STEPS), since + span * step // _STEPS) for step in steps),
    )


def _round_up(count: int) -> int:
    """Return the next count that divides into the steps of the axis and is easy to read."""
    size = 1
    while True:
        for factor in (4, 8, 12, 20, 32):
            if factor * size >= count:
                return factor * size
        size *= 10


def _thinned(changes: list[tuple[Instant, int]]) -> list[tuple[Instant, int]]:
    """Return the changes, of too many only every so manieth; the latest stays."""
    stride = -(-len(changes) // _POINTS)
    return changes[::-1][:: stride or 1][::-1]
