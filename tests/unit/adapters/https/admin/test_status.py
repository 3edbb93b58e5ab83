"""System > Status."""

import re

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.licensing.commands import SetCrowd
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

USERS = "/dana-admin/system/status/active-users.cgi"


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw1")
    fleet.install("gw1", "CONSEC-100U-1YR")
    return fleet


@pytest.fixture
def admin(fleet: Fleet) -> Visitor:
    return Visitor.administrator(fleet, "gw1")


def test_the_overview_counts_users_and_draws_them(fleet: Fleet, admin: Visitor) -> None:
    fleet.sign_in("gw1", 3)
    fleet.advance(minutes=20)

    admin.get(addresses.HOME)

    assert "3 Signed-In Users 100 Max Licensed Users" in admin.text
    assert 'aria-label="3 users are signed in; the limit is 100"' in admin.source
    assert re.search(r'<path class="line" d="M44\.0 [\d.]+H[\d.]+V[\d.]+H720"', admin.source)


@pytest.mark.rule("GAT-03")
def test_the_services_run_on_a_gateway_and_are_halted_on_a_license_server(fleet: Fleet, admin: Visitor) -> None:
    services = ("Mail proxy services", "Meeting processes", "Agentman daemon", "Federation server", "Federation client")
    admin.get(addresses.HOME)
    assert all(f"{service} running" in admin.text for service in services)

    fleet.license_role("gw1")
    admin.get(addresses.HOME)
    assert all(f"{service} halted" in admin.text for service in services)


def test_a_session_is_deleted_from_the_table(fleet: Fleet, admin: Visitor) -> None:
    fleet.sign_in("gw1", 2)
    first = next(iter(fleet.devices["gw1"].state.sessions))
    admin.get(USERS)
    assert "2 sessions" in admin.text

    admin.submit(session=first)

    assert admin.notes == ["1 session ended."]
    assert "user2" in admin.text
    assert "user1" not in admin.text


def test_users_are_found_by_name_and_those_by_number_are_counted_apart(fleet: Fleet, admin: Visitor) -> None:
    fleet.sign_in("gw1", 3)
    fleet.do("gw1", SetCrowd(users=7))

    admin.get(f"{USERS}?search=user2")

    assert "1 session, and 7 users by number" in admin.text
    assert "user3" not in admin.text


def test_date_and_time_are_the_labs(fleet: Fleet, admin: Visitor) -> None:
    fleet.advance(minutes=5)
    admin.get(addresses.DATE_TIME)

    assert "2018-01-01 00:05" in admin.text
    assert "leaselab time advance" in admin.text
