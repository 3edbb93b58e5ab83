"""Display log/status, and System Operations."""

import pytest

from leaselab.appliance.console import Effect
from leaselab.appliance.licensing.commands import RollBack
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.desk import BOOT_ANSWERS, Desk, booted, facts


def menu(choice: str, **changed: object) -> Desk:
    """Return a desk at one of the submenus."""
    desk = Desk(booted(**changed))
    desk.power_on()
    desk.enter("", choice)
    return desk


@pytest.mark.rule("CON-02")
def test_status_shows_what_the_device_is_and_does() -> None:
    shown = menu("3", status=(("Signed in, concurrent-users", "10 of 50 licensed"),)).enter("1")

    assert "Licensing Hardware ID:        0271A1B2C3D4E5F6\n" in shown
    assert "Signed in, concurrent-users:  10 of 50 licensed\n" in shown


@pytest.mark.rule("CON-02")
def test_the_end_of_the_log_is_shown_oldest_first() -> None:
    assert "\nfirst\nsecond\n" in menu("3", log_tail=("first", "second")).enter("2")
    assert "The event log is empty.\n" in menu("3").enter("2")


@pytest.mark.rule("CON-02")
def test_the_system_menu_has_the_products_entries() -> None:
    assert (
        """
Please choose the operation to perform:
   1. Reboot this Pulse Connect Secure
   2. Shutdown this Pulse Connect Secure
   3. Restart services at this Pulse Connect Secure
   4. Rollback this Pulse Connect Secure
   5. Factory reset this Pulse Connect Secure
   6. Clear all configuration data at this Pulse Connect Secure
 <return to go back to main menu>
Choice: """
        in menu("4").output
    )


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize(
    ("choice", "effect", "phase"),
    [
        ("1", Effect.REBOOT, "off"),
        ("2", Effect.SHUTDOWN, "off"),
        ("3", Effect.RESTART_SERVICES, "ready"),
        ("5", Effect.FACTORY_RESET, "off"),
        ("6", Effect.CLEAR_CONFIGURATION, "off"),
    ],
)
def test_an_operation_is_done_once_it_is_confirmed(choice: str, effect: Effect, phase: str) -> None:
    desk = menu("4")

    assert "Please answer y or n." in desk.enter(choice, "perhaps")
    desk.enter("n")
    assert desk.effects == []
    desk.enter(choice, "y")

    assert (desk.effects, desk.phase) == ([effect], phase)


@pytest.mark.rule("CON-02")
def test_clearing_the_configuration_says_what_the_product_says() -> None:
    shown = menu("4").enter("6", "y")

    assert "Are you sure you want to reset this Pulse Connect Secure configuration? (y/n) y\n" in shown
    assert shown.endswith(
        "minor - [127.0.0.1] - System()[] - Server configuration reset\n"
        "Doing a configuration reset\nRebooting the system\nRestarting system.\n"
    )


@pytest.mark.rule("CON-05")
def test_after_a_reset_the_device_is_back_in_first_boot_with_its_hardware_id() -> None:
    desk = menu("4")
    desk.enter("5", "y")

    desk.facts = facts()
    shown = desk.power_on({"proceed": BOOT_ANSWERS["proceed"]})

    assert "Licensing Hardware ID: 0271A1B2C3D4E5F6\n" in shown
    assert (desk.phase, desk.prompt) == ("wizard", "Do you agree to the terms of the license agreement (y/n/r)?:")


@pytest.mark.rule("CON-02")
def test_a_rollback_is_confirmed_and_then_the_device_reboots_with_the_version_before() -> None:
    desk = menu("4", rollback="8.2R4 (build 47329)")

    desk.enter("4", "n")
    assert (desk.commands, desk.effects) == ([], [])
    desk.enter("4", "y")

    assert (desk.commands, desk.effects, desk.phase) == ([RollBack()], [Effect.REBOOT], "off")


@pytest.mark.rule("CON-02")
def test_a_rollback_that_the_device_refuses_reboots_nothing() -> None:
    desk = menu("4", rollback="8.2R4 (build 47329)")
    desk.refusals[RollBack] = Refusal("no", "Not now.")

    assert "Not now." in desk.enter("4", "y")
    assert (desk.effects, desk.phase) == ([], "ready")


@pytest.mark.rule("CON-02")
def test_mostly_there_is_nothing_to_roll_back_to() -> None:
    assert "There is no version to roll back to." in menu("4").enter("4")


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("choice", ["3", "4"])
def test_return_leads_back_and_nonsense_does_not(choice: str) -> None:
    desk = menu(choice)

    assert "'9' is not on the menu" in desk.enter("9")
    assert "Serial Console!" in desk.enter("")
