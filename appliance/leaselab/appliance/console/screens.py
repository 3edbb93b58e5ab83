"""The console: (screen, input, facts) → (screen, output, commands, effects)."""

from typing import Final

from leaselab.appliance.console import boot, maintenance_menu, menu, network_menu, system_menu, wizard
from leaselab.appliance.console.dialogue import (
    Ask,
    Effect,
    Input,
    Keys,
    Moment,
    Outcome,
    PauseOver,
    PowerOn,
    Screen,
    Step,
    Turn,
    words_at,
)
from leaselab.appliance.console.facts import Facts
from leaselab.appliance.console.keyboard import INTERRUPT, Entry, Kind, Typed, feed, shown
from leaselab.appliance.machine import Command, Refusal
from leaselab.appliance.models.phases import Phase

MAX_AHEAD_BYTES: Final = 4_096
"""Keys kept while commands are under way; more are lost, as on a real line."""

_DARK: Final = tuple(
    Ask(name=phase, words="", judge=lambda _moment, _answer: Turn(goto=Phase.OFF), phase=phase, kind=Kind.NOTHING)
    for phase in (Phase.OFF, Phase.HALTED)
)
ASKS: Final[dict[str, Ask]] = {
    ask.name: ask
    for room in (boot, wizard, menu, network_menu, system_menu, maintenance_menu)
    for ask in (*_DARK, *room.ASKS)
}


def step(screen: Screen, what: Input, facts: Facts) -> Step:
    """Return what follows from an input; depends on nothing else."""
    run = _Run(screen, facts)
    match what:
        case PowerOn(answers=answers, reset=reset):
            run.power_on(answers, reset=reset)
        case Keys(data=data):
            run.type(data)
        case Outcome(reply=reply):
            run.settle(reply)
        case PauseOver() if run.ask.pauses:  # otherwise a key came first
            run.answer(Entry())
    return run.result()


class _Run:
    """One step in the making."""

    def __init__(self, screen: Screen, facts: Facts) -> None:
        self.facts = facts
        self.at = screen.at
        self.typed = screen.typed
        self.entered = dict(screen.entered)
        self.given = dict(screen.given)
        self.ahead = screen.ahead
        self.waiting = screen.waiting
        self.interrupted = screen.interrupted
        self.output: list[str] = []
        self.commands: tuple[Command, ...] = ()
        self.effects: list[Effect] = []
        self.arrived = False

    @property
    def ask(self) -> Ask:
        return ASKS[self.at]

    @property
    def moment(self) -> Moment:
        return Moment(facts=self.facts, entered=self.entered)

    def power_on(self, answers: dict[str, str], *, reset: bool) -> None:
        self.typed, self.ahead, self.waiting = Typed(), b"", None
        self.given = dict(answers)
        self.goto(boot.IMAGE if reset and len(self.facts.images) > 1 else boot.OPTIONS)

    def type(self, data: bytes) -> None:
        rest = self.ahead + data
        if self.waiting is not None and self.waiting.then is not None and INTERRUPT in rest:
            self.interrupted, rest = True, rest.rpartition(INTERRUPT)[2]  # and what was typed before it is void
            self.output.append("^C\n")
        while rest and self.waiting is None:
            if self.ask.kind is Kind.NOTHING:
                rest = b""
                break
            fed = feed(self.typed, rest, self.ask.kind)
            self.typed, rest = fed.typed, fed.rest
            self.output.append(fed.echo)
            if fed.entry is not None:
                self.answer(fed.entry)
        self.ahead = rest[:MAX_AHEAD_BYTES]

    def answer(self, entry: Entry) -> None:
        if entry.interrupted:
            self.goto(self.ask.escape or self.at)
        else:
            self.follow(self.ask.judge(self.moment, entry.text))

    def follow(self, turn: Turn) -> None:
        self.output.append(turn.say)
        self.entered.update(turn.keep)
        for name in turn.void:
            self.given.pop(name, None)
        if turn.commands:
            self.commands, self.waiting = turn.commands, turn
        else:
            self.effects.extend(turn.effects)
            self.goto(turn.goto, bare=turn.bare)

    def settle(self, reply: object) -> None:
        turn, self.waiting = self.waiting, None
        interrupted, self.interrupted = self.interrupted, False
        if turn is None:
            return  # the device was switched off and on meanwhile
        if isinstance(reply, Refusal):
            self.output.append(f"{reply.message}\n")
            self.goto(turn.refused or self.at)
        elif turn.then is not None:
            self.follow(turn.then(self.moment, reply, interrupted))
        else:
            self.output.append(turn.done)
            self.effects.extend(turn.effects)
            self.goto(turn.goto, bare=turn.bare)
        self.type(b"")

    def goto(self, name: str, *, bare: bool = False) -> None:
        """Arrive at a prompt; an answer given ahead is shown and judged as if typed, once (CON-04)."""
        self.at, self.typed, self.arrived = name, self.typed.cleared(), True
        if self.ask.forgets:
            self.entered.clear()
        if not bare:
            self.output.append(words_at(self.ask.heading, self.moment))
        self.output.append(words_at(self.ask.words, self.moment))
        answer = self.given.pop(name, None)
        if answer is not None:
            self.output.append(shown(answer, self.ask.kind) + "\n")
            self.answer(Entry(answer))

    def result(self) -> Step:
        prompt = "" if self.waiting else words_at(self.ask.words, self.moment).strip()
        return Step(
            screen=Screen(
                at=self.at,
                typed=self.typed,
                entered=self.entered,
                given=self.given,
                ahead=self.ahead,
                waiting=self.waiting,
                interrupted=self.interrupted,
            ),
            output="".join(self.output).replace("\n", "\r\n"),
            commands=self.commands,
            effects=tuple(self.effects),
            pauses=self.arrived and self.ask.pauses,
            phase=self.ask.phase,
            prompt=prompt,
        )
