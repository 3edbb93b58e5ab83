"""The shape of a decision machine: what every device's rules look like to the rest of the house.

A machine is pure. ``decide`` reads the state and says which events follow from a command; ``evolve`` is the only
thing that changes the state, and does so from events alone, so that history replays. A state belongs to one writer
(:mod:`leaselab.appliance.device`), hence ``evolve`` changes it in place: a license server with a thousand clients
cannot be copied for each renewal (docs/decisions/0002).
"""

import heapq
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from leaselab.appliance.instants import NEVER, Instant


class Event(msgspec.Struct, frozen=True, tag=True):
    """Something that happened. Subclasses are the whole history of a device."""


class Command(msgspec.Struct, frozen=True, tag=True):
    """Something a device is asked to do."""


class Refusal(msgspec.Struct, frozen=True):
    """A domain "no": nothing changed. ``reason`` is a stable word, ``message`` a sentence for a QA engineer."""

    reason: str
    message: str


class Decision(msgspec.Struct, frozen=True):
    """What follows from a command.

    Attributes:
        events: what happened, in order.
        reply: what the asker is told; its shape is the command's.
        then: commands to decide next, on the state these events leave, in the same transaction.
        after_exchange: one command to decide once the messages now queued have had their answers; its reply
            replaces this one's (a sign-in waits so for the lease it needs, LSE-02).
    """

    events: tuple[Event, ...] = ()
    reply: Any = None
    then: tuple[Command, ...] = ()
    after_exchange: Command | None = None


class Due(Command, frozen=True):
    """An agenda entry has come due."""

    key: str


class Envelope(msgspec.Struct, frozen=True):
    """A message on its way out; ``id`` is its idempotency key (LSE-11).

    Attributes:
        id: unique per sender; a message sent again carries the same one.
        to: the peer's name or address as configured, e.g. ``vls1``.
        path: where on the peer, e.g. ``/licensing/v1/renew``.
        body: a protocol message; one that a restart finds in its history is plain JSON values.
        network: the preferred network (CLT-02).
        verify: whether the peer's certificate must be valid (CLT-03).
    """

    id: str
    to: str
    path: str
    body: Any
    network: str = "internal"
    verify: bool = True


class Settle(Command, frozen=True):
    """The answer to an envelope, or why there is none."""

    id: str
    status: int
    """HTTP status; 0 where no answer came."""
    body: Any = None
    """The answer: JSON as it came, or the message itself from a device of the same process; see :func:`read`."""
    failure: str = ""
    """Why no answer came, in words."""


M = TypeVar("M")


def read(body: Any, decoder: msgspec.json.Decoder[M], *kinds: type[M]) -> M:
    """Return the message in an answer: one of ``kinds``, or what the decoder makes of JSON.

    Raises:
        msgspec.DecodeError: it is no such message.
    """
    if type(body) in kinds:
        message: M = body
        return message
    return decoder.decode(body if isinstance(body, msgspec.Raw) else msgspec.json.encode(body))


@cache
def decoder_of(messages: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of a union of messages: one a process, since it is larger than most devices' states."""
    return msgspec.json.Decoder(messages)


class Forward(msgspec.Struct, frozen=True):
    """A reply that another peer has to give: the device sends the envelope and answers with what comes back."""

    envelope: Envelope


class Agenda(msgspec.Struct):
    """What a device does later, by key. Setting a key again moves it; part of the state, so it survives with it.

    ``heap`` orders the entries. An entry that moves to a later instant, as a lease's end does at each renewal, keeps
    its row there until the row comes up and is put where it belongs; ``rows`` says by key which row of it counts.
    """

    entries: dict[str, Instant] = {}
    heap: list[tuple[Instant, str]] = []
    rows: dict[str, Instant] = {}

    def set(self, key: str, due_at: Instant) -> None:
        """Schedule ``key``, or move it."""
        self.entries[key] = due_at
        if due_at < self.rows.get(key, NEVER):
            self.rows[key] = due_at
            heapq.heappush(self.heap, (due_at, key))

    def drop(self, key: str) -> None:
        """Forget ``key`` if it is there."""
        self.entries.pop(key, None)

    def next(self) -> tuple[Instant, str]:
        """Return the earliest entry; equal instants go by key, so that runs replay."""
        heap = self.heap
        while heap:
            first = heap[0]
            row_at, key = first
            due_at = self.entries.get(key, NEVER)
            if due_at == row_at:
                return first
            if self.rows.get(key, row_at) != row_at:
                heapq.heappop(heap)  # another row of this key counts
            elif due_at < NEVER:
                self.rows[key] = due_at
                heapq.heapreplace(heap, (due_at, key))
            else:
                self.rows.pop(key, None)
                heapq.heappop(heap)
        return NEVER, ""


class State(Protocol):
    """What the device needs to see of any machine's state."""

    agenda: Agenda
    outbox: dict[str, Envelope]


S = TypeVar("S", bound=State)


class Machine(Protocol, Generic[S]):
    """The rules of one sort of device."""

    state_type: type[S]
    event_type: Any
    """The union of its events, for decoding."""

    def decide(self, state: S, command: Command, now: Instant) -> Decision | Refusal:
        """Say what follows from a command. Reads only."""
        ...

    def evolve(self, state: S, event: Event, at: Instant) -> None:
        """Apply one event to the state, in place."""
        ...
