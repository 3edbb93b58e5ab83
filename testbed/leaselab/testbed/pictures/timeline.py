"""A lab's life so far: users, limits and leases of each node over the lab's time, and what befell them.

Worked out from the event logs alone, the appliances' and the testbed's.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from leaselab.appliance.instants import Instant, format_instant
from leaselab.appliance.licensing.commands import CONCURRENT_USERS
from leaselab.appliance.licensing.views import Report
from leaselab.testbed.errors import CallError
from leaselab.testbed.eventkinds import EVENTS
from leaselab.testbed.faults.kinds import KINDS
from leaselab.testbed.lab import Lab
from leaselab.testbed.pictures.history import Life, changes, lives, reports, span
from leaselab.testbed.views import LabEvent

MARKED: Final = {kind for kind, described in EVENTS.items() if described.mark}


class Point(msgspec.Struct, frozen=True):
    """What a node counts of one feature from an instant on, until the next point."""

    at: Instant
    signed_in: int
    limit: int
    installed: int
    reserved: int
    incremental: int
    auto_leased: int

    @property
    def leased(self) -> int:
        """Units leased, of all kinds."""
        return self.reserved + self.incremental + self.auto_leased


class Period(msgspec.Struct, frozen=True):
    """A stretch of time in which something held, e.g. ``auto-leasing`` or ``no contact``."""

    kind: str
    begins_at: Instant
    ends_at: Instant


class FaultPeriod(msgspec.Struct, frozen=True):
    """A stretch of time in which a fault was in force; one that only happens ends as it begins.

    ``nodes`` is empty where it befell a network.
    """

    kind: str
    target: str
    nodes: tuple[str, ...]
    begins_at: Instant
    ends_at: Instant

    @property
    def name(self) -> str:
        """Kind and target, e.g. ``cut gw1 vls1``."""
        return f"{self.kind} {self.target}"


class Mark(msgspec.Struct, frozen=True):
    """Something that happened to a node, or to the lab where ``node`` is empty."""

    at: Instant
    node: str
    kind: str
    text: str


class Track(msgspec.Struct, frozen=True):
    """One node: its counts, and the periods worth knowing. ``role`` is what it is at the end."""

    node: str
    kind: str
    role: str
    points: tuple[Point, ...]
    periods: tuple[Period, ...]


class Timeline(msgspec.Struct, frozen=True):
    """All of it, of one feature."""

    lab: str
    feature: str
    begins_at: Instant
    ends_at: Instant
    tracks: tuple[Track, ...]
    marks: tuple[Mark, ...]
    faults: tuple[FaultPeriod, ...] = ()


def timeline_of(lab: Lab, *, feature: str = CONCURRENT_USERS, nodes: Iterable[str] = ()) -> Timeline:
    """Work out the timeline of a lab that runs.

    Raises:
        UnknownNodeError: it has no such node.
        CallError: none of the nodes is on.
    """
    wanted = tuple(nodes)
    for name in wanted:
        lab[name]  # raises, and names the nearest
    found = lives(lab, wanted)
    if not found:
        raise CallError("none of these nodes is switched on", hint="`leaselab start NODE` switches one on")
    return build(lab.name, found, lab.events(), feature=feature, until=lab.clock.now)


def build(lab: str, found: Mapping[str, Life], events: Iterable[LabEvent], *, feature: str, until: Instant) -> Timeline:
    """Put a timeline together from lives and events of the testbed."""
    begins_at, ends_at = span(found, until)
    known = list(events)
    return Timeline(
        lab=lab,
        feature=feature,
        begins_at=begins_at,
        ends_at=ends_at,
        tracks=tuple(_track(life, feature, ends_at) for life in found.values()),
        marks=tuple(
            Mark(event.at, event.node, event.kind, _words(event))
            for event in known
            if event.at > begins_at  # its beginning is no news
            and event.kind in MARKED
            and (not event.node or event.node in found)
        ),
        faults=tuple(
            one for one in fault_periods(known, ends_at) if not one.nodes or any(node in found for node in one.nodes)
        ),
    )


def fault_periods(events: Iterable[LabEvent], until: Instant) -> list[FaultPeriod]:
    """Return the stretches in which faults were in force, by their beginning; an open one lasts ``until``."""
    periods: list[FaultPeriod] = []
    since: dict[int, int] = {}
    for event in events:
        if event.kind == "fault":
            kind, target = str(event.fields["fault"]), str(event.fields["target"])
            nodes = () if target.startswith("network ") else tuple(target.split())
            periods.append(FaultPeriod(kind, target, nodes, event.at, until if KINDS[kind].lasting else event.at))
            since[event.fields["n"]] = len(periods) - 1
        elif event.kind == "fault-over" and (at := since.pop(event.fields["n"], None)) is not None:
            periods[at] = msgspec.structs.replace(periods[at], ends_at=event.at)
    return periods


def _track(life: Life, feature: str, until: Instant) -> Track:
    seen = list(reports(life, [*changes(life), until]))
    return Track(
        node=life.config.name,
        kind=life.config.kind,
        role=seen[-1].role,
        points=tuple(_points(seen, feature)),
        periods=(
            *_periods("auto-leasing", [(one.now, one.features[feature].auto_lease) for one in seen], until),
            *_periods("no contact", [(one.now, one.client.contact == "down") for one in seen], until),
            *_periods("grace", [(one.now, one.cloud.state == "grace") for one in seen], until),
            *_periods("licensing stopped", [(one.now, one.cloud.state in _STOPPED) for one in seen], until),
        ),
    )


_STOPPED: Final = ("stopped", "duplicate")


def _points(seen: Iterable[Report], feature: str) -> Iterable[Point]:
    """Yield a point where a count changes."""
    last: tuple[int, ...] | None = None
    for report in seen:
        one = report.features[feature]
        counts = (one.signed_in, one.limit, one.installed, one.reserved, one.incremental, one.auto_leased)
        if report.server.enabled:  # it leases to others: the sum of its clients, by kind
            counts = (one.signed_in, one.limit, one.installed, *_leased_out(report, feature), 0)
        if counts != last:
            yield Point(report.now, *counts)
            last = counts


def _leased_out(report: Report, feature: str) -> tuple[int, int]:
    leases = [lease for lease in report.leases if lease.feature == feature]
    reserved = sum(lease.units for lease in leases if lease.kind == "reserved")
    return reserved, sum(lease.units for lease in leases) - reserved


def _periods(kind: str, held: Iterable[tuple[Instant, bool]], until: Instant) -> Iterable[Period]:
    """Yield the stretches in which something held."""
    since: Instant | None = None
    for at, holds in held:
        if holds and since is None:
            since = at
        elif not holds and since is not None:
            yield Period(kind, since, at)
            since = None
    if since is not None:
        yield Period(kind, since, until)


def _words(event: LabEvent) -> str:
    """Say in a line what an event of the testbed is about."""
    fields = ", ".join(f"{name} {value}" for name, value in event.fields.items() if value not in ("", None))
    return f"{event.node} {event.kind}".strip() + (f": {fields}" if fields else "")


def mermaid(timeline: Timeline) -> str:
    """Write a timeline as a Mermaid Gantt chart: a section a node, a bar for each number of units leased."""
    lines = [
        "gantt",
        f"    title {timeline.lab}: {timeline.feature}",
        "    dateFormat YYYY-MM-DDTHH:mm:ss",
        "    axisFormat %m-%d %H:%M",
        *(["    section faults"] if timeline.faults else []),
        *(
            f"    {one.name} :crit, {_mermaid_time(one.begins_at)}, {_mermaid_time(one.ends_at)}"
            for one in timeline.faults
        ),
    ]
    for track in timeline.tracks:
        lines.append(f"    section {track.node}")
        ends = [*(point.at for point in track.points[1:]), timeline.ends_at]
        for point, end in zip(track.points, ends, strict=True):
            if end > point.at:
                lines.append(f"    {_bar(point)} :{_mermaid_time(point.at)}, {_mermaid_time(end)}")
        lines += [
            f"    {period.kind} :crit, {_mermaid_time(period.begins_at)}, {_mermaid_time(period.ends_at)}"
            for period in track.periods
            if period.ends_at > period.begins_at
        ]
        lines += [
            f"    {mark.kind} :milestone, {_mermaid_time(mark.at)}, 0s"
            for mark in timeline.marks
            if mark.node == track.node
        ]
    return "\n".join(lines) + "\n"


def _bar(point: Point) -> str:
    return f"{point.signed_in} users, {point.leased} leased"


def _mermaid_time(at: Instant) -> str:
    return format_instant(at)[:19]
