"""One mistake a case, and what a person is told of it."""

import pytest

from leaselab.testbed.errors import TopologyError
from leaselab.testbed.topology.loading import read

ALLOCATION = "features: {concurrent-users: {reserved: 5, increment: 25, maximum: 50}}"
VLS = "kind: va-spe, boot: {virtual-license-server: true}, licenses: [LICENSE-SVR]"
PAIR = f"""name: lab
cloud: {{}}
nodes:
  server: {{{VLS}, license-server: {{clients: {{GW1: {{node: gw1, password: secret, {ALLOCATION}}}}}}}}}
  gw1: {{kind: psa3000, license-client: {{server: server, id: GW1}}}}
"""


def told(text: str) -> list[str]:
    """Return the messages without their places."""
    try:
        read(text, file="lab.yml")
    except TopologyError as error:
        return [str(problem).partition(": ")[2] for problem in error.problems]
    return []


def one_node(settings: str, *, rest: str = "") -> list[str]:
    return told(f"name: lab\n{rest}\nnodes: {{a: {{{settings}}}}}\n")


def test_a_server_and_its_client_go_together() -> None:
    assert told(PAIR) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{server: server,",
            "{server: sever,",
            "nodes.gw1.license-client.server: there is no node 'sever' (did you mean server?)",
        ),
        (
            "id: GW1}",
            "id: GW2}",
            "nodes.gw1.license-client.id: server has no client record 'GW2' (did you mean GW1?)",
        ),
        (
            "id: GW1}",
            "id: GW1, password: other}",
            "nodes.gw1.license-client.password: is not the one that server has for GW1",
        ),
        (
            "node: gw1,",
            "node: server,",
            "nodes.gw1.license-client.id: GW1 is server's on server",
        ),
        (
            "node: gw1,",
            "platform: psa300,",
            "nodes.gw1.license-client.id: server has GW1 as a psa300",
        ),
        (
            "node: gw1,",
            "",
            "nodes.server.license-server.clients.GW1.node: is missing; name the client's node, or give its `platform`",
        ),
        (
            "node: gw1,",
            "node: gw1, product: pps,",
            "nodes.server.license-server.clients.GW1.product: gw1 has the personality pcs",
        ),
    ],
)
def test_a_client_and_its_record_must_agree(old: str, new: str, message: str) -> None:
    assert PAIR.count(old) == 1
    assert message in told(PAIR.replace(old, new))


@pytest.mark.rule("VLS-10")
def test_a_virtual_license_server_leases_to_no_mag() -> None:
    assert told(PAIR.replace("kind: psa3000", "kind: mag2600")) == [
        "nodes.server.license-server.clients.GW1.node: a Virtual License Server leases to no MAG (VLS-10)",
        "nodes.gw1.license-client.server: a Virtual License Server leases to no MAG (VLS-10)",
    ]


@pytest.mark.rule("VLS-04")
def test_a_virtual_license_server_with_clients_needs_its_license() -> None:
    assert "only with a license-server license (VLS-04)" in told(PAIR.replace(", licenses: [LICENSE-SVR]", ""))[0]


@pytest.mark.rule("VLS-06")
def test_a_virtual_license_server_needs_a_cloud_to_heartbeat_to() -> None:
    assert "needs the vendor's cloud (VLS-06)" in told(PAIR.replace("cloud: {}\n", ""))[0]


@pytest.mark.rule("PLT-05")
def test_a_virtual_appliance_is_a_license_server_only_if_it_boots_so() -> None:
    declined = "kind: va-spe, boot: {virtual-license-server: false}, license-server: {}"

    assert one_node(declined, rest="cloud: {}") == [
        (
            "nodes.a.license-server: a virtual appliance is one only if it boots so: "
            "set boot.virtual-license-server to true (PLT-05)"
        )
    ]
    assert one_node("kind: psa3000, license-server: {}") == []


@pytest.mark.rule("CON-04")
def test_a_file_may_count_on_a_persons_yes_at_the_console() -> None:
    assert one_node("kind: va-spe, license-server: {}", rest="cloud: {}") == []


