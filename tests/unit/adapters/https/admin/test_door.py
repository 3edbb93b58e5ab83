"""Sign-in, sign-out and sessions of administrators, by the product's addresses and fields."""

import re

import pytest

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.adapters.https.sessions import FAILURES_BEFORE_PAUSE, Attempts
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import ADMIN, Visitor

LOGIN = "/dana-na/auth/url_admin/login.cgi"
RECOVER = "/dana-na/auth/recover.cgi"


@pytest.fixture
def visitor(fleet: Fleet) -> Visitor:
    return Visitor(fleet, "gw1")


def again(fleet: Fleet, first: Visitor, **about: str) -> Visitor:
    """Another browser at the same device."""
    return Visitor(fleet, "gw1", context=first.context, **about)


def test_the_entrance_leads_to_the_sign_in_page_and_from_there_to_the_status(visitor: Visitor) -> None:
    assert visitor.get("/admin") == 200
    assert visitor.path == "/dana-na/auth/url_admin/welcome.cgi"
    assert "This is the Administrator Sign-In Page" in visitor.text

    assert visitor.sign_in() == 200
    assert visitor.path == addresses.HOME
    assert visitor.cookies["DSSIGNIN"] == "url_admin"
    assert re.fullmatch(r"[0-9a-f]{32}", visitor.cookies["DSID"])


def test_a_wrong_password_and_an_unknown_name_get_one_and_the_same_answer(visitor: Visitor) -> None:
    answers = []
    for name, password in ((ADMIN[0], "guess"), ("nobody", ADMIN[1])):
        visitor.post(LOGIN, {"username": name, "password": password}, follow=False)
        answers.append((visitor.status, visitor.headers["location"]))

    assert answers == [(302, "/dana-na/auth/url_admin/welcome.cgi?p=failed")] * 2


def test_after_repeated_failures_the_page_says_to_wait_and_other_addresses_need_not(
    fleet: Fleet, visitor: Visitor
) -> None:
    visitor.context.attempts = Attempts(clock=lambda: 0.0)
    for _ in range(FAILURES_BEFORE_PAUSE):
        visitor.sign_in(password="guess")

    visitor.sign_in()
    assert "Too many wrong passwords." in visitor.text

    other = again(fleet, visitor, source="10.0.0.98")
    assert other.sign_in() == 200
    assert other.path == addresses.HOME


def test_a_second_session_of_the_same_administrator_is_asked_about_first(fleet: Fleet, visitor: Visitor) -> None:
    visitor.sign_in()
    other = again(fleet, visitor)

    other.sign_in()
    assert other.path.endswith("?p=admin-confirm")
    assert "admin is signed in already" in other.text
    assert "DSID" not in other.cookies

    token = re.search(r'name="FormDataStr" value="(\w+)"', other.source)
    assert token is not None
    other.post(LOGIN, {"btnContinue": "Continue the session", "FormDataStr": token[1], "xsauth": other.xsauth})
    assert other.path == addresses.HOME
    assert visitor.get(addresses.HOME) == 200
    assert visitor.path == addresses.HOME


@pytest.mark.parametrize("spoilt", ["FormDataStr", "xsauth", "cookie", "cancel"])
def test_a_confirmation_that_is_not_the_one_asked_for_signs_nobody_in(
    fleet: Fleet, visitor: Visitor, spoilt: str
) -> None:
    visitor.sign_in()
    other = again(fleet, visitor)
    other.sign_in()
    fields = {"btnContinue": "Continue the session", "FormDataStr": other.cookies["DSPREAUTH"], "xsauth": other.xsauth}
    if spoilt == "cookie":
        other.cookies["DSPREAUTH"] = "0" * 32
    elif spoilt == "cancel":
        del fields["btnContinue"]
    else:
        fields[spoilt] = "0" * 32

    other.post(LOGIN, fields)

    assert "DSID" not in other.cookies
    assert len(visitor.context.sessions.of("admin")) == 1


def test_a_session_ends_after_half_an_hour_of_the_labs_time_without_a_request(fleet: Fleet, visitor: Visitor) -> None:
    visitor.sign_in()
    fleet.advance(minutes=29)
    visitor.get(addresses.SUMMARY)
    fleet.advance(minutes=29)
    assert visitor.get(addresses.SUMMARY) == 200
    assert visitor.path == addresses.SUMMARY

    fleet.advance(minutes=31)
    visitor.get(addresses.SUMMARY)
    assert visitor.path.endswith("?p=forced-off")
    assert visitor.context.sessions.of("admin") == []


def test_signing_out_takes_the_xsauth_of_the_page(visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.get("/dana-na/auth/logout.cgi") == 403

    visitor.get(addresses.HOME)
    visitor.get(f"/dana-na/auth/logout.cgi?xsauth={visitor.xsauth}")
    assert "You have signed out." in visitor.text
    assert "DSID" not in visitor.cookies


def test_a_super_admin_token_opens_one_session_without_an_account(fleet: Fleet, visitor: Visitor) -> None:
    token = visitor.context.recovery.issue().token
    visitor.get(RECOVER)
    assert "item 6 of its menu" in visitor.text

    assert visitor.post(RECOVER, {"token": "guess"}) == 422
    assert "Invalid token" in visitor.notes[0]
    visitor.post(RECOVER, {"token": token.lower()})

    assert visitor.path == addresses.HOME
    assert "Super Admin on gw1" in visitor.text
    assert again(fleet, visitor).post(RECOVER, {"token": token}) == 422
    assert [line.text.partition(" - ")[2] for line in visitor.context.chronicle.lines()][-3:] == [
        "gw1 - [10.0.0.99] Root::Super Admin(Admin Users)[] - Login failed: wrong user name or password",
        "gw1 - [10.0.0.99] Root::Super Admin(Admin Users)[] - Login succeeded",
        "gw1 - [10.0.0.99] Root::Super Admin(Admin Users)[] - Login failed: wrong user name or password",
    ]


def test_guessing_a_super_admin_token_is_slowed(visitor: Visitor) -> None:
    visitor.context.attempts = Attempts(clock=lambda: 0.0)
    token = visitor.context.recovery.issue().token
    for _ in range(FAILURES_BEFORE_PAUSE):
        visitor.post(RECOVER, {"token": "guess"})

    assert visitor.post(RECOVER, {"token": token}) == 422
    assert "Too many wrong tokens." in visitor.notes[0]
