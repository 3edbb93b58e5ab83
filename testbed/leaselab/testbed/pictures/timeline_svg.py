"""A timeline as SVG: a lane a node, what is leased as stacked steps, limit and users as lines, periods as bands.

It takes the reader's light or dark scheme, needs no font and no script; HTML is the same picture with its figures.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from leaselab.appliance.instants import DAY, HOUR, MINUTE, SECOND, WEEK, Instant, as_datetime, format_instant
from leaselab.testbed.pictures.timeline import Mark, Period, Point, Timeline, Track

WIDTH: Final = 1100
LEFT, RIGHT = 190, 64
HEADER: Final = 112
LANE: Final = 96
GAP: Final = 18
BAND: Final = 6
"""Height of a period's band; they stand above each other at the lane's foot."""
ROW: Final = 16
"""Height of a fault's row above the lanes."""
MOST_FAULTS: Final = 12
"""Rows of faults; what befell more often or elsewhere is in the tables of the page, and in the JSON."""
NAME_LENGTH: Final = 26
"""Characters of a fault's name that fit beside its row; the band's own words have all of it."""
FOOTER: Final = 44

STEPS: Final = (
    *(MINUTE * n for n in (1, 5, 15, 30)),
    *(HOUR * n for n in (1, 3, 6, 12)),
    *(DAY * n for n in (1, 2)),
    *(WEEK * n for n in (1, 2, 4, 8, 13, 26)),
)
TICKS: Final = 11
"""At most so many on the axis."""

LEGEND: Final = (
    ("users", "line users"),
    ("limit", "line limit"),
    ("installed", "installed"),
    ("reserved", "reserved"),
    ("incremental", "incremental"),
    ("auto-leased", "auto"),
)
PERIODS: Final = {
    "auto-leasing": "p-auto",
    "no contact": "p-contact",
    "grace": "p-grace",
    "licensing stopped": "p-stopped",
}

STYLE: Final = """
    .page{fill:#fbfcfe;stroke:#dfe5ee}.lane{fill:#fff;stroke:#d5dce8}.tick{stroke:#e6ebf3}
    .ink{fill:#172033}.soft{fill:#5b667a}
    .installed{fill:#c9d3e3}.reserved{fill:#6ea8fe}.incremental{fill:#a5c8ff}.auto{fill:#f4b860}
    .line{fill:none;stroke-width:2;stroke-linejoin:round}
    .users{stroke:#14805e}.limit{stroke:#c2412d;stroke-dasharray:5 4}
    .p-auto{fill:#0b7fab}.p-contact{fill:#c2412d}.p-grace{fill:#b58900}.p-stopped{fill:#7a1f1f}.p-fault{fill:#6d3fd1}
    .mark{stroke:#6d3fd1;stroke-width:1.5}.flag{fill:#6d3fd1}
    text{font-family:Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    .h1{font-size:21px;font-weight:650;letter-spacing:-.2px}.h2{font-size:13px}.name{font-size:15px;font-weight:650}
    .small{font-size:12px}.tiny{font-size:11px}.end{text-anchor:end}.middle{text-anchor:middle}
    @media (prefers-color-scheme:dark){
      .page{fill:#0f1522;stroke:#263148}.lane{fill:#182134;stroke:#2d3a55}.tick{stroke:#263148}
      .ink{fill:#edf1f8}.soft{fill:#9fadc4}
      .installed{fill:#3a4a69}.reserved{fill:#3f74c9}.incremental{fill:#2d5596}.auto{fill:#b97a1c}
      .users{stroke:#54d3a5}.limit{stroke:#ff8f7a}.mark{stroke:#b79cff}.flag{fill:#b79cff}
      .p-auto{fill:#57c7ef}.p-contact{fill:#ff8f7a}.p-grace{fill:#e0b93a}.p-stopped{fill:#e05a5a}.p-fault{fill:#b79cff}
    }
"""

_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" \
aria-labelledby="title desc">
  <title id="title">{title}</title>
  <desc id="desc">{summary}</desc>"""

_PAGE: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  :root{{color-scheme:light dark}}
  body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1140px;padding:0 1rem}}
  svg{{width:100%;height:auto}} table{{border-collapse:collapse;margin:1rem 0}}
  th,td{{text-align:left;padding:.25rem 1rem .25rem 0;border-bottom:1px solid #8884}} td.n{{text-align:right}}
</style></head><body>
<h1>{title}</h1>
{svg}
<h2>What happened</h2>
{happened}
<h2>Counts</h2>
{counts}
</body></html>
"""


def svg(timeline: Timeline) -> str:
    """Draw a timeline."""
    return _Drawing(timeline).text()


