"""Switching on."""

import pytest

from leaselab.appliance.console import Effect, Keys, PauseOver, PowerOn
from leaselab.testbed.testing.desk import Desk, booted, facts


@pytest.mark.rule("CON-01")
def test_boot_shows_the_options_and_start_up_messages_in_the_products_order() -> None:
    desk = Desk(booted())

    shown = desk.power_on()

    lines = [
        "   1. Current version: 8.3R1 (build 59747)",
        "   3. Factory reset version: 8.3R1 (build 59747)",
        "Starting system software version 8.3R1 (build 59747)",
        "Using driver: e1000e",
        "Licensing Hardware ID: 0271A1B2C3D4E5F6",
        "About to boot as a stand-alone Pulse Connect Secure.",
        "Hit TAB for clustering options, wait or hit Enter to continue.....",
        "Starting Core Services",
        "Device Administration: https://10.10.22.34/admin",
        "Press <Enter> to view or update your appliance settings.",
    ]
    found = [shown.index(line) for line in lines]
    assert found == sorted(found)
    assert desk.phase == "ready"


@pytest.mark.rule("CON-01")
def test_a_virtual_appliance_names_its_own_driver() -> None:
    desk = Desk(booted(virtual=True, driver="vmxnet3"))

    assert "Using driver: vmxnet3\n...............................\n.Loading vmmemctl\n" in desk.power_on()


@pytest.mark.rule("CON-01")
def test_the_first_boot_leads_to_the_wizard() -> None:
    desk = Desk(facts())

    desk.power_on()

    assert (desk.phase, desk.prompt) == ("wizard", "Would you like to proceed (y/n)?:")


@pytest.mark.rule("CON-05")
def test_a_key_at_the_boot_options_leads_to_a_factory_reset_that_is_confirmed() -> None:
    desk = Desk(booted())
    desk.take(PowerOn(), hurried=False)

    desk.take(Keys(b"3"), hurried=False)
    assert (desk.phase, desk.effects) == ("booting", [])
    desk.enter("y")

    assert (desk.phase, desk.effects) == ("off", [Effect.FACTORY_RESET])


def test_a_factory_reset_that_is_not_confirmed_leads_back_to_the_options() -> None:
    desk = Desk(booted())
    desk.take(PowerOn(), hurried=False)

    desk.type(b"3")
    shown = desk.enter("perhaps", "n")

    assert "Please answer y or n." in shown
    assert desk.effects == []
    assert desk.phase == "ready"


def test_the_boot_waits_at_its_options_for_a_key_or_the_end_of_the_pause() -> None:
    desk = Desk(booted())

    desk.take(PowerOn(), hurried=False)
    assert desk.prompt.startswith("Choose a number")
    desk.take(Keys(b"\r"), hurried=False)
    assert desk.prompt.startswith("Hit TAB")
    desk.take(PauseOver(), hurried=False)

    assert desk.phase == "ready"


def test_a_pause_that_ends_after_a_key_was_pressed_changes_nothing() -> None:
    desk = Desk(booted())
    desk.power_on()

    assert desk.take(PauseOver()) == ""
    assert desk.phase == "ready"


def test_a_rollback_version_is_offered_where_there_is_one_and_is_not_emulated() -> None:
    desk = Desk(booted(rollback="8.2R4 (build 47329)"))

    desk.take(PowerOn(), hurried=False)
    shown = desk.take(Keys(b"2"), hurried=False)

    assert "   2. Rollback version: 8.2R4 (build 47329)\n" in desk.output
    assert "not emulated" in shown


def test_clustering_options_are_not_emulated_and_the_boot_goes_on() -> None:
    desk = Desk(booted())
    desk.take(PowerOn(), hurried=False)
    desk.take(Keys(b"\r"), hurried=False)

    assert "not emulated" in desk.take(Keys(b"\t"))
    assert desk.phase == "ready"


def test_a_device_that_is_off_hears_nothing() -> None:
    desk = Desk(booted())

    assert desk.type(b"y\r1\r") == ""
    assert desk.phase == "off"


def test_a_key_without_a_meaning_shows_the_boot_options_again() -> None:
    desk = Desk(booted())
    desk.take(PowerOn(), hurried=False)

    assert "Boot options:" in desk.take(Keys(b"x"), hurried=False)
