"""What an operation of the REST API is, and what its handler is given."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.sessions import AdminSession
from leaselab.appliance.licensing.views import Report
from leaselab.appliance.machine import Command, Refusal

ROOT: Final = "/api/v1"

CHALLENGE: Final = b'www-authenticate: Basic realm="REST API", charset="UTF-8"\r\n'
"""The line of a 401 that says how to authenticate."""

STATUSES: Final = {
    "no-client": HTTPStatus.NOT_FOUND,
    "no-license": HTTPStatus.NOT_FOUND,
    "no-session": HTTPStatus.NOT_FOUND,
    "no-administrator": HTTPStatus.NOT_FOUND,
    "no-vlan": HTTPStatus.NOT_FOUND,
    "out-of-range": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid-client": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid-code": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid-server": HTTPStatus.UNPROCESSABLE_ENTITY,
    "malformed": HTTPStatus.UNPROCESSABLE_ENTITY,
    "wrong-password": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown-network": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown-section": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too-short": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too-long": HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""HTTP status of a refusal by its reason; any other is a conflict with how the device stands, 409."""


class Fault(Exception):  # noqa: N818 - it is the API's word for an answer that is no success
    """An answer that is no success.

    Args:
        status: the HTTP status.
        message: what is wrong and what to do.
        headers: further lines of the answer's head.
    """

    def __init__(self, status: int, message: str, headers: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


@dataclass(kw_only=True, slots=True)
class Call:
    """One request to an operation, decoded.

    Attributes:
        node: the device.
        administrator: who asks; ``None`` where an operation is open to all.
        credentials: user name and password of the Basic authentication, empty without.
        source: the address that asks.
        address: the path below :data:`ROOT`, still quoted.
        path: what the path's parameters stand for.
        query: the operation's query structure, or ``None``.
        body: the operation's body structure, or ``None``.
    """

    node: NodeContext
    administrator: AdminSession | None
    credentials: tuple[str, str]
    source: str
    address: str
    path: dict[str, str]
    query: Any
    body: Any

    @property
    def report(self) -> Report:
        """The device's view of itself.

        Raises:
            Fault: it has none.
        """
        if self.node.report is None:
            raise Fault(HTTPStatus.NOT_FOUND, "the vendor's cloud is no appliance and has no REST API")
        return self.node.report()

    async def decide(self, command: Command) -> Any:
        """Give the device a command and return its reply.

        Raises:
            Fault: the device refuses.
        """
        reply = await self.node.device.handle(command)
        if isinstance(reply, Refusal):
            raise Fault(STATUSES.get(reply.reason, HTTPStatus.CONFLICT), reply.message)
        return reply


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        method: e.g. ``GET``.
        path: below :data:`ROOT`, with parameters in braces; one that ends in ``...`` takes the rest of the path.
        handler: answers; the first line of its docstring is the summary.
        reply: the type of its answer: a structure, or ``str`` for plain text; ``None`` is an answer without a body.
        body: the type of what it takes, or ``None``.
        query: the structure of its query, or ``None``.
        created: a success makes something: 201.
        public: open to everybody.
        faults: statuses it can answer with beside those that follow from the rest.
    """

    method: str
    path: str
    handler: Handler
    reply: Any = None
    body: Any = None
    query: type[msgspec.Struct] | None = None
    created: bool = False
    public: bool = False
    faults: frozenset[int] = frozenset()

    @property
    def status(self) -> int:
        """HTTP status of a success."""
        if self.created:
            return HTTPStatus.CREATED
        return HTTPStatus.NO_CONTENT if self.reply is None else HTTPStatus.OK

    @property
    def takes(self) -> str:
        """Media type of what it takes."""
        return media_type(self.body)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a request's path, still quoted, has to look like."""
        parts = re.split(r"(\{[a-z-]+(?:\.\.\.)?\})", self.path)
        return re.compile("".join(map(_part, parts)))

    def parameters(self, path: str) -> dict[str, str] | None:
        """Return what the parameters stand for, or ``None`` if the path is another operation's."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return {name.replace("_", "-"): unquote(value) for name, value in found.groupdict().items()}

    @property
    def summary(self) -> str:
        """What it does, in a line."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")

    @property
    def all_faults(self) -> frozenset[int]:
        """Every status it can answer with beside its success."""
        faults = set(self.faults)
        if not self.public:
            faults |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
        if "{" in self.path:
            faults.add(HTTPStatus.NOT_FOUND)
        if self.query is not None:
            faults.add(HTTPStatus.BAD_REQUEST)
        if self.body is not None:
            faults |= {HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY}
        if self.method != "GET":
            faults.add(HTTPStatus.CONFLICT)
        return frozenset(faults)


def media_type(shape: Any) -> str:
    """Return what a body of some type is sent as."""
    return "text/plain" if shape is str else "application/json"


def _part(text: str) -> str:
    if not text.startswith("{"):
        return re.escape(text)
    name = text.strip("{}").replace("-", "_")
    return f"(?P<{name.removesuffix('...')}>.+)" if name.endswith("...") else f"(?P<{name}>[^/]+)"