def html(timeline: Timeline) -> str:
    """Write a page with the drawing, and in tables all that it shows."""
    happened = [
        *((mark.at, mark.node, mark.text, "") for mark in timeline.marks),
        *((one.begins_at, ", ".join(one.nodes), one.name, format_instant(one.ends_at)) for one in timeline.faults),
        *(
            (one.begins_at, track.node, one.kind, format_instant(one.ends_at))
            for track in timeline.tracks
            for one in track.periods
        ),
    ]
    return _PAGE.format(
        title=escape(f"{timeline.lab}: {timeline.feature}"),
        svg=svg(timeline),
        happened=_table(
            ("At", "Node", "What", "Until"),
            ((format_instant(at), *rest) for at, *rest in sorted(happened)),
        ),
        counts=_table(
            ("At", "Node", "Users", "Limit", "Installed", "Reserved", "Incremental", "Auto-leased"),
            ((format_instant(at), *rest) for at, *rest in sorted(_rows(timeline))),
        ),
    )


def _rows(timeline: Timeline) -> Iterator[tuple[Instant, str, int, int, int, int, int, int]]:
    for track in timeline.tracks:
        for one in track.points:
            counts = (one.signed_in, one.limit, one.installed, one.reserved, one.incremental, one.auto_leased)
            yield one.at, track.node, *counts


