"""One mistake a case, and what a person is told of it."""

import pytest

from leaselab.appliance.instants import DAY
from leaselab.testbed.errors import TopologyError
from leaselab.testbed.topology import checklist, faults
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


@pytest.mark.rule("DLD-04")
def test_a_code_whose_keys_are_made_for_a_node_is_of_a_node_that_there_is_and_entered_nowhere_else() -> None:
    made = "cloud: {auth-codes: {Ab12-Cd34-Ef56-Gh78: {licenses: [ICE], node: %s, made: 2018-02-01}}}"

    assert one_node("kind: psa300", rest=made % "a") == []
    assert one_node("kind: psa300", rest=made % "gw") == [
        "cloud.auth-codes.Ab12-Cd34-Ef56-Gh78.node: there is no node 'gw'"
    ]
    assert one_node("kind: psa300", rest=(made % "a").replace("node: a, ", "")) == [
        "cloud.auth-codes.Ab12-Cd34-Ef56-Gh78.made: is for keys that are made for a `node`; name it"
    ]
    both = "nodes: {a: {kind: psa300}, b: {kind: psa300, auth-codes: [Ab12-Cd34-Ef56-Gh78]}}"
    assert told(f"name: lab\n{made % 'a'}\n{both}\n") == [
        "nodes.b.auth-codes[0]: the keys of Ab12-Cd34-Ef56-Gh78 are made for a"
    ]


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


HEAD = "name: lab\nnodes: {a: {kind: psa300}, b: {kind: psa3000}, s: {kind: psa5000, license-server: {}}}\n"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("groups: {'a b': {}}", "groups.a b: takes letters, digits, _ . -, not 'a b'"),
        ("clusters: {c: {nodes: [a, z]}}", "clusters.c.nodes[1]: there is no node 'z'"),
        ("clusters: {c: {nodes: [a, s]}}", "clusters.c.nodes[1]: s is a license server, which is no node of a cluster"),
        (
            "clusters: {c: {nodes: [a, b]}, d: {nodes: [b, a]}}",
            "clusters.d.nodes[0]: b is a node of cluster c already; clusters.d.nodes[1]: a is a node of cluster c",
        ),
        ("load: [{}]", "load[0]: takes either `office-hours` or `burst`"),
        (
            "load: [{office-hours: {peak: 1}, burst: {at: 2019-01-01, users: 1, for: 1h}}]",
            "load[0]: takes either `office-hours` or `burst`",
        ),
        ("load: [{office-hours: {peak: 1, base: 2}}]", "load[0].office-hours.base: base 2 is more than peak 1"),
        (
            "load: [{office-hours: {peak: 1, time-zone: Europe/Vienne}}]",
            "load[0].office-hours.time-zone: there is no time zone 'Europe/Vienne' (did you mean Europe/Vienna?)",
        ),
        (
            "load: [{burst: {at: 2017-01-01, users: 1, for: 1h}}]",
            "load[0].burst.at: is before the lab's clock starts, at 2018-01-01T00:00:00Z",
        ),
        ("load: [{nodes: [a], group: g, office-hours: {peak: 1}}]", "load[0].group: give either `nodes` or `group`"),
        ("load: [{group: g, office-hours: {peak: 1}}]", "load[0].group: there is no group 'g'"),
        ("load: [{nodes: [x*], office-hours: {peak: 1}}]", "load[0].nodes[0]: no node is called 'x*'"),
        (
            "load: [{nodes: [s], office-hours: {peak: 1}}]",
            "load[0].nodes[0]: a license server admits no users (PLT-06)",
        ),
        (
            "cloud: {auth-codes: {Ab12-Cd34-Ef56-Gh78: {licenses: [CONSEC-1000]}}}",
            "cloud.auth-codes.Ab12-Cd34-Ef56-Gh78.licenses[0]: 'CONSEC-1000'",
        ),
        ("faults: [{kind: kill, node: a, at: 2019-01-01, after: 1d}]", "faults[0].after: give either `at` or `after`"),
        ("faults: [{kind: kill, node: a, at: 2017-01-01}]", "faults[0].at: is before the lab's clock starts"),
        (
            "checks: [{check: x, at: 2019-01-01, after: 1d, expect: {a: {users: 0}}}]",
            "checks[0].after: give either `at` or `after`",
        ),
        ("checks: [{check: x, after: 1d, within: 1h}]", "checks[0].within: waits for nothing; give it `expect`"),
        ("checks: [{check: x, do: [{upgrade: {node: a, release: new}}]}]", "checks[0].do[0].upgrade.release: 'new' is"),
        ("checks: [{check: x, expect: {a: {users: [1]}}}]", "checks[0].expect.a.users: takes a number or a comparison"),
        (
            "faults: [{kind: kill, node: a, after: 1d}]\nclock: {mode: real}",
            "faults[0].after: counts from the start of a virtual clock, and this one is real; give it `at`",
        ),
        (
            "checks: [{check: x, do: [{fault: {kind: kill, node: a, after: 1d}}]}]\nclock: {mode: real}",
            "checks[0].do[0].fault.after: counts from the start of a virtual clock",
        ),
        ("checks: []\nclock: {mode: imaginary}", "clock.mode: takes virtual or real, not 'imaginary'"),
    ],
)
def test_a_section_is_held_to_what_there_is(section: str, message: str) -> None:
    assert "; ".join(told(f"{HEAD}{section}\n")).startswith(message)


