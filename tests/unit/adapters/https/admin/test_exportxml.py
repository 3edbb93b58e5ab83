"""XML export."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from leaselab.appliance.licensing.commands import SetNetwork, SetServerRole
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

PAGE = "/dana-admin/maintenance/import-export/xml-import-export.cgi"
EXPORT = "/dana-admin/cached/config/config.cgi?type=exportxml"
PULSE = "{http://xml.pulsesecure.net/ive-sa/8.3R1}"


def gateway(**about: Any) -> tuple[Fleet, Visitor]:
    fleet = Fleet()
    fleet.appliance("gw1", **about)
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(PAGE)
    return fleet, admin


def exported(admin: Visitor, *boxes: str) -> ET.Element:
    fields = {"xsauth": admin.xsauth, "action": "Export", "type": "exportxml"}
    assert admin.post(EXPORT, fields | dict.fromkeys(boxes, "ON")) == 200
    assert admin.headers["content-disposition"] == 'attachment; filename="gw1-config.xml"'
    return ET.fromstring(admin.body)


def test_a_file_has_the_products_root_and_sections_with_their_names() -> None:
    _, admin = gateway()

    root = exported(admin, "chkUserRealms", "chkUserRoles", "chkAuthServers", "chkSignIn")

    assert root.tag == f"{PULSE}configuration"
    named = {
        "users/user-realms/realm": "Users",
        "users/user-roles/user-role": "Users",
        "authentication/signing-in/access-urls/access-url": "*/",
    }
    for path, name in named.items():
        found = root.find("/".join(PULSE + part for part in path.split("/")))
        assert found is not None
        assert found.findtext(f"{PULSE}name") == name
    names = [one.text for one in root.iter(f"{PULSE}name")]
    assert "admin" in names, "an administrator, once"
    assert names.count("admin") == 1


def test_ports_and_licenses_are_there_and_no_key_and_no_password() -> None:
    fleet, admin = gateway()
    key = fleet.mint("gw1", "CONSEC-100U-1YR")
    admin.get("/dana-admin/license/summary.cgi")
    admin.submit(op="add", keys=key)
    fleet.do("gw1", SetNetwork(port="internal", address="10.1.1.2", netmask="255.255.255.0"))

    root = exported(admin, "chkLicenses", "chkNetInternal", "chkNetExternal", "chkAuthServers")

    assert [one.text for one in root.iter(f"{PULSE}ip-address")] == ["10.1.1.2"]
    (license_,) = root.iter(f"{PULSE}license")
    assert [one.text for one in license_][1:] == ["CONSEC-100U-1YR", "100", "active", "2018-01-01", "2019-01-01"]
    secrets = [key, *fleet.devices["gw1"].state.administrators.values()]
    assert [secret for secret in secrets if secret in admin.source] == []


@pytest.mark.parametrize(
    ("about", "namespace"),
    [
        ({"personality": "pps", "release": "5.4R1"}, "http://xml.pulsesecure.net/ive-ic/5.4R1"),
        ({"release": "7.2R2"}, "http://xml.juniper.net/ive-sa/7.2R2"),
    ],
)
def test_the_namespace_carries_product_and_release(about: dict[str, str], namespace: str) -> None:
    _, admin = gateway(**about)

    assert exported(admin, "chkAdminRealms").tag == f"{{{namespace}}}configuration"


@pytest.mark.rule("GAT-02")
def test_what_a_license_server_has_not_is_left_out() -> None:
    fleet, admin = gateway()
    assert [one.tag for one in exported(admin, "chkSensors", "chkNCP").iter()].count(f"{PULSE}sensors") == 1
    fleet.install("gw1", "CONSEC-100U-1YR")
    fleet.do("gw1", SetServerRole(enabled=True))
    admin.get(PAGE)

    assert len(exported(admin, "chkSensors", "chkNCP")) == 0


def test_nothing_ticked_is_refused() -> None:
    _, admin = gateway()

    assert admin.post(EXPORT, {"xsauth": admin.xsauth, "chkLicenses": "OFF"}) == 422
    assert admin.notes == ["Tick what is to be exported; nothing was exported."]


def test_characters_that_xml_cannot_have_are_replaced() -> None:
    fleet, admin = gateway()
    fleet.do("gw1", SetNetwork(port="internal", address="10.1.1.2", netmask="255.255.255.0", gateway="\x01<&"))

    root = exported(admin, "chkNetInternal")

    assert [one.text for one in root.iter(f"{PULSE}default-gateway")] == ["?<&"]
