"""First boot, prompt by prompt."""

import pytest

from leaselab.appliance.console import Effect
from leaselab.appliance.console.agreement import PAGES
from leaselab.appliance.licensing.commands import (
    AcceptAgreement,
    ChooseMode,
    CreateAdministrator,
    CreateCertificate,
    FinishFirstBoot,
    SetNetwork,
)
from leaselab.appliance.machine import Refusal
from leaselab.testbed.testing.desk import BOOT_ANSWERS, Desk, facts

COMMANDS = [
    AcceptAgreement(),
    SetNetwork(
        port="internal",
        address="10.10.22.34",
        netmask="255.255.255.0",
        gateway="10.10.22.1",
        dns=("10.10.22.53",),
        domains="company.com",
    ),
    CreateAdministrator(name="admin", password="admin123"),
    CreateCertificate(common_name="gw1.company.com", organization="Company Inc."),
    FinishFirstBoot(),
]
"""What the answers of :data:`BOOT_ANSWERS` come to."""

SETUP = ("10.10.22.34", "255.255.255.0", "", "10.10.22.53", "", "", "")
"""Answers to the network prompts up to their confirmation."""

AGREE = "Do you agree to the terms of the license agreement (y/n/r)?:"
MODE = "Do you want to enable Virtual License Server (y/n)?"


def wizard(**changed: object) -> Desk:
    """Return a desk at the first prompt of the wizard."""
    desk = Desk(facts(**changed))
    desk.power_on()
    return desk


@pytest.mark.rule("CON-01")
def test_a_person_answers_every_prompt_in_the_products_order() -> None:
    desk = wizard()
    asked = []

    for answer in (
        "y",
        "y",
        "10.10.22.34",
        "255.255.255.0",
        "10.10.22.1",
        "10.10.22.53",
        "",
        "company.com",
        "",
        "y",
        "admin",
        "admin123",
        "admin123",
        "gw1.company.com",
        "Company Inc.",
        "thirty characters or so of noise",
    ):
        asked.append(desk.prompt)
        desk.enter(answer)

    assert asked == [
        "Would you like to proceed (y/n)?:",
        AGREE,
        "IP address:",
        "Network mask:",
        "Default gateway:",
        "Primary DNS server:",
        "Secondary (optional):",
        "DNS domain(s):",
        "WINS server (optional):",
        "Correct? (y/n):",
        "Admin username:",
        "Password:",
        "Confirm password:",
        "Common name (example: secure.company.com):",
        "Organization name (example: Company Inc.):",
        "Random text (hit enter when done):",
    ]
    assert desk.commands == COMMANDS
    assert desk.phase == "ready"


@pytest.mark.rule("CON-04")
def test_answers_given_ahead_are_shown_and_taken_without_a_person() -> None:
    desk = Desk(facts())

    desk.power_on(BOOT_ANSWERS)

    assert desk.commands == COMMANDS
    assert desk.phase == "ready"
    assert "IP address: 10.10.22.34\n" in desk.output
    assert "Password: ********\nConfirm password: ********\n" in desk.output
    assert "admin123" not in desk.output
    assert "The administrator was successfully created.\n" in desk.output


@pytest.mark.rule("CON-04")
@pytest.mark.parametrize(
    ("left_out", "prompt"),
    [
        ("proceed", "Would you like to proceed (y/n)?:"),
        ("accept-license", AGREE),
        ("network", "IP address:"),
        ("dns", "Primary DNS server:"),
        ("wins", "WINS server (optional):"),
        ("admin-name", "Admin username:"),
        ("admin-password", "Password:"),
        ("certificate-common-name", "Common name (example: secure.company.com):"),
        ("certificate-organization", "Organization name (example: Company Inc.):"),
        ("random-text", "Random text (hit enter when done):"),
    ],
)
def test_an_answer_that_was_left_out_is_asked_on_the_console(left_out: str, prompt: str) -> None:
    desk = Desk(facts())

    desk.power_on({name: answer for name, answer in BOOT_ANSWERS.items() if name != left_out})

    assert (desk.phase, desk.prompt) == ("wizard", prompt)


@pytest.mark.rule("CON-04")
def test_an_answer_given_ahead_that_is_refused_is_asked_of_a_person_who_then_confirms_the_setup() -> None:
    desk = Desk(facts())

    desk.power_on({**BOOT_ANSWERS, "network": "10.10.22 255.255.255.0"})
    assert "'10.10.22' is not an IP address" in desk.output
    assert desk.prompt == "IP address:"

    desk.enter("10.10.22.34")
    assert desk.prompt == "Correct? (y/n):"


@pytest.mark.rule("CON-04")
def test_a_password_given_ahead_that_is_too_short_is_asked_of_a_person_twice() -> None:
    desk = Desk(facts())

    desk.power_on({**BOOT_ANSWERS, "admin-password": "short"})
    assert desk.prompt == "Password:"
    desk.enter("admin123")
    assert desk.prompt == "Confirm password:"
    desk.enter("admin123")

    assert desk.commands == COMMANDS


@pytest.mark.rule("CON-01")
def test_declining_the_agreement_halts_the_device() -> None:
    desk = wizard()

    shown = desk.enter("y", "n")

    assert (desk.phase, desk.prompt, desk.commands) == ("halted", "", [])
    assert "halted" in shown
    assert desk.enter("y") == ""