def _table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "\n".join(
        "<tr>" + "".join(f"<td{_number(cell)}>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _number(cell: object) -> str:
    return ' class="n"' if isinstance(cell, int) else ""


class _Drawing:
    """One drawing in the making."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.length = max(timeline.ends_at - timeline.begins_at, SECOND)
        self.faults = list(dict.fromkeys(one.name for one in timeline.faults))[:MOST_FAULTS]
        self.lanes = HEADER + (len(self.faults) * ROW + GAP if self.faults else 0)
        self.bottom = self.lanes + len(timeline.tracks) * (LANE + GAP)
        self.height = self.bottom + FOOTER

    def text(self) -> str:
        """Write it all down."""
        timeline = self.timeline
        title = f"{timeline.lab}: {timeline.feature}"
        begin, end = format_instant(timeline.begins_at), format_instant(timeline.ends_at)
        summary = f"{len(timeline.tracks)} nodes from {begin} to {end}, lab time"
        parts = [
            _HEAD.format(width=WIDTH, height=self.height, title=escape(title), summary=escape(summary)),
            f"  <style>{STYLE}  </style>",
            f'  <rect class="page" x=".5" y=".5" width="{WIDTH - 1}" height="{self.height - 1}" rx="16"/>',
            f'  <text class="ink h1" x="32" y="44">{escape(title)}</text>',
            f'  <text class="soft h2" x="32" y="65">{escape(summary)}</text>',
            *self._legend(),
            *self._axis(),
            *self._fault_rows(),
        ]
        for number, track in enumerate(timeline.tracks):
            parts += self._lane(track, self.lanes + number * (LANE + GAP))
        parts += [self._mark(mark, HEADER, self.bottom - GAP) for mark in timeline.marks if not mark.node]
        return "\n".join([*parts, "</svg>"]) + "\n"

    def x(self, at: Instant) -> float:
        """Return where an instant is."""
        part = (at - self.timeline.begins_at) / self.length
        return round(LEFT + min(max(part, 0), 1) * (WIDTH - LEFT - RIGHT), 1)

    def _legend(self) -> Iterator[str]:
        x = LEFT
        used = {period.kind for track in self.timeline.tracks for period in track.periods}
        for words, style in (*LEGEND, *((kind, PERIODS[kind]) for kind in PERIODS if kind in used)):
            if style.startswith("line"):
                yield f'  <path class="{style}" d="M{x} 88h16"/>'
            else:
                yield f'  <rect class="{style}" x="{x}" y="83" width="16" height="10" rx="2"/>'
            yield f'  <text class="soft small" x="{x + 21}" y="92">{words}</text>'
            x += 40 + round(len(words) * 6.4)

    def _axis(self) -> Iterator[str]:
        """Draw ticks at round instants; the step is the smallest that leaves room for the words."""
        step = next((step for step in STEPS if self.length / step <= TICKS), STEPS[-1])
        first = -(-self.timeline.begins_at // step) * step
        for at in range(first, self.timeline.ends_at + 1, step):
            moment = as_datetime(at)
            words = f"{moment:%d %b}" if step >= DAY or at % DAY == 0 else f"{moment:%H:%M}"
            yield f'  <path class="tick" d="M{self.x(at)} {HEADER - 6}V{self.bottom - GAP + 6}"/>'
            yield f'  <text class="soft tiny middle" x="{self.x(at)}" y="{self.bottom + 8}">{words}</text>'

    def _fault_rows(self) -> Iterator[str]:
        """Draw a row for each fault that there was, with a band for each time that it was in force."""
        for number, name in enumerate(self.faults):
            y = HEADER + number * ROW
            yield f'  <text class="soft tiny" x="32" y="{y + 10}">{escape(_shortened(name))}</text>'
            for one in self.timeline.faults:
                if one.name == name:
                    yield self._band("p-fault", name, one.begins_at, one.ends_at, y + 3)

    def _lane(self, track: Track, top: int) -> Iterator[str]:
        peak = max((max(one.signed_in, one.limit, _top(one)) for one in track.points), default=0) or 1
        width = WIDTH - LEFT - RIGHT
        yield f'  <g><rect class="lane" x="{LEFT}" y="{top}" width="{width}" height="{LANE}" rx="6"/>'
        yield f'  <text class="ink name" x="32" y="{top + 30}">{escape(track.node)}</text>'
        yield f'  <text class="soft small" x="32" y="{top + 48}">{escape(track.kind)}</text>'
        yield f'  <text class="soft small" x="32" y="{top + 64}">{escape(track.role.replace("-", " "))}</text>'
        yield f'  <text class="soft tiny" x="{WIDTH - RIGHT + 8}" y="{top + 14}">{peak}</text>'
        yield f'  <text class="soft tiny" x="{WIDTH - RIGHT + 8}" y="{top + LANE - 3}">0</text>'
        yield from self._areas(track, top, peak)
        if track.role == "gateway":
            yield self._line(track.points, [one.limit for one in track.points], top, peak, "limit")
            yield self._line(track.points, [one.signed_in for one in track.points], top, peak, "users")
        for number, period in enumerate(track.periods):
            y = top + LANE - BAND - 1 - BAND * (number and _rank(track.periods, number))
            yield self._band(PERIODS[period.kind], period.kind, period.begins_at, period.ends_at, y)
        for mark in self.timeline.marks:
            if mark.node == track.node:
                yield self._mark(mark, top, top + LANE)
        yield "  </g>"

    def _areas(self, track: Track, top: int, peak: int) -> Iterator[str]:
        """Draw what the limit is made of: a gateway's stacked counts, a server's leases before what it has."""
        gateway = track.role == "gateway"
        base = [one.installed if gateway else 0 for one in track.points]
        if any(one.installed for one in track.points):
            yield self._area(
                track.points, [0] * len(track.points), [one.installed for one in track.points], top, peak, "installed"
            )
        for style, units in (
            ("reserved", [one.reserved for one in track.points]),
            ("incremental", [one.incremental for one in track.points]),
            ("auto", [one.auto_leased for one in track.points]),
        ):
            upper = [below + count for below, count in zip(base, units, strict=True)]
            if any(units):
                yield self._area(track.points, base, upper, top, peak, style)
            base = upper

    def _area(
        self, points: tuple[Point, ...], lower: list[int], upper: list[int], top: int, peak: int, style: str
    ) -> str:
        there = self._steps(points, upper, top, peak)
        back = self._steps(points, lower, top, peak)[::-1]
        return f'  <path class="{style}" d="M{"L".join(f"{x} {y}" for x, y in [*there, *back])}Z"/>'

    def _line(self, points: tuple[Point, ...], values: list[int], top: int, peak: int, style: str) -> str:
        path = "L".join(f"{x} {y}" for x, y in self._steps(points, values, top, peak))
        return f'  <path class="line {style}" d="M{path}"/>'

    def _steps(self, points: tuple[Point, ...], values: list[int], top: int, peak: int) -> list[tuple[float, float]]:
        """Return the corners of a step line: a value holds until the next."""
        corners: list[tuple[float, float]] = []
        ends = [*(point.at for point in points[1:]), self.timeline.ends_at]
        for point, end, value in zip(points, ends, values, strict=True):
            y = round(top + LANE - 4 - value / peak * (LANE - 12), 1)
            corners += [(self.x(point.at), y), (self.x(end), y)]
        return corners

    def _band(self, style: str, name: str, begins_at: Instant, ends_at: Instant, y: int) -> str:
        begin, end = self.x(begins_at), self.x(ends_at)
        words = f"{name}, {format_instant(begins_at)} to {format_instant(ends_at)}"
        return (
            f'  <rect class="{style}" x="{begin}" y="{y}" width="{max(end - begin, 2):g}" '
            f'height="{BAND - 1}" rx="1.5"><title>{escape(words)}</title></rect>'
        )

    def _mark(self, mark: Mark, top: int, bottom: int) -> str:
        x = self.x(mark.at)
        words = f"{format_instant(mark.at)} {mark.text}"
        return (
            f'  <g><title>{escape(words)}</title><path class="mark" d="M{x} {top}V{bottom}"/>'
            f'<path class="flag" d="M{x} {top}h8l-2.5 4 2.5 4h-8z"/></g>'
        )


def _top(point: Point) -> int:
    return max(point.installed, point.leased)


def _shortened(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def _rank(periods: tuple[Period, ...], number: int) -> int:
    """Return which sort of period this is, counted from the lane's foot."""
    kinds = list(dict.fromkeys(period.kind for period in periods))
    return kinds.index(periods[number].kind)
