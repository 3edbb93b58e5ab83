"""How a lab talks to a node: requests about time, commands and views, as plain JSON.

The same dictionaries whether the node shares the lab's event loop or is a process of its own that has dialled out to
the lab's socket (:class:`Channel`). Nothing here decides: a request becomes a call of the device, its result JSON.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Protocol, cast

import msgspec

from leaselab.appliance.conditions import Conditions
from leaselab.appliance.config import ConsoleFaults
from leaselab.appliance.device import Device
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.users import cookie_of
from leaselab.appliance.machine import Command, Refusal, decoder_of
from leaselab.appliance.models.phases import Phase
from leaselab.appliance.ports import Store

LINE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one line; the whole report of a large license server fits many times over."""


HIDDEN: Final = {"password": "(hidden)", "password_hash": "(hidden)", "token": "(hidden)", "secret": ""}
"""Fields of events, and of the messages in them, that open something, and what is shown in their place: of the same
type, so that a history can still be replayed (a secret is bytes)."""

ERASED: Final = "erased"
SHUT_DOWN: Final = "shut-down"
"""Told as a phase though the device does not stay in it: somebody at its console restored the factory settings, or
switched it off, and the lab must know."""

Verb = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class ControlError(Exception):
    """A request that the node cannot answer, in words for whoever sent it."""


class Console(Protocol):
    """What control shows of the serial line."""

    @property
    def phase(self) -> str:
        """``booting``, ``wizard``, ``ready`` or ``halted``."""
        ...

    @property
    def prompt(self) -> str:
        """The prompt it waits at, or empty."""
        ...

    faults: ConsoleFaults
    """What goes wrong on the way to those who are attached."""

    def text(self) -> str:
        """Return the recent output."""
        ...

    def send(self, data: bytes) -> None:
        """Take what somebody typed."""
        ...

    async def settled(self) -> None:
        """Return when what was typed has had its effect."""
        ...


class Switch(Protocol):
    """What control needs of the node around its device, all in the lab's time."""

    @property
    def cookie_key(self) -> bytes:
        """What its end users' cookies are made with."""
        ...

    @property
    def next_due(self) -> Instant:
        """When it next wants to wake."""
        ...

    @property
    def paused(self) -> bool:
        """Whether it is frozen."""
        ...

    async def grant(self, to: Instant) -> Instant:
        """Let it do all that is due by ``to``; return when it wants to wake next."""
        ...

    def observe(self, at: Instant) -> None:
        """Show it an instant at which it has nothing to do."""
        ...

    def suffer(self, conditions: Conditions) -> None:
        """Put these faults in force, and no other."""
        ...


class LogText(Protocol):
    """Turns one event into lines of the product's log: severity, code, whole line."""

    def __call__(self, event: Any, at: Instant) -> Iterable[tuple[int, str, str]]:
        """Return the lines; most events have one or none."""
        ...


