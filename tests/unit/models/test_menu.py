"""The menu tree, and which windows a device shows."""

import pytest

from leaselab.appliance.models.menu import CONFIGURE_CLIENTS, WINDOWS, Viewed, why_absent, windows
from leaselab.appliance.models.releases import Release
from leaselab.appliance.models.windows import DISABLED_ON_LICENSE_SERVER

GATEWAY = Viewed(Release.parse("8.3R1"))
SERVER = GATEWAY._replace(license_server=True)
VIRTUAL = SERVER._replace(virtual_license_server=True)


@pytest.mark.rule("GAT-01")
@pytest.mark.parametrize("disabled", DISABLED_ON_LICENSE_SERVER, ids=" > ".join)
def test_each_window_of_appendix_a_is_in_the_menu_of_a_gateway(disabled: tuple[str, ...]) -> None:
    assert any(window[: len(disabled)] == disabled for window in windows(GATEWAY))


@pytest.mark.rule("GAT-01")
def test_a_license_server_lacks_exactly_the_windows_of_appendix_a() -> None:
    assert set(windows(GATEWAY)) - set(windows(SERVER)) == set(DISABLED_ON_LICENSE_SERVER)
    assert set(windows(SERVER)) - set(windows(GATEWAY)) == set()


@pytest.mark.rule("GAT-02")
def test_a_disabled_window_says_why() -> None:
    assert why_absent(("System", "Clustering"), SERVER) == "It is disabled on a license server."
    assert why_absent(("System", "Clustering"), GATEWAY) == ""


@pytest.mark.rule("VLS-02")
def test_a_virtual_license_server_shows_what_running_a_license_server_takes_and_no_users_or_gateways() -> None:
    shown = windows(VIRTUAL)

    assert set(shown) < set(windows(SERVER))
    assert CONFIGURE_CLIENTS in shown
    assert {window[0] for window in shown} == {"System", "Authentication", "Administrators", "Maintenance"}
    assert ("System", "Configuration", "Licensing", "Configure Server") not in shown
    assert ("System", "Status", "Active Users") not in shown


@pytest.mark.rule("VLS-04")
def test_configure_clients_is_there_only_where_the_device_can_be_a_license_server() -> None:
    without = VIRTUAL._replace(why_no_server="install a license-server license first")

    assert CONFIGURE_CLIENTS not in windows(without)
    assert "install a license-server license first" in why_absent(CONFIGURE_CLIENTS, without)


@pytest.mark.parametrize(("release", "eight"), [("7.4R12", False), ("8.0", True), ("5.0R1", True), ("4.4R12", False)])
def test_some_windows_came_with_8_0_and_the_release_of_policy_secure_that_goes_with_it(
    release: str, *, eight: bool
) -> None:
    shown = windows(Viewed(Release.parse(release)))

    assert (("System", "Reports") in shown) is eight
    assert (("Users", "Pulse Secure Client") in shown) is eight
    assert (("Users", "Junos Pulse") in shown) is not eight


def test_every_window_is_named_once_and_none_lies_under_another() -> None:
    assert len(set(WINDOWS)) == len(WINDOWS)
    assert [one for one in WINDOWS for two in WINDOWS if one != two and two[: len(one)] == one] == []
