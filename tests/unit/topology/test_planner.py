from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from leaselab.appliance.config import ApplianceConfig, AuthCode, CloudConfig, ConsoleFaults
from leaselab.appliance.console import given_answers
from leaselab.appliance.instants import HOUR, MINUTE, parse_instant
from leaselab.appliance.licensing.commands import (
    AddKeys,
    DownloadKeys,
    JoinCluster,
    SaveClient,
    SetDownloads,
    SetServer,
    SetServerRole,
)
from leaselab.appliance.licensing.keys import LicenseKey, read_key
from leaselab.testbed.errors import TopologyError
from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.plan import Burst, Container, NodePlan, OfficeHours, Plan, Published
from leaselab.testbed.topology.planner import address_of, plan

SECRET = "5e" * 32
LAB = """
name: lab
cloud: {auth-codes: {Ab12-Cd34-Ef56-Gh78: {licenses: [LICENSE-SVR, CONSEC-1000U-1YR]}}}
networks: {external: {nodes: [gw2]}}
defaults: {boot: {accept-license: true, virtual-license-server: false, admin: {name: admin, password: admin123}}}
nodes:
  gw1: {kind: psa3000, license-client: {server: vls1, id: GW1}, users: 10, hostname: gate.example}
  gw2: {kind: psa300, licenses: [ACCESS-10U-1YR, ACCESS-10U-1YR]}
  vls1:
    kind: va-spe
    boot: {virtual-license-server: true}
    auth-codes: [Ab12-Cd34-Ef56-Gh78]
    license-server:
      clients: {GW1: {node: gw1, password: pw, features: {concurrent-users: {reserved: 5, increment: 5, maximum: 50}}}}
"""


def planned(text: str = LAB, *, secret: str = SECRET, name: str | None = None, existing: Plan | None = None) -> Plan:
    topology = read(text, file="lab.yml")
    return plan(topology, slot=7, privileged=True, runtime="embedded", secret=secret, name=name, existing=existing)


def appliance(node: NodePlan) -> ApplianceConfig:
    assert isinstance(node.config, ApplianceConfig)
    return node.config


def test_the_cloud_comes_first_then_servers_then_gateways() -> None:
    lab = planned()

    assert [node.name for node in lab.nodes] == ["cloud", "vls1", "gw1", "gw2"]
    assert isinstance(lab.nodes[0].config, CloudConfig)
    assert (lab.node("vls1").after, lab.node("gw1").after) == (("cloud",), ("cloud", "vls1"))


def test_nobody_comes_before_those_it_waits_for() -> None:
    lab = planned()
    place = {node.name: number for number, node in enumerate(lab.nodes)}

    assert all(place[earlier] < place[node.name] for node in lab.nodes for earlier in node.after)


def test_addresses_follow_from_slot_network_and_number() -> None:
    assert address_of(7, "internal", 0) == "127.7.0.1"
    assert address_of(7, "external", 249) == "127.7.64.250"
    assert address_of(7, "management", 250) == "127.7.129.1"


def test_addresses_of_a_whole_lab_are_all_different() -> None:
    numbers = range(16_000)
    addresses = [
        address_of(1, network, number) for network in ("internal", "external", "management") for number in numbers
    ]

    assert len(set(addresses)) == len(addresses)


def test_a_node_has_an_address_on_each_of_its_networks() -> None:
    lab = planned()

    assert lab.node("gw1").config.addresses == {"internal": "127.7.0.2"}
    assert lab.node("gw2").config.addresses == {"internal": "127.7.0.3", "external": "127.7.64.3"}


def test_nodes_keep_their_addresses_when_others_come_and_go() -> None:
    before = planned()

    after = planned(LAB.replace("  gw1: {kind", "  gw0: {kind: psa300}\n  gw1: {kind"), existing=before)

    assert after.node("gw1").config.addresses == before.node("gw1").config.addresses
    assert after.node("gw0").index not in {node.index for node in before.nodes}


def test_ports_are_the_usual_ones_where_they_can_be_had() -> None:
    topology = read(LAB, file="lab.yml")
    low, high = (
        plan(topology, slot=7, privileged=privileged, runtime="embedded", secret=SECRET).node("gw1").config.ports
        for privileged in (True, False)
    )

    assert (low.ssh, low.https, low.metrics) == (22, 443, 9100)
    assert (high.ssh, high.https, high.metrics) == (2022, 8443, 9100)


