"""The parts a console is made of: prompts, what an answer leads to, and the value that a screen is."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from leaselab.appliance.console.facts import Facts
from leaselab.appliance.console.keyboard import Kind, Typed
from leaselab.appliance.machine import Command
from leaselab.appliance.models.phases import Phase


class Effect(StrEnum):
    """What the console wants of whoever runs the device, beyond commands. The screen has gone dark before most."""

    REBOOT = "reboot"
    SHUTDOWN = "shutdown"
    RESTART_SERVICES = "restart-services"
    FACTORY_RESET = "factory-reset"
    CLEAR_CONFIGURATION = "clear-configuration"


class Moment(msgspec.Struct, frozen=True):
    """What a prompt is asked and judged on: the facts, and what was entered before it in the same dialogue."""

    facts: Facts
    entered: dict[str, str] = {}


class Turn(msgspec.Struct, frozen=True):
    """What an answer leads to.

    Attributes:
        goto: the prompt that follows; with commands, once they are done.
        say: printed at once.
        keep: entered values that later prompts of the dialogue need.
        commands: for the device, in order, up to the first that is refused.
        refused: the prompt that follows a refusal, after its message.
        done: printed once the commands are done.
        effects: wanted of whoever runs the device; with commands, once they are done.
        then: says what follows once the commands are done, from the last one's reply and whether Ctrl-C was pressed
            meanwhile. Takes the place of ``goto``.
        bare: the prompt that follows stands alone, without its heading.
        void: prompts whose answers given ahead no longer stand, since this one was wrong.
    """

    goto: str
    say: str = ""
    keep: dict[str, str] = {}
    commands: tuple[Command, ...] = ()
    refused: str = ""
    done: str = ""
    effects: tuple[Effect, ...] = ()
    then: Callable[[Moment, Any, bool], "Turn"] | None = None
    bare: bool = False
    void: tuple[str, ...] = ()


Words: TypeAlias = str | Callable[[Moment], str]
Judge: TypeAlias = Callable[[Moment, str], Turn]


class Ask(msgspec.Struct, frozen=True):
    """A prompt.

    Attributes:
        name: unique; also the name of the answer given ahead.
        words: the prompt itself.
        judge: says what an answer leads to.
        phase: of the device while it waits here.
        heading: printed above the prompt on arrival.
        kind: how it is answered.
        escape: where Ctrl-C leads; empty: the prompt is asked again.
        pauses: the boot goes on by itself after a moment, as if Enter had been pressed.
        forgets: arrival ends the dialogue: what was entered is forgotten.
    """

    name: str
    words: Words
    judge: Judge
    phase: Phase
    heading: Words = ""
    kind: Kind = Kind.LINE
    escape: str = ""
    pauses: bool = False
    forgets: bool = False


class Screen(msgspec.Struct, frozen=True):
    """Where the dialogue is. A fresh one is that of a device that is off.

    Attributes:
        at: the name of the prompt.
        typed: the answer so far.
        entered: earlier answers of this dialogue.
        given: answers given ahead and not used yet (CON-04).
        ahead: keys that arrived while commands were under way.
        waiting: the turn whose commands are under way.
        interrupted: Ctrl-C was pressed since.
    """

    at: str = Phase.OFF
    typed: Typed = Typed()
    entered: dict[str, str] = {}
    given: dict[str, str] = {}
    ahead: bytes = b""
    waiting: Turn | None = None
    interrupted: bool = False


class PowerOn(msgspec.Struct, frozen=True):
    """The device is switched on, or comes back from a reboot.

    Attributes:
        answers: as of :func:`given_answers`.
        reset: the factory settings have just been restored.
    """

    answers: dict[str, str] = {}
    reset: bool = False


class Keys(msgspec.Struct, frozen=True):
    """Bytes from a terminal."""

    data: bytes


class Outcome(msgspec.Struct, frozen=True):
    """What became of a step's commands: the reply of the last, or the first :class:`~machine.Refusal`."""

    reply: Any = None


class PauseOver(msgspec.Struct, frozen=True):
    """Nobody pressed a key while the boot paused."""


Input: TypeAlias = PowerOn | Keys | Outcome | PauseOver


class Step(msgspec.Struct, frozen=True):
    """What follows from an input.

    Attributes:
        screen: the new screen.
        output: for the terminal, with its line ends.
        commands: for the device, in order, up to the first refusal; an :class:`Outcome` is expected if there are any.
        effects: wanted of whoever runs the device.
        pauses: a :class:`PauseOver` is expected unless a key comes first.
        phase: of the device.
        prompt: what is being asked now, without surrounding space.
    """

    screen: Screen
    output: str = ""
    commands: tuple[Command, ...] = ()
    effects: tuple[Effect, ...] = ()
    pauses: bool = False
    phase: Phase = Phase.OFF
    prompt: str = ""


def again(name: str, reason: str, *, void: tuple[str, ...] = ()) -> Turn:
    """Say what is wrong with an answer and ask for another (CON-01)."""
    return Turn(goto=name, say=f"{reason}\n", bare=True, void=void)


def words_at(words: Words, moment: Moment) -> str:
    """Return words that may depend on the moment."""
    return words if isinstance(words, str) else words(moment)


def yes_or_no(answer: str) -> bool | None:
    """Read ``y`` or ``n``; anything else is ``None``."""
    return {"y": True, "yes": True, "n": False, "no": False}.get(answer.strip().lower())


def confirmed(name: str, yes: Turn | Callable[[Moment], Turn], no: Turn, *, empty: str = "") -> Judge:
    """Return the judge of a prompt that takes ``y`` or ``n``.

    Args:
        name: of the prompt.
        yes: what a yes leads to.
        no: what a no leads to.
        empty: what an empty answer stands for; without it the prompt is asked again.
    """

    def judge(moment: Moment, answer: str) -> Turn:
        wanted = yes_or_no(answer or empty)
        if wanted is None:
            return again(name, "Please answer y or n.")
        if not wanted:
            return no
        return yes if isinstance(yes, Turn) else yes(moment)

    return judge
