"""Switching on."""

import pytest

from leaselab.appliance.console import Effect, Keys, PauseOver, PowerOn
from leaselab.appliance.console.facts import Image
from leaselab.appliance.licensing.commands import ChoosePersonality, JoinCluster, RollBack
from leaselab.appliance.machine import Refusal
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


@pytest.mark.rule("CON-02")
def test_a_rollback_version_is_offered_where_there_is_one_and_boots() -> None:
    desk = Desk(booted(rollback="8.2R4 (build 47329)"))

    desk.take(PowerOn(), hurried=False)
    desk.take(Keys(b"2"), hurried=False)

    assert "   2. Rollback version: 8.2R4 (build 47329)\n" in desk.output
    assert desk.commands == [RollBack()]
    assert desk.prompt.startswith("Hit TAB")


@pytest.mark.rule("CON-01")
def test_tab_joins_a_cluster_and_the_boot_goes_on() -> None:
    desk = Desk(booted())
    desk.take(PowerOn(), hurried=False)
    desk.take(Keys(b"\r"), hurried=False)

    desk.take(Keys(b"\t"), hurried=False)
    shown = desk.enter("west", "gw1, gw2")

    assert desk.commands == [JoinCluster(name="west", members=("gw1", "gw2"))]
    assert "This device is a member of cluster west.\n" in shown
    assert desk.phase == "ready"


@pytest.mark.rule("CON-01")
def test_a_cluster_that_cannot_be_joined_is_asked_for_again_and_none_is_an_answer() -> None:
    desk = Desk(booted())
    desk.refusals[JoinCluster] = Refusal("no", "Its members must name this device.")
    desk.take(PowerOn(), hurried=False)
    desk.take(Keys(b"\r"), hurried=False)

    desk.take(Keys(b"\t"), hurried=False)
    shown = desk.enter("west", "gw2")
    assert "Its members must name this device.\n" in shown
    assert desk.prompt == "Cluster name (Enter for none):"
    desk.enter("")

    assert desk.phase == "ready"


def test_a_member_of_a_cluster_boots_as_one() -> None:
    desk = Desk(booted(cluster="west"))

    assert "About to boot as a member of cluster west, Pulse Connect Secure.\n" in desk.power_on()


IMAGES = (
    Image(personality="pcs", product="Junos Pulse Secure Access Service", release="7.1R1", build=17675),
    Image(personality="pps", product="Junos Pulse Access Control Service", release="4.1R1", build=17057),
)


@pytest.mark.rule("CON-05")
def test_a_mag_offers_its_factory_images_after_a_reset() -> None:
    desk = Desk(facts(images=IMAGES))

    shown = desk.power_on(reset=True)

    assert shown == (
        "\nPlease choose from among the following factory-reset personality images:\n\n"
        "[1] Junos Pulse Secure Access Service 7.1R1 (Build 17675)\n"
        "[2] Junos Pulse Access Control Service 4.1R1 (Build 17057)\n\nChoice: "
    )
    assert "Enter one of the numbers 1, 2." in desk.enter("3")
    desk.enter("2")
    assert desk.commands == [ChoosePersonality(personality="pps")]
    assert desk.phase == "wizard"


@pytest.mark.rule("CON-04")
def test_a_factory_image_can_be_chosen_ahead_and_is_not_asked_for_without_a_reset() -> None:
    desk = Desk(facts(images=IMAGES))

    assert "personality images" not in desk.power_on()
    desk.power_on({"factory-image": "pcs"}, reset=True)

    assert desk.commands == [ChoosePersonality(personality="pcs")]


def test_a_device_that_is_off_hears_nothing() -> None:
    desk = Desk(booted())

    assert desk.type(b"y\r1\r") == ""
    assert desk.phase == "off"


def test_a_key_without_a_meaning_shows_the_boot_options_again() -> None:
    desk = Desk(booted())
    desk.take(PowerOn(), hurried=False)

    assert "Boot options:" in desk.take(Keys(b"x"), hurried=False)
