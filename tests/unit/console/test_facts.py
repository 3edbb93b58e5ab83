"""What the console shows of a device, taken from its state."""

import pytest

from leaselab.appliance.config import ApplianceConfig, HostEntry, Ports, Ssh, Tls
from leaselab.appliance.console import PortFacts
from leaselab.appliance.console.facts import facts_of
from leaselab.appliance.licensing.appliance import ApplianceMachine, initial_state
from leaselab.appliance.licensing.commands import (
    AcceptAgreement,
    CreateAdministrator,
    FinishFirstBoot,
    PowerOn,
    SetNetwork,
    SetServer,
)
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Command, Decision
from leaselab.appliance.models.releases import Release, build_of


def config(
    *, kind: str = "psa3000", release: str = "8.3R1", personality: str = "pcs", https: int = 443
) -> ApplianceConfig:
    return ApplianceConfig(
        name="gw1",
        kind=kind,
        personality=personality,
        release=release,
        hardware_id="0271A1B2C3D4E5F6",
        serial_number="0271122334455667",
        addresses={"internal": "10.10.22.34"},
        ports=Ports(ssh=22, https=https, metrics=9100),
        hosts={
            "vls1": HostEntry(addresses={"internal": "10.10.22.40"}, https_port=443),
            "cloud": HostEntry(addresses={"external": "10.10.30.1"}, https_port=443),
        },
        tls=Tls(certificate="", key="", authority=""),
        ssh=Ssh(host_key=""),
        authority_key="",
        user_password="user",
        seed="7",
    )


def after(told: ApplianceConfig, *commands: Command) -> ApplianceState:
    """Return the state that some commands lead to."""
    state, machine = initial_state(told), ApplianceMachine()
    for command in commands:
        decision = machine.decide(state, command, 0)
        assert isinstance(decision, Decision)
        for event in decision.events:
            machine.evolve(state, event, 0)
    return state


@pytest.mark.rule("CON-02")
def test_banner_and_identifiers_come_from_platform_release_and_configuration() -> None:
    told = config()

    facts = facts_of(initial_state(told), told, log_tail=["one line"])

    assert (facts.vendor, facts.product) == ("Pulse Secure", "Pulse Connect Secure")
    assert facts.version.startswith("8.3R1 (build ")
    assert (facts.hardware_id, facts.serial_number) == ("0271A1B2C3D4E5F6", "0271122334455667")
    assert facts.admin_url == "https://10.10.22.34/admin"
    assert facts.log_tail == ("one line",)
    assert ("Platform", "PSA-3000") in facts.status


@pytest.mark.rule("VLS-01")
@pytest.mark.rule("PLT-05")
@pytest.mark.parametrize(
    ("kind", "release", "personality", "offered"),
    [
        ("va-spe", "8.3R1", "pcs", True),
        ("va-spe", "9.1R12", "pcs", True),
        ("va-spe", "8.2R4", "pcs", False),
        ("va-spe", "8.3R1", "pps", False),
        ("psa3000", "8.3R1", "pcs", False),
    ],
)
def test_only_a_virtual_appliance_from_8_3r1_on_is_asked_to_be_a_virtual_license_server(
    kind: str, release: str, personality: str, offered: bool
) -> None:
    told = config(kind=kind, release=release, personality=personality)

    assert facts_of(initial_state(told), told).offers_virtual_license_server is offered


def test_what_first_boot_has_set_is_there() -> None:
    told = config(https=8443)
    state = after(
        told,
        AcceptAgreement(),
        SetNetwork(port="internal", address="10.10.22.35", netmask="255.255.255.0", dns=("10.10.22.53",)),
        CreateAdministrator(name="admin", password="admin123"),
        FinishFirstBoot(),
    )

    facts = facts_of(state, told)

    assert (facts.agreement_accepted, facts.first_boot_done) == (True, True)
    assert facts.ports == {"internal": PortFacts(address="10.10.22.35", netmask="255.255.255.0", dns=("10.10.22.53",))}
    assert list(facts.administrators) == ["admin"]
    assert facts.admin_url == "https://10.10.22.35:8443/admin"


def test_a_peer_is_known_by_its_internal_address_or_the_one_it_has() -> None:
    told = config()

    assert facts_of(initial_state(told), told).peers == {"vls1": "10.10.22.40", "cloud": "10.10.30.1"}


def test_status_names_the_license_server_that_a_client_leases_from() -> None:
    told = config()
    state = after(told, SetServer(server="vls1", client_id="GW1", password="secret1", password_again="secret1"))

    assert ("Leases from", "vls1") in facts_of(state, told).status


def test_a_rollback_is_offered_once_another_release_has_run() -> None:
    told = config()
    state = after(told, PowerOn(release="8.3R1", secret=b"s"), PowerOn(release="9.0R1", secret=b"s"))

    facts = facts_of(state, told)

    assert (facts.release, facts.rollback) == ("9.0R1", f"8.3R1 (build {build_of(Release.parse('8.3R1'))})")
    assert facts.reset_version == facts.rollback


@pytest.mark.parametrize(
    ("kind", "release", "images"),
    [
        ("mag2600", "7.1R1", [("pcs", "7.1R1", 17675), ("pps", "4.1R1", 17057)]),
        ("mag2600", "9.0R1", [("pcs", "9.0R1", 63949), ("pps", "9.0R1", 63949)]),
        ("psa3000", "8.3R1", []),
    ],
)
def test_a_mag_has_a_factory_image_of_each_personality(kind: str, release: str, images: list[object]) -> None:
    told = config(kind=kind, release=release)

    found = facts_of(initial_state(told), told).images

    assert [(image.personality, image.release, image.build) for image in found] == images
