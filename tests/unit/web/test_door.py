"""Who may see the pages of the labs."""

import pytest

from leaselab.appliance.adapters.wire.http1 import Request
from leaselab.testbed.web.door import Door


@pytest.fixture
def door() -> Door:
    door = Door()
    door.port = 8000
    return door


def request(target: str, *, method: str = "GET", **headers: str) -> Request:
    asked = Request()
    asked.method = method.encode()
    asked.target = target.encode()
    given = {"host": "127.0.0.1:8000"} | headers
    asked.headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    return asked


def test_a_stranger_is_turned_away(door: Door) -> None:
    answer = door.turn_away(request("/"))

    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize("token", ["", "wrong", "\xe9"])
def test_a_wrong_token_opens_nothing(door: Door, token: str) -> None:
    answer = door.turn_away(request(f"/?token={token}", cookie=f"{door.cookie}={token or 'x'}"))

    assert answer is not None
    assert answer.status == 403


def test_the_token_gives_a_cookie_and_leaves_the_address(door: Door) -> None:
    answer = door.turn_away(request(f"/labs/q?token={door.token}&said=hello"))

    assert answer is not None
    assert answer.status == 303
    assert b"location: /labs/q?said=hello\r\n" in answer.headers
    assert f"set-cookie: {door.cookie}={door.token}; Path=/; HttpOnly; SameSite=Strict".encode() in answer.headers


@pytest.mark.parametrize("path", ["//elsewhere", "/a\r\nset-cookie: x=1", "elsewhere"])
def test_the_way_on_leads_nowhere_else(door: Door, path: str) -> None:
    answer = door.turn_away(request(f"{path}?token={door.token}"))

    assert answer is not None
    assert answer.headers.startswith(b"location: /\r\n")


def test_who_has_the_cookie_comes_in(door: Door) -> None:
    assert door.turn_away(request("/", cookie=f"{door.cookie}={door.token}")) is None


def test_a_name_that_points_here_is_none_of_ours(door: Door) -> None:
    answer = door.turn_away(request("/", host="rebound.example:8000", cookie=f"{door.cookie}={door.token}"))

    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize(
    ("origin", "comes_in"), [("http://127.0.0.1:8000", True), ("http://127.0.0.1:9000", False), ("", False)]
)
def test_a_change_comes_from_our_own_pages(door: Door, origin: str, comes_in: bool) -> None:
    asked = request("/labs/q/rate", method="POST", origin=origin, cookie=f"{door.cookie}={door.token}")

    assert (door.turn_away(asked) is None) == comes_in