def test_a_second_plan_is_the_same_plan() -> None:
    first = planned()

    assert planned(existing=first) == first
    assert Plan.from_json(first.to_json()) == first


def test_end_users_sign_in_with_what_the_file_says() -> None:
    plan = planned("name: tiny\nnodes: {gw1: {kind: psa3000, user-password: open-sesame}}\n")

    assert appliance(plan.node("gw1")).user_password == "open-sesame"


def test_history_follows_from_the_file_and_doors_from_the_secret() -> None:
    one, other = appliance(planned(secret="11" * 32).node("gw1")), appliance(planned(secret="22" * 32).node("gw1"))

    assert (one.hardware_id, one.serial_number, one.seed, one.authority_key) == (
        other.hardware_id,
        other.serial_number,
        other.seed,
        other.authority_key,
    )
    assert one.user_password != other.user_password
    assert one.tls.key != other.tls.key
    assert one.ssh.authorized_keys != other.ssh.authorized_keys


def test_another_seed_in_the_file_makes_another_history() -> None:
    one, other = (appliance(planned(text).node("gw1")) for text in (LAB, LAB + "seed: 2\n"))

    assert one.hardware_id != other.hardware_id
    assert one.seed != other.seed


@pytest.mark.rule("PLT-07")
def test_hardware_ids_have_sixteen_characters_and_are_their_nodes_own() -> None:
    lab = planned("name: lab\nnodes: {'gw{n}': {count: 200, kind: psa300}}\n")
    identifiers = [appliance(node).hardware_id for node in lab.nodes]

    assert len(set(identifiers)) == 200
    assert all(len(identifier) == 16 and identifier.isalnum() for identifier in identifiers)
    assert all(len(appliance(node).serial_number) == 16 for node in lab.nodes)


def test_a_certificate_is_for_the_nodes_names_and_addresses_and_outlives_every_lab() -> None:
    lab = planned()
    config = appliance(lab.node("gw1"))
    certificate = x509.load_pem_x509_certificate(config.tls.certificate.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == ["gw1", "gate.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.7.0.2"]
    assert (certificate.not_valid_before_utc.year, certificate.not_valid_after_utc.year) == (2000, 3000)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(lab.authority_certificate.encode()))


def test_certificates_go_with_their_keys() -> None:
    config = appliance(planned().node("gw2"))
    certificate = x509.load_pem_x509_certificate(config.tls.certificate.encode())

    assert certificate.public_key() == load_pem_private_key(config.tls.key.encode(), password=None).public_key()


def test_the_console_key_is_the_one_that_every_console_accepts() -> None:
    lab = planned()
    load_ssh_private_key(lab.console_key.encode(), password=None)

    accepted = {appliance(node).ssh.authorized_keys for node in lab.nodes if node.name != "cloud"}
    assert len(accepted) == 1
    assert len({appliance(node).ssh.host_key for node in lab.nodes if node.name != "cloud"}) == 3


@pytest.mark.rule("KEY-03")
def test_skus_become_keys_for_the_node_that_the_labs_authority_signed() -> None:
    node = planned().node("gw2")
    config = appliance(node)
    (entered,) = node.provision
    assert isinstance(entered, AddKeys)

    keys = [read_key(key, config.hardware_id, bytes.fromhex(config.authority_key)) for key in entered.keys]

    assert all(isinstance(key, LicenseKey) and key.sku.text == "ACCESS-10U-1YR" for key in keys)
    assert len({key.serial for key in keys if isinstance(key, LicenseKey)}) == 2


@pytest.mark.rule("DLD-04")
def test_a_code_whose_keys_are_made_for_a_node_is_for_its_hardware_id_from_that_instant_on() -> None:
    lab = planned(
        LAB.replace(
            "CONSEC-1000U-1YR]}",
            "CONSEC-1000U-1YR]}, Aa00-Aa00-Aa00-Aa00: {licenses: [ICE], node: gw1, made: 2018-02-01}",
        )
    )

    cloud = lab.node("cloud").config
    assert isinstance(cloud, CloudConfig)
    assert cloud.auth_codes["Aa00-Aa00-Aa00-Aa00"] == AuthCode(
        licenses=("ICE",),
        node="gw1",
        hardware_id=appliance(lab.node("gw1")).hardware_id,
        made_at=parse_instant("2018-02-01"),
    )
    assert cloud.auth_codes["Ab12-Cd34-Ef56-Gh78"].hardware_id == ""


