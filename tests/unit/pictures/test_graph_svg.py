"""The picture of a lab as SVG: well-formed, whole, and nothing on top of anything else."""

from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from leaselab.testbed.pictures.graph import Arrow, Box, Lease, Picture
from leaselab.testbed.pictures.graph_svg import CARD_HEIGHT, svg

SVG = "{http://www.w3.org/2000/svg}"
USERS = Lease("concurrent-users", reserved=50, increment=25, maximum=200)
RDP = Lease("rdp-users", reserved=5, increment=5, maximum=50)


def picture(gateways: int, *, cloud: bool = True, servers: int = 1) -> Picture:
    boxes = [Box("cloud", "cloud", "cloud", "vendor's cloud")] if cloud else []
    boxes += [
        Box(f"ls{number}", "psa5000", "license-server", "PSA-5000", "PCS 8.3R1", ("internal",), "a note")
        for number in range(servers)
    ]
    arrows = [Arrow("cloud", "ls0", "keys", note="license keys")] if cloud and servers else []
    for number in range(gateways):
        name = f"gw{number}"
        boxes.append(
            Box(name, "psa3000", "gateway", "PSA-3000", f"PCS 8.{number}R1", ("internal", "management"), "10 users")
        )
        if servers:
            arrows.append(Arrow(f"ls{number % servers}", name, "leases", "management", name, (USERS, RDP)))
    return Picture("a <lab> & more", "", tuple(boxes), tuple(arrows))


def drawn(what: Picture) -> ET.Element:
    return ET.fromstring(svg(what))


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def cards(root: ET.Element) -> list[tuple[float, float, float, float]]:
    """Return left, top, right, bottom of each card."""
    found = [element.attrib for element in root.iter(f"{SVG}rect") if element.get("class") == "card"]
    corners = [(float(at["x"]), float(at["y"]), float(at["width"]), float(at["height"])) for at in found]
    return [(x, y, x + width, y + height) for x, y, width, height in corners]


@pytest.mark.parametrize(
    "what",
    [
        picture(1),
        picture(8),
        picture(40, servers=3),
        picture(3, cloud=False),
        picture(3, servers=0),
        picture(0, cloud=False),
        picture(0, cloud=False, servers=0),
    ],
)
def test_cards_keep_clear_of_each_other_and_of_the_edge(what: Picture) -> None:
    root = drawn(what)
    _, _, width, height = map(float, root.attrib["viewBox"].split())

    for left, top, right, bottom in cards(root):
        assert 0 < left < right < width
        assert 0 < top < bottom < height
        assert bottom - top == CARD_HEIGHT
    for one, other in combinations(cards(root), 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_everything_that_the_picture_says_is_written() -> None:
    written = texts(drawn(picture(2)))

    for words in (
        "a <lab> & more",
        "1 license server, 2 gateways",
        "vendor's cloud",
        "license keys",
        "gw1",
        "PSA-3000 · PCS 8.1R1",
        "10 users",
        "concurrent users",
        "50 reserved, +25 up to 200",
        "rdp users",
        "5 reserved, +5 up to 50",
        "internal network",
        "management network",
    ):
        assert words in written


def test_each_relation_is_a_line_that_ends_at_a_card() -> None:
    what = picture(3)
    lines = [path.get("d", "") for path in drawn(what).iter(f"{SVG}path") if "C" in path.get("d", "")]

    assert len(lines) == len(what.arrows)
    arrow_tips = {float(line.rpartition("H")[2]) + 9 for line in lines}
    assert arrow_tips <= {left for left, *_ in cards(drawn(what))}


def test_a_stack_shows_how_many_it_stands_for() -> None:
    boxes = tuple(Box(f"gw{number}", "psa3000", "gateway", "PSA-3000") for number in range(50))

    written = texts(drawn(Picture("fleet", "", boxes, ())))

    assert "gw0 … gw49" in written
    assert "\N{MULTIPLICATION SIGN}50" in written


def test_a_name_that_is_too_long_is_cut_within_its_card() -> None:
    name = "a-very-long-name-that-somebody-gave-to-a-gateway-in-frankfurt"

    written = texts(drawn(Picture("lab", "", (Box(name, "psa3000", "gateway", "PSA-3000"),), ())))

    (cut,) = [text for text in written if text.startswith("a-very-long")]
    assert cut.endswith("…")
    assert len(cut) < len(name)


def test_it_has_a_title_and_takes_the_readers_scheme() -> None:
    text = svg(picture(1))
    root = ET.fromstring(text)

    assert root.get("role") == "img"
    assert [root.find(f"{SVG}{tag}") is not None for tag in ("title", "desc")] == [True, True]
    assert "@media (prefers-color-scheme:dark)" in text
    assert "<script" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
