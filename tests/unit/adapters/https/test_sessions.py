"""Administrators' sessions and the pauses after wrong passwords."""

from leaselab.appliance.adapters.https.sessions import (
    FAILURES_BEFORE_PAUSE,
    LONGEST_PAUSE_SECONDS,
    MAX_SESSIONS,
    MAX_TRIED_NAMES,
    Attempts,
    SessionLimits,
    Sessions,
    is_administrator,
    shows_xsauth,
)
from leaselab.appliance.instants import HOUR, MINUTE, Instant
from leaselab.appliance.licensing.passwords import MAX_PASSWORD, hash_password


class Desk:
    """A device's accounts and clock, and the sessions that go by them."""

    def __init__(self) -> None:
        self.now: Instant = 0
        self.limits = SessionLimits(idle=30 * MINUTE, longest=2 * HOUR)
        self._made = 0
        self.sessions = Sessions(
            now=lambda: self.now,
            limits=lambda: self.limits,
            make_token=self._token,
        )

    def _token(self) -> str:
        self._made += 1
        return f"token {self._made}"


def test_a_session_is_found_by_its_token_and_no_other() -> None:
    desk = Desk()
    session = desk.sessions.open("admin")

    assert desk.sessions.find(session.token) is session
    assert desk.sessions.find("") is None
    assert desk.sessions.find(session.xsauth) is None


def test_a_session_without_requests_ends_and_each_request_keeps_it() -> None:
    desk = Desk()
    token = desk.sessions.open("admin").token

    for _ in range(3):
        desk.now += 29 * MINUTE
        assert desk.sessions.find(token)
    desk.now += 30 * MINUTE
    assert desk.sessions.find(token) is None
    desk.now -= 30 * MINUTE
    assert desk.sessions.find(token) is None, "an ended session stays ended"


def test_the_longest_session_ends_however_busy_it_is() -> None:
    desk = Desk()
    token = desk.sessions.open("admin").token

    for _ in range(11):
        desk.now += 10 * MINUTE
        assert desk.sessions.find(token)
    desk.now += 10 * MINUTE
    assert desk.sessions.find(token) is None


def test_all_sessions_of_an_administrator_end_together_and_nobody_elses() -> None:
    desk = Desk()
    tokens = [desk.sessions.open("admin").token for _ in range(2)]
    others = desk.sessions.open("other").token

    desk.sessions.end_all("admin")

    assert [desk.sessions.find(token) for token in tokens] == [None, None]
    assert desk.sessions.find(others)


def test_signing_out_ends_one_session() -> None:
    desk = Desk()
    one, other = desk.sessions.open("admin").token, desk.sessions.open("admin").token

    desk.sessions.end(one)
    desk.sessions.end("never was")

    assert desk.sessions.find(one) is None
    assert desk.sessions.find(other)


def test_one_session_more_than_there_can_be_ends_the_oldest() -> None:
    desk = Desk()
    tokens = [desk.sessions.open("admin").token for _ in range(MAX_SESSIONS + 1)]

    assert [desk.sessions.find(token) is not None for token in tokens] == [False] + [True] * MAX_SESSIONS


def test_xsauth_is_the_sessions_own_and_looks_like_the_products() -> None:
    desk = Desk()
    one, other = desk.sessions.open("admin"), desk.sessions.open("admin")

    assert len(one.xsauth) == 32
    assert int(one.xsauth, 16)
    assert shows_xsauth(one.token, one.xsauth)
    assert not any(shows_xsauth(one.token, shown) for shown in ("", other.xsauth, one.token, "ü"))


def test_the_fifth_wrong_password_in_a_row_closes_the_door_for_a_while_that_grows() -> None:
    clock = [0.0]
    attempts = Attempts(lambda: clock[0])
    pauses = []

    for _ in range(FAILURES_BEFORE_PAUSE + 8):
        assert not attempts.judge("10.0.0.1", "admin", right=False)
        pauses.append(attempts.pause_seconds("10.0.0.1", "admin"))

    assert pauses[:5] == [0, 0, 0, 0, 1]
    assert pauses[5:8] == [2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    clock[0] += LONGEST_PAUSE_SECONDS
    assert attempts.pause_seconds("10.0.0.1", "admin") == 0


def test_a_pause_is_for_one_name_from_one_address_and_the_right_password_ends_the_count() -> None:
    attempts = Attempts(lambda: 0.0)
    for _ in range(FAILURES_BEFORE_PAUSE):
        attempts.judge("10.0.0.1", "admin", right=False)

    assert attempts.pause_seconds("10.0.0.1", "admin")
    assert not attempts.pause_seconds("10.0.0.1", "other")
    assert not attempts.pause_seconds("10.0.0.2", "admin")
    assert attempts.judge("10.0.0.1", "admin", right=True)
    assert not attempts.pause_seconds("10.0.0.1", "admin")


def test_names_without_end_take_no_memory_without_end() -> None:
    attempts = Attempts(lambda: 0.0)

    for number in range(MAX_TRIED_NAMES + 10):
        attempts.judge("10.0.0.1", f"name {number}", right=False)

    assert len(attempts._failures) == MAX_TRIED_NAMES


def test_no_account_has_no_password_not_even_an_empty_one() -> None:
    stored = hash_password("admin123", b"salt", 1)

    assert is_administrator("admin123", stored)
    for password, account in (("admin124", stored), ("", ""), ("admin123", ""), ("x" * (MAX_PASSWORD + 1), stored)):
        assert not is_administrator(password, account)
