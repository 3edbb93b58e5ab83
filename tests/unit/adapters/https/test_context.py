"""One device as its HTTPS edge sees it: where administrators are served, and what ends their sessions."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.chronicle import Chronicle
from leaselab.appliance.licensing.commands import (
    CreateAdministrator,
    DeleteAdministrator,
    SetRestAccess,
)
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Peers


def context(addresses: dict[str, str] | None = None, *, peer_secret: str = "ours") -> tuple[NodeContext, Fleet]:
    fleet = Fleet()
    fleet.appliance("gw")
    for name in ("admin", "other"):
        fleet.do("gw", CreateAdministrator(name=name, password="admin123"))
    node = NodeContext(
        config=cast("Any", SimpleNamespace(name="gw", peer_secret=peer_secret, addresses=addresses or {})),
        device=fleet.devices["gw"],
        store_id="",
        report=None,
        phase=lambda: "ready",
        observe_request=lambda _verb, _seconds: None,
        chronicle=Chronicle(fleet.store, "gw", lambda _event, _at: (), signed_in=lambda: 0),
        take_effect=lambda _effect: None,
        network=Peers({}),
    )
    return node, fleet


@pytest.mark.parametrize(
    ("addresses", "asked", "served"),
    [
        ({"internal": "10.0.0.1"}, "10.0.0.1", True),
        ({"internal": "10.0.0.1", "external": "10.1.0.1"}, "10.0.0.1", True),
        ({"internal": "10.0.0.1", "external": "10.1.0.1"}, "10.1.0.1", False),
        ({"internal": "10.0.0.1", "management": "10.2.0.1"}, "10.2.0.1", True),
        ({"internal": "10.0.0.1", "external": "10.0.0.1"}, "10.0.0.1", True),
        ({"internal": "0.0.0.0", "external": "10.1.0.1"}, "172.17.0.2", True),
    ],
)
def test_administrators_are_served_everywhere_but_at_the_external_ports_own_address(
    addresses: dict[str, str], asked: str, *, served: bool
) -> None:
    assert context(addresses)[0].may_administer(asked) is served


@pytest.mark.parametrize(
    ("command", "pages_end", "keys_end"),
    [
        (CreateAdministrator(name="admin", password="another123"), True, True),
        (DeleteAdministrator(name="admin"), True, True),
        (SetRestAccess(name="admin", allowed=False), False, True),
    ],
)
def test_what_happens_to_an_account_ends_what_it_opened_and_nobody_elses(
    command: Any, *, pages_end: bool, keys_end: bool
) -> None:
    node, fleet = context()
    page, key = node.sessions.open("admin").token, node.api_keys.open("admin").token
    others = node.api_keys.open("other").token

    fleet.do("gw", command)

    assert (node.sessions.find(page) is None) is pages_end
    assert (node.api_keys.find(key) is None) is keys_end
    assert node.api_keys.find(others)


def test_an_api_key_opens_no_page_and_a_pages_session_no_api() -> None:
    node, _ = context()

    assert node.sessions.find(node.api_keys.open("admin").token) is None
    assert node.api_keys.find(node.sessions.open("admin").token) is None


def test_another_lab_of_the_same_file_makes_other_cookies() -> None:
    (ours, _), (same, _), (theirs, _) = (context(peer_secret=secret) for secret in ("ours", "ours", "theirs"))

    assert ours.device.state.secret == theirs.device.state.secret, "it follows from the file"
    assert ours.cookie_key == same.cookie_key
    assert ours.cookie_key != theirs.cookie_key


def test_a_factory_reset_ends_every_session_and_forgets_who_guessed() -> None:
    node, _ = context()
    page, key = node.sessions.open("admin").token, node.api_keys.open("admin").token
    for _ in range(5):
        node.attempts.judge("10.0.0.1", "admin", right=False)

    node.forget()

    assert node.sessions.find(page) is None
    assert node.api_keys.find(key) is None
    assert not node.attempts.pause_seconds("10.0.0.1", "admin")
