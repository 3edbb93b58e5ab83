"""Configure Server."""

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.licensing.commands import Allocation, SaveClient
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet
from leaselab.testbed.testing.visitor import Visitor

FORM = {
    "op": "save",
    "server": "server",
    "client_id": "GW1",
    "password": CLIENT_PASSWORD,
    "password_again": CLIENT_PASSWORD,
    "preferred_network": "internal",
    "verify_certificate": "ON",
}


def save(fleet: Fleet, reserved: int, *, new: bool) -> None:
    allocation = Allocation(reserved=reserved, increment=10, maximum=50)
    fleet.do(
        "server",
        SaveClient(
            id="GW1",
            password=CLIENT_PASSWORD,
            password_again=CLIENT_PASSWORD,
            platform="psa3000",
            product="pcs",
            allocations={"concurrent-users": allocation},
            new=new,
        ),
    )


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.license_server(kind="psa5000", licenses=["CONSEC-100U-1YR"])
    fleet.appliance("gw1")
    save(fleet, 10, new=True)
    return fleet


@pytest.fixture
def admin(fleet: Fleet) -> Visitor:
    return Visitor.administrator(fleet, "gw1", addresses.SERVER)


@pytest.mark.rule("CLT-01")
def test_the_settings_are_saved_and_the_server_is_contacted_at_once(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(**FORM | {"preferred_network": "external"})

    assert "this device leases from server" in admin.notes[0]
    settings = fleet.devices["gw1"].state.client.settings
    assert settings is not None
    assert (settings.client_id, settings.preferred_network, settings.verify_certificate) == ("GW1", "external", True)
    assert "in contact" in admin.text
    assert "concurrent-users reserved 10" in admin.text


@pytest.mark.rule("CLT-01")
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"password_again": "other"}, "differ"),
        ({"client_id": "GW-1"}, "letters and digits"),
        ({"server": " "}, "missing"),
        ({"preferred_network": "dmz"}, "preferred network"),
        ({"password": "", "password_again": ""}, "password is needed"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    fleet: Fleet, admin: Visitor, wrong: dict[str, str], why: str
) -> None:
    assert admin.submit(**FORM | wrong) == 422

    assert why.lower() in admin.notes[0].lower()
    assert "nothing was saved" in admin.notes[0]
    assert fleet.devices["gw1"].state.client.settings is None


def test_the_page_never_shows_the_password_and_keeps_it_where_none_is_typed(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(**FORM)
    assert CLIENT_PASSWORD not in admin.source

    form = {name: value for name, value in FORM.items() if name != "verify_certificate"}
    admin.submit(**form | {"password": "", "password_again": ""})

    settings = fleet.devices["gw1"].state.client.settings
    assert settings is not None
    assert (settings.password, settings.verify_certificate) == (CLIENT_PASSWORD, False)


@pytest.mark.rule("CFG-01")
def test_pull_state_from_server_brings_a_change_at_once(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(**FORM)
    save(fleet, 30, new=False)
    assert fleet.leased("gw1") == 10

    admin.submit(op="pull")

    assert admin.notes == ["State pulled from server."]
    assert fleet.leased("gw1") == 30


def test_pulling_from_a_server_that_is_cut_off_says_why(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(**FORM)
    fleet.cuts.add(("gw1", "server"))

    admin.submit(op="pull")

    assert admin.notes[0].startswith("server did not answer: ")
    assert "out of contact" in admin.text


def test_the_server_is_removed(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(**FORM)
    admin.submit(op="remove")

    assert admin.notes == ["No license server is set any more."]
    assert fleet.devices["gw1"].state.client.settings is None


def test_a_license_server_is_told_that_it_leases_from_no_other(fleet: Fleet) -> None:
    admin = Visitor.administrator(fleet, "server")
    admin.get(addresses.SERVER)
    assert "it leases from no other server" in admin.notes[0]

    assert admin.submit(**FORM) == 422
