"""Authentication > Auth. Servers."""

import pytest

from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

SERVERS = "/dana-admin/auth/listServers.cgi"
SECOND = {"op": "save", "name": "second", "password": "secret12", "password_again": "secret12"}


@pytest.fixture
def admin(fleet: Fleet) -> Visitor:
    return Visitor.administrator(fleet, "gw1", SERVERS)


def test_an_administrator_is_made_signs_in_and_is_deleted(fleet: Fleet, admin: Visitor) -> None:
    admin.submit(**SECOND)
    assert admin.notes == ["Administrator second is saved."]
    assert "second yes" in admin.text
    other = Visitor(fleet, "gw1", context=admin.context)
    assert other.sign_in("second", "secret12") == 200

    admin.submit(op="delete", name="second")

    assert admin.notes == ["Administrator second is deleted."]
    other.get(SERVERS)
    assert other.path.endswith("?p=forced-off")


def test_a_new_password_ends_ones_own_session(admin: Visitor) -> None:
    admin.submit(**SECOND | {"name": "admin"})

    assert admin.path.endswith("?p=forced-off")
    assert admin.sign_in("admin", "secret12") == 200


def test_rest_is_forbidden_and_allowed_and_that_ends_api_keys(fleet: Fleet, admin: Visitor) -> None:
    key = admin.context.api_keys.open("admin").token

    admin.submit(op="rest", name="admin")
    assert admin.notes == ["admin may not use the REST API."]
    assert fleet.devices["gw1"].state.no_rest == {"admin"}
    assert admin.context.api_keys.find(key) is None

    admin.submit(op="rest", name="admin", rest="ON")
    assert fleet.devices["gw1"].state.no_rest == set()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (SECOND | {"password_again": "secret13"}, "Password and confirmation differ; nothing was saved."),
        (SECOND | {"password": "short", "password_again": "short"}, "An administrator needs a printable name"),
        (SECOND | {"name": "a\nb"}, "An administrator needs a printable name"),
        ({"op": "delete", "name": "admin"}, "'admin' is the only administrator"),
        ({"op": "rest", "name": "nobody"}, "There is no administrator 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_changes(
    fleet: Fleet, admin: Visitor, fields: dict[str, str], why: str
) -> None:
    before = dict(fleet.devices["gw1"].state.administrators)

    assert admin.submit(**fields) == 422

    assert admin.notes[0].startswith(why)
    assert fleet.devices["gw1"].state.administrators == before


def test_a_form_without_a_button_does_nothing(admin: Visitor) -> None:
    admin.submit(name="admin")

    assert admin.notes == ["Choose what is to be done by a button of this page."]
