"""The serial line of a device: one screen, however many are attached to it (CON-03).

The line outlives those who look at it. It drives the pure dialogue of :mod:`leaselab.appliance.console`, hands its
commands to the device one after the other, and keeps the latest output for whoever attaches later.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from leaselab.appliance.adapters.wire.delivery import Delivery
from leaselab.appliance.config import NO_FAULTS, ConsoleFaults
from leaselab.appliance.console import (
    Effect,
    Errand,
    Facts,
    Keys,
    Outcome,
    PauseOver,
    PowerOn,
    Screen,
    given_answers,
    step,
)
from leaselab.appliance.console.keyboard import INTERRUPT
from leaselab.appliance.machine import Command, Refusal
from leaselab.appliance.models.phases import Phase

RECENT_BYTES: Final = 64 * 1024
"""Output kept for newcomers: some forty screens."""

MAX_BACKLOG_BYTES: Final = 256 * 1024
"""A terminal that is this far behind is dropped: nobody else waits for it, and it must not fill the memory."""

MAX_QUEUED_INPUTS: Final = 256
"""Key strokes kept while a command is under way; more are lost, as on a real line."""

BOOT_PAUSE_SECONDS: Final = 3.0
"""What a person has to choose a boot option. With nobody attached the boot goes on at once."""

_FIRST_PRINTABLE: Final = 32
_logger = logging.getLogger(__name__)


class Terminal(Protocol):
    """Somebody attached to the line."""

    def write(self, data: bytes) -> None:
        """Take output; never blocks."""
        ...

    def backlog(self) -> int:
        """Return how many bytes it has been given and could not pass on yet."""
        ...

    def drop(self, reason: str) -> None:
        """Say why and hang up."""
        ...


class CommandHandler(Protocol):
    """The device, as far as the line needs it."""

    async def handle(self, command: Command) -> Any:
        """See a command through and return its reply or a :class:`~leaselab.appliance.machine.Refusal`."""
        ...


class Surroundings(Protocol):
    """What is around the device, as far as the console's errands need it."""

    async def act(self, command: Errand) -> Any:
        """Do an errand and return the reply."""
        ...


