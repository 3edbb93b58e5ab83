"""What the console changes of the device itself: its software, its factory image, and its own password."""

from typing import Any

import pytest

from leaselab.appliance.licensing.commands import (
    ChoosePersonality,
    CreateAdministrator,
    ProtectConsole,
    RollBack,
)
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.fleet import Fleet


def gateway(**about: Any) -> Fleet:
    fleet = Fleet()
    fleet.appliance("gw", **about)
    return fleet


@pytest.mark.rule("CON-02")
@pytest.mark.rule("ENF-07")
def test_a_rollback_brings_back_the_release_before_and_what_that_enforced() -> None:
    fleet = gateway(release="8.0R4")
    fleet.upgrade("gw", "8.0R5")

    fleet.ask("gw", RollBack())

    state = fleet.world.devices["gw"].state
    assert (state.release, state.rollback) == ("8.0R4", "8.0R5")
    assert not fleet.report("gw").enforces


@pytest.mark.rule("CON-05")
def test_a_rollback_outlives_a_restart_until_another_release_is_asked_for() -> None:
    fleet = gateway(release="8.0R4")
    fleet.upgrade("gw", "8.0R5")
    fleet.ask("gw", RollBack())

    fleet.upgrade("gw", "8.0R5")
    assert fleet.world.devices["gw"].state.release == "8.0R4"
    fleet.upgrade("gw", "8.3R1")

    assert (fleet.world.devices["gw"].state.release, fleet.world.devices["gw"].state.rollback) == ("8.3R1", "8.0R4")


@pytest.mark.rule("CON-02")
def test_a_device_that_was_never_upgraded_has_nothing_to_roll_back_to() -> None:
    fleet = gateway()

    refused = fleet.ask("gw", RollBack())

    assert isinstance(refused, Refusal)
    assert refused.reason == "no-rollback"


@pytest.mark.rule("CON-02")
def test_the_console_is_protected_once_there_is_an_administrator() -> None:
    fleet = gateway()

    refused = fleet.ask("gw", ProtectConsole(enabled=True))
    assert isinstance(refused, Refusal)
    assert not fleet.world.devices["gw"].state.console_protected
    fleet.ask("gw", CreateAdministrator(name="admin", password="admin123"))
    fleet.ask("gw", ProtectConsole(enabled=True))

    assert fleet.world.devices["gw"].state.console_protected


@pytest.mark.rule("PLT-02")
def test_a_factory_image_is_chosen_before_first_boot_and_only_on_a_mag() -> None:
    fleet = gateway(kind="mag2600", release="7.1R1")

    late = fleet.ask("gw", ChoosePersonality(personality="pps"))
    other = gateway(kind="psa3000").ask("gw", ChoosePersonality(personality="pps"))

    assert isinstance(late, Refusal)
    assert late.reason == "first-boot-only"
    assert isinstance(other, Refusal)


@pytest.mark.rule("PLT-02")
def test_the_other_factory_image_is_the_other_product_with_the_release_of_its_time() -> None:
    fleet = gateway(kind="mag2600", release="7.1R1", accept=False)

    fleet.ask("gw", ChoosePersonality(personality="pcs"))
    assert fleet.world.devices["gw"].state.personality == "pcs"
    fleet.ask("gw", ChoosePersonality(personality="pps"))

    state = fleet.world.devices["gw"].state
    assert (state.personality, state.release, state.rollback) == ("pps", "4.1R1", "")