@pytest.mark.rule("PLT-05")
def test_only_a_virtual_appliance_of_8_3r1_or_later_boots_as_license_server() -> None:
    boot = "boot: {virtual-license-server: true}"

    assert "is hardware" in one_node(f"kind: psa3000, {boot}", rest="cloud: {}")[0]
    assert "it came with 8.3R1" in one_node(f"kind: va-spe, release: 8.2R4, {boot}", rest="cloud: {}")[0]
    assert one_node(f"kind: va-spe, release: 8.3R1, {boot}", rest="cloud: {}") == []


@pytest.mark.rule("PLT-04")
def test_policy_secure_never_is_a_license_server() -> None:
    assert one_node("kind: mag4610, personality: pps, license-server: {}") == [
        "nodes.a.license-server: Policy Secure never is a license server (PLT-04)"
    ]


@pytest.mark.rule("PLT-03")
def test_policy_secure_gets_the_release_that_goes_with_the_labs() -> None:
    lab = read("name: lab\nrelease: 8.0R5\nnodes: {a: {kind: psa300, personality: pps}}\n", file="lab.yml")

    assert str(lab.nodes[0].release(lab.spec.release)) == "5.0R5"


@pytest.mark.rule("PLT-03")
def test_a_nodes_own_release_must_be_of_its_personality() -> None:
    assert one_node("kind: psa300, personality: pps, release: 8.0R4") == [
        "nodes.a.release: 8.0R4 is not a release of pps; 5.0R4 goes with it (PLT-03) (did you mean 5.0R4?)"
    ]


@pytest.mark.rule("PLT-06")
def test_a_license_server_is_given_no_users() -> None:
    assert one_node("kind: psa3000, license-server: {}, users: 3") == [
        "nodes.a.users: a license server admits no end users (PLT-06)"
    ]


@pytest.mark.rule("SRV-02")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("incremental-lease: 23h", "incremental-lease: 23h is not within 1d to 10d (SRV-02)"),
        ("incremental-lease: 11d", "incremental-lease: 11d is not within 1d to 10d (SRV-02)"),
        ("renewal-interval: 59m", "renewal-interval: 59m is not within 1h to 12h, half the incremental lease (SRV-02)"),
        ("renewal-interval: 13h", "renewal-interval: 13h is not within 1h to 12h, half the incremental lease (SRV-02)"),
    ],
)
def test_lease_settings_are_held_to_their_ranges(settings: str, message: str) -> None:
    assert one_node(f"kind: psa3000, license-server: {{{settings}}}") == [f"nodes.a.license-server.{message}"]


@pytest.mark.rule("SRV-02")
def test_a_longer_lease_allows_a_longer_interval() -> None:
    assert one_node("kind: psa3000, license-server: {incremental-lease: 10d, renewal-interval: 5d}") == []


@pytest.mark.parametrize(
    ("release", "counts", "field"),
    [
        pytest.param("8.3R1", "reserved: 60, increment: 5, maximum: 50", "reserved", marks=pytest.mark.rule("SRV-04")),
        pytest.param("8.3R1", "reserved: 5, maximum: 50", "increment", marks=pytest.mark.rule("SRV-04")),
        pytest.param(
            "9.0R1", "reserved: 50, increment: 10, maximum: 100", "increment", marks=pytest.mark.rule("SRV-12")
        ),
        pytest.param("9.0R1", "increment: 25, maximum: 500", "increment", marks=pytest.mark.rule("SRV-12")),
    ],
)
def test_counts_that_the_server_would_not_save_are_found_before(release: str, counts: str, field: str) -> None:
    client = f"C1: {{platform: psa300, password: p, features: {{concurrent-users: {{{counts}}}}}}}"

    messages = one_node(f"kind: psa3000, license-server: {{clients: {{{client}}}}}", rest=f"release: {release}")

    assert [message.partition(": ")[0].rpartition(".")[2] for message in messages] == [field]


@pytest.mark.rule("SRV-12")
def test_the_guides_own_increment_is_fine_in_the_guides_release() -> None:
    client = (
        "C1: {platform: psa300, password: p, features: {concurrent-users: {reserved: 50, increment: 10, maximum: 100}}}"
    )

    assert one_node(f"kind: psa3000, license-server: {{clients: {{{client}}}}}", rest="release: 8.3") == []


