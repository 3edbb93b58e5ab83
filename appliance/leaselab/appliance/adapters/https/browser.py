"""What the pages know of a browser: its address, its session's cookie, and whether it followed a link of theirs."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from leaselab.appliance.adapters.https.sessions import shows_xsauth

COOKIE: Final = "DSID"
"""Holds a session, an end user's or an administrator's."""


def source_of(request: Request) -> str:
    """Return the address that asks."""
    return request.client.host if request.client else ""


def give(response: Response, cookie: str, value: str) -> None:
    """Set a cookie as the product does: no script and no other site gets it."""
    response.set_cookie(cookie, value, secure=True, httponly=True, samesite="strict")


def refusal_of_foreign_link(request: Request, token: str) -> Response | None:
    """Refuse a sign-out without the session's xsauth: another site's link could do it."""
    if shows_xsauth(token, request.query_params.get("xsauth", "")):
        return None
    return Response("Sign out by the link on the page.\n", status_code=403, media_type="text/plain")
