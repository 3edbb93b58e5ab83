"""Log/Monitoring."""

import pytest

from leaselab.appliance.licensing.commands import SetServerRole, SignIn
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

EVENTS = "/dana-admin/system/log-monitoring/events.cgi"
USER_ACCESS = "/dana-admin/system/log-monitoring/user-access.cgi"
ADMIN_ACCESS = "/dana-admin/system/log-monitoring/admin-access.cgi"


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw1")
    fleet.install("gw1", "CONSEC-100U-1YR")
    fleet.sign_in("gw1", 1)
    return fleet


@pytest.fixture
def admin(fleet: Fleet) -> Visitor:
    return Visitor.administrator(fleet, "gw1")


def test_sign_ins_are_in_user_access_and_the_rest_in_events(admin: Visitor) -> None:
    admin.get(EVENTS)
    assert "LIC10201" in admin.text
    assert "AUT31504" not in admin.text

    admin.get(USER_ACCESS)
    assert "AUT31504" in admin.text
    assert "LIC10201" not in admin.text


def test_sign_ins_of_administrators_are_in_admin_access_and_no_users_name_gets_there(
    fleet: Fleet, admin: Visitor
) -> None:
    fleet.do("gw1", SignIn(user="x(Admin Users)[] - Login", source="10.0.0.1"))

    admin.get(ADMIN_ACCESS)
    assert "Root::admin(Admin Users)[] - Login succeeded" in admin.text
    assert "Root::x" not in admin.text

    admin.get(USER_ACCESS)
    assert "Root::x(Admin Users)[] - Login(Users)[] - Login succeeded" in admin.text
    assert "Root::admin" not in admin.text


def test_the_filter_takes_severity_and_text_together(fleet: Fleet, admin: Visitor) -> None:
    for enabled in (True, False):
        fleet.do("gw1", SetServerRole(enabled=enabled))

    admin.get(f"{EVENTS}?severity=Major&text=disabled")
    assert "1 line, the latest first" in admin.text
    assert "LIC30514" in admin.text

    admin.get(f"{EVENTS}?severity=Critical&text=disabled")
    assert "No line matches." in admin.text


def test_the_latest_hundred_are_shown_latest_first(fleet: Fleet, admin: Visitor) -> None:
    for number in range(60):
        fleet.do("gw1", SetServerRole(enabled=number % 2 == 0))
        fleet.advance(seconds=1)
    fleet.sign_in("gw1", 120)

    admin.get(USER_ACCESS)
    assert "The latest 100 are shown" in admin.text

    admin.get(EVENTS)
    first, second = admin.source.split("<li ")[-61:][:2]
    assert first > second or "00:00:59" in first


@pytest.mark.parametrize("user", ["=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)"])
def test_a_saved_log_has_the_filtered_lines_oldest_first_and_nothing_that_a_spreadsheet_would_run(
    fleet: Fleet, admin: Visitor, user: str
) -> None:
    fleet.do("gw1", SignIn(user=user, source="10.0.0.1"))

    admin.get(f"{USER_ACCESS}?severity=Info&text=AUT31504&save=yes")

    assert admin.headers["content-disposition"] == 'attachment; filename="gw1-user-access.log"'
    lines = admin.source.splitlines()
    assert [line.split()[:2] for line in lines] == [["Info", "AUT31504"]] * 2
    assert "Root::user1(" in lines[0]
    assert f"Root::{user}(" in lines[1]