def test_what_is_entered_on_a_server_and_a_client() -> None:
    lab = planned()

    assert [type(entry) for entry in lab.node("vls1").provision] == [DownloadKeys, SetServerRole, SaveClient]
    (entry,) = lab.node("gw1").provision
    assert isinstance(entry, SetServer)
    assert (entry.server, entry.client_id, entry.password) == ("vls1", "GW1", "pw")


def test_a_client_record_takes_platform_and_product_from_its_node() -> None:
    saved = [entry for entry in planned().node("vls1").provision if isinstance(entry, SaveClient)]

    assert [(one.id, one.platform, one.product) for one in saved] == [("GW1", "psa3000", "pcs")]


@pytest.mark.rule("CON-04")
def test_boot_answers_are_ones_that_the_console_knows() -> None:
    for node in planned().nodes:
        if isinstance(node.config, ApplianceConfig):
            answers = given_answers(node.config.boot)
            assert {"proceed", "accept-license", "address", "admin-name", "confirm"} <= answers.keys()


@pytest.mark.rule("CON-04")
def test_prompts_without_an_answer_are_left_to_the_console() -> None:
    lab = planned("name: lab\nnodes: {a: {kind: psa300}, b: {kind: psa300, boot: {accept-license: true}}}\n")

    given = [node.config.boot.keys() for node in lab.nodes if isinstance(node.config, ApplianceConfig)]
    assert ["accept-license" in answers for answers in given] == [False, True]
    assert ["admin-name" in answers for answers in given] == [False, False]


def test_a_domain_without_a_name_server_is_no_name_server() -> None:
    network = "network: {domains: [example.com]}"
    lab = planned(f"name: lab\nnodes: {{a: {{kind: psa300, boot: {{accept-license: true, {network}}}}}}}\n")
    config = lab.node("a").config

    assert isinstance(config, ApplianceConfig)
    answers = given_answers(config.boot)
    assert (answers["dns-secondary"], answers["dns-domains"]) == ("", "example.com")


def test_the_clock_begins_where_the_file_says_and_else_always_at_the_same_instant() -> None:
    assert planned().clock.start == parse_instant("2018-01-01T00:00:00Z")
    assert planned(LAB + "clock: {start: 2020-02-29}\n").clock.start == parse_instant("2020-02-29")
    assert planned(LAB + "clock: {mode: real}\n").clock.start is None


def test_the_guides_lab_has_ten_equal_clients() -> None:
    text = (Path(__file__).parents[3] / "topologies" / "guide-auto-lease.yml").read_text()
    lab = planned(text)
    saved = [entry for entry in lab.node("server").provision if isinstance(entry, SaveClient)]

    assert [one.id for one in saved] == [f"GW{number}" for number in range(1, 11)]
    assert all(one.allocations == other.allocations for one, other in pairwise(saved))
    assert [node.users for node in lab.nodes[1:]] == [60] * 10


def test_a_container_is_given_its_limits_and_published_ports_and_a_private_address() -> None:
    text = (
        "name: lab\nnodes:\n  a: {kind: psa300, limits: {cpus: 0.5, memory: 96MiB}, publish: {https: 8443,"
        " ssh: '10.0.0.1:2222'}}\n  b: {kind: psa300}\n"
    )
    topology = read(text, file="lab.yml")
    lab = plan(topology, slot=7, privileged=False, runtime="docker", secret=SECRET)

    assert appliance(lab.node("a")).addresses["internal"].startswith("10.7.")
    assert lab.node("a").container == Container(
        cpus=0.5,
        memory_bytes=96 << 20,
        published=(
            Published(node_port=443, address="127.0.0.1", port=8443),
            Published(node_port=22, address="10.0.0.1", port=2222),
        ),
    )
    assert lab.node("b").container == Container()
    assert planned(text).node("a").container == Container()


