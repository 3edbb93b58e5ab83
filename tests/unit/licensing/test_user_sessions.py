"""End users' sessions: how long they last on the lab's clock, and what opens them."""

import pytest

from leaselab.appliance.instants import DAY, HOUR, MINUTE, Duration
from leaselab.appliance.licensing.commands import (
    ADMINISTRATORS_ROLE,
    CONCURRENT_USERS,
    USERS_ROLE,
    RefuseUser,
    SeeUser,
    SessionOptions,
    SetSessionOptions,
    SignIn,
    SignOut,
)
from leaselab.appliance.licensing.eventlog import format_line, lines
from leaselab.appliance.licensing.events import SignInRefused, UserSeen
from leaselab.appliance.licensing.users import cookie_of, session_of
from leaselab.appliance.machine import Event, Refusal
from leaselab.testbed.testing.fleet import Fleet


def gateway(*, idle: Duration | None = None, longest: Duration | None = None) -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw")
    set_options(fleet, idle=idle, longest=longest)
    return fleet


def set_options(fleet: Fleet, *, idle: Duration | None = None, longest: Duration | None = None) -> None:
    options = SessionOptions(idle_timeout=idle, max_timeout=longest)
    fleet.do("gw", SetSessionOptions(role=USERS_ROLE, options=options))


def listen(fleet: Fleet) -> list[Event]:
    heard: list[Event] = []
    fleet.devices["gw"].listeners.append(lambda event, _at: heard.append(event))
    return heard


def signed_in(fleet: Fleet) -> int:
    return fleet.report("gw").features[CONCURRENT_USERS].signed_in


def test_a_user_who_does_nothing_is_signed_out_when_the_idle_timeout_is_over_and_frees_the_place() -> None:
    fleet = gateway(idle=10 * MINUTE)
    heard = listen(fleet)
    fleet.sign_in("gw", 2)
    assert len(fleet.sign_in("gw", 1)) == 1

    fleet.advance(minutes=9)
    assert signed_in(fleet) == 2
    fleet.advance(minutes=1)

    assert signed_in(fleet) == 0
    assert fleet.sign_in("gw", 2) == []
    said = [line.message for event in heard for line in lines(event, 0)]
    assert said.count("Logout, since the session was idle") == 2


def test_a_user_who_does_something_is_not_idle() -> None:
    fleet = gateway(idle=10 * MINUTE)
    session = fleet.do("gw", SignIn(user="alice", source="10.0.0.1"))

    for _ in range(5):
        fleet.advance(minutes=9)
        fleet.do("gw", SeeUser(session=session.id))
    assert signed_in(fleet) == 1

    fleet.advance(minutes=10)
    assert fleet.ask("gw", SeeUser(session=session.id)).reason == "no-session"


def test_no_session_is_longer_than_the_longest_however_busy_its_user_is() -> None:
    fleet = gateway(idle=HOUR, longest=2 * HOUR)
    heard = listen(fleet)
    session = fleet.do("gw", SignIn(user="alice", source="10.0.0.1"))

    for _ in range(3):
        fleet.advance(minutes=30)
        fleet.do("gw", SeeUser(session=session.id))
    fleet.advance(minutes=30)

    assert signed_in(fleet) == 0
    assert "Logout, since the session reached its maximum length" in [
        line.message for event in heard for line in lines(event, 0)
    ]


def test_without_limits_users_stay_and_nothing_is_written_down_of_what_they_do() -> None:
    fleet = gateway()
    heard = listen(fleet)
    session = fleet.do("gw", SignIn(user="alice", source="10.0.0.1"))

    fleet.advance(days=365)
    fleet.do("gw", SeeUser(session=session.id))

    assert signed_in(fleet) == 1
    assert not any(isinstance(event, UserSeen) for event in heard)


def test_new_limits_count_for_those_who_are_on_already() -> None:
    fleet = gateway()
    fleet.sign_in("gw", 1)
    fleet.advance(hours=5)

    set_options(fleet, longest=HOUR)
    fleet.advance(minutes=1)
    assert signed_in(fleet) == 0

    fleet.sign_in("gw", 1)
    set_options(fleet)
    fleet.advance(days=1)
    assert signed_in(fleet) == 1


def test_a_session_survives_a_restart_and_ends_when_it_would_have() -> None:
    fleet = gateway(idle=10 * MINUTE)
    fleet.sign_in("gw", 1)
    fleet.advance(minutes=5)

    fleet.restart("gw")

    assert signed_in(fleet) == 1
    fleet.advance(minutes=5)
    assert signed_in(fleet) == 0


@pytest.mark.parametrize(
    "command",
    [
        SetSessionOptions(role="Nobodys", options=SessionOptions()),
        SetSessionOptions(role=USERS_ROLE, options=SessionOptions(idle_timeout=MINUTE - 1)),
        SetSessionOptions(role=ADMINISTRATORS_ROLE, options=SessionOptions(max_timeout=366 * DAY)),
    ],
)
def test_options_that_make_no_sense_are_refused_and_change_nothing(command: SetSessionOptions) -> None:
    fleet = gateway(idle=HOUR)

    refused = fleet.ask("gw", command)

    assert refused.reason == "invalid"
    assert refused.message.endswith("nothing was changed")
    assert fleet.devices["gw"].state.options_of(USERS_ROLE) == SessionOptions(idle_timeout=HOUR)


def test_a_cookie_opens_the_session_it_was_made_for_on_the_device_that_made_it() -> None:
    cookie = cookie_of("sid01", b"ours")

    assert session_of(cookie, b"ours") == "sid01"
    for shown in ("", "sid01", "sid01-", f"{cookie}0", cookie.replace("sid01", "sid02"), "ü-ü"):
        assert session_of(shown, b"ours") == ""
    assert session_of(cookie, b"theirs") == ""


def test_an_administrator_ends_a_session_and_the_log_says_who_did() -> None:
    fleet = gateway()
    heard = listen(fleet)
    session = fleet.do("gw", SignIn(user="alice", source="10.0.0.1"))

    fleet.do("gw", SignOut(session=session.id, by_admin=True))

    assert "Logout by an administrator" in [line.message for event in heard for line in lines(event, 0)]


@pytest.mark.parametrize("user", ["alice\nMajor LIC30505 forged", "a\tb", "\x1b[2J", "\u202ealice"])
def test_a_name_cannot_forge_a_line_of_the_log(user: str) -> None:
    fleet = gateway()
    heard = listen(fleet)

    assert fleet.ask("gw", SignIn(user=user, source="10.0.0.1")).reason == "invalid"
    assert isinstance(fleet.ask("gw", RefuseUser(user=user, source="10.0.0.1")), Refusal)

    refused = [event for event in heard if isinstance(event, SignInRefused)]
    assert [event.reason for event in refused] == ["invalid", "password"]
    for event in refused:
        (line,) = lines(event, 0)
        assert format_line(line, 0, "gw").isprintable()


def test_the_administrators_options_leave_end_users_alone() -> None:
    fleet = gateway(idle=10 * MINUTE)
    fleet.sign_in("gw", 1)

    options = SessionOptions(idle_timeout=5 * MINUTE)
    fleet.do("gw", SetSessionOptions(role=ADMINISTRATORS_ROLE, options=options))
    fleet.advance(minutes=9)

    assert signed_in(fleet) == 1
    assert fleet.devices["gw"].state.session_options[ADMINISTRATORS_ROLE] == options
