"""The pages of a device: one application for all devices of a process; the device is in ``request.state.node``.

Server-rendered, plain forms, works without JavaScript.
"""

from functools import cache
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaselab.appliance.adapters.https import admin, signin
from leaselab.appliance.adapters.https.rendering import FOLDER, page
from leaselab.appliance.adapters.wire import asgi

_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
_SECURITY: Final = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
"""On every page; the style sheet alone says otherwise of its caching."""


@cache
def application() -> Starlette:
    """Return the one application."""
    return Starlette(
        routes=[Route("/", _root), *map(_static, ("style.css", "available.js")), *signin.routes(), *admin.routes()],
        middleware=[Middleware(asgi.WithHeaders, headers=_SECURITY)],
        exception_handlers={HTTPStatus.NOT_FOUND: _not_found},
    )


async def _root(_request: Request) -> Response:
    return RedirectResponse(signin.WELCOME, status_code=HTTPStatus.FOUND)


_TYPES: Final = {".css": "text/css", ".js": "text/javascript"}


def _static(name: str) -> Route:
    """Return the route of a file that never changes while the process lives."""
    path = FOLDER / "static" / name

    @cache
    def content() -> bytes:
        return path.read_bytes()

    async def answer(_request: Request) -> Response:
        return Response(content(), media_type=_TYPES[path.suffix], headers={"cache-control": "max-age=3600"})

    return Route(f"/static/{name}", answer)


async def _not_found(_request: Request, _error: Exception) -> Response:
    text = "There is nothing at this address on this device."
    return page("message.html", {"title": "No such page", "text": text}, HTTPStatus.NOT_FOUND)