class Control:
    """Answers the lab's requests about one device.

    Args:
        device: whose.
        store: where its history is.
        command_type: the union of all commands it can be sent.
        event_type: the union of its events.
        report: its view of itself at an instant.
        log_text: its log, from events.
        console: its serial line; ``None`` where it has none.
        switch: its time and surroundings.
    """

    def __init__(
        self,
        device: Device[Any],
        *,
        store: Store,
        command_type: Any,
        event_type: Any,
        report: Callable[[Any, Instant], Any],
        log_text: LogText,
        console: Console | None,
        switch: Switch,
    ) -> None:
        self._device = device
        self._store = store
        self._decode_command = decoder_of(command_type).decode
        self._decode_event = decoder_of(event_type).decode
        self._report = report
        self._log_text = log_text
        self._console = console
        self._switch = switch
        self._verbs: dict[str, Verb] = {
            "grant": self._grant,
            "observe": self._observe,
            "conditions": self._conditions,
            "command": self._command,
            "provision": self._provision,
            "report": self._show,
            "phase": self._phase,
            "agenda": self._agenda,
            "history": self._events,
            "logs": self._logs,
            "sessions": self._sessions,
            "screen": self._screen,
            "console-faults": self._console_faults,
            "type": self._type,
        }

    async def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request.

        Raises:
            ControlError: there is no such request, or it is malformed.
        """
        verb = self._verbs.get(request.get("do", ""), self._unknown)
        try:
            return await verb(request)
        except (KeyError, TypeError) as error:
            raise ControlError(f"{self._device.name}: no such request, or a part is missing: {error}") from error

    async def _unknown(self, request: dict[str, Any]) -> dict[str, Any]:
        raise KeyError(request.get("do", "do"))

    async def _grant(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"next_due": await self._switch.grant(request["to"])}

    async def _observe(self, request: dict[str, Any]) -> dict[str, Any]:
        self._switch.observe(request["at"])
        return {}

    async def _conditions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take the faults in force; they replace those of before."""
        self._switch.suffer(msgspec.convert(request["conditions"], Conditions))
        return {"next_due": self._switch.next_due}

    async def _command(self, request: dict[str, Any]) -> dict[str, Any]:
        return await self._decide(request["command"])

    async def _provision(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"outcomes": [await self._decide(command) for command in request["commands"]]}

    async def _show(self, _request: dict[str, Any]) -> dict[str, Any]:
        view: dict[str, Any] = msgspec.to_builtins(self._report(self._device.state, self._device.clock.now()))
        return view

    async def _phase(self, _request: dict[str, Any]) -> dict[str, Any]:
        if self._console is None:
            return {"phase": Phase.READY, "prompt": ""}
        return {"phase": self._console.phase, "prompt": self._console.prompt}

    async def _agenda(self, _request: dict[str, Any]) -> dict[str, Any]:
        due_at, key = self._device.state.agenda.next()
        return {"next_due": due_at, "timer": key}

    async def _events(self, request: dict[str, Any]) -> dict[str, Any]:
        history = self._history(request["after"])
        return {"events": [[n, at, _without_secrets(msgspec.json.decode(event))] for n, at, event in history]}

    async def _logs(self, request: dict[str, Any]) -> dict[str, Any]:
        lines = [
            [n, at, severity, code, text]
            for n, at, event in self._history(request["after"])
            for severity, code, text in self._log_text(self._decode_event(event), at)
        ]
        return {"lines": lines}

    async def _sessions(self, _request: dict[str, Any]) -> dict[str, Any]:
        sessions = getattr(self._device.state, "sessions", {})
        return {
            "sessions": [
                {**msgspec.to_builtins(session), "cookie": cookie_of(session.id, self._switch.cookie_key)}
                for session in sessions.values()
            ]
        }

    async def _screen(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"text": self._console.text() if self._console else ""}

    async def _type(self, request: dict[str, Any]) -> dict[str, Any]:
        """Type on the serial line, as one who is attached to it does."""
        if self._console is None:
            raise ControlError(f"{self._device.name} has no console")
        self._console.send(request["text"].encode())
        await self._console.settled()
        return {}

    async def _console_faults(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let other things go wrong on the console, if ``faults`` names any; say which do now."""
        if self._console is None:
            raise ControlError(f"{self._device.name} has no console")
        if "faults" in request:
            try:
                self._console.faults = msgspec.convert(request["faults"], ConsoleFaults)
            except msgspec.ValidationError as error:
                raise ControlError(f"{self._device.name}: console faults: {error}") from error
        return {"faults": msgspec.to_builtins(self._console.faults)}

    def _history(self, after: int) -> Iterable[tuple[int, Instant, bytes]]:
        return self._store.history(self._device.name, after)

    async def _decide(self, tagged: dict[str, Any]) -> dict[str, Any]:
        """Have the device decide one command. A refusal is an answer; a command that is none is an error."""
        if self._switch.paused:
            raise ControlError(f"{self._device.name} is paused; it takes no {tagged.get('type', 'command')}")
        try:
            command: Command = self._decode_command(msgspec.json.encode(tagged))
        except msgspec.ValidationError as error:
            raise ControlError(f"{self._device.name}: {tagged.get('type', 'no command')}: {error}") from error
        reply = await self._device.handle(command)
        if isinstance(reply, Refusal):
            return {"reply": None, "refused": {"reason": reply.reason, "message": reply.message}}
        return {"reply": msgspec.to_builtins(reply), "refused": None}


def _without_secrets(value: Any) -> Any:
    """Return an event as it may be shown, printed and kept in a bug report."""
    if isinstance(value, dict):
        return {
            key: HIDDEN[key] if key in HIDDEN and inner else _without_secrets(inner) for key, inner in value.items()
        }
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value


class Channel(asyncio.Protocol):
    """One end of a duplex line of JSON: both ends ask, both answer, and an answer names its question.

    Args:
        handle: answers the other end's questions.
        on_lost: called once when the other end has gone.
    """

    def __init__(self, handle: Verb, *, on_lost: Callable[[], None] = lambda: None) -> None:
        self._handle = handle
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._last_id = 0
        self._answering: set[asyncio.Task[None]] = set()
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take in whole lines."""
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        for line in lines:
            self._take(self._decode(line))
        if len(rest) > LINE_LIMIT:
            self.close()

    def connection_lost(self, _error: Exception | None) -> None:
        """Fail what was asked and give up what was being answered."""
        self._transport = None
        for future in self._asked.values():
            if not future.done():
                future.set_exception(ConnectionResetError("the node's process has gone"))
        self._asked.clear()
        for task in self._answering:
            task.cancel()
        self._on_lost()

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Send a question and return its answer.

        Raises:
            ConnectionError: the other end has gone.
            ControlError: the other end could not answer.
        """
        if self._transport is None:
            raise ConnectionResetError("the node's process has gone")
        self._last_id += 1
        number = self._last_id
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._send({"id": number, "ask": question})
            return await answer
        finally:
            self._asked.pop(number, None)

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()

    def _take(self, line: dict[str, Any]) -> None:
        number = line["id"]
        if "ask" in line:
            task = asyncio.get_running_loop().create_task(self._answer(number, line["ask"]))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
            return
        future = self._asked.get(number)
        if future is None or future.done():
            return  # whoever asked has given up
        if "failure" in line:
            future.set_exception(ControlError(line["failure"]))
        else:
            future.set_result(line["answer"])

    async def _answer(self, number: int, question: dict[str, Any]) -> None:
        try:
            answer = {"id": number, "answer": await self._handle(question)}
        except Exception as error:  # noqa: BLE001  # the other end must hear of whatever went wrong here
            answer = {"id": number, "failure": str(error) or type(error).__name__}
        self._send(answer)

    def _send(self, line: dict[str, Any]) -> None:
        if self._transport:
            self._transport.write(self._encode(line) + b"\n")