class SerialLine:
    """Drives the console of one device.

    Args:
        device: takes the commands.
        facts: what the console may show, now. Asked for at most once an entered line.
        surroundings: takes the errands.
        faults: what goes wrong on the way to those who are attached.
        answers: to boot prompts, by the names of :data:`~leaselab.appliance.console.answers.NAMES` (CON-04).
        on_phase: called with phase and prompt whenever either changes.
        on_effect: called with what the console wants beyond commands, e.g. a reboot. It must not block: whoever
            reboots does so in a task of its own, and calls :meth:`power_on`.
        boot_pause_seconds: how long the boot options wait for a key while somebody is attached.

    Raises:
        ValueError: there is an answer to a prompt that does not exist.
    """

    def __init__(
        self,
        device: CommandHandler,
        facts: Callable[[], Facts],
        answers: Mapping[str, str],
        *,
        surroundings: Surroundings,
        faults: ConsoleFaults = NO_FAULTS,
        on_phase: Callable[[Phase, str], None],
        on_effect: Callable[[Effect], None],
        boot_pause_seconds: float = BOOT_PAUSE_SECONDS,
    ) -> None:
        self.phase = Phase.OFF
        self.prompt = ""
        self._device = device
        self._facts = facts
        self._surroundings = surroundings
        self._delivery = Delivery(faults)
        self._answers = given_answers(answers)
        self._on_phase = on_phase
        self._on_effect = on_effect
        self._boot_pause_seconds = boot_pause_seconds
        self._screen = Screen()
        self._latest_facts: Facts | None = None
        self._recent = bytearray()
        self._terminals: list[Terminal] = []
        self._inputs: deque[PowerOn | Keys | PauseOver] = deque()
        self._commands: asyncio.Task[None] | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._frozen = False

    def freeze(self, *, frozen: bool) -> None:
        """Freeze the line with its device, or let it go on: keys pressed meanwhile have their effect then."""
        self._frozen = frozen
        self._work()

    async def power_on(self, *, reset: bool = False) -> None:
        """Switch the device on; return once the boot waits for a person or is through.

        Args:
            reset: the factory settings have just been restored.
        """
        self._inputs.clear()  # what was typed at the device that is gone
        self._take(PowerOn(self._answers, reset=reset))
        await self.settled()

    async def settled(self) -> None:
        """Return once no command is under way and all that was typed has been looked at."""
        while self._commands is not None:
            await asyncio.wait([self._commands])

    async def stop(self) -> None:
        """Switch the device off: see through a command under way, and hang up on all who are attached."""
        self._inputs.clear()
        self._end_pause()
        await self.settled()
        self._end_pause()
        self._screen = Screen()
        self._note(Phase.OFF, "")
        for terminal in self._terminals[:]:
            self.detach(terminal)
            terminal.drop("the device was switched off")
        self._delivery.close()

    def abort(self) -> None:
        """Drop everything at once, a command under way included, as a power cut does."""
        self._inputs.clear()
        self._end_pause()
        if self._commands is not None:
            self._commands.cancel()
            self._commands = None
        self._terminals.clear()
        self._delivery.close()

    def attach(self, terminal: Terminal) -> None:
        """Let somebody see the line, and what it last showed."""
        self._terminals.append(terminal)
        if recent := self._latest_output():
            self._delivery.greet(terminal, recent)

    def detach(self, terminal: Terminal) -> None:
        """Forget somebody who was attached; the line goes on."""
        if terminal in self._terminals:
            self._terminals.remove(terminal)
            self._delivery.forget(terminal)

    def send(self, data: bytes) -> None:
        """Type something. Ctrl-C reaches what is under way at once; what was typed before it is void."""
        if self._commands is not None and INTERRUPT in data:
            self._inputs.clear()
            self._apply(Keys(INTERRUPT))
            data = data.rpartition(INTERRUPT)[2]
        if data:
            self._take(Keys(data))

    @property
    def faults(self) -> ConsoleFaults:
        """What goes wrong on the way to those who are attached; may be changed at any time."""
        return self._delivery.faults

    @faults.setter
    def faults(self, faults: ConsoleFaults) -> None:
        self._delivery.faults = faults

    def text(self) -> str:
        """Return the recent output."""
        return self._latest_output().decode(errors="replace")

    def _take(self, what: PowerOn | Keys | PauseOver) -> None:
        if len(self._inputs) < MAX_QUEUED_INPUTS:
            self._inputs.append(what)
        self._work()

    def _work(self) -> None:
        """Look at what waits, up to the next command."""
        while self._inputs and self._commands is None and not self._frozen:
            self._apply(self._inputs.popleft())

    def _apply(self, what: PowerOn | Keys | PauseOver | Outcome) -> None:
        """Take one step and do what follows from it."""
        taken = step(self._screen, what, self._facts_for(what))
        if taken.screen.at != self._screen.at:
            self._end_pause()
        self._screen = taken.screen
        self._print(self._delivery.without_lost_prompt(taken.output, taken.prompt).encode())
        self._note(taken.phase, taken.prompt)
        if taken.commands:
            self._commands = asyncio.get_running_loop().create_task(self._execute(taken.commands))
        for effect in taken.effects:
            self._on_effect(effect)
        if taken.pauses:
            self._begin_pause()

    def _facts_for(self, what: PowerOn | Keys | PauseOver | Outcome) -> Facts:
        """Return the facts for a step; letters in the middle of a line need no new ones."""
        typing = isinstance(what, Keys) and all(byte >= _FIRST_PRINTABLE for byte in what.data)
        if self._latest_facts is None or not typing:
            self._latest_facts = self._facts()
        return self._latest_facts

    async def _execute(self, commands: tuple[Command, ...]) -> None:
        """Hand commands to the device up to the first refusal, and show what came of them."""
        reply: Any = None
        for command in commands:
            try:
                if isinstance(command, Errand):
                    reply = await self._surroundings.act(command)
                else:
                    reply = await self._device.handle(command)
            except Exception as error:
                _logger.exception("the console's %s failed", type(command).__name__)
                reply = Refusal("failed", f"The device failed: {error}")
            if isinstance(reply, Refusal):
                break
        self._commands = None
        self._apply(Outcome(reply))
        self._work()

    def _begin_pause(self) -> None:
        """Let the boot go on by itself, soon if somebody could press a key and at once if not."""
        self._end_pause()
        if self._terminals:
            loop = asyncio.get_running_loop()
            self._pause = loop.call_later(self._boot_pause_seconds, self._take, PauseOver())
        else:
            self._inputs.appendleft(PauseOver())

    def _end_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _note(self, phase: Phase, prompt: str) -> None:
        if (phase, prompt) != (self.phase, self.prompt):
            self.phase, self.prompt = phase, prompt
            self._on_phase(phase, prompt)

    def _latest_output(self) -> bytes:
        """Return the latest output, from the start of a line on."""
        beyond = len(self._recent) - RECENT_BYTES
        if beyond <= 0:
            return bytes(self._recent)
        line_end = self._recent.find(b"\n", beyond)
        return bytes(self._recent[max(beyond, line_end + 1) :])

    def _print(self, data: bytes) -> None:
        if not data:
            return
        self._recent += data
        if len(self._recent) > 2 * RECENT_BYTES:  # now and then, rather than with every key stroke
            self._recent[:] = self._latest_output()
        for terminal in self._terminals[:]:
            if terminal.backlog() > MAX_BACKLOG_BYTES:
                self.detach(terminal)
                terminal.drop("this terminal does not keep up with the console's output; attach again")
            else:
                self._delivery.pass_on(terminal, data)
