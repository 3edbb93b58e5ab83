"""The windows outside licensing."""

import pytest

from leaselab.appliance.instants import HOUR
from leaselab.appliance.licensing.commands import USERS_ROLE, SaveVlan, SessionOptions, SetNetwork, SetSessionOptions
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("system/network/routes", "10.1.1.0/24 internal port, default gateway 10.1.1.1 More of this window"),
        ("system/network/vlans", "guests, VLAN ID 7 10.7.0.1 255.255.255.0"),
        ("system/network/internal-port/arp-cache", "10.0.0.2 02:42:0a:00:00:02"),
        ("system/network/hosts", "vls1 10.0.0.2 (internal)"),
        ("users/user-roles", "Users, idle time-out 1h Users, longest session none"),
        ("administrators/admin-roles", ".Administrators, idle time-out 30m .Administrators, longest session 12h"),
        ("system/log-monitoring/snmp", "There is no SNMP agent."),
        ("reports", "There is nothing at this address"),
    ],
)
def test_a_window_shows_what_the_emulation_knows_of_it(address: str, shown: str) -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    internal = SetNetwork(port="internal", address="10.1.1.2", netmask="255.255.255.0", gateway="10.1.1.1")
    off = SetNetwork(port="external", address="10.2.1.2", netmask="255.255.255.0", enabled=False)
    for command in (
        internal,
        off,
        SaveVlan(name="guests", vlan_id=7, address="10.7.0.1", netmask="255.255.255.0"),
        SetSessionOptions(role=USERS_ROLE, options=SessionOptions(idle_timeout=HOUR)),
    ):
        fleet.do("gw1", command)
    admin = Visitor.administrator(fleet, "gw1")

    admin.get(f"/dana-admin/{address}.cgi")

    assert shown in admin.text
