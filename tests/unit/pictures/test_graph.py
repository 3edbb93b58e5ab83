"""The picture of a lab: folding, words, Mermaid."""

import msgspec
import pytest

from leaselab.testbed.pictures.graph import (
    FOLD_ABOVE,
    Arrow,
    Box,
    Lease,
    Picture,
    fold,
    lease_text,
    mermaid,
    picture_of,
    summary_of,
)
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.topology.files import load
from leaselab.testbed.topology.plan import ClockPlan, Plan
from leaselab.testbed.topology.planner import plan

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


TOPOLOGY = """\
name: two-sites
release: 8.3R1
clock: {start: 2020-02-29}
cloud:
  auth-codes:
    Ab12-Cd34-Ef56-Gh78: {licenses: [LICENSE-SVR, CONSEC-1000U-1YR]}
networks: {management: {nodes: [vls1, gw1]}}
nodes:
  vls1:
    kind: va-spe
    boot: {virtual-license-server: true}
    auth-codes: [Ab12-Cd34-Ef56-Gh78]
    license-server:
      clients:
        GW1: {node: gw1, password: secret1, features: {concurrent-users: {reserved: 50, increment: 25, maximum: 200}}}
  ls2: {kind: psa5000, licenses: [LICENSE-SVR, ACCESS-100U-1YR], license-server: {}}
  gw1:
    kind: psa3000
    license-client: {server: vls1, id: GW1, password: secret1, preferred-network: management}
    users: 7
  nac1: {kind: psa300, personality: pps, users: 1}
"""


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(load(TOPOLOGY), slot=7, privileged=True, runtime="embedded", secret="00" * 32)


def test_a_plan_becomes_a_picture(planned: Plan) -> None:
    picture = picture_of(planned)

    assert picture.name == "two-sites"
    assert picture.summary == "2 license servers, 2 gateways · virtual clock from 2020-02-29T00:00:00Z"
    assert {box.name: box for box in picture.boxes} == {
        "cloud": Box("cloud", "cloud", "cloud", "vendor's cloud", note="1 authentication code"),
        "vls1": Box(
            "vls1",
            "va-spe",
            "virtual-license-server",
            "VA-SPE",
            "PCS 8.3R1",
            ("internal", "management"),
            "1 client, 1 code",
        ),
        "ls2": Box("ls2", "psa5000", "license-server", "PSA-5000", "PCS 8.3R1", ("internal",), "0 clients, 2 keys"),
        "gw1": Box("gw1", "psa3000", "gateway", "PSA-3000", "PCS 8.3R1", ("internal", "management"), "7 users"),
        "nac1": Box("nac1", "psa300", "gateway", "PSA-300", "PPS 5.4R1", ("internal",), "1 user"),
    }
    assert picture.arrows == (
        Arrow("cloud", "vls1", "keys", note="license keys"),
        Arrow("vls1", "gw1", "leases", "management", "GW1", (LEASE,)),
    )


def test_reports_make_it_the_picture_of_a_running_lab(planned: Plan) -> None:
    fleet = Fleet(cloud="")
    fleet.license_server("vls1", kind="psa5000", licenses=["LICENSE-SVR", "CONSEC-1000U-1YR"])
    fleet.client("gw1", server="vls1", reserved=50, increment=25, maximum=200)
    fleet.advance(days=1)
    fleet.sign_in("gw1", 51)

    picture = picture_of(planned, {"gw1": fleet.report("gw1")})

    assert picture.summary == "2 license servers, 2 gateways · at 2018-01-02T00:00:00Z"
    assert {box.name: box.note for box in picture.boxes}["gw1"] == "51 of 75 users"
    assert lease_text(picture.arrows[1].leases[0]) == "75 leased of 200"


def test_a_lab_in_real_time_says_so(planned: Plan) -> None:
    real = msgspec.structs.replace(planned, clock=ClockPlan(start=None, mode="real"))

    assert picture_of(real).summary.endswith("real clock")
