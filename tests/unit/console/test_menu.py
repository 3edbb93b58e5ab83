"""Banner, main menu and the sign-in before it."""

import pytest

from leaselab.appliance.console.facts import Image
from leaselab.appliance.licensing.commands import CreateAdministrator, ProtectConsole
from leaselab.appliance.licensing.passwords import hash_password
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.desk import Desk, booted

ADMINISTRATORS = {"admin": hash_password("admin123", b"salt", 1)}

BANNER = """
Welcome to the Pulse Secure Pulse Connect Secure Serial Console!

Current version: 8.3R1 (build 59747)
Reset version:  8.3R1 (build 59747)

Licensing Hardware ID: 0271A1B2C3D4E5F6
Serial Number: 0271122334455667

Please choose from among the following options:
   1. Network Settings and Tools
   2. Create admin username and password
   3. Display log/status
   4. System Operations
   5. Toggle password protection for the console (Off)
   6. Create a Super Admin session.
   7. System Maintenance
   8. Reset allowed encryption strength for SSL
Choice: """


def menu(**changed: object) -> Desk:
    """Return a desk at the main menu, or at the sign-in before it."""
    desk = Desk(booted(**changed))
    desk.power_on()
    desk.enter("")
    return desk


@pytest.mark.rule("CON-02")
def test_enter_shows_banner_and_menu_to_the_letter() -> None:
    desk = Desk(booted())
    desk.power_on()

    assert desk.enter("") == BANNER
    assert (desk.phase, desk.prompt) == ("ready", "Choice:")


@pytest.mark.rule("CON-02")
def test_old_software_words_some_lines_differently() -> None:
    desk = menu(release="7.1R1", build=17675, rollback="7.0R1 (build 1)")

    assert "Press Enter to modify system settings.\n" in desk.output
    assert "   7. System Snapshot\n" in desk.output
    assert "Current version: 7.1R1 (build 17675)\nRollback version: 7.0R1 (build 1)\nReset version:" in desk.output


@pytest.mark.rule("CON-02")
def test_a_key_other_than_enter_does_not_open_the_menu() -> None:
    desk = Desk(booted())
    desk.power_on()

    assert "Please choose" not in desk.type(b"1")


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("choice", ["9", "0", "menu", "-1"])
def test_a_choice_that_is_not_on_the_menu_is_refused_and_the_menu_shown_again(choice: str) -> None:
    desk = menu()

    shown = desk.enter(choice)

    assert f"{choice!r} is not on the menu" in shown
    assert shown.endswith(BANNER)


@pytest.mark.rule("CON-02")
def test_an_administrator_can_be_made_from_the_menu() -> None:
    desk = menu()

    shown = desk.enter("2", "second", "secret12", "secret12")

    assert desk.commands == [CreateAdministrator(name="second", password="secret12")]
    assert "The administrator was successfully created.\n" in shown
    assert "secret12" not in shown
    assert desk.prompt == "Choice:"


def test_ctrl_c_leaves_a_dialogue_for_the_menu() -> None:
    desk = menu()
    desk.enter("2", "second")

    desk.type(b"secret\x03")

    assert (desk.prompt, desk.commands) == ("Choice:", [])


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("protected", [True, False])
def test_password_protection_can_be_switched(protected: bool) -> None:
    desk = menu(administrators=ADMINISTRATORS, console_protected=protected)
    if protected:
        desk.enter("admin", "admin123")

    desk.enter("5")

    assert desk.commands == [ProtectConsole(enabled=not protected)]


@pytest.mark.rule("CON-02")
def test_password_protection_without_an_administrator_is_refused() -> None:
    desk = menu()

    assert "create one first" in desk.enter("5")
    assert desk.commands == []


@pytest.mark.rule("CON-02")
def test_a_refusal_of_the_device_is_shown_above_the_menu() -> None:
    desk = menu(administrators=ADMINISTRATORS)
    desk.refusals[ProtectConsole] = Refusal("no", "Not now.")

    assert desk.enter("5") == f"5\nNot now.\n{BANNER}"


@pytest.mark.rule("CON-02")
def test_a_protected_console_wants_an_administrator_before_the_menu() -> None:
    desk = menu(administrators=ADMINISTRATORS, console_protected=True)

    assert desk.prompt == "Username:"
    assert "Login incorrect." in desk.enter("admin", "wrong-password")
    assert "Login incorrect." in desk.enter("", "nobody", "admin123")
    assert "Please choose" not in desk.output
    shown = desk.enter("", "admin", "admin123")

    assert "   5. Toggle password protection for the console (On)\n" in shown
    assert "admin123" not in desk.output


def test_ctrl_c_at_the_menu_of_a_protected_console_logs_out() -> None:
    desk = menu(administrators=ADMINISTRATORS, console_protected=True)
    desk.enter("admin", "admin123")

    desk.type(b"\x03")
    desk.enter("")

    assert desk.prompt == "Username:"


@pytest.mark.rule("CON-02")
def test_a_mag_of_the_first_line_lists_both_factory_images() -> None:
    images = (
        Image(personality="pcs", product="Junos Pulse Secure Access Service", release="7.1R1", build=17675),
        Image(personality="pps", product="Junos Pulse Access Control Service", release="4.1R1", build=17057),
    )

    assert (
        "Reset version:  7.1R1 (build 17675) Junos Pulse Secure Access Service\n"
        "                4.1R1 (build 17057) Junos Pulse Access Control Service\n"
    ) in menu(release="7.1R1", images=images).output


@pytest.mark.rule("CON-02")
def test_return_alone_shows_the_menu_again() -> None:
    desk = menu()

    assert "Please choose from among the following options:" in desk.enter("")
    assert (desk.prompt, desk.commands) == ("Choice:", [])
