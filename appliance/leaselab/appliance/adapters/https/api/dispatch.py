"""From a request for ``/api/v1/`` to its operation and back."""

import base64
import binascii
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from leaselab.appliance.adapters.https.api import (
    access,
    configuration,
    license_client,
    license_server,
    licenses,
    openapi,
    system,
    transfer,
)
from leaselab.appliance.adapters.https.api.operations import CHALLENGE, ROOT, Call, Fault, Operation
from leaselab.appliance.adapters.https.api.shapes import failure
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.sessions import AdminSession
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response

OPERATIONS: Final[tuple[Operation, ...]] = (
    *access.OPERATIONS,
    *system.OPERATIONS,
    *licenses.OPERATIONS,
    *license_server.OPERATIONS,
    *license_client.OPERATIONS,
    *transfer.OPERATIONS,
    *configuration.OPERATIONS,
)
"""Everything the API can do; the more specific path stands first."""

_HEADERS: Final = b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
_JSON: Final = b"content-type: application/json\r\n" + _HEADERS

_encode: Final = msgspec.json.Encoder().encode
_DECODERS: Final = {one.body: msgspec.json.Decoder(one.body) for one in OPERATIONS if one.body not in {None, str}}


async def answer(node: NodeContext, request: Request, connection: Connection) -> Response:
    """Answer one request; what is wrong with it is said in the one error shape."""
    try:
        return await _answer(node, request, connection)
    except Fault as fault:
        return Response(fault.status, _encode(failure(fault.message)), _JSON + fault.headers)


async def _answer(node: NodeContext, request: Request, connection: Connection) -> Response:
    path, _, query = request.target.decode("latin-1").partition("?")
    path = path.removeprefix(ROOT).rstrip("/")
    if path == openapi.PATH and request.method in {b"GET", b"HEAD"}:
        return Response(HTTPStatus.OK, openapi.document(OPERATIONS), _JSON)
    credentials = _credentials(request)
    found, parameters = _find(path, request.method.decode())
    administrator = None
    if found is None or not found.public:
        administrator = _administrator(node, credentials)
    if found is None:
        raise _nothing_there(path)
    call = Call(
        node=node,
        administrator=administrator,
        credentials=credentials,
        source=connection.peer[0],
        address=path,
        path=parameters,
        query=_query(found, query),
        body=_body(found, request),
    )
    reply = await found.handler(call)
    if found.reply is None:
        return Response(found.status, b"", _HEADERS)
    if found.reply is str:
        return Response(found.status, reply.encode(), b"content-type: text/plain\r\n" + _HEADERS)
    return Response(found.status, _encode(reply), _JSON)


def _find(path: str, method: str) -> tuple[Operation | None, dict[str, str]]:
    method = "GET" if method == "HEAD" else method
    for one in OPERATIONS:
        if one.method == method:
            parameters = one.parameters(path)
            if parameters is not None:
                return one, parameters
    return None, {}


def _nothing_there(path: str) -> Fault:
    """Return why no operation was found: another method would do, or there is nothing."""
    methods = sorted({one.method for one in (*OPERATIONS, openapi.OPERATION) if one.parameters(path) is not None})
    if not methods:
        return Fault(
            HTTPStatus.NOT_FOUND, f"there is nothing at this address; {ROOT}{openapi.PATH} lists what there is"
        )
    allowed = ", ".join(methods)
    return Fault(HTTPStatus.METHOD_NOT_ALLOWED, f"this address takes {allowed}", f"allow: {allowed}\r\n".encode())


def _credentials(request: Request) -> tuple[str, str]:
    """Return user name and password of the Basic authentication (RFC 7617), empty where there is none."""
    scheme, _, text = request.header(b"authorization").partition(b" ")
    if scheme.lower() != b"basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _administrator(node: NodeContext, credentials: tuple[str, str]) -> AdminSession:
    """Return whose api_key this is."""
    key, password = credentials
    session = node.api_keys.find(key) if not password else None
    if session is None:
        raise Fault(
            HTTPStatus.UNAUTHORIZED,
            f"authenticate with an api_key as the user name and no password; GET {ROOT}/auth gives one",
            CHALLENGE,
        )
    return session


def _query(operation: Operation, text: str) -> Any:
    if operation.query is None:
        return None
    try:
        given = dict(reversed(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=32)))
        return msgspec.convert(given, operation.query, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise Fault(HTTPStatus.BAD_REQUEST, f"the query is not as it should be: {error}") from error


def _body(operation: Operation, request: Request) -> Any:
    if operation.body is None:
        return None
    kind = request.header(b"content-type").partition(b";")[0].strip().lower().decode("latin-1")
    if kind not in {"", operation.takes}:
        raise Fault(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"this operation takes {operation.takes}")
    try:
        return request.body.decode() if operation.body is str else _DECODERS[operation.body].decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(HTTPStatus.BAD_REQUEST, f"the body is not as it should be: {error}") from error
