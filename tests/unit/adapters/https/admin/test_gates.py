"""What every page of the console has to let through or stop: windows, sessions, xsauth, markup."""

import pytest

from leaselab.appliance.adapters.https.admin import addresses, pages
from leaselab.appliance.adapters.https.admin.view import Page
from leaselab.appliance.licensing.commands import JoinCluster, SetServerRole
from leaselab.appliance.models.menu import WINDOWS
from leaselab.appliance.models.windows import DISABLED_ON_LICENSE_SERVER
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

CHANGING = [page for page in pages() if page.act is not None]


def address(page: Page) -> str:
    return page.address or addresses.of(page.window)


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw1", kind="psa5000")
    fleet.install("gw1", "CONSEC-100U-1YR")
    return fleet


@pytest.fixture
def admin(fleet: Fleet) -> Visitor:
    return Visitor.administrator(fleet, "gw1")


def test_every_window_of_the_menu_has_a_page_on_which_it_is_marked(admin: Visitor) -> None:
    shown = [window for window in WINDOWS if window != ("Users", "Junos Pulse")]

    for window in shown:
        assert admin.get(addresses.of(window)) == 200, window
        assert f'href="{addresses.of(window)}" aria-current="page">{window[-1]}<' in admin.source


def test_every_address_is_given_once() -> None:
    found = [address(page) for page in pages()]

    assert sorted(set(found)) == sorted(found)


@pytest.mark.rule("GAT-02")
def test_a_disabled_window_is_out_of_the_menu_and_its_address_says_that_it_is_disabled(
    fleet: Fleet, admin: Visitor
) -> None:
    places = [addresses.of(window) for window in DISABLED_ON_LICENSE_SERVER]
    for place in places:
        admin.get(place)
        assert f'href="{place}"' in admin.source

    fleet.license_role("gw1")

    for place in places:
        assert admin.get(place) == 403
        assert admin.notes == ["It is disabled on a license server."]
        assert f'href="{place}"' not in admin.source


@pytest.mark.rule("GAT-02")
def test_nothing_behind_a_disabled_window_can_be_changed(fleet: Fleet, admin: Visitor) -> None:
    virtual = Fleet()
    virtual.appliance("vls", kind="va-spe", virtual_license_server=True)
    visitor = Visitor(virtual, "vls")
    visitor.sign_in()
    before = len(list(virtual.store.history("vls")))

    for page in CHANGING:
        status = visitor.post(address(page), {"xsauth": visitor.xsauth, "op": "save", "server": "s", "client_id": "c"})
        if page.window[-1] in {"Configure Server", "Configure Clients", "Active Users"}:
            assert status == 403
    assert len(list(virtual.store.history("vls"))) == before


@pytest.mark.rule("GAT-04")
def test_turning_the_device_into_a_server_and_back_applies_at_once_and_loses_nothing(
    fleet: Fleet, admin: Visitor
) -> None:
    fleet.appliance("gw2", kind="psa5000")
    fleet.do("gw1", JoinCluster(name="coast", members=("gw1", "gw2")))
    admin.get(addresses.of(("System", "Clustering")))
    assert "Cluster coast" in admin.text

    fleet.do("gw1", SetServerRole(enabled=True))
    assert admin.get(addresses.of(("System", "Clustering"))) == 403
    admin.get(addresses.HOME)
    assert admin.text.count("halted") == 5

    fleet.do("gw1", SetServerRole(enabled=False))
    admin.get(addresses.of(("System", "Clustering")))
    assert "Cluster coast" in admin.text
    admin.get(addresses.HOME)
    assert admin.text.count("running") == 5


@pytest.mark.rule("VLS-02")
def test_a_virtual_license_server_has_no_pages_of_a_gateway() -> None:
    fleet = Fleet()
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    visitor = Visitor.administrator(fleet, "vls")

    assert visitor.get(addresses.SERVER) == 403
    assert "windows of a license server only" in visitor.text
    assert "User Realms" not in visitor.text


@pytest.mark.rule("VLS-04")
def test_configure_clients_appears_with_the_license_server_license() -> None:
    fleet = Fleet()
    fleet.appliance("vls", kind="va-spe", virtual_license_server=True)
    visitor = Visitor.administrator(fleet, "vls")
    assert visitor.get(addresses.CLIENTS) == 403
    assert "install a license-server license first" in visitor.text

    fleet.install("vls", "LICENSE-SVR")
    assert visitor.get(addresses.CLIENTS) == 200


@pytest.mark.parametrize("xsauth", ["", "0" * 32])
def test_a_form_without_the_sessions_xsauth_changes_nothing(fleet: Fleet, admin: Visitor, xsauth: str) -> None:
    before = len(list(fleet.store.history("gw1")))

    for page in CHANGING:
        assert admin.post(address(page), {"xsauth": xsauth, "op": "add", "btnReboot": "Reboot", "sure": "ON"}) == 403
        assert "nothing was changed" in admin.text
    assert len(list(fleet.store.history("gw1"))) == before
    assert admin.effects == []


def test_who_is_not_signed_in_sees_no_page(fleet: Fleet) -> None:
    stranger = Visitor(fleet, "gw1")

    for page in pages():
        stranger.get(address(page))
        assert stranger.path.endswith("?p=forced-off")


def test_what_is_typed_is_never_markup(fleet: Fleet, admin: Visitor) -> None:
    markup = "\"><script>alert('x')</script>"
    fleet.license_role("gw1")
    admin.get(addresses.CLIENT)
    admin.submit(id=markup, platform=markup, product=markup, expires=markup, **{"concurrent-users.reserved": markup})
    typed = admin.source
    admin.get(f"{addresses.CLIENTS}?search=%22%3E%3Cscript%3E")
    searched = admin.source

    for page in (typed, searched):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
