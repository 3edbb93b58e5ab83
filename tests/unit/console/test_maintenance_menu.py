"""Items 6 to 8 of the main menu."""

import pytest

from leaselab.appliance.console.tools import ListSnapshots, OpenSuperAdminSession, RecoveryToken, TakeSnapshot
from leaselab.appliance.instants import MINUTE, parse_instant
from leaselab.appliance.licensing.commands import SetMinimumTls
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.desk import Desk, booted


@pytest.fixture
def desk() -> Desk:
    desk = Desk(booted())
    desk.power_on()
    desk.enter("")
    return desk


@pytest.mark.rule("CON-02")
def test_a_super_admin_session_is_a_token_and_where_to_enter_it(desk: Desk) -> None:
    desk.replies[OpenSuperAdminSession] = RecoveryToken(token="ABCD2345", lives=3 * MINUTE)

    shown = desk.enter("6", "y")

    assert desk.commands == [OpenSuperAdminSession()]
    assert "https://10.10.22.34/dana-na/auth/recover.cgi within 3m\nand enter this token: ABCD2345\n" in shown
    assert desk.prompt == "Choice:"


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("choice", ["6", "8"])
def test_what_opens_a_door_is_asked_about_first(desk: Desk, choice: str) -> None:
    assert "Please answer y or n." in desk.enter(choice, "perhaps")
    assert "Serial Console!" in desk.enter("n")

    assert desk.commands == []


@pytest.mark.rule("CON-02")
def test_a_snapshot_is_taken_and_listed(desk: Desk) -> None:
    desk.replies[TakeSnapshot] = "gw1-snapshot-1.zip"
    assert "The snapshot gw1-snapshot-1.zip was taken.\n" in desk.enter("7", "1")

    desk.replies[ListSnapshots] = (("gw1-snapshot-1.zip", parse_instant("2018-01-01T00:00:00Z")),)
    assert "gw1-snapshot-1.zip" in desk.enter("2")
    desk.replies[ListSnapshots] = ()
    assert "There are no snapshots.\n" in desk.enter("2")
    assert desk.commands == [TakeSnapshot(), ListSnapshots(), ListSnapshots()]

    assert "'3' is not on the menu" in desk.enter("3")
    assert "Serial Console!" in desk.enter("")


@pytest.mark.rule("CON-02")
def test_the_allowed_encryption_strength_is_reset(desk: Desk) -> None:
    shown = desk.enter("8", "y")

    assert desk.commands == [SetMinimumTls(version="1.2")]
    assert "The allowed encryption strength was reset.\n" in shown


@pytest.mark.rule("CON-02")
def test_a_refusal_is_said_and_the_menu_comes_back(desk: Desk) -> None:
    desk.refusals[OpenSuperAdminSession] = Refusal("no", "Not now.")

    assert "Not now.\n" in desk.enter("6", "y")
    assert desk.prompt == "Choice:"
