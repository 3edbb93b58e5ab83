"""Administrators: accounts, their right to the REST API, and what the log says of them."""

import pytest

from leaselab.appliance.licensing.commands import (
    CreateAdministrator,
    DeleteAdministrator,
    NoteAdministrator,
    ProtectConsole,
    SetRestAccess,
)
from leaselab.appliance.licensing.eventlog import format_line, lines
from leaselab.appliance.machine import Event
from leaselab.testbed.testing.fleet import Fleet


def device() -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw")
    fleet.do("gw", CreateAdministrator(name="admin", password="admin123"))
    return fleet


def test_the_last_administrator_stays() -> None:
    fleet = device()
    fleet.do("gw", CreateAdministrator(name="second", password="admin123"))

    fleet.do("gw", DeleteAdministrator(name="admin"))

    assert fleet.ask("gw", DeleteAdministrator(name="second")).reason == "last-administrator"
    assert fleet.ask("gw", DeleteAdministrator(name="admin")).reason == "no-administrator"
    assert list(fleet.devices["gw"].state.administrators) == ["second"]


def test_the_rest_api_is_taken_from_an_administrator_and_given_back() -> None:
    fleet = device()
    state = fleet.devices["gw"].state

    fleet.do("gw", SetRestAccess(name="admin", allowed=False))
    assert state.no_rest == {"admin"}
    fleet.do("gw", SetRestAccess(name="admin", allowed=True))
    assert state.no_rest == set()
    assert fleet.ask("gw", SetRestAccess(name="nobody", allowed=True)).reason == "no-administrator"


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("", "admin123", "too-short"),
        ("two\nlines", "admin123", "too-short"),
        ("admin", "short", "too-short"),
        ("admin", "x" * 1_025, "too-long"),
    ],
)
def test_an_account_that_nobody_could_use_is_refused(name: str, password: str, reason: str) -> None:
    assert device().ask("gw", CreateAdministrator(name=name, password=password)).reason == reason


def test_the_log_says_who_came_and_who_was_refused_on_one_line_each() -> None:
    fleet = device()
    heard: list[Event] = []
    fleet.devices["gw"].listeners.append(lambda event, _at: heard.append(event))

    fleet.do("gw", NoteAdministrator(name="admin", source="10.0.0.9", admitted=True))
    fleet.do("gw", NoteAdministrator(name="ro\not", source="10.0.0.9", admitted=False))

    assert [format_line(line, 0, "gw") for event in heard for line in lines(event, 0)] == [
        "Info AUT31504 1970-01-01 00:00:00 - gw - [10.0.0.9] Root::admin(Admin Users)[] - Login succeeded",
        (
            "Minor AUT23457 1970-01-01 00:00:00 - gw - [10.0.0.9] Root::ro\\not(Admin Users)[] - "
            "Login failed: wrong user name or password"
        ),
    ]


def test_what_changes_nothing_is_no_event() -> None:
    fleet = device()
    heard: list[Event] = []
    fleet.devices["gw"].listeners.append(lambda event, _at: heard.append(event))

    fleet.do("gw", SetRestAccess(name="admin", allowed=True))
    fleet.do("gw", ProtectConsole(enabled=False))

    assert heard == []


def test_nobody_is_noted_before_first_boot_is_over() -> None:
    fleet = Fleet()
    fleet.appliance("gw", accept=False)

    fleet.do("gw", NoteAdministrator(name="admin", source="10.0.0.9", admitted=True))

    assert "admin" not in str(list(fleet.store.history("gw")))