def test_a_clock_may_start_at_the_beginning_of_time() -> None:
    lab = read(
        f"{HEAD}clock: {{start: 1970-01-01}}\n"
        "load: [{nodes: [a], burst: {at: 1970-01-02, users: 1, for: 1h}}]\n"
        "faults: [{kind: kill, node: a, after: 1d}]\n"
        "checks: [{check: x, do: [{fault: {kind: kill, node: a, after: 2d}}]}]\n",
        file="lab.yml",
    )

    assert [fault.at for fault in faults.of(lab)] == [DAY]
    assert [check.do[0].fault.at for check in checklist.of(lab) if check.do[0].fault] == [2 * DAY]


@pytest.mark.rule("CLU-01")
def test_a_cluster_is_of_one_personality_and_release() -> None:
    text = (
        "name: lab\nclusters: {c: {nodes: [a, b]}}\n"
        "nodes: {a: {kind: psa300}, b: {kind: psa300, personality: pps, release: 5.4R2}}\n"
    )

    assert told(text) == ["clusters.c: its nodes run pcs 8.3R1, pps 5.4R2; a cluster has one of each (CLU-01)"]


def test_a_cluster_of_a_node_whose_release_is_none_is_told_of_the_release_alone() -> None:
    text = "name: lab\nclusters: {c: {nodes: [a, b]}}\ndefaults: {kind: psa300, release: 7}\nnodes: {a: {}, b: {}}\n"

    assert {message.partition(": ")[0] for message in told(text)} == {"nodes.a.release", "nodes.b.release"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("kind: psa300, release: 6.5", "nodes.a.release: no pcs release goes with 6.5R1"),
        ("kind: psa300, boot: {network: {dns: [ten]}}", "nodes.a.boot.network.dns[0]: "),
        (
            "kind: psa300, boot: {certificate: {organization: " + "a" * 65 + "}}",
            "nodes.a.boot.certificate.organization: A",
        ),
        ("kind: psa300, license-client: {id: A}", "nodes.a.license-client.server: is missing; name the node that"),
        ("kind: psa300, license-client: {server: a}", "nodes.a.license-client.id: is missing; it is an ID from"),
        ("kind: psa300, license-client: {server: a, id: A}", "nodes.a.license-client.server: a is no license server"),
        ("kind: psa300, publish: {https: 70000}", "nodes.a.publish.https: port 70000 is not one of 1 to 65535"),
        ("kind: psa300, publish: {https: '999.0.0.1:80'}", "nodes.a.publish.https: 999.0.0.1 is no address of a mach"),
        ("kind: psa300, limits: {memory: 96MB}", "nodes.a.limits.memory: takes an amount of memory, for example 96MiB"),
        ("kind: psa300, limits: {memory: 96}", "nodes.a.limits.memory: takes an amount of memory, for example 96MiB"),
        ("kind: psa300, boot: {network: {dns: [1.1.1.1, 2.2.2.2, 3.3.3.3]}}", "nodes.a.boot.network.dns: takes at mo"),
        ("kind: psa300, personality: psc", "nodes.a.personality: takes pcs or pps, not 'psc' (did you mean"),
        ("kind: psa300, users: {many: 1}", "nodes.a.users: takes a whole number, not a mapping"),
        ("kind: psa300, users: [1]", "nodes.a.users: takes a whole number, not a list"),
        ("kind: psa300, auth-codes: [[]]", "nodes.a.auth-codes[0]: takes text, not a list"),
    ],
)
def test_a_mistake_of_a_node_is_told_in_words(settings: str, message: str) -> None:
    messages = one_node(settings)

    assert len(messages) == 1
    assert messages[0].startswith(message)


