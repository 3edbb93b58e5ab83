"""One writer per device: decide, append, publish, then let the messages go.

The order that everything rests on (docs/architecture.md):

1. a command is decided and its events are applied, all of it within one turn of the event loop;
2. the events are in the store's open transaction; agenda and outbox are part of the state that the events build,
   so the one append holds all three;
3. the queued messages are sent, and their answers are commands again;
4. the timekeeper knows of an earlier wake-up before anybody hears an answer;
5. an answer leaves the process only when the store is durable.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from leaselab.appliance.instants import NEVER, Instant
from leaselab.appliance.machine import (
    Command,
    Decision,
    Due,
    Envelope,
    Event,
    Forward,
    Machine,
    Refusal,
    Settle,
    State,
    decoder_of,
)
from leaselab.appliance.ports import Clock, Later, Peers, Store, Timekeeper

S = TypeVar("S", bound=State)

MAX_EXCHANGES_AN_INSTANT = 1_000
"""A device that talks this often without time passing is in a loop; the error names the message."""

SNAPSHOT_EVERY = 2_000
"""Events between snapshots: a restart replays at most this many."""


class RunawayError(RuntimeError):
    """A device went round in circles within one instant."""


class Device(Generic[S]):
    """A decision machine with a history, a clock and peers.

    Args:
        name: unique in the store.
        machine: the rules.
        initial: the state before the first event.
        store: where the history lives.
        clock: the lab's time.
        peers: the way out; may be set later.
        timekeeper: who wakes the device.
    """

    def __init__(
        self,
        name: str,
        *,
        machine: Machine[S],
        initial: S,
        store: Store,
        clock: Clock,
        peers: Peers,
        timekeeper: Timekeeper,
    ) -> None:
        self.name = name
        self.state = initial
        self.clock = clock
        self.listeners: list[Callable[[Event, Instant], None]] = []
        self._machine = machine
        self._evolve = machine.evolve
        self._store = store
        self._keeps_history = store.keeps_history
        self._peers = peers
        self._timekeeper = timekeeper
        self._decoder = decoder_of(machine.event_type)
        self._encode = msgspec.json.Encoder().encode
        self._announced: Instant = NEVER + 1
        self._since_snapshot = 0
        self._one_exchange = asyncio.Lock()
        self._under_way: dict[str, Instant] = {}
        self._replay()

    def _replay(self) -> None:
        snapshot, events = self._store.load(self.name)
        if snapshot is not None:
            self.state = msgspec.json.decode(snapshot, type=self._machine.state_type)
        for at, text in events:
            self._machine.evolve(self.state, self._decoder.decode(text), at)
            self._since_snapshot += 1
            self.clock.observe(at)  # a lab that comes back after a crash must not be earlier than its history

    @property
    def next_due(self) -> Instant:
        """When the device next has something to do by itself; at once while a message waits to be sent."""
        due_at = self.state.agenda.next()[0]
        return min(due_at, self._next_arrival()) if self.state.outbox else due_at

    async def handle(self, command: Command) -> Any:
        """Decide what a person or program asks for and see it through; return its reply or a :class:`Refusal`."""
        reply, after = self._decide(command)
        while True:
            if self.state.outbox:
                await self._exchange()
            if after is None:
                break
            reply, after = self._decide(after)
        due_at = self.next_due
        if due_at < self._announced:
            await self._announce(due_at)
        if self._keeps_history:
            await self._store.durable()
        return reply

    async def serve(self, command: Command, *, store_id: str = "") -> Any:
        """Answer a peer. Unlike :meth:`handle` it waits for no exchange of ours: the peer may be answering us.

        A request that is only passed on (:class:`Forward`) returns the :class:`Settle` that came back.

        Args:
            command: the peer's message.
            store_id: the peer's store. If it is ours, the peer's own commit covers this one and the barrier is left
                out; any other peer hears the answer only once it is on disk (LSE-12).
        """
        now = self.clock.now()
        due_at, key = self.state.agenda.next()
        while due_at <= now:  # a lease that ends at this instant has ended before anybody asks (LSE-07)
            self._decide(Due(key=key))
            due_at, key = self.state.agenda.next()
        reply, _ = self._decide(command)
        if isinstance(reply, Forward):
            passed_on = await self._peers.send(reply.envelope, now)
            if isinstance(passed_on, Later):  # whoever asked waits for no delay; it asks again
                passed_on = Settle(id=reply.envelope.id, status=0, failure=f"{reply.envelope.to} is slow to answer")
            reply = passed_on
        due_at = self.next_due
        if due_at < self._announced:
            await self._announce(due_at)
        if store_id != self._store.id:
            await self._store.durable()
        return reply

    async def run_due(self, until: Instant) -> Instant:
        """Do all that is due by ``until`` (a grant from the timekeeper); return when the device wants to wake next."""
        self.clock.observe(until)
        if self.state.outbox:
            await self._exchange()
        for _ in range(MAX_EXCHANGES_AN_INSTANT):
            due_at, key = self.state.agenda.next()
            if due_at > until:
                self._announced = min(due_at, self._next_arrival()) if self.state.outbox else due_at
                return self._announced
            self._decide(Due(key=key))
            if self.state.outbox:
                await self._exchange()
        raise RunawayError(f"{self.name}: agenda entry {key!r} keeps coming due at the same instant")

    async def resume(self) -> None:
        """Send again what was on its way when the device last stopped (same idempotency keys, LSE-11)."""
        await self._exchange()
        due_at = self.next_due
        if due_at < self._announced:
            await self._announce(due_at)

    def reset(self, initial: S) -> None:
        """Begin a new life from ``initial``; the store has forgotten the old one (factory reset)."""
        self.state = initial
        self._since_snapshot = 0

    def _decide(self, command: Command) -> tuple[Any, Command | None]:
        """Apply a command and all that follows at once. No await: nobody sees a half-applied command."""
        now, decide = self.clock.now(), self._machine.decide
        outcome = decide(self.state, command, now)
        if isinstance(outcome, Refusal):
            return outcome, None
        if outcome.events:
            self._apply(outcome.events, now)
        follow = outcome.then
        while follow:
            nested = decide(self.state, follow[0], now)
            follow = follow[1:]
            if isinstance(nested, Decision):
                if nested.events:
                    self._apply(nested.events, now)
                follow = nested.then + follow
        return outcome.reply, outcome.after_exchange

    def _apply(self, events: tuple[Event, ...], now: Instant) -> None:
        if self._keeps_history:
            self._store.append(self.name, now, [self._encode(event) for event in events])
        for event in events:
            self._evolve(self.state, event, now)
        if self._keeps_history:
            self._snapshot_after(len(events))
        for listener in self.listeners:
            for event in events:
                listener(event, now)

    def _snapshot_after(self, more_events: int) -> None:
        self._since_snapshot += more_events
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self._store.snapshot(self.name, self._encode(self.state))
            self._since_snapshot = 0

    def _to_send(self) -> Envelope | None:
        """Return the first message that is not still under way."""
        if not self.state.outbox:
            return None
        if not self._under_way:
            return next(iter(self.state.outbox.values()))
        now = self.clock.now()
        return next((one for one in self.state.outbox.values() if self._under_way.get(one.id, now) <= now), None)

    def _next_arrival(self) -> Instant:
        """Return when the first message of the outbox arrives: now, unless all of them are under way."""
        now = self.clock.now()
        return min((self._under_way.get(identity, now) for identity in self.state.outbox), default=NEVER)

    async def _exchange(self) -> None:
        """Send queued messages one by one, in order; each answer may queue more. Return when none is left to send."""
        if not self.state.outbox:
            return
        await self._one_exchange.acquire()
        try:
            sent = 0
            while envelope := self._to_send():
                sent += 1
                if sent > MAX_EXCHANGES_AN_INSTANT:
                    raise RunawayError(f"{self.name}: message {envelope.path} to {envelope.to} is sent again and again")
                if not self._peers.share_store(envelope.to):
                    await self._store.durable()  # the peer must not know of what we could forget
                answer = await self._peers.send(envelope, self.clock.now())
                if isinstance(answer, Later):
                    self._under_way[envelope.id] = answer.at
                else:
                    self._under_way.pop(envelope.id, None)
                    self._decide(answer)
        finally:
            self._one_exchange.release()

    async def _announce(self, due_at: Instant) -> None:
        """Tell the timekeeper of an earlier wake-up. A later one the device finds out by itself, at no cost."""
        self._announced = due_at
        await self._timekeeper.wakes(self.name, due_at)
