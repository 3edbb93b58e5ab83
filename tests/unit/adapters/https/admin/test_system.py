"""Ports and clustering."""

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

INTERNAL = "/dana-admin/system/network/internal-port/settings.cgi"
MANAGEMENT = "/dana-admin/system/network/management-port/settings.cgi"
CLUSTERING = "/dana-admin/system/clustering.cgi"
PORT = {
    "enabled": "ON",
    "address": "10.1.1.2",
    "netmask": "255.255.255.0",
    "gateway": "10.1.1.1",
    "dns": "10.1.1.3 10.1.1.4",
    "domains": "company.com",
    "wins": "",
}


def test_the_settings_of_a_port_are_saved_and_shown_at_a_glance(fleet: Fleet) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(INTERNAL)

    admin.submit(**PORT)

    assert admin.notes == ["The settings of the internal port are saved."]
    assert fleet.devices["gw1"].state.network["internal"].dns == ("10.1.1.3", "10.1.1.4")
    admin.get("/dana-admin/system/network/overview.cgi")
    assert "Internal Enabled 10.1.1.2 255.255.255.0 10.1.1.1 10.1.1.3, 10.1.1.4 10.0.0.1" in admin.text


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"address": "10.1.1"}, "IP address and netmask"),
        ({"netmask": "255.0.255.0"}, "IP address and netmask"),
        ({"gateway": "router"}, "gateway"),
        ({"dns": "10.1.1.3 ns"}, "dns"),
    ],
)
def test_what_is_no_address_is_refused_and_shown_again(fleet: Fleet, wrong: dict[str, str], why: str) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(INTERNAL)

    assert admin.submit(**PORT | wrong) == 422

    assert admin.notes[0].startswith(why)
    assert f'value="{next(iter(wrong.values()))}"' in admin.source
    assert fleet.devices["gw1"].state.network == {}


def test_a_device_without_that_port_says_so() -> None:
    fleet = Fleet()
    fleet.appliance("gw1", kind="mag2600")
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(addresses.HOME)
    xsauth = admin.xsauth

    for status in (admin.get(MANAGEMENT), admin.post(MANAGEMENT, {"xsauth": xsauth, **PORT})):
        assert status == 403
        assert admin.notes == ["A MAG-2600 has no management port."]
    assert fleet.devices["gw1"].state.network == {}


@pytest.mark.rule("CLU-02")
def test_the_cluster_is_shown_with_its_lease_leader(fleet: Fleet) -> None:
    fleet.appliance("gw2")
    fleet.cluster("coast", "gw1", "gw2")
    admin = Visitor.administrator(fleet, "gw2")
    admin.get(CLUSTERING)

    assert "gw1 connected yes" in admin.text
    assert "gw2 this node" in admin.text


def test_a_device_that_stands_alone_says_so(fleet: Fleet) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(CLUSTERING)

    assert "This device stands alone." in admin.text


@pytest.mark.rule("CLU-01")
def test_two_devices_make_a_cluster_when_both_are_told_of_both(fleet: Fleet) -> None:
    fleet.appliance("gw2")
    for device in ("gw1", "gw2"):
        admin = Visitor.administrator(fleet, device)
        admin.get(CLUSTERING)
        admin.submit(name="coast", members="gw1, gw2")
        assert admin.notes == ["This device is a member of cluster coast."]
    fleet.advance(seconds=0)

    admin.get(CLUSTERING)
    assert "gw1 connected yes" in admin.text


@pytest.mark.rule("CLU-01")
@pytest.mark.parametrize(("name", "members"), [("coast", "gw1"), ("", "gw1 gw2"), ("coast", "gw2 gw3")])
def test_what_is_no_cluster_is_refused_and_shown_again(fleet: Fleet, name: str, members: str) -> None:
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(CLUSTERING)

    assert admin.submit(name=name, members=members) == 422

    assert admin.notes
    assert f'value="{members}"' in admin.source
    assert fleet.devices["gw1"].state.cluster.name == ""