@pytest.mark.rule("PLT-03")
def test_a_lab_whose_release_has_no_twin_for_a_node_needs_one_of_the_nodes_own() -> None:
    messages = one_node("kind: psa300, personality: pps", rest="release: 6.5R1")

    assert messages[0].startswith("nodes.a.release: is missing, and the lab's does not do: no pps release goes with")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna"])
def test_a_time_zone_is_one_that_there_is(zone: str) -> None:
    assert one_node(f"kind: psa300, time-zone: {zone}") == []


def test_a_node_may_be_called_true_where_text_is_wanted() -> None:
    assert one_node("kind: psa300, hostname: gate, boot: {admin: {name: true, password: 123456}}") == []


def test_a_published_port_and_a_memory_limit_are_taken() -> None:
    assert one_node("kind: psa300, publish: {https: '127.0.0.1:8443'}, limits: {memory: 1GiB}") == []


def test_a_nodes_name_is_a_label_of_a_host_name_with_its_number_in() -> None:
    long = "a" * 57 + "{n:09}"

    (message,) = told(f"name: lab\nnodes: {{'{long}': {{kind: psa300, count: 2}}}}\n")

    assert message.startswith(f"nodes.{long}: '{'a' * 57}000000001' is no host name")


def test_a_code_is_four_groups_of_four_once_its_number_is_in_it() -> None:
    messages = one_node("kind: psa300, auth-codes: [Ab12]", rest="cloud: {}")

    assert "nodes.a.auth-codes[0]: 'Ab12' is not four groups of four letters or digits joined by hyphens" in messages


def client(*, record: str = "platform: psa300", kind: str = "psa300", name: str = "GW1") -> list[str]:
    counts = "features: {concurrent-users: {reserved: 5, increment: 25, maximum: 50}}"
    return told(
        f"name: lab\nnodes:\n  s: {{kind: psa5000, license-server: {{clients: {{'{name}': {{{record}, password: pw, "
        f"{counts}}}}}}}}}\n  g: {{kind: {kind}, license-client: {{server: s, id: GW1, password: pw}}}}\n"
    )


def test_a_record_without_a_node_is_of_a_platform_and_product_that_there_are() -> None:
    assert client() == []
    assert client(record="platform: psa301")[0].endswith("there is no kind 'psa301' (did you mean psa300?)")
    assert client(record="platform: psa300, product: pps") == ["nodes.g.license-client.id: s has GW1 as pps"]
    assert client(record="node: g, platform: psa3000")[0].endswith("g is of kind psa300")


def test_a_record_with_a_place_for_a_number_has_a_count() -> None:
    assert any("has a place for a number but the record no `count`" in message for message in client(name="GW1{n}"))


@pytest.mark.rule("SRV-12")
def test_an_increment_that_a_later_release_wants_is_taken() -> None:
    counts = "features: {concurrent-users: {reserved: 5, increment: 25, maximum: 50}}"
    clients = f"clients: {{GW1: {{platform: psa300, password: pw, {counts}}}}}"

    assert one_node(f"kind: psa5000, release: 9.1R12, license-server: {{{clients}}}") == []
