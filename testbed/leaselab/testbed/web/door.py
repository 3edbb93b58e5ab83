"""Who may see the pages: a browser that was sent here with the token, and no page of somebody else's in it."""

import hmac
import secrets
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl, urlencode

from leaselab.appliance.adapters.wire.http1 import Request, Response

TOKEN_BYTES: Final = 24

_PLAIN: Final = b"content-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\n"
_CLOSED: Final = b"This address opens with the token that `leaselab web` printed.\n"
_FOREIGN: Final = b"This was asked for by another address than the page's own.\n"


class Door:
    """Lets in requests that bear the token, in a cookie that the first one with it in its address is given.

    The host that a request names must be ours: a name that a stranger's DNS points at loopback is none. A change must
    come from our own pages.
    """

    def __init__(self) -> None:
        self.token: Final = secrets.token_urlsafe(TOKEN_BYTES)
        self.port = 0

    @property
    def cookie(self) -> str:
        """The cookie's name; ports share cookies, so it bears ours."""
        return f"leaselab-web-{self.port}"

    def turn_away(self, request: Request) -> Response | None:
        """Return the answer to a request that may not come in, or none."""
        origin = f"http://127.0.0.1:{self.port}"
        if request.header(b"host") != origin.removeprefix("http://").encode():
            return Response(HTTPStatus.FORBIDDEN, _FOREIGN, _PLAIN)
        path, _, query = request.target.decode("latin-1").partition("?")
        asked = parse_qsl(query)
        if self._is_token(dict(asked).get("token", "")):
            left = urlencode([(name, value) for name, value in asked if name != "token"])
            return self._welcome(f"{path}?{left}" if left else path)
        if not self._is_token(self._shown(request)):
            return Response(HTTPStatus.FORBIDDEN, _CLOSED, _PLAIN)
        if request.method not in (b"GET", b"HEAD") and request.header(b"origin") != origin.encode():
            return Response(HTTPStatus.FORBIDDEN, _FOREIGN, _PLAIN)
        return None

    def _welcome(self, location: str) -> Response:
        """Give the cookie, and send on to the address without the token in it."""
        if not location.startswith("/") or location.startswith("//") or not location.isprintable():
            location = "/"
        headers = (
            f"location: {location}\r\n"
            f"set-cookie: {self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict\r\n"
            "referrer-policy: no-referrer\r\n"
        )
        return Response(HTTPStatus.SEE_OTHER, b"", headers.encode("latin-1"))

    def _shown(self, request: Request) -> str:
        try:
            morsel = SimpleCookie(request.header(b"cookie").decode("latin-1")).get(self.cookie)
        except CookieError:
            return ""
        return morsel.value if morsel else ""

    def _is_token(self, shown: str) -> bool:
        return hmac.compare_digest(shown.encode(), self.token.encode())
