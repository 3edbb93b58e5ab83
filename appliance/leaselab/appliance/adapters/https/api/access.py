"""Getting an api_key and giving it back (facts 7.1)."""

import math
from http import HTTPStatus
from typing import Final

from leaselab.appliance.adapters.https.api.operations import CHALLENGE, Call, Fault, Operation
from leaselab.appliance.adapters.https.api.shapes import Request, Shape, Text
from leaselab.appliance.adapters.https.door import ADMIN_REALM, admit
from leaselab.appliance.machine import Refusal


class ApiKey(Shape, frozen=True, rename=None):
    """An api_key: the user name of later calls, with an empty password."""

    api_key: str


class Realm(Request, frozen=True):
    """The realm an administrator's account is looked for in."""

    realm: Text


async def authenticate(call: Call) -> ApiKey:
    """Give an api_key for an administrator's name and password."""
    return await _key(call, ADMIN_REALM)


async def authenticate_in_realm(call: Call) -> ApiKey:
    """Give an api_key for name and password of a realm's administrator."""
    return await _key(call, call.body.realm)


async def _key(call: Call, realm: str) -> ApiKey:
    name, password = call.credentials
    if not name:
        raise Fault(HTTPStatus.UNAUTHORIZED, "authenticate with an administrator's name and password", CHALLENGE)
    session = await admit(call.node, call.node.api_keys, name=name, password=password, realm=realm, source=call.source)
    if not isinstance(session, Refusal):
        if name in call.node.device.state.no_rest:
            call.node.api_keys.end(session.token)
            raise Fault(HTTPStatus.FORBIDDEN, f"{name} may not use the REST API")
        return ApiKey(api_key=session.token)
    if session.reason == "paused":
        pause = math.ceil(call.node.attempts.pause_seconds(call.source, name))
        raise Fault(HTTPStatus.TOO_MANY_REQUESTS, session.message, b"retry-after: %d\r\n" % pause)
    raise Fault(HTTPStatus.UNAUTHORIZED, session.message, CHALLENGE)


async def revoke(call: Call) -> None:
    """Give the api_key of this call back: it opens nothing from now on."""
    call.node.api_keys.end(call.credentials[0])


_FAULTS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})

OPERATIONS: Final = (
    Operation("GET", "/auth", authenticate, ApiKey, public=True, faults=_FAULTS),
    Operation("POST", "/realm_auth", authenticate_in_realm, ApiKey, Realm, public=True, faults=_FAULTS),
    Operation("DELETE", "/auth", revoke),
)
