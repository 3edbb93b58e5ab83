"""The console as a whole."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from leaselab.appliance.console import Keys, Outcome, PowerOn, Screen, step
from leaselab.appliance.console.screens import ASKS, MAX_AHEAD_BYTES
from leaselab.testbed.testing.desk import Desk, booted, facts

KEYS = st.lists(
    st.one_of(
        st.sampled_from(
            [b"\r", b"y\r", b"n\r", b"1\r", b"2\r", b"3\r", b"4\r", b"5\r", b"\x03", b"\x1b[A", b"q", b" "]
        ),
        st.sampled_from([b"10.10.22.34\r", b"255.255.255.0\r", b"admin\r", b"admin123\r", b"-\r"]),
        st.binary(max_size=40),
    ),
    max_size=60,
)


@given(keys=KEYS, first_boot_done=st.booleans())
def test_whatever_is_typed_the_console_goes_on_and_ends_its_lines_as_terminals_want(
    keys: list[bytes], first_boot_done: bool
) -> None:
    desk = Desk(booted() if first_boot_done else facts(offers_virtual_license_server=True))
    desk.power_on()

    for pressed in keys:
        desk.type(pressed)

    assert desk.screen.at in ASKS
    assert "\r" not in desk.output


def test_every_line_of_output_ends_with_carriage_return_and_line_feed() -> None:
    output = step(Screen(), PowerOn(), booted()).output

    assert output.count("\n") == output.count("\r\n") > 0


def test_a_screen_is_a_value_that_the_step_leaves_alone() -> None:
    desk = Desk(facts())
    desk.power_on()
    before = msgspec.json.encode(desk.screen)
    screen = desk.screen

    step(screen, Keys(b"y\r"), desk.facts)

    assert msgspec.json.encode(screen) == before


def test_the_same_keys_give_the_same_output() -> None:
    def run() -> str:
        desk = Desk(facts())
        desk.power_on()
        desk.enter("y", "r")
        return desk.output

    assert run() == run()


def test_keys_beyond_a_limit_are_lost_while_a_command_is_under_way() -> None:
    desk = Desk(facts())
    desk.power_on()

    waiting = step(desk.screen, Keys(b"y\ry\r" + b"x" * (MAX_AHEAD_BYTES + 1)), desk.facts)

    assert waiting.commands
    assert waiting.screen.ahead == b"x" * MAX_AHEAD_BYTES


def test_an_outcome_that_nobody_waits_for_any_more_changes_nothing() -> None:
    desk = Desk(booted())
    desk.power_on()

    assert step(desk.screen, Outcome(None), desk.facts).output == ""


def test_a_line_that_is_not_ended_is_no_answer_yet() -> None:
    desk = Desk(booted())
    desk.power_on()
    desk.enter("")

    assert desk.type(b"1") == "1"
    assert "Print Routing Table" in desk.type(b"\r")
