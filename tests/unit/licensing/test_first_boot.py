"""First boot and the device's own settings: what is refused, and why (VLS-01, PLT-02, KEY-04)."""

import pytest

from leaselab.appliance.licensing.commands import (
    AcceptAgreement,
    ChooseMode,
    ChoosePersonality,
    CreateCertificate,
    DeleteVlan,
    FinishFirstBoot,
    SaveVlan,
)
from leaselab.testbed.testing.fleet import Fleet


def gateway(kind: str = "psa3000", release: str = "8.3R1", *, accept: bool = True) -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw", kind=kind, release=release, accept=accept)
    return fleet


def vlan(**changed: object) -> SaveVlan:
    fields = {"name": "guests", "vlan_id": 100, "address": "10.20.0.1", "netmask": "255.255.255.0"}
    return SaveVlan(**{**fields, **changed})  # type: ignore[arg-type] # a test's keywords


def test_first_boot_cannot_be_finished_before_the_agreement_is_accepted() -> None:
    fleet = gateway(accept=False)

    assert fleet.ask("gw", FinishFirstBoot()).reason == "agreement"
    fleet.do("gw", AcceptAgreement())
    fleet.do("gw", FinishFirstBoot())
    assert fleet.devices["gw"].state.first_boot_done


@pytest.mark.rule("VLS-01")
@pytest.mark.parametrize(("kind", "release"), [("psa3000", "8.3R1"), ("va-spe", "8.2R5")])
def test_only_a_virtual_appliance_from_8_3r1_on_boots_as_license_server(kind: str, release: str) -> None:
    fleet = gateway(kind, release, accept=False)

    assert fleet.ask("gw", ChooseMode(virtual_license_server=True)).reason == "not-possible"
    assert not fleet.devices["gw"].state.virtual_license_server


@pytest.mark.rule("VLS-01")
def test_the_mode_is_chosen_at_first_boot_and_not_later() -> None:
    assert gateway("va-spe").ask("gw", ChooseMode(virtual_license_server=True)).reason == "first-boot-only"


@pytest.mark.rule("PLT-02")
@pytest.mark.parametrize(("kind", "personality"), [("psa3000", "pps"), ("mag4610", "ive")])
def test_a_factory_image_that_is_not_there_is_refused(kind: str, personality: str) -> None:
    refused = gateway(kind, accept=False).ask("gw", ChoosePersonality(personality=personality))

    assert refused.reason == "no-such-image"


def test_a_vlan_is_kept_until_it_is_deleted_and_its_id_is_its_own() -> None:
    fleet = gateway()
    fleet.do("gw", vlan())
    fleet.do("gw", vlan(address="10.20.0.2"))

    assert fleet.ask("gw", vlan(name="staff")).reason == "invalid"
    assert {name: port.address for name, port in fleet.devices["gw"].state.vlans.items()} == {"guests": "10.20.0.2"}
    fleet.do("gw", DeleteVlan(name="guests"))
    assert fleet.ask("gw", DeleteVlan(name="guests")).reason == "no-vlan"
    assert fleet.devices["gw"].state.vlans == {}


def test_the_certificate_of_first_boot_bears_the_name_it_was_given() -> None:
    fleet = gateway()

    fleet.do("gw", CreateCertificate(common_name="gate.example", organization="Example"))

    assert fleet.devices["gw"].state.certificate_name == "gate.example"