@pytest.mark.rule("SRV-11")
def test_a_client_id_is_one_devices() -> None:
    text = PAIR.replace("node: gw1,", "platform: psa3000,").replace(
        "  gw1: {", "  gw2: {kind: psa3000, license-client: {server: server, id: GW1}}\n  gw1: {"
    )

    assert told(text) == [
        "nodes.gw2.license-client.id: GW1 is gw1's too, and belongs to one device (SRV-11)",
        "nodes.gw1.license-client.id: GW1 is gw2's too, and belongs to one device (SRV-11)",
    ]


CODES = "cloud: {auth-codes: {Ab12-Cd34-Ef56-Gh78: {licenses: [ICE]}}}"


@pytest.mark.rule("DLD-04")
def test_a_code_that_is_entered_is_one_of_the_clouds() -> None:
    settings = "kind: psa300, auth-codes: [Ab12-Cd34-Ef56-Gh79]"

    assert one_node(settings, rest=CODES) == [
        "nodes.a.auth-codes[0]: the cloud has no code 'Ab12-Cd34-Ef56-Gh79' (did you mean Ab12-Cd34-Ef56-Gh78?)"
    ]
    assert "there is no cloud to claim it from" in one_node(settings)[0]


@pytest.mark.rule("DLD-02")
def test_a_code_is_entered_once() -> None:
    messages = told(
        f"name: lab\n{CODES}\nnodes: {{'a{{n}}': {{count: 2, kind: psa300, auth-codes: [Ab12-Cd34-Ef56-Gh78]}}}}\n"
    )

    assert messages == [
        "nodes.a{n}.auth-codes[0]: Ab12-Cd34-Ef56-Gh78 is entered 2 times, and a claim uses it up (DLD-02)"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: lab\nnodes: {cloud: {kind: psa300}}\n", "nodes.cloud: cloud is the name of the vendor's side"),
        ("name: lab\nnodes: {'gw{n}': {kind: psa300}}\n", "nodes.gw{n}: has a place for a number but no `count`"),
        ("name: lab\nnodes: {a: {users: 1}}\n", "nodes.a.kind: is missing; kinds are mag2600"),
        ("name: lab\nrelease: eight\nnodes: {a: {kind: psa300}}\n", "release: 'eight' is not a release"),
        ("name: lab\nkinds: {psa30: {}}\nnodes: {a: {kind: psa300}}\n", "kinds.psa30: there is no such kind (did you"),
        ("name: lab\nclock: {mode: real, rate: 2}\nnodes: {a: {kind: psa300}}\n", "clock.rate: a real clock starts"),
        ("name: lab\nnodes: {a: {kind: psa300, licenses: [CONSEC-1000-1YR]}}\n", "nodes.a.licenses[0]: 'CONSEC-1000"),
        (
            "name: lab\nnodes: {a: {kind: psa300, time-zone: Europe/Vienne}}\n",
            "nodes.a.time-zone: there is no time zone",
        ),
        (
            "name: lab\nnodes: {a: {kind: psa300, boot: {admin: {name: admin, password: short}}}}\n",
            "nodes.a.boot.admin.password: Could not change password. New password must be at least 6",
        ),
        (
            "name: lab\nnetworks: {external: {nodes: [gw9]}}\nnodes: {gw1: {kind: psa300}}\n",
            "networks.external.nodes[0]: no node is called 'gw9' (did you mean gw1?)",
        ),
        (
            "name: lab\nnetworks: {management: {nodes: [a]}}\nnodes: {a: {kind: mag2600}}\n",
            "networks.management.nodes[0]: a, a MAG-2600, has no management port",
        ),
        (
            "name: lab\ncloud: {auth-codes: {Ab12: {licenses: [ICE]}}}\nnodes: {a: {kind: psa300}}\n",
            "cloud.auth-codes.Ab12: is not four groups of four letters or digits",
        ),
    ],
)
def test_a_mistake_is_told_in_words(text: str, message: str) -> None:
    messages = told(text)

    assert len(messages) == 1
    assert messages[0].startswith(message)


def test_a_network_named_without_nodes_has_every_node_with_a_port_for_it() -> None:
    lab = read(
        "name: lab\nnetworks:\n  external:\n  management: {nodes: [gw*]}\n"
        "nodes: {gw1: {kind: psa300}, old: {kind: mag2600}}\n",
        file="lab.yml",
    )

    assert [lab.networks_of(node) for node in lab.nodes] == [
        ("internal", "external", "management"),
        ("internal", "external"),
    ]
