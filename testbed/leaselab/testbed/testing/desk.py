"""A console without a device, a line or a network: somebody at the keys, and whatever facts a test wants.

desk = Desk(facts(release="8.3R1"))
desk.power_on()
desk.enter("y")
assert desk.prompt == "Do you agree to the terms of the license agreement (y/n/r)?:"
"""

from collections.abc import Mapping
from typing import Any

from leaselab.appliance.console import (
    Effect,
    Facts,
    Keys,
    Outcome,
    PauseOver,
    PortFacts,
    PowerOn,
    Screen,
    Step,
    given_answers,
    step,
)
from leaselab.appliance.console.dialogue import Input
from leaselab.appliance.console.tools import Echo, Probe
from leaselab.appliance.machine import Command, Refusal

BOOT_ANSWERS: Mapping[str, str] = {
    "proceed": "y",
    "accept-license": "y",
    "network": "10.10.22.34 255.255.255.0 10.10.22.1",
    "dns": "10.10.22.53 - company.com",
    "wins": "-",
    "admin-name": "admin",
    "admin-password": "admin123",
    "certificate-common-name": "gw1.company.com",
    "certificate-organization": "Company Inc.",
    "random-text": "thirty characters or so of noise",
}
"""An answer to every prompt of first boot but the Virtual License Server's."""


def facts(**changed: Any) -> Facts:
    """Return the facts of a PSA-3000 that leaves the factory with 8.3R1, but for what is changed."""
    usual: dict[str, Any] = {
        "hostname": "gw1",
        "vendor": "Pulse Secure",
        "product": "Pulse Connect Secure",
        "release": "8.3R1",
        "build": 59747,
        "hardware_id": "0271A1B2C3D4E5F6",
        "serial_number": "0271122334455667",
        "admin_url": "https://10.10.22.34/admin",
    }
    return Facts(**(usual | changed))


def booted(**changed: Any) -> Facts:
    """Return the facts of the same device after first boot, but for what is changed."""
    usual: dict[str, Any] = {
        "first_boot_done": True,
        "agreement_accepted": True,
        "ports": {
            "internal": PortFacts(
                address="10.10.22.34",
                netmask="255.255.255.0",
                gateway="10.10.22.1",
                dns=("10.10.22.53",),
                domains="company.com",
            )
        },
    }
    return facts(**(usual | changed))


class Desk:
    """Takes steps and remembers what came of them.

    Args:
        facts: what the console may show; may be replaced between steps.

    Attributes:
        output: all that was printed, with plain line ends.
        commands: all that the device was asked.
        effects: all that was wanted beyond commands.
        refusals: what the device says, by type of command; anything else it does.
        replies: what is answered, by type of command; nothing to others.
        silent: addresses of peers that do not answer.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.screen = Screen()
        self.output = ""
        self.commands: list[Command] = []
        self.effects: list[Effect] = []
        self.refusals: dict[type[Command], Refusal] = {}
        self.replies: dict[type[Command], Any] = {}
        self.silent: set[str] = set()
        self._latest = Step(screen=self.screen)

    @property
    def phase(self) -> str:
        """How far the device has come."""
        return str(self._latest.phase)

    @property
    def prompt(self) -> str:
        """What is being asked."""
        return self._latest.prompt

    def power_on(self, boot: Mapping[str, str] | None = None, *, reset: bool = False) -> str:
        """Switch on with answers to boot prompts, nobody being there to choose a boot option; return what is shown.

        Args:
            boot: the answers.
            reset: the factory settings have just been restored.
        """
        return self.take(PowerOn(given_answers(boot or {}), reset=reset))

    def enter(self, *lines: str) -> str:
        """Type lines, each with Enter; return what was shown meanwhile."""
        return "".join(self.type(f"{line}\r".encode()) for line in lines)

    def type(self, keys: bytes) -> str:
        """Press keys; return what was shown meanwhile."""
        return self.take(Keys(keys))

    def take(self, what: Input, *, hurried: bool = True) -> str:
        """Take a step and those that follow from it; return what was shown meanwhile.

        Args:
            what: the input.
            hurried: let pauses of the boot pass at once.
        """
        before = len(self.output)
        pending: list[Input] = [what]
        while pending:
            self._latest = step(self.screen, pending.pop(), self.facts)
            self.screen = self._latest.screen
            self.output += self._latest.output.replace("\r\n", "\n")
            self.effects += self._latest.effects
            if self._latest.commands:
                pending.append(Outcome(self._decide(self._latest.commands)))
            elif self._latest.pauses and hurried:
                pending.append(PauseOver())
        return self.output[before:]

    def _decide(self, commands: tuple[Command, ...]) -> Any:
        for command in commands:
            self.commands.append(command)
            if type(command) in self.refusals:
                return self.refusals.pop(type(command))
            if isinstance(command, Probe):
                there = command.address in self.facts.peers.values() and command.address not in self.silent
                return Echo(milliseconds=0.25 if there else None)
            if type(command) in self.replies:
                return self.replies[type(command)]
        return None
