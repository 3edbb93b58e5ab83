"""The admin console's door and its first page: sign-in by the product's addresses and fields, the licensing summary."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.door import ADMIN_REALM, admit
from leaselab.appliance.adapters.https.rendering import page
from leaselab.appliance.adapters.https.sessions import AdminSession, shows_xsauth
from leaselab.appliance.machine import Refusal

WELCOME: Final = "/dana-na/auth/url_admin/welcome.cgi"
HOME: Final = "/dana-admin/misc/admin.cgi"
SUMMARY: Final = "/dana-admin/license/summary.cgi"
COOKIE: Final = "DSID"

_REASONS: Final = {
    "failed": "Invalid username or password.",
    "paused": "Too many wrong passwords. Wait a minute, then try again; no password is looked at until then.",
    "logout": "You have signed out.",
    "forced-off": "Your session has ended. Please sign in again.",
}


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("/admin", _entrance, methods=["GET"]),
        Route("/admin/", _entrance, methods=["GET"]),
        Route(WELCOME, welcome, methods=["GET"]),
        Route("/dana-na/auth/url_admin/login.cgi", login, methods=["POST"]),
        Route(HOME, _home, methods=["GET"]),
        Route(SUMMARY, summary, methods=["GET"]),
    ]


async def _entrance(_request: Request) -> Response:
    return RedirectResponse(WELCOME, status_code=302)


async def welcome(request: Request) -> Response:
    """Show the administrators' sign-in page."""
    node: NodeContext = request.state.node
    context = {
        "report": node.report() if node.report else None,
        "reason": _REASONS.get(request.query_params.get("p", ""), ""),
    }
    return page("admin_signin.html", context)


async def login(request: Request) -> Response:
    """Sign an administrator in, or say why not."""
    node: NodeContext = request.state.node
    form = await request.form()
    session = await admit(
        node,
        node.sessions,
        name=str(form.get("username", "")),
        password=str(form.get("password", "")),
        realm=str(form.get("realm", ADMIN_REALM)),
        source=request.client.host if request.client else "",
    )
    if isinstance(session, Refusal):
        return RedirectResponse(f"{WELCOME}?p={session.reason}", status_code=302)
    response = RedirectResponse(HOME, status_code=302)
    for cookie, value in ((COOKIE, session.token), ("DSSIGNIN", "url_admin"), ("DSSignInURL", "/admin/")):
        response.set_cookie(cookie, value, secure=True, httponly=True, samesite="strict")
    return response


def session_of(request: Request) -> AdminSession | None:
    """Return the administrator who asks; a session idle for too long has ended."""
    node: NodeContext = request.state.node
    return node.sessions.find(request.cookies.get(COOKIE, ""))


def sign_out(request: Request, token: str) -> Response:
    """End an administrator's session; without its xsauth another site's link could do it."""
    node: NodeContext = request.state.node
    if not shows_xsauth(token, request.query_params.get("xsauth", "")):
        return Response("Sign out by the link on the page.\n", status_code=403, media_type="text/plain")
    node.sessions.end(token)
    response = RedirectResponse(f"{WELCOME}?p=logout", status_code=302)
    response.delete_cookie(COOKIE)
    return response


async def _home(request: Request) -> Response:
    to = SUMMARY if session_of(request) else f"{WELCOME}?p=forced-off"
    return RedirectResponse(to, status_code=302)


async def summary(request: Request) -> Response:
    """Show System > Configuration > Licensing > Licensing Summary."""
    node: NodeContext = request.state.node
    session = session_of(request)
    if session is None or node.report is None:
        return RedirectResponse(f"{WELCOME}?p=forced-off", status_code=302)
    context = {"report": node.report(), "session": session}
    return page("summary.html", context)
