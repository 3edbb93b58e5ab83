"""The admin console's door and its first page: sign-in by the product's addresses and fields, the licensing summary."""

import hmac
import secrets
import time
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaselab.appliance.adapters.https.context import AdminSession, Failures, NodeContext
from leaselab.appliance.adapters.https.rendering import page
from leaselab.appliance.instants import MINUTE, Duration
from leaselab.appliance.licensing.passwords import verify_password

WELCOME: Final = "/dana-na/auth/url_admin/welcome.cgi"
HOME: Final = "/dana-admin/misc/admin.cgi"
SUMMARY: Final = "/dana-admin/license/summary.cgi"
COOKIE: Final = "DSID"

IDLE: Final[Duration] = 30 * MINUTE
"""An administrator's session ends after this long without a request, on the lab's clock."""

MAX_SESSIONS: Final = 64
FAILURES_BEFORE_PAUSE: Final = 5
LONGEST_PAUSE_SECONDS: Final = 60.0
MAX_SOURCES: Final = 1_024

_NOBODY: Final = "scrypt$10$00$00"
"""Checked when the name is unknown, so that an unknown name takes as long as a wrong password."""

_REASONS: Final = {
    "failed": "Invalid username or password.",
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
    """Sign an administrator in; after repeated failures from one address only after a pause."""
    node: NodeContext = request.state.node
    form = await request.form()
    name, password = str(form.get("username", "")), str(form.get("password", ""))
    source = request.client.host if request.client else ""
    if _closed(node, source):
        return RedirectResponse(f"{WELCOME}?p=failed", status_code=302, headers={"retry-after": "60"})
    stored = getattr(node.device.state, "administrators", {}).get(name, _NOBODY)
    if not verify_password(password, stored):
        _note_failure(node, source)
        return RedirectResponse(f"{WELCOME}?p=failed", status_code=302)
    node.failures.pop(source, None)
    return _signed_in(node, name)


def _signed_in(node: NodeContext, name: str) -> Response:
    while len(node.admin_sessions) >= MAX_SESSIONS:
        node.admin_sessions.pop(next(iter(node.admin_sessions)))
    token = secrets.token_hex(16)
    node.admin_sessions[token] = AdminSession(name=name, xsauth=secrets.token_hex(16), last_seen_at=node.now)
    response = RedirectResponse(HOME, status_code=302)
    for cookie, value in ((COOKIE, token), ("DSSIGNIN", "url_admin"), ("DSSignInURL", "/admin/")):
        response.set_cookie(cookie, value, secure=True, httponly=True, samesite="strict")
    return response


def _closed(node: NodeContext, source: str) -> bool:
    failures = node.failures.get(source)
    return failures is not None and time.monotonic() < failures.closed_until


def _note_failure(node: NodeContext, source: str) -> None:
    if source not in node.failures and len(node.failures) >= MAX_SOURCES:
        node.failures.pop(next(iter(node.failures)))
    failures = node.failures.setdefault(source, Failures(count=0, closed_until=0.0))
    failures.count += 1
    over = failures.count - FAILURES_BEFORE_PAUSE
    if over >= 0:
        failures.closed_until = time.monotonic() + min(2.0**over, LONGEST_PAUSE_SECONDS)


def session_of(request: Request) -> AdminSession | None:
    """Return the administrator who asks; a session idle for too long has ended."""
    node: NodeContext = request.state.node
    token = request.cookies.get(COOKIE, "")
    session = node.admin_sessions.get(token)
    if session is None:
        return None
    if node.now - session.last_seen_at > IDLE:
        del node.admin_sessions[token]
        return None
    session.last_seen_at = node.now
    return session


def sign_out(request: Request, token: str) -> Response:
    """End an administrator's session; without its xsauth another site's link could do it."""
    node: NodeContext = request.state.node
    shown = request.query_params.get("xsauth", "")
    if not hmac.compare_digest(shown.encode(), node.admin_sessions[token].xsauth.encode()):
        return Response("Sign out by the link on the page.\n", status_code=403, media_type="text/plain")
    del node.admin_sessions[token]
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