@pytest.mark.rule("CLU-01")
def test_the_nodes_of_a_cluster_know_each_other_and_join_it() -> None:
    lab = planned(
        "name: lab\nclusters: {pair: {nodes: [b, a], heartbeat: 1m}}\n"
        "nodes: {a: {kind: psa300}, b: {kind: psa300}, c: {kind: psa300}}\n"
    )
    joins = JoinCluster(name="pair", members=("b", "a"), heartbeat=MINUTE)

    assert [joins in node.provision for node in lab.nodes] == [True, True, False]
    assert [list(appliance(node).hosts) for node in lab.nodes] == [["b"], ["a"], []]


@pytest.mark.rule("CON-04")
def test_prompts_that_are_to_be_asked_have_no_answer() -> None:
    ask = "boot: {ask: [network, certificate], factory-image: pps}"
    lab = planned(f"name: lab\nnodes: {{a: {{kind: mag4610, {ask}}}}}\n")

    boot = appliance(lab.node("a")).boot
    assert {"network", "dns", "wins", "certificate-common-name", "accept-license"} & boot.keys() == set()
    assert boot["factory-image"] == "pps"


def test_downloads_and_faults_of_the_console_are_what_the_file_says() -> None:
    lab = planned(
        "name: lab\ncloud: {}\n"
        "nodes: {a: {kind: psa300, automatic-download: true, console: {faults: {lost-prompts: 1}}}}\n"
    )

    assert lab.node("a").provision == (SetDownloads(enabled=True),)
    assert appliance(lab.node("a")).ssh.faults == ConsoleFaults(lost_prompts=1)


def test_a_gateway_has_the_loads_that_name_it_or_its_group() -> None:
    lab = planned(
        "name: lab\ngroups: {branch: {time-zone: Europe/Vienna}}\n"
        "load:\n"
        "  - {group: branch, office-hours: {peak: 100, base: 5}}\n"
        "  - {nodes: [b], burst: {at: 2018-01-02, users: 50, for: 1h}}\n"
        "nodes: {a: {kind: psa300, group: branch}, b: {kind: psa300}}\n"
    )

    (hours,), (burst,) = lab.node("a").load, lab.node("b").load
    assert hours == OfficeHours(feature="concurrent-users", peak=100, base=5, time_zone="Europe/Vienna")
    assert burst == Burst(feature="concurrent-users", at=parse_instant("2018-01-02"), users=50, lasts=HOUR)


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoySIa5cmhCTcBnStOofMFbW5/1rdg+hiVSHaCrJTWG alice"


def test_the_console_takes_the_labs_own_key_and_those_of_the_file() -> None:
    text = f"name: lab\nnodes:\n  a:\n    kind: psa300\n    console:\n      authorized-keys: ['{PUBLIC_KEY}']\n"

    own, *others = appliance(planned(text).node("a")).ssh.authorized_keys

    assert own.startswith("ssh-ed25519 ")
    assert others == [PUBLIC_KEY]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("id_ed25519.pub", "takes an SSH public key, for example ssh-ed25519 AAAA… name, not 'id_ed25519.pub'"),
        (PUBLIC_KEY.replace("ssh-ed25519", "ssh-rsa"), "is no ssh-rsa key: copy the whole line of the .pub file"),
        ("ssh-ed25519 A", "is no ssh-ed25519 key: copy the whole line of the .pub file"),
    ],
)
def test_what_is_no_public_key_is_refused_where_it_stands(key: str, why: str) -> None:
    text = f"name: lab\nnodes:\n  a:\n    kind: psa300\n    console:\n      authorized-keys: ['{key}']\n"

    with pytest.raises(TopologyError) as caught:
        planned(text)

    assert "lab.yml:6:" in str(caught.value)
    assert why in str(caught.value)


@pytest.mark.rule("PLT-05")
def test_a_node_is_what_its_first_boot_or_what_is_entered_makes_it() -> None:
    made = planned(
        LAB
        + """  server:
    kind: psa5000
    license-server: {}
"""
    )

    roles = {node.name: node.role for node in made.nodes}
    assert roles == {
        "cloud": "cloud",
        "gw1": "gateway",
        "gw2": "gateway",
        "vls1": "virtual-license-server",
        "server": "license-server",
    }
