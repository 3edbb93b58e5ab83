"""The serial line."""

import asyncio
from typing import Any

import pytest

from leaselab.appliance.adapters.serial import MAX_BACKLOG_BYTES, MAX_QUEUED_INPUTS, RECENT_BYTES, SerialLine
from leaselab.appliance.console import Effect, Errand, Facts, Phase
from leaselab.appliance.console.tools import Echo, Probe
from leaselab.appliance.licensing.commands import AcceptAgreement, CreateAdministrator, FinishFirstBoot
from leaselab.appliance.machine import Command, Refusal
from leaselab.testbed.testing.desk import BOOT_ANSWERS, booted, facts


class FakeDevice:
    """Takes every command, or refuses or fails as told; ``gate`` holds it up while it is closed."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.outcomes: dict[type[Command], Refusal | Exception] = {}
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, command: Command) -> Any:
        self.commands.append(command)
        await self.gate.wait()
        outcome = self.outcomes.get(type(command))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class FakeSurroundings:
    """Everybody answers; ``gate`` holds answers up while it is closed."""

    def __init__(self) -> None:
        self.asked: list[Errand] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def act(self, command: Errand) -> Any:
        self.asked.append(command)
        await self.gate.wait()
        return Echo(milliseconds=1.0)


class FakeTerminal:
    """Somebody attached, who may read slowly."""

    def __init__(self) -> None:
        self.text = ""
        self.unread = 0
        self.dropped = ""

    def write(self, data: bytes) -> None:
        self.text += data.decode()

    def backlog(self) -> int:
        return self.unread

    def drop(self, reason: str) -> None:
        self.dropped = reason


class Bench:
    """A line with a fake device."""

    def __init__(self, told: Facts, answers: dict[str, str] | None = None, *, boot_pause_seconds: float = 3600) -> None:
        self.device = FakeDevice()
        self.surroundings = FakeSurroundings()
        self.phases: list[tuple[Phase, str]] = []
        self.effects: list[Effect] = []
        self.asked_for_facts = 0
        self.told = told
        self.ready = asyncio.Event()
        self.line = SerialLine(
            self.device,
            self.facts,
            answers or {},
            surroundings=self.surroundings,
            on_phase=self.note,
            on_effect=self.effects.append,
            boot_pause_seconds=boot_pause_seconds,
        )

    def note(self, phase: Phase, prompt: str) -> None:
        self.phases.append((phase, prompt))
        if phase is Phase.READY:
            self.ready.set()

    def facts(self) -> Facts:
        self.asked_for_facts += 1
        return self.told


@pytest.mark.rule("CON-03")
async def test_the_boot_goes_on_with_nobody_attached() -> None:
    bench = Bench(facts(), dict(BOOT_ANSWERS))

    await bench.line.power_on()

    assert bench.line.phase == "ready"
    assert [type(command).__name__ for command in bench.device.commands] == [
        "AcceptAgreement",
        "SetNetwork",
        "CreateAdministrator",
        "CreateCertificate",
        "FinishFirstBoot",
    ]
    assert bench.phases[0][0] == "booting"
    assert "wizard" in [phase for phase, _ in bench.phases]
    assert bench.phases[-1] == (Phase.READY, "Press <Enter> to view or update your appliance settings.")


@pytest.mark.rule("CON-03")
async def test_a_newcomer_first_sees_the_recent_output() -> None:
    bench = Bench(booted())
    await bench.line.power_on()
    newcomer = FakeTerminal()

    bench.line.attach(newcomer)

    assert newcomer.text == bench.line.text()
    assert newcomer.text.endswith("Press <Enter> to view or update your appliance settings.\r\n")


@pytest.mark.rule("CON-03")
async def test_all_who_are_attached_see_the_same_whoever_types() -> None:
    bench = Bench(facts())
    await bench.line.power_on()
    first, second = FakeTerminal(), FakeTerminal()
    bench.line.attach(first)
    bench.line.attach(second)

    bench.line.send(b"y\r")
    bench.line.detach(second)
    bench.line.send(b"y\r")
    await bench.line.settled()

    assert first.text == bench.line.text()
    assert first.text.startswith(second.text)
    assert second.text.endswith("Do you agree to the terms of the license agreement (y/n/r)?: ")


@pytest.mark.rule("CON-03")
async def test_a_terminal_that_does_not_keep_up_is_dropped_with_a_word_and_the_rest_go_on() -> None:
    bench = Bench(facts())
    await bench.line.power_on()
    slow, quick = FakeTerminal(), FakeTerminal()
    bench.line.attach(slow)
    bench.line.attach(quick)
    slow.unread = MAX_BACKLOG_BYTES + 1

    bench.line.send(b"y\r")

    assert "does not keep up" in slow.dropped
    assert quick.text == bench.line.text()
    assert quick.dropped == ""


async def test_recent_output_is_bounded_and_begins_with_a_whole_line() -> None:
    bench = Bench(booted())
    await bench.line.power_on()
    bench.line.send(b"\r")

    for _ in range(600):
        bench.line.send(b"\r")
        assert len(bench.line.text()) <= RECENT_BYTES

    assert bench.line.text().endswith("Choice: ")
    assert len(bench.line._recent) <= 2 * RECENT_BYTES
    newcomer = FakeTerminal()
    bench.line.attach(newcomer)
    known = {line for line in bench.line.text().splitlines()[1:] if line}
    assert newcomer.text.splitlines()[0] in known | {""}


async def test_with_somebody_attached_the_boot_waits_for_a_choice_and_goes_on_when_the_pause_is_over() -> None:
    bench = Bench(booted(), boot_pause_seconds=0)
    bench.line.attach(FakeTerminal())
    await bench.line.power_on()
    assert bench.line.phase == "booting"

    await bench.ready.wait()

    assert bench.line.phase == "ready"


async def test_a_key_at_the_boot_options_ends_the_pause() -> None:
    bench = Bench(booted())
    bench.line.attach(FakeTerminal())
    await bench.line.power_on()

    bench.line.send(b"3")
    bench.line.send(b"y\r")

    assert bench.effects == [Effect.FACTORY_RESET]
    assert bench.line._pause is None
    assert bench.line.phase == "off"


async def test_commands_end_with_the_first_refusal_and_it_is_shown() -> None:
    bench = Bench(facts(), dict(BOOT_ANSWERS))
    bench.device.outcomes[CreateAdministrator] = Refusal("taken", "There is one of that name.")

    await bench.line.power_on()

    assert FinishFirstBoot() not in bench.device.commands
    assert "There is one of that name.\r\n" in bench.line.text()
    assert (bench.line.phase, bench.line.prompt) == ("wizard", "Admin username:")


async def test_a_device_that_fails_says_so_on_the_line_which_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(facts(), {"proceed": "y", "accept-license": "y"})
    bench.device.outcomes[AcceptAgreement] = OSError("no space left on device")

    await bench.line.power_on()

    assert "The device failed: no space left on device\r\n" in bench.line.text()
    assert "AcceptAgreement failed" in caplog.text
    assert bench.line.prompt.startswith("Do you agree")


async def test_keys_wait_for_the_command_under_way_and_too_many_are_lost() -> None:
    bench = Bench(facts(), {"proceed": "y"})
    await bench.line.power_on()
    bench.device.gate.clear()

    bench.line.send(b"y\r")
    bench.line.send(b"10.10.22.34\r")
    for _ in range(MAX_QUEUED_INPUTS + 10):
        bench.line.send(b"x")
    assert bench.line.text().endswith("(y/n/r)?: y\r\n")
    bench.device.gate.set()
    await bench.line.settled()

    assert "IP address: 10.10.22.34\r\n" in bench.line.text()
    assert bench.line.text().endswith("Network mask: " + "x" * (MAX_QUEUED_INPUTS - 1))


async def test_facts_are_asked_for_with_a_line_and_not_with_a_letter() -> None:
    bench = Bench(facts())
    await bench.line.power_on()
    before = bench.asked_for_facts

    for letter in b"maybe":
        bench.line.send(bytes([letter]))
    assert bench.asked_for_facts == before
    bench.line.send(b"\r")

    assert bench.asked_for_facts == before + 1


async def test_a_reboot_from_the_menu_comes_back_on_the_same_line() -> None:
    bench = Bench(booted())
    await bench.line.power_on()
    bench.line.send(b"\r4\r1\ry\r")
    assert (bench.effects, bench.line.phase) == ([Effect.REBOOT], "off")

    await bench.line.power_on()

    assert bench.line.phase == "ready"
    assert bench.line.text().count("Starting system software") == 2


async def test_stopping_sees_a_command_through_and_hangs_up() -> None:
    bench = Bench(facts(), {"proceed": "y"})
    await bench.line.power_on()
    terminal = FakeTerminal()
    bench.line.attach(terminal)
    bench.line.send(b"y\r")

    await bench.line.stop()

    assert bench.device.commands == [AcceptAgreement()]
    assert terminal.dropped == "the device was switched off"
    assert bench.line.phase == "off"


async def test_an_abort_drops_a_command_under_way() -> None:
    bench = Bench(facts(), {"proceed": "y"})
    await bench.line.power_on()
    bench.device.gate.clear()
    bench.line.send(b"y\r")
    await asyncio.sleep(0)
    under_way = bench.line._commands
    assert under_way is not None

    bench.line.abort()
    await asyncio.wait([under_way])

    assert under_way.cancelled()


def test_an_answer_to_an_unknown_prompt_is_an_error() -> None:
    with pytest.raises(ValueError, match="no boot prompt"):
        SerialLine(
            FakeDevice(),
            booted,
            {"adress": "x"},
            surroundings=FakeSurroundings(),
            on_phase=lambda _phase, _prompt: None,
            on_effect=lambda _effect: None,
        )


@pytest.mark.rule("CON-02")
async def test_ctrl_c_reaches_a_ping_that_is_under_way() -> None:
    bench = Bench(booted(peers={"vls1": "10.10.22.40"}))
    await bench.line.power_on()
    bench.surroundings.gate.clear()
    bench.line.send(b"\r1\r5\rvls1\r")
    await asyncio.sleep(0)

    bench.line.send(b"x\x03")
    bench.surroundings.gate.set()
    await bench.line.settled()

    assert bench.surroundings.asked == [Probe(address="10.10.22.40")]
    assert "^C\r\n" in bench.line.text()
    assert "1 packets transmitted, 1 received" in bench.line.text()
    assert bench.line.prompt == "Choice:"
