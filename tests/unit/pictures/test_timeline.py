"""The timeline of a gateway that leases, loses its server, and helps itself: in figures, and drawn."""

import xml.etree.ElementTree as ET
from typing import Any

import msgspec
import pytest

from leaselab.appliance.instants import DAY, HOUR
from leaselab.testbed.pictures import timeline as timelines
from leaselab.testbed.pictures import timeline_svg
from leaselab.testbed.pictures.timeline import FaultPeriod, Mark, Period, Point, Timeline, Track
from leaselab.testbed.views import LabEvent

START = 17_532 * DAY


def point(hours: int, signed_in: int, *, incremental: int = 0, auto_leased: int = 0) -> Point:
    return Point(
        at=START + hours * HOUR,
        signed_in=signed_in,
        limit=12 + incremental + auto_leased,
        installed=2,
        reserved=10,
        incremental=incremental,
        auto_leased=auto_leased,
    )


TIMELINE = Timeline(
    lab="story <1>",
    feature="concurrent-users",
    begins_at=START,
    ends_at=START + 10 * DAY,
    tracks=(
        Track(
            node="gw1",
            kind="psa3000",
            role="gateway",
            points=(point(0, 5), point(20, 30, incremental=20), point(60, 40, incremental=20, auto_leased=10)),
            periods=(Period("no contact", START + 50 * HOUR, START + 90 * HOUR),),
        ),
    ),
    marks=(Mark(START + 48 * HOUR, "gw1", "killed", "gw1 killed"), Mark(START + 54 * HOUR, "gw1", "power-on", "on")),
    faults=(
        FaultPeriod("cut", "gw1 vls1", ("gw1", "vls1"), START + DAY, START + 3 * DAY),
        FaultPeriod("cut", "gw1 vls1", ("gw1", "vls1"), START + 5 * DAY, START + 6 * DAY),
        FaultPeriod("loss", "network <x>", (), START + 4 * DAY, START + 10 * DAY),
    ),
)


def shapes(kind: str) -> list[dict[str, str]]:
    root = ET.fromstring(timeline_svg.svg(TIMELINE))
    return [element.attrib for element in root.iter() if element.attrib.get("class", "").endswith(kind)]


def corners(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split() for pair in path.strip("MZ").split("L"))]


def test_the_drawing_is_xml_with_a_title_and_names_made_safe() -> None:
    root = ET.fromstring(timeline_svg.svg(TIMELINE))

    assert root.findtext("{http://www.w3.org/2000/svg}title") == "story <1>: concurrent-users"


def test_users_are_a_line_of_steps_over_the_whole_time() -> None:
    (line,) = shapes("line users")[1:]  # the first is the legend's
    steps = corners(line["d"])

    assert steps[0][0] == timeline_svg.LEFT
    assert steps[-1][0] == timeline_svg.WIDTH - timeline_svg.RIGHT
    assert len(steps) == 2 * len(TIMELINE.tracks[0].points)
    assert steps[0][1] > steps[2][1] > steps[4][1], "more users stand higher"


def test_periods_and_marks_stand_where_they_were() -> None:
    _, band = shapes("p-contact")
    marks = shapes("mark")

    width = timeline_svg.WIDTH - timeline_svg.LEFT - timeline_svg.RIGHT
    assert float(band["x"]) == pytest.approx(timeline_svg.LEFT + width * 50 / 240, abs=0.1)
    assert float(band["width"]) == pytest.approx(width * 40 / 240, abs=0.2)
    assert len(marks) == len(TIMELINE.marks)


def test_the_page_has_every_figure_in_a_table() -> None:
    page = timeline_svg.html(TIMELINE)

    assert page.count("<tr>") == 2 + 3 + 2 + 1 + 3  # headings; points; marks; periods; faults
    assert "story &lt;1&gt;" in page
    assert "<title>story <1>" not in page


def test_faults_have_a_row_each_and_a_band_for_each_time() -> None:
    first, again, network = shapes("p-fault")

    width = timeline_svg.WIDTH - timeline_svg.LEFT - timeline_svg.RIGHT
    assert float(first["x"]) == pytest.approx(timeline_svg.LEFT + width / 10, abs=0.1)
    assert float(first["width"]) == pytest.approx(width / 5, abs=0.2)
    assert first["y"] == again["y"] != network["y"]
    assert float(shapes("lane")[0]["y"]) > float(network["y"])


def test_of_many_faults_the_first_have_rows_and_the_page_has_all() -> None:
    many = tuple(FaultPeriod("pause", f"gw{n}", (f"gw{n}",), START, START + DAY) for n in range(40))
    crowded = msgspec.structs.replace(TIMELINE, faults=many)

    assert timeline_svg.svg(crowded).count('class="p-fault"') == timeline_svg.MOST_FAULTS
    assert timeline_svg.html(crowded).count("<td>pause gw") == len(many)


def test_mermaid_has_a_bar_a_point_and_a_milestone_a_mark() -> None:
    text = timelines.mermaid(TIMELINE)

    assert "    30 users, 30 leased :2018-01-01T20:00:00, 2018-01-03T12:00:00\n" in text
    assert "    no contact :crit, 2018-01-03T02:00:00, 2018-01-04T18:00:00\n" in text
    assert "    cut gw1 vls1 :crit, 2018-01-02T00:00:00, 2018-01-04T00:00:00\n" in text
    assert text.count(":milestone") == 2


def event(n: int, hours: int, kind: str, node: str = "", /, **fields: Any) -> LabEvent:
    return LabEvent(n=n, at=START + hours * HOUR, wall="", kind=kind, node=node, fields=fields)


def test_of_the_testbeds_events_those_that_befall_nodes_are_marks() -> None:
    events = [
        event(1, 0, "power-on"),
        event(2, 1, "advanced", grants=3),
        event(3, 2, "killed", "gw1"),
        event(4, 3, "lost"),
    ]

    built = timelines.build("story", {}, events, feature="concurrent-users", until=START)

    assert built.marks == (Mark(START + 3 * HOUR, "", "lost", "lost"),), "the beginning is no news, gw1 not asked for"


def fault(n: int, hours: int, kind: str, number: int, target: str, *, what: str = "cut") -> LabEvent:
    return event(n, hours, kind, fault=what, n=number, target=target)


def test_a_fault_lasts_from_its_event_to_the_one_that_says_it_is_over() -> None:
    events = [
        fault(1, 0, "fault", 1, "gw1 vls1"),
        fault(2, 2, "fault", 2, "network external"),
        fault(3, 5, "fault-over", 1, "gw1 vls1"),
        fault(4, 6, "fault", 1, "gw1 vls1"),
        fault(5, 6, "fault-over", 1, "gw1 vls1"),
        fault(6, 7, "fault", 3, "gw1", what="restart"),
    ]

    periods = timelines.fault_periods(events, START + DAY)

    assert [
        (one.name, one.nodes, (one.begins_at - START) // HOUR, (one.ends_at - START) // HOUR) for one in periods
    ] == [
        ("cut gw1 vls1", ("gw1", "vls1"), 0, 5),
        ("cut network external", (), 2, 24),
        ("cut gw1 vls1", ("gw1", "vls1"), 6, 6),
        ("restart gw1", ("gw1",), 7, 7),
    ]


def test_faults_of_nodes_that_are_not_asked_for_are_left_out_and_those_of_networks_are_not() -> None:
    events = [fault(1, 0, "fault", 1, "gw1 vls1"), fault(2, 0, "fault", 2, "network external")]

    built = timelines.build("story", {}, events, feature="concurrent-users", until=START)

    assert [one.name for one in built.faults] == ["cut network external"]
