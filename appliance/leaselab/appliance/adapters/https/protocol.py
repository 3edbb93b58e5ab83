"""The fast path: what devices say to each other, from parsed request to the device and straight back."""

import hmac
import time
from http import HTTPStatus
from typing import Any, Final

import msgspec

from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.licensing.messages import ROUTES, Denied
from leaselab.appliance.machine import Refusal, Settle

JSON: Final = b"content-type: application/json\r\ncache-control: no-store\r\n"

STATUS: Final = {
    "credentials": HTTPStatus.UNAUTHORIZED,
    "unregistered": HTTPStatus.CONFLICT,
    "hardware-id": HTTPStatus.CONFLICT,
    "unreachable": HTTPStatus.BAD_GATEWAY,
}
"""HTTP status of a denial by its reason; any other is 403."""

_encode: Final = msgspec.json.Encoder().encode
_ROUTES: Final = {
    path.encode(): (path.rpartition("/")[2], msgspec.json.Decoder(message), "source" in message.__struct_fields__)
    for path, message in ROUTES.items()
}


def is_protocol(target: bytes) -> bool:
    """Tell whether a request is for the fast path."""
    return target in _ROUTES


async def answer(context: NodeContext, request: Request, connection: Connection) -> Response:
    """Answer one protocol request (docs/lease-protocol.md)."""
    verb, decoder, has_source = _ROUTES[request.target]
    if request.method != b"POST":
        return _denial(HTTPStatus.METHOD_NOT_ALLOWED, "method", "this address takes POST")
    try:
        message: Any = decoder.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _denial(HTTPStatus.BAD_REQUEST, "malformed", f"this is no {verb} message: {error}")
    if has_source:
        message = msgspec.structs.replace(message, source=connection.peer[0])
    began = time.perf_counter()
    _observe_clock(context, request)
    store_id = request.header(b"x-leaselab-store").decode("latin-1")
    reply = await context.device.serve(message, store_id=store_id)
    context.observe_request(verb, time.perf_counter() - began)
    return _response(reply)


def _observe_clock(context: NodeContext, request: Request) -> None:
    """Move on to the caller's instant, if it proves to be of this lab: nobody else sets our clock."""
    instant = request.header(b"x-virtual-time")
    secret = context.config.peer_secret
    if instant.isdigit() and secret and hmac.compare_digest(request.header(b"x-leaselab-peer"), secret.encode()):
        context.device.clock.observe(int(instant))


def _response(reply: Any) -> Response:
    if isinstance(reply, Settle):  # another peer's answer, passed on
        if reply.status:
            return Response(reply.status, bytes(reply.body), JSON)
        reply = Denied(reason="unreachable", message=reply.failure)
    if isinstance(reply, Refusal):
        reply = Denied(reason=reply.reason, message=reply.message)
    if isinstance(reply, Denied):
        return Response(STATUS.get(reply.reason, HTTPStatus.FORBIDDEN), _encode(reply), JSON)
    return Response(HTTPStatus.OK, _encode(reply), JSON)


def _denial(status: int, reason: str, message: str) -> Response:
    return Response(status, _encode(Denied(reason=reason, message=message)), JSON)