@pytest.mark.rule("CON-01")
def test_the_agreement_is_shown_page_by_page_and_asked_for_again() -> None:
    desk = wizard()
    desk.enter("y")

    pages = [desk.enter("r")]
    while desk.prompt != AGREE:
        pages.append(desk.type(b" "))

    assert len(PAGES) > 1
    assert [page in shown for page, shown in zip(PAGES, pages, strict=False)] == [True] * len(PAGES)
    assert desk.commands == []
    assert desk.phase == "wizard"


@pytest.mark.rule("CON-01")
def test_reading_the_agreement_can_be_left_early() -> None:
    desk = wizard()
    desk.enter("y", "r")

    desk.type(b"q")

    assert desk.prompt == AGREE


@pytest.mark.rule("CON-01")
@pytest.mark.parametrize(
    ("before", "answer", "reason"),
    [
        ((), "maybe", "Please answer y or n."),
        (("y",), "ok", "Please answer y to accept, n to decline or r to read the agreement."),
        (("y", "y"), "10.10.22", "'10.10.22' is not an IP address"),
        (("y", "y", "10.10.22.34"), "24", "'24' is not a network mask"),
        (("y", "y", "10.10.22.0"), "255.255.255.0", "means the whole network"),
        (("y", "y", "10.10.22.34", "255.255.255.0"), "10.10.23.1", "must be another address of the network"),
        (("y", "y", "10.10.22.34", "255.255.255.0", ""), "", "is not an IP address"),
        (("y", "y", *SETUP), "perhaps", "Please answer y or n."),
        (("y", "y", *SETUP, "y"), "two words", "A name has 1 to 64 letters"),
        (("y", "y", *SETUP, "y", "admin", "admin123", "admin123"), "", "A name of 1 to 64 characters is wanted."),
    ],
)
def test_a_wrong_answer_is_asked_again_with_the_reason(before: tuple[str, ...], answer: str, reason: str) -> None:
    desk = wizard()
    desk.enter(*before)
    prompt = desk.prompt

    shown = desk.enter(answer)

    assert reason in shown
    assert desk.prompt == prompt


@pytest.mark.rule("CON-01")
def test_a_setup_that_is_not_correct_is_asked_for_from_the_start() -> None:
    desk = wizard()

    shown = desk.enter("y", "y", *SETUP, "n")

    assert "     IP address:           10.10.22.34\n" in shown
    assert "     Link speed:           Auto\n" in shown
    assert desk.prompt == "IP address:"
    assert desk.commands == [AcceptAgreement()]


@pytest.mark.rule("CON-01")
def test_passwords_are_wanted_long_enough_and_twice_the_same() -> None:
    desk = Desk(facts())
    desk.power_on({name: answer for name, answer in BOOT_ANSWERS.items() if name != "admin-password"})

    assert "Could not change password. New password must be at least 6 characters long." in desk.enter("12345")
    assert "The passwords do not match." in desk.enter("admin123", "admin124")
    assert desk.prompt == "Password:"


@pytest.mark.rule("CON-01")
def test_what_the_device_refuses_is_asked_again_with_its_reason() -> None:
    desk = Desk(facts())
    desk.refusals[CreateAdministrator] = Refusal("taken", "There is one of that name.")

    desk.power_on(BOOT_ANSWERS)

    assert "There is one of that name.\n" in desk.output
    assert desk.prompt == "Admin username:"


def test_not_proceeding_reboots() -> None:
    desk = wizard()

    desk.enter("n")

    assert (desk.phase, desk.effects) == ("off", [Effect.REBOOT])


def test_ctrl_c_asks_the_same_prompt_again() -> None:
    desk = wizard()
    desk.enter("y", "y")

    desk.type(b"10.10\x03")
    desk.enter("10.10.22.34")

    assert desk.prompt == "Network mask:"


def test_answers_pasted_in_one_go_wait_for_the_commands_between_them() -> None:
    desk = wizard()

    desk.type(
        b"y\ny\n10.10.22.34\n255.255.255.0\n10.10.22.1\n10.10.22.53\n\ncompany.com\n\ny\nadmin\nadmin123\nadmin123\n"
    )

    assert desk.commands == COMMANDS[:3]
    assert desk.prompt == "Common name (example: secure.company.com):"


def test_an_agreement_that_was_accepted_elsewhere_meanwhile_is_not_accepted_twice() -> None:
    desk = wizard(agreement_accepted=True)

    desk.enter("y", "y")

    assert desk.commands == []
    assert desk.prompt == "IP address:"


@pytest.mark.rule("VLS-01")
@pytest.mark.parametrize(("answer", "chosen"), [("y", True), ("n", False)])
def test_first_boot_asks_for_the_virtual_license_server_right_after_the_agreement(answer: str, chosen: bool) -> None:
    desk = wizard(virtual=True, offers_virtual_license_server=True)

    desk.enter("y", "y")
    assert desk.prompt == MODE
    desk.enter("perhaps", answer)

    assert desk.commands == [AcceptAgreement(), ChooseMode(virtual_license_server=chosen)]
    assert desk.prompt == "IP address:"


@pytest.mark.rule("VLS-01")
def test_an_answer_to_a_prompt_that_does_not_appear_is_not_used() -> None:
    desk = Desk(facts())

    desk.power_on({**BOOT_ANSWERS, "virtual-license-server": "y"})

    assert MODE not in desk.output
    assert desk.commands == COMMANDS
