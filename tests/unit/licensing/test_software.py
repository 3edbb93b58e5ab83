"""Another release, installed on the device itself, and the oldest TLS that its doors take (PLT-03, VLS-01)."""

import pytest

from leaselab.appliance.licensing.commands import InstallSoftware, SetMinimumTls
from leaselab.testbed.testing.fleet import Fleet


def device(kind: str = "psa3000", *, virtual_license_server: bool = False) -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw", kind=kind, virtual_license_server=virtual_license_server)
    return fleet


@pytest.mark.rule("PLT-03")
def test_a_release_that_is_installed_is_the_one_of_the_devices_personality() -> None:
    fleet = device()

    fleet.do("gw", InstallSoftware(release="5.4R3"))

    assert fleet.report("gw").release == "8.3R3"


@pytest.mark.parametrize(("release", "reason"), [("8.3r1", "same-release"), ("six", "release"), ("6.5", "release")])
def test_a_release_that_changes_nothing_or_never_was_is_refused(release: str, reason: str) -> None:
    fleet = device()

    assert fleet.ask("gw", InstallSoftware(release=release)).reason == reason
    assert fleet.report("gw").release == "8.3R1"


@pytest.mark.rule("PLT-05")
def test_a_virtual_license_server_keeps_to_releases_that_have_one() -> None:
    fleet = device("va-spe", virtual_license_server=True)

    assert fleet.ask("gw", InstallSoftware(release="8.2R5")).reason == "no-virtual-license-server"
    fleet.do("gw", InstallSoftware(release="9.1R12"))
    assert fleet.report("gw").release == "9.1R12"


def test_the_oldest_tls_is_one_that_there_is_and_stays_until_it_is_set_anew() -> None:
    fleet = device()
    state = fleet.devices["gw"].state

    assert fleet.ask("gw", SetMinimumTls(version="0.9")).reason == "unknown-version"
    fleet.do("gw", SetMinimumTls(version="1.3"))
    before = list(fleet.store.history("gw"))
    fleet.do("gw", SetMinimumTls(version="1.3"))

    assert state.minimum_tls == "1.3"
    assert list(fleet.store.history("gw")) == before
