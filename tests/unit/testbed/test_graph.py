"""The picture of a lab: folding, words, Mermaid."""

import msgspec
import pytest

from leaselab.testbed.graph import FOLD_ABOVE, Arrow, Box, Lease, Picture, fold, lease_text, mermaid, summary_of

LEASE = Lease("concurrent-users", reserved=50, increment=25, maximum=200)
CLOUD = Box("cloud", "cloud", "cloud", "vendor's cloud", note="1 authentication code")
SERVER = Box("vls1", "va-spe", "virtual-license-server", "VA-SPE", "PCS 8.3R1", ("internal",), "2 clients, 1 code")
KEYS = Arrow("cloud", "vls1", "keys", note="license keys")


def gateway(name: str, *, kind: str = "psa3000") -> Box:
    return Box(name, kind, "gateway", kind.upper(), "PCS 8.3R1", ("internal", "external"), "10 users")


def lease(name: str) -> Arrow:
    return Arrow("vls1", name, "leases", client_id=name.upper(), leases=(LEASE,))


def fleet(size: int) -> Picture:
    gateways = [gateway(f"gw{number}") for number in range(1, size + 1)]
    arrows = (KEYS, *(lease(box.name) for box in gateways))
    return Picture("fleet", "", (CLOUD, SERVER, *gateways), arrows)


def test_a_few_gateways_are_drawn_one_by_one() -> None:
    assert fold(fleet(FOLD_ABOVE)) == fleet(FOLD_ABOVE)


def test_many_equal_gateways_become_one_stack_with_one_lease() -> None:
    folded = fold(fleet(50))

    assert folded.boxes[2:] == (msgspec.structs.replace(gateway("gw1 … gw50"), count=50),)
    assert folded.arrows == (KEYS, msgspec.structs.replace(lease("gw1 … gw50"), client_id=""))


def test_a_gateway_that_differs_stays_out_of_the_stack() -> None:
    picture = fleet(20)
    other = gateway("frankfurt", kind="psa7000c")
    free = gateway("lone")

    folded = fold(msgspec.structs.replace(picture, boxes=(*picture.boxes, other, free)))

    assert [box.name for box in folded.boxes] == ["cloud", "vls1", "gw1 … gw20", "frankfurt", "lone"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (LEASE, "50 reserved, +25 up to 200"),
        (Lease("rdp-users", 10, 0, 10), "10 reserved"),
        (Lease("concurrent-users", 50, 25, 200, leased=75), "75 leased of 200"),
    ],
)
def test_a_lease_in_words(given: Lease, words: str) -> None:
    assert lease_text(given) == words


def test_servers_and_gateways_are_counted_in_words() -> None:
    assert summary_of(fleet(1).boxes) == "1 license server, 1 gateway"
    assert summary_of(fold(fleet(50)).boxes) == "1 license server, 50 gateways"
    assert summary_of([gateway("a"), gateway("b")]) == "2 gateways"


def test_networks_are_those_that_some_node_is_on() -> None:
    assert fleet(1).networks == ("internal", "external")


def test_mermaid_has_every_node_and_every_relation() -> None:
    assert mermaid(fleet(1)) == (
        "flowchart LR\n"
        '    n_cloud(["<b>cloud</b><br/>vendor\'s cloud<br/>1 authentication code"])\n'
        '    n_vls1[["<b>vls1</b><br/>VA-SPE · PCS 8.3R1<br/>2 clients, 1 code"]]\n'
        '    n_gw1["<b>gw1</b><br/>PSA3000 · PCS 8.3R1<br/>10 users"]\n'
        '    n_cloud -.->|"license keys"| n_vls1\n'
        '    n_vls1 -->|"concurrent-users: 50 reserved, +25 up to 200"| n_gw1\n'
    )


def test_mermaid_survives_names_that_it_would_read_as_its_own() -> None:
    text = mermaid(Picture("odd", "", (gateway("end"), gateway("a-b.c"), gateway('say "hi"')), ()))

    assert "n_end[" in text
    assert "n_a_b_c[" in text
    assert "say #quot;hi#quot;" in text
